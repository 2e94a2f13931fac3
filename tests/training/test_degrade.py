"""Damage: pages keep their size, truth moves with the ink."""

from collections.abc import Callable

import numpy as np
import pytest

from app.engine.geometry import Pose
from training.canvas import Canvas, Fill, Pixels, Shape, affine, rectangle
from training.degrade import DAMAGES, degrade, one_bit, skewed
from training.truth import Instance

PAPER = (250, 245, 235)


def page() -> Pixels:
    canvas = Canvas(200, 160, PAPER)
    canvas.draw(Shape((Fill((rectangle(40, 12),)),)), affine(150, 40), (0, 0, 0), 1)
    return canvas.pixels()


BAR = Instance(0, Pose(150, 40), 40, 12)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_keeps_the_page_and_the_ink(damage: Callable[[Pixels, np.random.Generator], Pixels]) -> None:
    for seed in range(5):
        first, again = (damage(page(), np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert first.shape == (160, 200, 3)
        assert first.dtype == np.uint8
        assert first[36:44, 135:165].mean() + 60 < first[100:140, 20:100].mean()


@pytest.mark.parametrize("angle", [-2.0, 1.5])
def test_skew_moves_the_truth_with_the_ink(angle: float) -> None:
    pixels, (one,) = skewed(page(), (BAR,), PAPER, angle)
    y, x = np.nonzero(pixels.min(axis=2) < 120)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((one.pose.x, one.pose.y), abs=0.5)
    assert np.degrees(np.arctan(-np.polyfit(x, y, 1)[0])) == pytest.approx(angle, abs=0.4)
    assert one.pose.angle == pytest.approx(angle % 360)
    assert pixels[0, 0].tolist() == list(PAPER)


def test_two_pages_of_five_stay_clean() -> None:
    rng, untouched = np.random.default_rng(0), 0
    for _ in range(200):
        pixels, _ = degrade(page(), (BAR,), PAPER, rng)
        untouched += bool((pixels == page()).all())
    assert 65 < untouched < 105


def test_one_bit_keeps_the_polarity() -> None:
    bright = one_bit(page(), np.random.default_rng(0))
    dark = one_bit(255 - page(), np.random.default_rng(0))
    assert set(np.unique(bright).tolist()) == {0, 255}
    assert bright[100, 50, 0] == 255
    assert dark[100, 50, 0] == 0
