"""What a job refuses, what it can do without, and requests that are sent twice."""

from __future__ import annotations

from io import BytesIO

import httpx
import pypdfium2 as pdfium
import pytest
from PIL import Image

from benchmarks.hostile import declared
from tests import pictures
from tests.api.test_bad_input import BAD_FIELDS, check
from tests.api.test_detect import PAGE
from tests.api.test_symbols import Form, own, register
from tests.server import Server
from tests.watching import finished, send, sent

PLAN = ("plan.png", PAGE)
SHEETS = ("sheets.tiff", pictures.pages([pictures.page([(10 * n, 20)]) for n in range(1, 7)], "TIFF"))
BROKEN_PAGE = pictures.pages([pictures.page([(10, 10)]), pictures.page([]), pictures.page([])], "TIFF", compression="tiff_lzw")


def folders(server: Server) -> set[str]:
    return {path.name for path in (server.data / "jobs").iterdir() if path.is_dir()}


def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(ready: httpx.Client) -> None:
    job = sent(ready, [("notes.txt", b"no drawing"), PLAN, ("half.png", PAGE[: len(PAGE) // 2])])
    done = finished(ready, job)
    assert (done["status"], done["pages_done"], done["pages_total"]) == ("done", 1, 1)
    notes, plan, half = done["files"]
    assert "accepted type" in notes["errors"][0]["detail"]
    assert "truncated" in half["errors"][0]["detail"]
    assert (notes["errors"][0]["page"], notes["pages_total"], plan["errors"]) == (None, 0, [])
    files = ready.get(f"/jobs/{job}/result").json()["files"]
    assert [(each["file"], len(each["detections"]), len(each["errors"])) for each in files] == [
        ("notes.txt", 0, 1),
        ("plan.png", 3, 0),
        ("half.png", 0, 1),
    ]
    document = pdfium.PdfDocument(ready.get(f"/jobs/{job}/result", params={"format": "pdf"}).content)
    assert len(document) == 1
    document.close()


def test_a_page_that_breaks_is_told_and_the_rest_goes_on(ready: httpx.Client) -> None:
    strips = Image.open(BytesIO(BROKEN_PAGE))
    strips.seek(1)
    start = strips.tag_v2[273][0]  # type: ignore[attr-defined]  # open() promises an image of any format
    broken = BROKEN_PAGE[:start] + b"\xff" * 40 + BROKEN_PAGE[start + 40 :]
    done = finished(ready, sent(ready, [("sheets.tiff", broken)]))
    assert (done["status"], done["pages_done"]) == ("done", 3)
    assert [each["page"] for each in done["files"][0]["errors"]] == [2]
    (file,) = ready.get(f"/jobs/{done['id']}/result").json()["files"]
    assert [each["page"] for each in file["pages"]] == [1, 3]
    assert [each["page"] for each in file["errors"]] == [2]


def test_a_job_of_broken_pages_only_fails(ready: httpx.Client) -> None:
    whole = pictures.file(pictures.page([(10, 10)]), "JPEG")
    broken = whole[:200] + bytes(len(whole) - 200)
    failed = finished(ready, sent(ready, [("plan.jpg", broken[:-2] + b"\xff\xd9")]))
    assert (failed["status"], failed["detail"]) == ("failed", "No page could be searched.")
    assert len(failed["files"][0]["errors"]) == 1


def test_jobs_of_bad_files_only_are_answered_as_a_detection(ready: httpx.Client, server: Server) -> None:
    before = folders(server)
    check(send(ready, [("a", b"GIF89a......")]), 415, word="PNG")
    check(send(ready, [("a", b"hello"), ("b", b"hello")]), 415)
    for data in (b"", PAGE[: len(PAGE) // 2], b"%PDF-1.7 nothing"):
        check(send(ready, [("a", data)]), 422, "file")
    assert folders(server) == before


def test_too_much_for_a_job(ready: httpx.Client, server: Server) -> None:
    before = folders(server)
    response = send(ready, [SHEETS, SHEETS, PLAN])
    check(response, 413, word="12 pages")
    assert response.json()["limit"] == 12
    check(send(ready, [PLAN] * 13), 413, word="12 pages")
    check(send(ready, [PLAN, ("large.png", PAGE + bytes(3_000_001))]), 413, word="large.png")
    response = send(ready, [PLAN, ("a", bytes(2_900_000)), ("b", bytes(2_900_000))])
    check(response, 413, word="4000000")
    check(send(ready, [PLAN, ("bomb.png", declared("PNG", 100_000, 100_000))]), 413, word="bomb.png")
    assert folders(server) == before


def test_too_many_jobs(ready: httpx.Client, slow: str) -> None:
    waiting = [sent(ready, [PLAN]) for _ in range(2)]
    response = send(ready, [PLAN])
    check(response, 429)
    assert int(response.headers["retry-after"]) >= 1
    for job in waiting:
        ready.delete(f"/jobs/{job}")


def test_without_any_symbol(client: httpx.Client) -> None:
    check(send(client, [PLAN]), 409, word="POST /symbols")
    check(send(client, [PLAN], symbols="nobody"), 404, word="'nobody'")


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_bad_fields(ready: httpx.Client, field: str, value: str) -> None:
    fields: Form = {field: value}
    check(send(ready, [PLAN], **fields), 422, field)


def test_missing_files(ready: httpx.Client) -> None:
    check(ready.post("/jobs"), 422, "file")
    check(ready.post("/jobs", data={"file": "text, not a file"}), 422, "file")
    check(ready.post("/jobs", content=b"xx", headers={"Content-Type": "multipart/form-data; boundary=b"}), 400)


@pytest.mark.parametrize("path", ["/jobs/nobody", "/jobs/nobody/events", "/jobs/nobody/result"])
def test_an_unknown_job(ready: httpx.Client, path: str) -> None:
    check(ready.get(path), 404, word="'nobody'")
    check(ready.delete("/jobs/nobody"), 404)


def test_the_same_key_gives_the_same_job(ready: httpx.Client, server: Server) -> None:
    first = send(ready, [PLAN, SHEETS], key="job-1")
    finished(ready, first.json()["id"])
    before = folders(server)
    again = send(ready, [PLAN, SHEETS], key="job-1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert folders(server) == before
    (symbol,) = own(ready)
    assert ready.delete(f"/symbols/{symbol['id']}").status_code == 204
    assert send(ready, [PLAN, SHEETS], key="job-1").json() == first.json()


@pytest.mark.parametrize("change", [{"files": [SHEETS]}, {"min_score": "0.7"}, {"files": [("other.png", PAGE)]}])
def test_the_same_key_with_another_request_is_refused(ready: httpx.Client, change: Form) -> None:
    key = f"job {change}"[:60]
    send(ready, [PLAN], key=key)
    other: Form = {"files": [PLAN], "key": key} | change
    check(send(ready, **other), 422, "Idempotency-Key")
    check(register(ready, "x", key=key), 422, "Idempotency-Key")
