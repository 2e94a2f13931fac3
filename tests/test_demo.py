"""The demo's own arithmetic; that it runs is seen by `make demo`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from app.export.marks import PALETTE
from benchmarks.demo import SampleSymbol, compare, marked, matched

BOX = (10.0, 10.0, 20.0, 20.0)
NEXT = (40.0, 10.0, 20.0, 20.0)


def find(symbol_id: str, box: tuple[float, float, float, float], score: float) -> dict[str, object]:
    return {"symbol_id": symbol_id, "score": score, "box": dict(zip(("x", "y", "width", "height"), box, strict=True))}


def test_a_copy_counts_once() -> None:
    assert matched([BOX, (11.0, 10.0, 20.0, 20.0)], [BOX, NEXT]) == 1


def test_half_the_place_is_too_little() -> None:
    assert matched([(20.0, 10.0, 20.0, 20.0)], [BOX]) == 0


def test_nothing_found() -> None:
    assert matched([], [BOX]) == 0


def test_an_outcome_is_correct_only_when_every_find_is_right() -> None:
    sample = [SampleSymbol("valve", BOX, (BOX, NEXT)), SampleSymbol("pump", BOX, (BOX,))]
    rows = compare(sample, ["a", "b"], [find("a", BOX, 0.9), find("a", (90.0, 90.0, 20.0, 20.0), 0.8), find("b", BOX, 0.9)])
    assert [(row.name, row.found, row.right, row.wrong, row.correct) for row in rows] == [
        ("valve", 2, 1, 1, False),
        ("pump", 1, 1, 0, True),
    ]


def test_the_marked_drawing_is_the_drawing_with_a_legend_below(tmp_path: Path) -> None:
    drawing = tmp_path / "drawing.png"
    Image.new("RGB", (400, 300), "white").save(drawing)
    corners = [[100, 100], [150, 100], [150, 150], [100, 150]]
    answer = {
        "counts": [{"symbol_id": "a", "symbol": "valve", "count": 1}, {"symbol_id": "b", "symbol": "pump", "count": 0}],
        "detections": [{**find("a", (100, 100, 50, 50), 0.9), "page": 1, "polygon": corners, "band": "certain",
                        "angle": 0.0, "mirrored": False, "scale": 1.0}],
    }
    page = marked(drawing, answer)
    assert page.width == 400
    assert page.height > 300
    assert page.getpixel((96, 125)) == PALETTE[0]  # the outline keeps off the symbol
    assert page.getpixel((50, 50)) == (255, 255, 255)
