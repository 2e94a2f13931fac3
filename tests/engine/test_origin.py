"""Whether a page is the one that an example was cut from."""

from __future__ import annotations

import numpy as np
import pytest

from app.engine.evidence import NAMES
from app.engine.geometry import Box
from app.engine.origin import REACH, is_cut_from
from app.engine.query import Example, Pixels
from app.engine.suppress import Found

AT = (20, 30)  # top and left of the example
SIDES = (16, 24)


@pytest.fixture(scope="module")
def page() -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (80, 100, 3), dtype=np.uint8)


def example(page: Pixels, over: bool = False) -> Example:
    pixels = page[AT[0] : AT[0] + SIDES[0], AT[1] : AT[1] + SIDES[1]].copy()
    hidden = np.zeros(SIDES, bool)
    hidden[:4, :5] = True
    if over:
        pixels[hidden] = 255
    return Example(1, pixels, over=hidden if over else None)


def found(x: float = AT[1] + SIDES[1] / 2, y: float = AT[0] + SIDES[0] / 2, angle: float = 0.0, mirrored: float = 0.0,
          scale: float = 1.0, score: float = 0.9) -> list[Found]:
    poses = np.array([[x, y, angle, mirrored, scale, 1.0]])
    whole = Box(0, 0, SIDES[1], SIDES[0])
    return [Found(0, True, (SIDES[1], SIDES[0]), whole, max(SIDES), 50.0, poses, np.array([score]), np.zeros((1, len(NAMES))))]


def test_an_examples_own_page_shows_it_pixel_for_pixel(page: Pixels) -> None:
    assert is_cut_from(page, example(page), found())
    assert is_cut_from(page, example(page), found(x=AT[1] + SIDES[1] / 2 + 0.9 * REACH, angle=359.0, scale=1.01))


@pytest.mark.parametrize("pose", [{"angle": 180.0}, {"mirrored": 1.0}, {"scale": 0.9}, {"score": 0.05}])
def test_its_own_place_may_have_been_found_otherwise(page: Pixels, pose: dict[str, float]) -> None:
    assert is_cut_from(page, example(page), found(**pose))


def test_its_own_place_may_come_last_of_many(page: Pixels) -> None:
    others = [one for n in range(300) for one in found(x=20.0 + n % 40, y=60.0, score=0.9)]
    assert is_cut_from(page, example(page), [*others, *found(score=0.02)])
    assert not is_cut_from(page, example(page), others)


def test_what_was_painted_over_does_not_count(page: Pixels) -> None:
    assert is_cut_from(page, example(page, over=True), found())


@pytest.mark.parametrize("pose", [{"x": 20.0}, {"y": AT[0] + SIDES[0] / 2 + REACH + 2}])
def test_a_find_elsewhere_is_not_it(page: Pixels, pose: dict[str, float]) -> None:
    assert not is_cut_from(page, example(page), found(**pose))


def test_a_copy_that_differs_in_a_pixel_is_not_it(page: Pixels) -> None:
    one = example(page)
    one.pixels[3, 3] ^= 1
    assert not is_cut_from(page, one, found())


def test_a_find_over_the_pages_edge_is_not_it(page: Pixels) -> None:
    assert not is_cut_from(page, example(page), found(x=-2.0, y=99.0))
    assert not is_cut_from(page[:10, :10], example(page), found())


def test_no_finds_show_nothing(page: Pixels) -> None:
    assert not is_cut_from(page, example(page), [])
