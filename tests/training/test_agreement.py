"""What two inks laid over each other say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.agreement import agreement, tolerance

BOX = torch.ones(64, 64)


def square(ink: float = 1.0, bar: bool = False, shift: int = 0) -> Tensor:
    """A square's outline, with a bar across it or not."""
    picture = torch.zeros(64, 64)
    low, high = 12 + shift, 50 + shift
    picture[low:high, low:low + 2] = picture[low:high, high - 2:high] = ink
    picture[low:low + 2, low:high] = picture[high - 2:high, low:high] = ink
    if bar:
        picture[30:32, low:high] = ink
    return picture


@pytest.mark.parametrize("ink", [1.0, 0.4])
@pytest.mark.parametrize("shift", [0, 2])
def test_a_copy_lacks_nothing_however_pale_and_a_little_off(ink: float, shift: int) -> None:
    correlation, missing, extra = agreement(square(ink), BOX, square(ink, shift=shift)[None])[0].tolist()
    assert missing == pytest.approx(0, abs=1e-6)
    assert extra == pytest.approx(0, abs=1e-6)
    assert correlation > (0.99 if not shift else 0.3)


def test_a_stroke_more_and_a_stroke_less_are_told_apart() -> None:
    more, less = agreement(square(), BOX, square(bar=True)[None])[0], agreement(square(bar=True), BOX, square()[None])[0]
    assert more[1] == 0
    assert more[2] == pytest.approx(0.2, abs=0.06)
    assert less[1] == pytest.approx(0.2, abs=0.06)
    assert less[2] == 0


def test_only_the_box_counts() -> None:
    box = torch.zeros(64, 64)
    box[:28] = 1
    assert agreement(square(), box, square(bar=True)[None])[0, 2] == 0


def test_strokes_of_small_symbols_may_lie_a_pixel_of_the_page_off() -> None:
    assert [tolerance(longer) for longer in (100, 32, 14, 5)] == [5, 5, 9, 13]
