"""/symbols over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests import pictures
from tests.stub import ring

Form = dict[str, Any]


def register(
    client: httpx.Client, name: str, data: bytes | None = None, key: str | None = None, **fields: object
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    form = {"name": name} | {field: str(value) for field, value in fields.items()}
    return client.post("/symbols", data=form, files={"file": ("x", data or pictures.symbol())}, headers=headers)


def own(client: httpx.Client) -> list[Form]:
    listed: list[Form] = client.get("/symbols", params={"limit": 1000}).json()["symbols"]
    return [symbol for symbol in listed if symbol["origin"] == "user"]


def test_a_registered_symbol_is_answered_as_the_contract_has_it(client: httpx.Client) -> None:
    response = register(client, "H")
    symbol = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/symbols/{symbol['id']}"
    assert set(symbol) == {"id", "name", "origin", "created_at", "examples", "warnings"}
    assert (symbol["name"], symbol["origin"], symbol["warnings"]) == ("H", "user", [])
    (example,) = symbol["examples"]
    assert isinstance(example["id"], str)
    assert example == {"id": example["id"], "kind": "positive", "width": 40, "height": 40, "warnings": []}
    assert client.get(response.headers["location"]).json() == symbol
    assert own(client) == [symbol]


def test_a_box_cuts_the_example_out_and_is_clipped(client: httpx.Client) -> None:
    page = pictures.file(pictures.page([(0, 0), (200, 100)]))
    symbol = register(client, "cut", page, box="200,100,40,40").json()
    image = Image.open(BytesIO(client.get(f"/symbols/{symbol['id']}/image").content))
    assert np.array_equal(np.asarray(image), ring(40, 12))
    clipped = register(client, "clipped", page, box="-10,-10,50,50").json()
    assert (clipped["examples"][0]["width"], clipped["examples"][0]["height"]) == (40, 40)


def test_a_label_that_the_box_cuts_is_none_of_the_example(client: httpx.Client) -> None:
    page = Image.fromarray(pictures.page([(200, 100)]))
    ImageDraw.Draw(page).text((245, 108), "M2", "black", ImageFont.load_default(18))
    symbol = register(client, "labelled", pictures.file(np.asarray(page)), box="196,96,58,48").json()
    image = Image.open(BytesIO(client.get(f"/symbols/{symbol['id']}/image").content))
    label = np.asarray(page.convert("L"))[96:144, 242:254] < 128
    assert label.any(), "it reaches into the box"
    assert np.asarray(image.convert("L"))[:, 46:].min() > 128
    assert not np.asarray(image)[:, 46:, 3][label].any(), "nobody knows what is behind it"
    assert (np.asarray(image)[:, :44, 3] == 255).all()


def test_a_page_of_a_pdf_is_chosen(client: httpx.Client) -> None:
    data = pictures.pages([pictures.page([]), pictures.page([(100, 100)])])
    symbol = register(client, "second page", data, page=2, dpi=72, box="100,100,40,40").json()
    assert symbol["warnings"] == []
    blank = register(client, "first page", data, page=1, dpi=72, box="100,100,40,40").json()
    assert [warning["code"] for warning in blank["warnings"]] == ["little_ink"]
    missing = register(client, "third page", data, page=3)
    assert (missing.status_code, missing.json()["field"]) == (422, "page")


def test_a_lookalike_is_named_in_a_warning(client: httpx.Client) -> None:
    register(client, "the first")
    second = register(client, "the second").json()
    (warning,) = second["warnings"]
    assert warning["code"] == "looks_like"
    assert "'the first'" in warning["detail"]


@pytest.mark.parametrize("name", ["H", "ä" * 100, "GFCI 20A, wet", "火灾", "<b>&\"'"])
def test_names_that_are_good(client: httpx.Client, name: str) -> None:
    assert register(client, name).json()["name"] == name


@pytest.mark.parametrize("name", [" ", "a\nb", "a\x00b", "x" * 101, "\u200b", "\u2028", ""])
def test_names_that_are_refused(client: httpx.Client, name: str) -> None:
    response = register(client, name)
    assert (response.status_code, response.json()["field"]) == (422, "name")


def test_a_name_is_taken_once(client: httpx.Client) -> None:
    register(client, "H")
    other = register(client, "G").json()
    assert register(client, "H").status_code == 409
    assert register(client, "H ").status_code == 409
    assert client.patch(f"/symbols/{other['id']}", json={"name": "H"}).status_code == 409
    assert client.patch(f"/symbols/{other['id']}", json={"name": "G"}).status_code == 200


def test_of_many_at_once_one_gets_the_name(client: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: register(client, "wanted").status_code, range(4)))
    assert sorted(statuses) == [201, 409, 409, 409]
    assert len(own(client)) == 1


def test_symbols_are_renamed_and_deleted(client: httpx.Client) -> None:
    symbol = register(client, "old").json()
    path = f"/symbols/{symbol['id']}"
    assert client.patch(path, json={"name": "new"}).json() == symbol | {"name": "new"}
    assert client.delete(path).status_code == 204
    for response in (
        client.get(path),
        client.delete(path),
        client.get(path + "/image"),
        client.patch(path, json={"name": "x"}),
    ):
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "field"), [({}, "name"), ({"name": 3}, "name"), ({"name": ""}, "name"), ({"name": "a", "x": 1}, "x")]
)
def test_a_bad_renaming_names_the_field(client: httpx.Client, body: Form, field: str) -> None:
    symbol = register(client, "H").json()
    response = client.patch(f"/symbols/{symbol['id']}", json=body)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_examples_are_added_and_deleted(client: httpx.Client) -> None:
    symbol = register(client, "H").json()
    path = f"/symbols/{symbol['id']}/examples"
    more = client.post(path, files={"file": pictures.symbol(20)})
    assert (more.status_code, more.headers["location"]) == (201, f"/symbols/{symbol['id']}")
    more = client.post(path, files={"file": pictures.symbol(24)}, data={"kind": "negative"})
    first, second, third = more.json()["examples"]
    assert [each["kind"] for each in (first, second, third)] == ["positive", "positive", "negative"]
    assert client.delete(f"{path}/{first['id']}").status_code == 204
    assert client.delete(f"{path}/{first['id']}").status_code == 404
    assert client.delete(f"{path}/nonsense").status_code == 404
    last = client.delete(f"{path}/{second['id']}")
    assert (last.status_code, last.json()["type"]) == (409, "urn:planspot:last-example")
    assert client.delete(f"{path}/{third['id']}").status_code == 204
    assert client.post("/symbols/nobody/examples", files={"file": pictures.symbol()}).status_code == 404
    assert client.post(path, files={"file": pictures.symbol()}, data={"kind": "odd"}).json()["field"] == "kind"


def test_listing_goes_page_by_page_oldest_first(client: httpx.Client) -> None:
    names = [f"symbol {n}" for n in range(5)]
    for name in names:
        register(client, name)
    for limit in (1, 2, 3, 7, 100):
        found: list[Form] = []
        after = None
        while True:
            page = client.get("/symbols", params={"limit": limit} | ({"after": after} if after else {})).json()
            assert len(page["symbols"]) <= limit
            found += page["symbols"]
            after = page["next"]
            if after is None:
                break
        assert [each["name"] for each in found] == ["reference ring", "reference bar", *names]
        assert [each["created_at"] for each in found] == sorted(each["created_at"] for each in found)
    assert client.get("/symbols", params={"after": "nobody"}).status_code == 404
    for wrong in ("0", "-1", "x", "1001", "nan"):
        response = client.get("/symbols", params={"limit": wrong})
        assert (response.status_code, response.json()["field"]) == (422, "limit")


def test_references_are_read_only(client: httpx.Client) -> None:
    reference = client.get("/symbols", params={"limit": 1}).json()["symbols"][0]
    path = f"/symbols/{reference['id']}"
    assert reference["origin"] == "reference"
    assert client.get(path).json() == reference
    image = Image.open(BytesIO(client.get(path + "/image").content))
    assert np.array_equal(np.asarray(image), ring(30, 10))
    refused = [
        client.delete(path),
        client.patch(path, json={"name": "x"}),
        client.post(path + "/examples", files={"file": pictures.symbol()}),
        client.delete(f"{path}/examples/{reference['examples'][0]['id']}"),
    ]
    assert [each.status_code for each in refused] == [403] * 4


def test_the_same_key_gives_the_same_answer_once(client: httpx.Client) -> None:
    first = register(client, "H", key="key-1")
    again = register(client, "H", key="key-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(own(client)) == 1
    client.patch(first.headers["location"], json={"name": "renamed"})
    assert register(client, "H", key="key-1").json() == first.json()


@pytest.mark.parametrize("change", [{"name": "other"}, {"data": pictures.symbol(20)}, {"box": "0,0,20,20"}])
def test_the_same_key_with_another_request_is_refused(client: httpx.Client, change: Form) -> None:
    key = f"key {change}"[:80]
    register(client, "H", key=key)
    other: Form = {"name": "H", "key": key} | change
    response = register(client, **other)
    assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")
    assert len(own(client)) == 1


def test_the_same_key_at_once_registers_once(client: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: register(client, "H", key="at once").json(), range(4)))
    assert len({str(answer) for answer in answers}) == 1
    assert len(own(client)) == 1


def test_a_key_goes_for_examples_too(client: httpx.Client) -> None:
    symbol = register(client, "H").json()
    send: Form = {"url": f"/symbols/{symbol['id']}/examples", "headers": {"Idempotency-Key": "shot"}}
    first = client.post(**send, files={"file": pictures.symbol(20)}).json()
    assert client.post(**send, files={"file": pictures.symbol(20)}).json() == first
    assert len(client.get(f"/symbols/{symbol['id']}").json()["examples"]) == 2
