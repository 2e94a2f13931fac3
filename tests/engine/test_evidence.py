"""What a candidate and an example say of each other."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.evidence import around, best_elsewhere, lack, shared


def square(bar: bool = False) -> Tensor:
    """A square's outline, with a bar across it or not."""
    picture = torch.zeros(64, 64)
    picture[12:50, 12:14] = picture[12:50, 48:50] = picture[12:14, 12:50] = picture[48:50, 12:50] = 1
    if bar:
        picture[30:32, 12:50] = 1
    return picture


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
