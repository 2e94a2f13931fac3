"""Contact sheets of a benchmark run show what it missed and what it found in vain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.failures import COLUMNS, LINE, SIDE, Failure, draw, failures, sheet

CASE = {
    "set": "plans", "drawing": "a.png", "class": 1, "example": ["a.png", [10, 10, 20, 20]],
    "truth": [[50, 10, 20, 20], [90, 10, 20, 20], [130, 10, 20, 20]],
    "found": [[[51, 10, 20, 20], 0.9], [[90, 11, 20, 20], 0.3], [[60, 60, 20, 20], 0.8], [[10, 10, 20, 20], 0.95],
              [[60, 90, 20, 20], 0.2]],
    "judged": [[0.9, 1], [0.8, 0], [0.3, 1], [0.2, 0]],  # the example itself counts neither way
}


def test_missed_copies_and_false_finds_are_told_from_the_rest() -> None:
    missed, wrong = failures(CASE, 0.5)
    assert [(one.place, one.score) for one in missed] == [((90, 10, 20, 20), 0.3), ((130, 10, 20, 20), None)]
    assert [(one.place, one.score) for one in wrong] == [((60, 60, 20, 20), 0.8)]


def test_sheets_are_written_for_each_set(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "set.json").write_text('{"iou": 0.5}')
    Image.new("RGB", (200, 150), (200, 30, 30)).save(tmp_path / "plans" / "a.png")
    counts = draw([json.dumps(CASE)], tmp_path, tmp_path / "out", most=50)
    assert counts == {"plans": {"missed": 2, "wrong": 1}}
    with Image.open(tmp_path / "out" / "plans-missed.png") as page:
        assert page.size == (COLUMNS * (2 * SIDE + 8), SIDE + LINE)
        assert page.getpixel((SIDE // 2, LINE + SIDE // 2)) == (200, 30, 30)


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (COLUMNS, 1), (COLUMNS + 1, 2)])
def test_a_sheet_has_the_rows_it_needs(tmp_path: Path, count: int, rows: int) -> None:
    Image.new("RGB", (60, 60)).save(tmp_path / "a.png")
    one = Failure("a.png", ("a.png", (10, 10, 20, 20)), (30, 30, 20, 20), 0.1)
    assert sheet([one] * count, tmp_path).height == rows * (SIDE + LINE)
