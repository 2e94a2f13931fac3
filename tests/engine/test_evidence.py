"""What a candidate and an example say of each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine.evidence import NAMES, beside_best, best_elsewhere, in_company, nearer, shared
from app.engine.weights import read_manifest
from app.settings import SHIPPED_WEIGHTS as SHIPPED


def square(bar: bool = False) -> Tensor:
    """A square's outline, with a bar across it or not."""
    picture = torch.zeros(64, 64)
    picture[12:50, 12:14] = picture[12:50, 48:50] = picture[12:14, 12:50] = picture[48:50, 12:50] = 1
    if bar:
        picture[30:32, 12:50] = 1
    return picture


def test_the_runner_up_is_the_best_at_another_place() -> None:
    poses = torch.tensor([[50.0, 50, 0, 0, 1, 1], [53, 50, 15, 0, 1, 1], [200, 50, 0, 0, 1, 1], [300, 90, 0, 0, 1, 1]])
    echo = torch.tensor([5.0, 4.0, 1.0, -2.0])
    assert best_elsewhere(poses, echo) == 1
    assert best_elsewhere(poses[:2], echo[:2]) == 5, "where there is one place only, itself"


def test_what_is_far_behind_gains_nothing_by_doing_worse() -> None:
    calibration, falling = read_manifest(SHIPPED).calibration, torch.linspace(0, -20, 41)
    poses = row(42) * torch.tensor([5.0, 1, 1, 1, 1, 1])
    for best in (1.0, 4.0, 5.0):
        for logit, echo in ((falling, falling), (falling, 0 * falling), (0 * falling, falling)):
            told = beside_best(poses, *(best + torch.cat([torch.zeros(1), one]) for one in (logit, echo)))
            assert told["runner_up"].tolist() == [min(best, 4.0)] * 42
            assert told["outdone"].tolist() == pytest.approx((-torch.cat([torch.zeros(1), logit])).clamp(max=6).tolist())
            assert told["behind"].tolist() == pytest.approx((-torch.cat([torch.zeros(1), echo])).clamp(max=6).tolist())
            evidence = torch.stack([told.get(name, torch.zeros(42)) for name in NAMES], 1)
            assert (calibration.score(evidence).diff() <= 1e-6).all()


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
    told = shared(plain, plain, box, seen, 60, row(6), logit)
    assert told["shared_extra"][:3].max() < 0.05
    assert told["shared_extra"][3:].min() > 0.1
    assert shared(barred, barred, box, seen, 60, row(6), logit)["shared_extra"][3:].max() == pytest.approx(0)


def test_what_stands_around_others_too_is_another_symbol_unless_it_is_usual() -> None:
    plain, box = pictures(square())[0], torch.zeros(96, 96)
    box[15:79, 15:79] = 1
    tailed, wired = plain.clone(), plain.clone()
    tailed[84:90, 40:56] = 1
    wired[:, 4:8] = 1
    seen = torch.stack([tailed, tailed, tailed, plain, wired])
    told = shared(plain, plain, box, seen, 60, row(5), torch.arange(5.0))["shared_around"]
    assert told[:3].min() > 0.05
    assert told[3:].tolist() == [0, 0], "what one has alone is none of it"
    usual = (plain + tailed) / 2
    assert shared(plain, usual, box, seen, 60, row(5), torch.arange(5.0))["shared_around"].max() == 0


def test_a_place_shares_nothing_with_itself() -> None:
    plain, barred = pictures(square(), square(bar=True))
    told = shared(plain, plain, torch.ones(96, 96), barred.repeat(3, 1, 1), 60, torch.zeros(3, 6), torch.zeros(3))
    assert all(one.tolist() == [0, 0, 0] for one in told.values())


def test_copies_of_another_symbol_are_nearer_each_other() -> None:
    plain, barred = pictures(square(), square(bar=True))
    crossed = plain.clone()
    crossed[:, 30:33] = 1
    seen, box = torch.stack([plain, plain, crossed, barred, torch.rot90(barred)]), torch.ones(96, 96)
    told = nearer(plain[None], box, seen, row(5), torch.arange(5.0))
    assert told[:3].tolist() == pytest.approx([0, 0, 0], abs=1e-3)
    assert told[3:].min() > 2, "however they are turned"
    mean = plain[None]
    assert nearer(mean, box, seen[3:4], row(1), torch.zeros(1)).tolist() == [0], "a single find has none beside it"
    assert nearer(mean, box, seen[3:].roll(1, 0), torch.zeros(2, 6), torch.zeros(2)).tolist() == [0, 0], "at its own place"
    assert nearer(mean, box, torch.zeros(2, 96, 96), row(2), torch.zeros(2)).tolist() == [0, 0], "blank ones"


def test_copies_that_a_spot_hides_alike_are_not_nearer_each_other() -> None:
    plain, box = pictures(square())[0], torch.zeros(96, 96)
    box[8:88, 8:88] = 1
    seen = torch.stack([plain] * 3)
    seen[:, 8:48, 8:48] = 0
    assert (nearer(plain[None], box, seen, row(3), torch.zeros(3)) > 1).all(), "but for what is known of the spot"
    assert nearer(torch.cat([seen[:1]] * 3), box, seen, row(3), torch.zeros(3)).tolist() == [0, 0, 0]


def finds(*scales: float) -> NDArray[np.float64]:
    """(n, 6) poses on a page, side by side."""
    lying = row(len(scales)).double().numpy()
    lying[:, 4] = scales
    return lying


def test_copies_have_one_size() -> None:
    told = in_company(finds(1, 1, 1, 1, 1.02, 1.3, 0.7), np.array([5.0, 5, 5, 5, 1, -1, -1]), 40)["same_size"]
    assert told[:4].min() > 0.7, "a few doubtful ones of another size hardly count"
    assert told[4] > 0.8
    assert told[5:].max() < 0.05
    few = in_company(finds(1, 1.04, 1.04), np.full(3, 4.0), 8)["same_size"]
    assert few.min() > 0.9, "a pixel more or less says nothing of the size"
    varied = in_company(finds(0.8, 0.9, 1, 1.1, 1.2), np.full(5, 4.0), 40)["same_size"]
    assert varied.max() < 0.4


def test_a_find_alone_has_its_size() -> None:
    assert {name: told.tolist() for name, told in in_company(finds(1.0), np.zeros(1), 40).items()} == {
        "same_size": [1.0], "doubtful": [0.0]}
    twice = in_company(np.concatenate([finds(1.0), finds(1.2)]), np.zeros(2), 40)
    assert twice["same_size"].tolist() == [1, 1], "another pose at the same place is no other find"
    assert twice["doubtful"].tolist() == [0, 0]


def test_what_is_doubtful_counts_and_what_is_clear_does_not() -> None:
    clear = in_company(finds(*[1.0] * 30), np.full(30, 7.0), 40)["doubtful"]
    assert clear.max() < 0.15
    doubtful = [in_company(finds(*[1.0] * count), np.zeros(count), 40)["doubtful"][0] for count in (2, 5, 30, 60)]
    assert doubtful[0] < doubtful[1] < doubtful[2] == doubtful[3], "from a few on it does not matter how many"


def test_the_company_of_many_finds_is_that_of_the_likeliest() -> None:
    told = in_company(finds(*[1.0] * 20, *[1.3] * 600), np.array([6.0] * 20 + [-1.0] * 600), 40)["same_size"]
    assert told[:20].min() > 0.9
    assert told[20:].max() < 0.1
