"""The demo's own arithmetic; that it runs is seen by `make demo`."""

from __future__ import annotations

from benchmarks.demo import SampleSymbol, compare, matched

BOX = (10.0, 10.0, 20.0, 20.0)
NEXT = (40.0, 10.0, 20.0, 20.0)


def find(symbol: str, box: tuple[float, float, float, float], score: float) -> dict[str, object]:
    return {"symbol": symbol, "score": score, "box": dict(zip(("x", "y", "width", "height"), box, strict=True))}


def test_a_copy_counts_once() -> None:
    assert matched([BOX, (11.0, 10.0, 20.0, 20.0)], [BOX, NEXT]) == 1


def test_half_the_place_is_too_little() -> None:
    assert matched([(20.0, 10.0, 20.0, 20.0)], [BOX]) == 0


def test_nothing_found() -> None:
    assert matched([], [BOX]) == 0


def test_an_outcome_is_correct_only_when_every_find_is_right() -> None:
    sample = [SampleSymbol("valve", BOX, (BOX, NEXT)), SampleSymbol("pump", BOX, (BOX,))]
    rows = compare(sample, [find("valve", BOX, 0.9), find("valve", (90.0, 90.0, 20.0, 20.0), 0.8), find("pump", BOX, 0.9)])
    assert [(row.name, row.found, row.right, row.wrong, row.correct) for row in rows] == [
        ("valve", 2, 1, 1, False),
        ("pump", 1, 1, 0, True),
    ]
