"""The formats of an answer over HTTP, each read back by a reader that others wrote."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import httpx
import numpy as np
import pypdfium2 as pdfium
import pytest
from openpyxl import load_workbook
from PIL import Image

from tests import pictures
from tests.api.test_detect import PAGE, PLACES, detect
from tests.api.test_symbols import register

MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "coco": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "pdf": "application/pdf",
}


@pytest.fixture
def ready(client: httpx.Client) -> httpx.Client:
    register(client, "=ring")
    return client


def answer(client: httpx.Client, kind: str, data: bytes = PAGE, **fields: object) -> bytes:
    response = detect(client, data, {"format": kind}, **fields)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == MEDIA[kind]
    return response.content


def test_csv(ready: httpx.Client) -> None:
    rows = list(csv.DictReader(StringIO(answer(ready, "csv").decode(), newline="")))
    assert [(float(row["x"]), float(row["y"])) for row in rows] == PLACES
    assert {(row["file"], row["symbol"]) for row in rows} == {("drawing", "'=ring")}


def test_xlsx(ready: httpx.Client) -> None:
    book = load_workbook(BytesIO(answer(ready, "xlsx")))
    (_, counted) = [[cell.value for cell in row] for row in book["Counts"].iter_rows()]
    assert counted[0] == "=ring"
    assert counted[2:] == [3, 3, 0, 2.964, 3]
    assert book["Detections"].max_row == 4


def test_coco(ready: httpx.Client) -> None:
    response = detect(ready, query={"format": "coco"})
    assert [each["bbox"][:2] for each in response.json()["annotations"]] == [list(place) for place in PLACES]
    assert response.json()["images"] == [{"id": 1, "file_name": "drawing", "page": 1, "width": 400, "height": 300}]


def test_png_is_the_drawing_with_marks(ready: httpx.Client) -> None:
    with Image.open(BytesIO(answer(ready, "png"))) as image:
        marked = np.asarray(image.convert("RGB"))
    plain = pictures.page(PLACES)
    assert marked.shape[1] == 400
    assert marked.shape[0] > 300
    assert np.array_equal(marked[100:140, 10:190], plain[100:140, 10:190])
    assert not np.array_equal(marked[95:145, 195:245], plain[95:145, 195:245])


def test_pdf_has_every_page(ready: httpx.Client) -> None:
    data = pictures.pages([pictures.page([(10, 10)]), pictures.page([])], "TIFF", dpi=(144, 144))
    document = pdfium.PdfDocument(answer(ready, "pdf", data))
    assert len(document) == 2
    assert document.get_page_size(0)[0] == pytest.approx(200)
    document.close()


def test_a_pdf_of_a_pdf_is_as_large_as_its_page(ready: httpx.Client) -> None:
    data = pictures.pages([pictures.page([(10, 10)])], "PDF")
    document = pdfium.PdfDocument(answer(ready, "pdf", data, dpi="72"))
    assert document.get_page_size(0)[0] == pytest.approx(400)
    document.close()


def test_a_png_of_many_pages_is_refused_before_the_search(ready: httpx.Client) -> None:
    data = pictures.pages([pictures.page([(10, 10)])] * 3, "TIFF")
    response = detect(ready, data, {"format": "png"})
    assert (response.status_code, response.json()["field"]) == (422, "format")
    assert "`pdf`" in response.json()["detail"]
    assert "`pages`" in response.json()["detail"]
    answer(ready, "png", data, pages="2")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "csv"),
        ("application/pdf", "pdf"),
        ("image/*", "png"),
        ("text/html, application/pdf;q=0.4, text/csv;q=0.8", "csv"),
        ("application/json;q=0, text/csv;q=0.1", "csv"),
        ("application/json;q=x, image/png", "png"),
        (MEDIA["xlsx"], "xlsx"),
    ],
)
def test_the_format_follows_accept(ready: httpx.Client, accept: str, kind: str) -> None:
    response = ready.post("/detect", files={"file": PAGE}, headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, MEDIA[kind])


def test_the_query_goes_before_accept(ready: httpx.Client) -> None:
    response = ready.post("/detect", params={"format": "csv"}, files={"file": PAGE}, headers={"Accept": "image/png"})
    assert response.headers["content-type"] == MEDIA["csv"]


def test_an_unknown_format_names_its_field(ready: httpx.Client) -> None:
    response = detect(ready, query={"format": "gif"})
    assert (response.status_code, response.json()["field"]) == (422, "format")
    assert all(kind in response.json()["detail"] for kind in MEDIA)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C:\\plans\\level 1.png", "level 1.png"),
        ("../../etc/passwd", "passwd"),
        ("=cmd.png", "'=cmd.png"),
        ("x" * 900, "x" * 200),
    ],
)
def test_the_name_of_a_file_is_its_own(ready: httpx.Client, sent: str, shown: str) -> None:
    response = ready.post("/detect", params={"format": "csv"}, files={"file": (sent, PAGE)})
    assert next(csv.DictReader(StringIO(response.text, newline="")))["file"] == shown
