"""A page is enlarged for small symbols, up to a point."""

from __future__ import annotations

import pytest
import torch

from app.engine import encoder, verify
from app.engine.example import prepare
from app.engine.levels import large_enough, level_of
from app.engine.look import Shot
from app.engine.poses import COARSE, crops, matrices, still
from app.engine.query import Example, Options
from app.engine.weights import golden_picture
from app.engine.windows import STEP


@pytest.mark.parametrize(("low", "enough"), [(0.8, True), (0.512, True), (0.328, True), (0.21, False)])
def test_copies_that_a_page_is_not_enlarged_for_are_too_small(low: float, enough: bool) -> None:
    picture = golden_picture()  # of 32 px
    shot = Shot(0, Example(1, picture), prepare(picture))
    assert large_enough(shot, Options(scale_min=low, scale_max=low * 1.5625)) == enough


@pytest.mark.parametrize("number", [-4, 0, 3])
def test_pictures_of_a_level_fill_its_frame_and_are_no_larger_than_the_page(number: int) -> None:
    inked = torch.zeros(150, 200)
    inked[60:90, 80:110] = 1
    level = level_of(inked, number)
    assert level.factor == (level.frame[1] / 200, level.frame[0] / 150)
    assert level.factor[0] == pytest.approx(STEP**number * verify.SYMBOL / encoder.SYMBOL, rel=0.01)
    assert level.coarse.shape == pytest.approx([side * COARSE for side in level.frame], abs=1)
    middle = still(torch.tensor([[95.0, 75.0]]) * level.factor[0])
    for picture in (level.fine, level.soft, level.sharp):
        assert all(own <= whole for own, whole in zip(picture.shape, inked.shape, strict=True))
        side = int(20 * level.factor[0])
        seen = crops(picture, matrices(middle), side, level.frame)[0]
        assert float(seen.min()) == pytest.approx(1, abs=1e-5)  # nothing but the square
