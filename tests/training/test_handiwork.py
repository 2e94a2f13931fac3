"""Copies that differ as copies do."""

import numpy as np
import pytest

from training.canvas import Fill, Shape, Stroke, affine, polyline, rectangle
from training.handiwork import Hand, by_hand, random_hand

SQUARE = Shape((Stroke(rectangle(40, 40), closed=True),))
CROSS = Shape((polyline((-10, 0), (10, 0)), polyline((0, -10), (0, 10))))
EXACT = Hand(wobble=0.0, ruled=False, loose=0.0)


def points(*shapes: Shape) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    parts = [part for shape in shapes for part in shape.parts]
    return np.concatenate([c for p in parts for c in (p.contours if isinstance(p, Fill) else (p.points,))])


def test_an_exact_hand_changes_nothing() -> None:
    drawn = by_hand((SQUARE, CROSS), 40, EXACT, np.random.default_rng(1))
    np.testing.assert_array_equal(points(*drawn), points(SQUARE, CROSS))


@pytest.mark.parametrize("ruled", [False, True])
def test_points_lie_off_by_about_the_wobble(ruled: bool) -> None:
    hand, rng = Hand(wobble=1.0, ruled=ruled, loose=0.0), np.random.default_rng(2)
    off = np.array([points(*by_hand((SQUARE, CROSS), 40, hand, rng)) - points(SQUARE, CROSS) for _ in range(300)])
    assert 0.6 < np.sqrt((off**2).mean()) < 1.4
    assert np.abs(off).max() < 3
    assert np.abs(off.mean(axis=0)).max() < 0.2


def test_what_is_ruled_stays_straight_and_parallel() -> None:
    for seed in range(20):
        corners = points(*by_hand((SQUARE,), 40, Hand(1.5, ruled=True, loose=0.0), np.random.default_rng(seed)))
        for axis in (0, 1):
            assert len(np.unique(corners[:, axis].round(6))) == 2


def test_what_joins_stays_joined() -> None:
    arms = Shape((polyline((0, 0), (20, 0)), polyline((0, 0), (0, 20))))
    first, second = by_hand((arms,), 20, Hand(2.0, ruled=False, loose=0.0), np.random.default_rng(3))[0].parts
    assert isinstance(first, Stroke)
    assert isinstance(second, Stroke)
    np.testing.assert_array_equal(first.points[0], second.points[0])
    assert not np.array_equal(first.points[0], [0, 0])


def test_parts_change_size_where_they_stand() -> None:
    moved = CROSS.moved(affine(15, 5))
    sizes = []
    for seed in range(200):
        square, cross = by_hand((SQUARE, moved), 40, Hand(0.0, ruled=False, loose=0.1), np.random.default_rng(seed))
        left, top, right, bottom = cross.extent()
        assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((15, 5))
        sizes.append((square.extent()[2] / 20, (right - left) / 20))
    spread = np.log(sizes).std(axis=0)
    assert 0.07 < spread[1] < 0.12
    assert spread[0] < 0.5 * spread[1]


def test_most_drawings_are_exact_in_something() -> None:
    rng = np.random.default_rng(4)
    hands = [random_hand(rng, 36.0) for _ in range(400)]
    assert 0.2 < np.mean([hand.wobble == 0 and hand.loose == 0 for hand in hands]) < 0.4
    assert 0.1 < np.mean([hand.wobble > 0 and hand.loose > 0 for hand in hands]) < 0.3
    assert max(hand.wobble for hand in hands) <= 1.1
