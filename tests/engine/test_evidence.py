"""What a candidate and an example say of each other."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.evidence import NAMES, around, beside_best, best_elsewhere, lack, shared, unlike
from app.engine.weights import read_manifest
from app.settings import SHIPPED_WEIGHTS as SHIPPED


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


def test_what_is_far_behind_gains_nothing_by_doing_worse() -> None:
    calibration = read_manifest(SHIPPED).calibration
    for best in (1.0, 4.0, 5.0):
        told = beside_best(torch.linspace(best, best - 20, 41), torch.tensor(best))
        evidence = torch.stack([told.get(name, torch.zeros(41)) for name in NAMES], 1)
        scores = calibration.score(evidence)
        assert (scores.diff() <= 1e-6).all()


def pictures(*squares: Tensor) -> Tensor:
    """(n, 96, 96) as the jury sees them."""
    return torch.cat([F.interpolate(one[None, None], (96, 96))[0] for one in squares])


def row(count: int) -> Tensor:
    """(n, 6) poses side by side."""
    poses = torch.zeros(count, 6)
    poses[:, 0] = 100 * torch.arange(count)
    return poses


def test_what_others_have_too_is_shared_and_what_crosses_one_is_not() -> None:
    plain, barred = pictures(square(), square(bar=True))
    crossed = plain.clone()
    crossed[:, 30:33] = 1
    seen, box, logit = torch.stack([plain, plain, crossed, barred, barred, barred]), torch.ones(96, 96), torch.arange(6.0)
    told = shared(plain, box, seen, 60, row(6), logit, torch.zeros(6))
    for kind, none, much in (("shared_extra", 0.05, 0.1), ("alike_extra", 0.1, 0.7)):
        assert told[kind][:3].max() < none
        assert told[kind][3:].min() > much
    assert told["shared_missing"].max() == pytest.approx(0)
    told = shared(barred, box, seen, 60, row(6), logit, torch.zeros(6))
    assert told["shared_extra"][3:].max() == told["alike_extra"][3:].max() == pytest.approx(0)
    assert told["shared_missing"][:2].min() > 0.05
    assert told["shared_missing"][3:].max() == pytest.approx(0)


def test_a_place_shares_nothing_with_itself() -> None:
    plain, barred = pictures(square(), square(bar=True))
    told = shared(plain, torch.ones(96, 96), barred.repeat(3, 1, 1), 60, torch.zeros(3, 6), torch.zeros(3), torch.zeros(3))
    assert all(one.tolist() == [0, 0, 0] for one in told.values())


def test_what_differs_by_a_little_is_alike_where_it_recurs() -> None:
    plain = pictures(square())[0]
    dotted = plain.clone()
    dotted[44:52, 44:52] = 1
    seen, box = torch.stack([plain, dotted, dotted, dotted]), torch.ones(96, 96)
    told = shared(plain, box, seen, 60, row(4), torch.zeros(4), torch.zeros(4))
    assert told["shared_extra"].max() < 0.1, "a dot is little of a square"
    assert told["alike_extra"][1:].min() > 0.7
    assert told["alike_extra"][0] == pytest.approx(0)


def test_what_better_finds_have_as_well_is_the_symbols() -> None:
    plain, barred = pictures(square(), square(bar=True))
    told = shared(plain, torch.ones(96, 96), barred.repeat(4, 1, 1), 60, row(4), torch.zeros(4), torch.tensor([4.0, 4, 4, 0]))
    assert told["alike_extra"][:3].min() > 0.7, "those that do as well have it"
    assert told["alike_extra"][3] == pytest.approx(0)


def test_unlike_are_finds_that_fit_the_mean_less_than_the_best_do() -> None:
    plain, barred = pictures(square(), square(bar=True))
    seen = torch.stack([plain, plain, plain, barred])
    told = unlike(plain, torch.ones(96, 96), seen, torch.tensor([3.0, 2, 1, 0]))
    assert told[:3].tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert told[3] > 0.05
    assert unlike(plain, torch.ones(96, 96), torch.zeros(2, 96, 96), torch.zeros(2)).tolist() == [0, 0], "blank ones"
