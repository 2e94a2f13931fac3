"""A page is enlarged for small symbols, up to a point."""

from __future__ import annotations

import pytest

from app.engine.example import prepare
from app.engine.levels import large_enough
from app.engine.look import Shot
from app.engine.query import Example, Options
from app.engine.weights import golden_picture


@pytest.mark.parametrize(("low", "enough"), [(0.8, True), (0.512, True), (0.328, True), (0.21, False)])
def test_copies_that_a_page_is_not_enlarged_for_are_too_small(low: float, enough: bool) -> None:
    picture = golden_picture()  # of 32 px
    shot = Shot(0, Example(1, picture), prepare(picture))
    assert large_enough(shot, Options(scale_min=low, scale_max=low * 1.5625)) == enough
