"""csv, xlsx and coco, each read back by a reader that others wrote."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

from app.errors import TooLarge
from app.export import xlsx
from app.export.coco import to_coco
from app.export.csv import to_csv
from app.export.report import letters, make_report
from app.export.rows import COLUMNS, like_formula
from app.export.xlsx import to_xlsx
from tests.export.examples import SYMBOLS, report
from training.annotations import read_folder


def test_a_row_a_detection() -> None:
    rows = list(csv.DictReader(StringIO(to_csv(report()).decode(), newline="")))
    assert [row["mark"] for row in rows] == ["A1", "B1", "A2"]
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == {
        "file": "plan.pdf",
        "page": "1",
        "mark": "B1",
        "symbol": "valve, wet",
        "symbol_id": "id-b",
        "x": "200.123",
        "y": "100",
        "width": "40",
        "height": "20",
        "score": "0.9",
        "band": "review",
        "angle": "90.0",
        "mirrored": "true",
        "scale": "1.25",
    }
    assert float(rows[2]["x"]) == -5


def test_no_text_becomes_a_formula() -> None:
    rows = list(csv.DictReader(StringIO(to_csv(report("@file")).decode(), newline="")))
    assert (rows[0]["file"], rows[0]["symbol"]) == ("'@file", "'=HYPERLINK(1)")
    book = load_workbook(BytesIO(to_xlsx(report("@file"))))
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
        assert {cell.data_type for cell in cells} == {"s"}
        guarded = [cell for cell in cells if cell.row > 1 and like_formula(str(cell.value))]
        assert guarded
        assert all(cell.quotePrefix for cell in guarded)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_looks_like_a_formula(text: str) -> None:
    assert like_formula(text)
    assert not like_formula(f"a{text}")


def test_a_workbook_has_counts_by_page_and_every_detection() -> None:
    book = load_workbook(BytesIO(to_xlsx(report())))
    assert book.sheetnames == ["Counts", "Detections"]
    counts = [[cell.value for cell in row] for row in book["Counts"].iter_rows()]
    assert counts == [
        [*xlsx.TOTALS, "plan.pdf, page 1", "plan.pdf, page 2", "other.png, page 1"],
        ["=HYPERLINK(1)", "id-a", 2, 1, 1, 1.5, 1, 1, 0],
        ["valve, wet", "id-b", 1, 0, 1, 0.9, 1, 0, 0],
    ]
    rows = [[cell.value for cell in row] for row in book["Detections"].iter_rows()]
    assert tuple(rows[0]) == COLUMNS
    assert rows[2] == ["plan.pdf", 1, "B1", "valve, wet", "id-b", 200.123, 100, 40, 20, 0.9, "review", 90, True, 1.25]


def test_more_detections_than_a_sheet_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    with pytest.raises(TooLarge, match="csv"):
        to_xlsx(report())


def test_coco_is_read_by_the_training_package(tmp_path: Path) -> None:
    content = json.loads(to_coco(report("plan.png")))
    assert [(each["file_name"], each["page"]) for each in content["images"]] == [
        ("plan.png", 1),
        ("plan.png", 2),
        ("other.png", 1),
    ]
    assert content["annotations"][0] == {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "bbox": [100, 100, 40, 20],
        "area": 800,
        "segmentation": [[100, 100, 140, 100, 140, 120, 100, 120]],
        "iscrowd": 0,
        "score": 0.9,
        "mark": "A1",
    }
    for name in ("plan.png", "other.png"):
        Image.new("RGB", (400, 300)).save(tmp_path / name)
    (tmp_path / "coco.json").write_text(json.dumps(content))
    records = read_folder(tmp_path)
    assert [(record.image.name, record.name) for record in records[:2]] == [
        ("plan.png", "=HYPERLINK(1)"),
        ("plan.png", "valve, wet"),
    ]
    assert (records[0].box.x, records[0].box.width) == (100, 40)


@pytest.mark.parametrize(("place", "expected"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")])
def test_symbols_have_letters_as_columns_do(place: int, expected: str) -> None:
    assert letters(place) == expected


def test_nothing_found_is_a_report_too() -> None:
    empty = make_report(SYMBOLS, [])
    assert len(to_csv(empty).splitlines()) == 1
    assert load_workbook(BytesIO(to_xlsx(empty)))["Detections"].max_row == 1
    assert json.loads(to_coco(empty))["annotations"] == []
