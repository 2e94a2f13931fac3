"""What two inks laid over each other say."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.evidence import agreement, around, best_elsewhere, lack, shared, tolerance

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


def test_what_is_missing_in_one_spot_is_told_and_what_is_too_much_is_not() -> None:
    plain, barred = (F.interpolate(square(bar=bar)[None, None], (96, 96))[0] for bar in (False, True))
    box = torch.ones(96, 96)
    assert lack(barred[0], box, barred, 60) == pytest.approx(0)
    assert lack(plain[0], box, barred, 60) == pytest.approx(0)
    assert lack(barred[0], box, plain, 60)[0] > 0.2


def test_ink_outside_the_box_is_around() -> None:
    box = torch.zeros(64, 64)
    box[:32] = 1
    assert around(square(), box, torch.stack([square() * box, square()])).tolist() == pytest.approx([0, 1], abs=0.1)


def test_the_runner_up_is_the_best_at_another_place() -> None:
    poses = torch.tensor([[50.0, 50, 0, 0, 1, 1], [53, 50, 15, 0, 1, 1], [200, 50, 0, 0, 1, 1], [300, 90, 0, 0, 1, 1]])
    echo = torch.tensor([5.0, 4.0, 1.0, -2.0])
    assert best_elsewhere(poses, echo) == 1
    assert best_elsewhere(poses[:2], echo[:2]) == 5, "where there is one place only, itself"


def test_strokes_of_small_symbols_may_lie_a_pixel_of_the_page_off() -> None:
    assert [tolerance(longer) for longer in (100, 32, 14, 5)] == [5, 5, 9, 13]


def test_what_others_have_too_is_shared_and_what_crosses_one_is_not() -> None:
    plain, barred = (F.interpolate(square(bar=bar)[None, None], (96, 96))[0, 0] for bar in (False, True))
    crossed = plain.clone()
    crossed[:, 30:33] = 1
    seen, box = torch.stack([plain, plain, crossed, barred, barred, barred]), torch.ones(96, 96)
    poses = torch.zeros(6, 6)
    poses[:, 0] = 100 * torch.arange(6)
    extra, missing = shared(plain, box, seen, 60, poses, torch.arange(6.0))
    assert extra[:3].max() < 0.05
    assert extra[3:].min() > 0.1
    assert missing.max() == pytest.approx(0)
    extra, missing = shared(barred, box, seen, 60, poses, torch.arange(6.0))
    assert extra[3:].max() == pytest.approx(0)
    assert missing[:2].min() > 0.05
    assert missing[3:].max() == pytest.approx(0)


def test_a_place_shares_nothing_with_itself() -> None:
    barred = F.interpolate(square(bar=True)[None, None], (96, 96))[0]
    plain, box = F.interpolate(square()[None, None], (96, 96))[0, 0], torch.ones(96, 96)
    extra, _ = shared(plain, box, barred.repeat(3, 1, 1), 60, torch.zeros(3, 6), torch.zeros(3))
    assert extra.tolist() == [0, 0, 0]
