"""/detect over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import pictures
from tests.api.test_symbols import register

Answer = dict[str, Any]

PLACES = [(10, 10), (200, 100), (300, 250)]
PAGE = pictures.file(pictures.page(PLACES))


def detect(client: httpx.Client, data: bytes = PAGE, query: dict[str, str] | None = None, **fields: object) -> httpx.Response:
    return client.post("/detect", params=query, data=fields, files={"file": ("drawing", data)})


def found(client: httpx.Client, **fields: object) -> list[tuple[int, int]]:
    """Where, from the top."""
    response = detect(client, **fields)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    return sorted((each["box"]["x"], each["box"]["y"]) for each in response.json()["detections"])


def test_the_answer_is_as_the_contract_has_it(client: httpx.Client) -> None:
    ring = register(client, "ring").json()
    other = register(client, "absent", pictures.symbol(24)).json()
    response = detect(client)
    answer = response.json()
    assert response.headers["content-type"] == "application/json"
    assert set(answer) == {"model", "pages", "counts", "detections", "timings_ms", "truncated"}
    assert answer["pages"] == [{"page": 1, "width": 400, "height": 300}]
    assert answer["counts"] == [
        {"symbol_id": ring["id"], "symbol": "ring", "count": 3, "certain": 3, "review": 0, "expected": 2.964},
        {"symbol_id": other["id"], "symbol": "absent", "count": 0, "certain": 0, "review": 0, "expected": 0},
    ]
    assert answer["detections"][0] == {
        "symbol_id": ring["id"],
        "symbol": "ring",
        "page": 1,
        "box": {"x": 10, "y": 10, "width": 40, "height": 40},
        "polygon": [[10, 10], [50, 10], [50, 50], [10, 50]],
        "score": 0.999,
        "band": "certain",
        "angle": 0,
        "mirrored": False,
        "scale": 1,
    }
    assert [each["box"]["y"] for each in answer["detections"]] == [10, 100, 250]
    assert set(answer["timings_ms"]) == {"decode", "embed", "search", "verify", "total"}
    assert all(value >= 0 for value in answer["timings_ms"].values())
    assert answer["truncated"] is False


def test_symbols_are_named_by_id_name_repetition_and_commas(client: httpx.Client) -> None:
    first, second = register(client, "one").json(), register(client, "two, or so", pictures.symbol(20)).json()
    both = {first["id"], second["id"]}
    ways: list[Any] = [
        ["one", "two, or so"],
        ["two, or so", first["id"]],
        f"one,{second['id']}",
        f" {second['id']} , one ,",
        ["one", "one", second["id"]],
        None,
    ]
    for named in ways:
        answer = detect(client, **({} if named is None else {"symbols": named})).json()
        assert {each["symbol_id"] for each in answer["counts"]} == both, named
        assert len(answer["counts"]) == 2


def test_an_unknown_symbol_is_named(client: httpx.Client) -> None:
    register(client, "one")
    response = detect(client, symbols="one,nobody")
    assert response.status_code == 404
    assert "'nobody'" in response.json()["detail"]


def test_references_are_searched_when_named_only(client: httpx.Client) -> None:
    register(client, "one")
    assert [each["symbol"] for each in detect(client).json()["counts"]] == ["one"]
    answer = detect(client, symbols="reference ring").json()
    assert [each["symbol"] for each in answer["counts"]] == ["reference ring"]


def test_a_symbol_hides_the_reference_of_its_name(client: httpx.Client) -> None:
    own = register(client, "reference ring").json()
    assert [each["symbol_id"] for each in detect(client, symbols="reference ring").json()["counts"]] == [own["id"]]


def test_without_any_symbol_the_answer_tells_how_to_register_one(client: httpx.Client) -> None:
    response = detect(client)
    assert response.status_code == 409
    assert "POST /symbols" in response.json()["detail"]
    assert detect(client, symbols="reference ring").status_code == 200


def test_a_new_example_is_used_by_the_next_detection(client: httpx.Client) -> None:
    symbol = register(client, "one", pictures.symbol(24)).json()
    assert found(client) == []
    client.post(f"/symbols/{symbol['id']}/examples", files={"file": pictures.symbol()})
    assert found(client) == PLACES


def test_pages_are_chosen(client: httpx.Client) -> None:
    register(client, "one")
    data = pictures.pages([pictures.page([(10 * n, 20)]) for n in range(1, 7)], "TIFF")
    answer = detect(client, data, pages="2-3,6").json()
    assert [each["page"] for each in answer["pages"]] == [2, 3, 6]
    assert [(each["page"], each["box"]["x"]) for each in answer["detections"]] == [(2, 20), (3, 30), (6, 60)]
    response = detect(client, data)
    assert (response.status_code, response.json()["limit"]) == (413, 4)
    assert "/jobs" in response.json()["detail"]


def test_regions_and_exclusions(client: httpx.Client) -> None:
    register(client, "one")
    assert found(client, region="0,0,100,100") == [PLACES[0]]
    assert found(client, region=["0,0,100,100", "180,80,500,100"]) == PLACES[:2]
    assert found(client, exclude="0,0,100,100") == PLACES[1:]
    assert found(client, region="0,0,300,300", exclude=["0,0,100,100"]) == [PLACES[1]]


def test_a_region_may_miss_some_pages(client: httpx.Client) -> None:
    register(client, "one")
    data = pictures.pages([pictures.page([(10, 10)]), pictures.page([(10, 10), (500, 10)], width=600)], "TIFF")
    answer = detect(client, data, region="450,0,100,100").json()
    assert [(each["page"], each["box"]["x"]) for each in answer["detections"]] == [(2, 500)]
    assert len(answer["pages"]) == 2


def test_a_higher_threshold_gives_the_same_less_the_lower_scores(client: httpx.Client) -> None:
    register(client, "one")
    every = detect(client, min_score="0").json()["detections"]
    for threshold in (0.98, 0.99, 0.999, 1):
        kept = detect(client, min_score=str(threshold)).json()["detections"]
        assert kept == [each for each in every if each["score"] >= threshold]


def test_more_than_asked_for_is_told(client: httpx.Client) -> None:
    register(client, "one")
    answer = detect(client, max_detections="2").json()
    assert (len(answer["detections"]), answer["truncated"]) == (2, True)


def test_the_scale_follows_the_resolutions(client: httpx.Client) -> None:
    register(client, "one", pictures.file(pictures.page([(10, 10)]), dpi=(300, 300)), box="10,10,40,40")
    same = pictures.file(pictures.page(PLACES), dpi=(300, 300))
    assert found(client, data=same) == PLACES
    # at a third of the resolution, copies of the same size in pixels are three times too large
    coarser = pictures.file(pictures.page(PLACES), dpi=(100, 100))
    assert found(client, data=coarser) == []
    assert found(client, data=coarser, scale_max="3") == PLACES


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/html, application/json;q=0.5"])
def test_json_is_given_to_who_accepts_it(client: httpx.Client, accept: str) -> None:
    register(client, "one")
    assert client.post("/detect", files={"file": PAGE}, headers={"Accept": accept}).status_code == 200
    assert detect(client, query={"format": "json"}).status_code == 200


def test_other_formats_are_refused(client: httpx.Client) -> None:
    response = client.post("/detect", files={"file": PAGE}, headers={"Accept": "image/gif"})
    assert (response.status_code, response.json()["accepted"][0]) == (406, "application/json")
    response = detect(client, query={"format": "gif"})
    assert (response.status_code, response.json()["field"]) == (422, "format")


def test_the_same_request_gives_the_same_answer(client: httpx.Client) -> None:
    register(client, "one")
    first, second = (detect(client).json() for _ in range(2))
    assert first | {"timings_ms": 0} == second | {"timings_ms": 0}


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-1000, 1000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(numbers, min_size=3, max_size=5))
def test_any_box_is_searched_or_refused(client: httpx.Client, box: list[float]) -> None:
    text = ",".join(map(str, box))
    response = detect(client, symbols="reference ring", region=text)
    assert response.status_code in {200, 422}
    if response.status_code == 422:
        assert response.json()["field"] == "region"
