"""One find a place."""

from __future__ import annotations

import numpy as np

from app.engine.geometry import Box
from app.engine.suppress import Found, suppressed


def found(symbol: int, rows: list[tuple[float, float, float]], size: int = 20, positive: bool = True,
          ink: float = 100, margin: int = 0, angle: float = 0.0) -> Found:
    """Finds (x, y, score) of a symbol, whose example has a margin to the right and below."""
    poses = np.array([[x, y, angle, 0, 1, 1] for x, y, _ in rows], dtype=np.float64)
    return Found(symbol, positive, (size + margin, size + margin), Box(0, 0, size, size), size, ink, poses,
                 np.array([s for *_, s in rows]), np.zeros((len(rows), 1)))


def kept(*groups: Found) -> list[tuple[int, float]]:
    return [(kept.symbol, kept.score) for kept in suppressed(groups)]


def test_the_best_of_two_on_one_place_stays() -> None:
    assert kept(found(0, [(50, 50, 0.7), (53, 51, 0.9), (90, 50, 0.6)])) == [(0, 0.9), (0, 0.6)]


def test_copies_side_by_side_both_stay() -> None:
    assert len(kept(found(0, [(50, 50, 0.9), (70, 50, 0.8), (90, 50, 0.7)]))) == 3


def test_a_margin_claims_no_place() -> None:
    row = [(50.0, 50.0, 0.9), (74.0, 50.0, 0.8), (98.0, 50.0, 0.7)]
    assert len(kept(found(0, row, margin=20))) == 3
    assert len(kept(found(0, row, size=50))) == 2


def test_a_place_turns_with_its_find() -> None:
    upright, turned = found(0, [(50, 50, 0.9)], margin=20), found(1, [(50, 70, 0.8)], margin=20, angle=180)
    assert [each.extents().tolist() for each in (upright, turned)] == [[[30, 30, 20, 20]], [[50, 70, 20, 20]]]
    assert kept(upright, turned) == [(0, 0.9), (1, 0.8)]


def test_the_best_label_wins_the_place() -> None:
    assert kept(found(0, [(50, 50, 0.8)]), found(1, [(51, 50, 0.95)])) == [(1, 0.95)]


def test_of_two_that_differ_by_a_detail_the_likelier_wins() -> None:
    plain, more = found(0, [(50, 50, 0.96), (90, 50, 0.9)]), found(1, [(50, 51, 0.94), (90, 51, 0.95)], ink=115)
    assert kept(plain, more) == [(0, 0.96), (1, 0.95)]


def test_a_symbol_that_holds_another_wins_with_worse_odds_if_it_is_likely_itself() -> None:
    inner = found(0, [(50, 50, 0.92)], size=24, ink=100)
    assert kept(inner, found(1, [(50, 51, 0.85)], size=32, ink=240)) == [(1, 0.85)]
    assert kept(inner, found(1, [(50, 51, 0.4)], size=32, ink=240)) == [(0, 0.92)]


def test_a_richer_look_alike_that_is_a_negative_example_takes_the_place() -> None:
    assert kept(found(0, [(50, 50, 0.9), (90, 50, 0.9)]), found(0, [(50, 50, 0.89)], positive=False, ink=180)) == [(0, 0.9)]


def test_a_part_of_a_better_find_is_not_counted() -> None:
    assert kept(found(0, [(50, 50, 0.9)], size=40), found(1, [(52, 48, 0.7)], size=12)) == [(0, 0.9)]


def test_a_negative_example_takes_the_place_and_is_not_reported() -> None:
    assert kept(found(0, [(50, 50, 0.8), (90, 90, 0.6)]), found(0, [(50, 50, 0.9)], positive=False)) == [(0, 0.6)]
