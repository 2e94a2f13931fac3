"""The contract's table of bad input, row by row, and whatever else a client may get wrong."""

from __future__ import annotations

import httpx
import pytest

from benchmarks.hostile import cyclic_tiff, declared, long_pdf
from tests import pictures
from tests.api.test_detect import PAGE, detect
from tests.api.test_symbols import Form, register


def check(response: httpx.Response, status: int, field: str | None = None, word: str = "") -> None:
    """A whole problem, with this status and field."""
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == problem["status"] == status, problem
    assert problem["type"].startswith("urn:planspot:")
    assert problem["title"]
    assert word in problem["detail"]
    assert problem.get("field") == field


@pytest.fixture
def ready(client: httpx.Client) -> httpx.Client:
    register(client, "H")
    return client


@pytest.mark.parametrize("data", [b"GIF89a......", b"hello", b"\x00" * 100])
def test_bytes_of_no_accepted_type(ready: httpx.Client, data: bytes) -> None:
    for response in (detect(ready, data), register(ready, "x", data)):
        check(response, 415, word="PNG")
        assert response.json()["accepted"] == ["PNG", "JPEG", "TIFF", "WebP", "BMP", "PDF"]


@pytest.mark.parametrize("data", [b"", PAGE[: len(PAGE) // 2], b"%PDF-1.7 nothing", b"\xff\xd8\xff\xe0"])
def test_broken_truncated_or_empty_files(ready: httpx.Client, data: bytes) -> None:
    check(detect(ready, data), 422, "file")
    check(ready.post("/symbols", data={"name": "x"}, files={"file": ("x", data)}), 422, "file")


def test_too_many_bytes(ready: httpx.Client) -> None:
    for size in (3_000_001, 9_000_000):
        response = detect(ready, PAGE + bytes(size))
        check(response, 413, word="3000000")
        assert response.json()["limit"] == 3_000_000


def test_too_many_bytes_without_a_length(ready: httpx.Client) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    chunks = (head if n == 0 else bytes(100_000) for n in range(60))
    response = ready.post("/detect", content=chunks, headers={"Content-Type": "multipart/form-data; boundary=b"})
    check(response, 413)


def test_too_many_pixels(ready: httpx.Client) -> None:
    for data in (declared("PNG", 100_000, 100_000), pictures.file(pictures.page([], width=2001, height=2000))):
        check(detect(ready, data), 413, word="4000000")
        check(register(ready, "x", data, box="0,0,10,10"), 413, word="4000000")
    check(detect(ready, pictures.file(pictures.page([]), "PDF"), dpi="1200"), 413)


HOSTILE = [(declared("PNG", 60_000, 60_000), 413), (long_pdf(10_000), 413), (cyclic_tiff(), 422)]


@pytest.mark.parametrize(("data", "status"), HOSTILE, ids=["60,000 pixels a side", "10,000 pages", "a cyclic directory"])
def test_small_files_that_ask_for_much(ready: httpx.Client, data: bytes, status: int) -> None:
    assert detect(ready, data).status_code == status
    assert ready.post("/jobs", files={"file": data}).status_code == status
    assert detect(ready).status_code == 200


def test_too_large_an_example(ready: httpx.Client) -> None:
    check(register(ready, "x", pictures.file(pictures.page([], width=600, height=600))), 413, word="`box`")


def test_no_symbol_registered(client: httpx.Client) -> None:
    check(detect(client), 409, word="POST /symbols")


@pytest.mark.parametrize("box", ["400,0,10,10", "0,300,10,10", "-20,0,20,20", "0,0,0,5", "0,0,5,0", "10,10,-5,5"])
def test_boxes_that_are_empty_or_outside(ready: httpx.Client, box: str) -> None:
    check(register(ready, "x", PAGE, box=box), 422, "box")
    check(detect(ready, region=box), 422, "region")
    check(detect(ready, exclude=["0,0,5,5", box]), 422, "exclude")


@pytest.mark.parametrize("box", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,5,5", "0,0,inf,5", "1;2;3;4", "0,0,1e999,4"])
def test_boxes_that_are_none(ready: httpx.Client, box: str) -> None:
    check(register(ready, "x", PAGE, box=box), 422, "box")
    check(detect(ready, region=box), 422, "region")


BAD_FIELDS = [
    *(("min_score", value) for value in ("-0.1", "1.1", "nan", "inf", "high")),
    *((name, value) for name in ("scale_min", "scale_max") for value in ("0.1", "5.1", "nan", "-inf", "x")),
    *(("rotation", value) for value in ("all", "90")),
    *(("mirror", value) for value in ("maybe", "2")),
    *(("dpi", value) for value in ("0", "35", "1201", "200.5", "nan")),
    *(("max_detections", value) for value in ("0", "-1", "100001", "many")),
    *(("pages", value) for value in ("0", "2", "1-", "-1", "3-1", "1,,2", "a", "1-999999999999", "9" * 5000)),
    ("symbols", ","),
    ("minscore", "0.5"),
]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_fields_of_a_detection(ready: httpx.Client, field: str, value: str) -> None:
    fields: Form = {field: value}
    check(detect(ready, **fields), 422, field)


def test_scales_the_wrong_way_round(ready: httpx.Client) -> None:
    check(detect(ready, scale_min="2", scale_max="1"), 422, "scale_min")


@pytest.mark.parametrize(("field", "value"), [("page", "0"), ("page", "2"), ("page", "x"), ("dpi", "9999"), ("colour", "red")])
def test_fields_of_a_registration(ready: httpx.Client, field: str, value: str) -> None:
    fields: Form = {field: value}
    check(register(ready, "x", **fields), 422, field)


def test_missing_fields(ready: httpx.Client) -> None:
    check(ready.post("/symbols", data={"name": "x"}), 422, "file")
    check(ready.post("/symbols", files={"file": pictures.symbol()}), 422, "name")
    check(ready.post("/detect"), 422, "file")
    check(ready.post("/detect", json={}), 422, "file")
    check(ready.post("/detect", data={"file": "text, not a file"}), 422, "file")


def test_a_broken_body(ready: httpx.Client) -> None:
    check(ready.post("/detect", content=b"xx", headers={"Content-Type": "multipart/form-data"}), 400)
    check(ready.post("/detect", content=b"xx", headers={"Content-Type": "multipart/form-data; boundary=b"}), 400)
    symbol = ready.get("/symbols").json()["symbols"][-1]["id"]
    check(ready.patch(f"/symbols/{symbol}", content=b"{", headers={"Content-Type": "application/json"}), 422, "body")


def test_an_empty_key(ready: httpx.Client) -> None:
    check(register(ready, "x", key=""), 422, "Idempotency-Key")
    check(register(ready, "x", key="k" * 256), 422, "Idempotency-Key")


def test_unknown_paths_and_methods(ready: httpx.Client) -> None:
    check(ready.get("/nowhere"), 404)
    check(ready.put("/symbols"), 405)
    check(ready.get("/detect"), 405)
