"""What the best finds of a page have in common."""

from __future__ import annotations

import torch

from app.engine.look import typical


def test_what_is_typical_is_the_mean_of_an_example_and_its_best_finds() -> None:
    example, copy, other = torch.zeros(2, 2, 2), torch.ones(2, 2, 2), torch.full((2, 2, 2), 9.0)
    mean = typical(example, torch.stack([copy, copy, other]), torch.tensor([6.0, 6.0, -2.0]))
    assert torch.allclose(mean, torch.full((2, 2, 2), 2 / 3), atol=0.02)


def test_where_nothing_is_found_the_example_is_typical_itself() -> None:
    example, other = torch.zeros(2, 2, 2), torch.ones(1, 2, 2, 2)
    assert typical(example, other, torch.tensor([-9.0])).max() < 0.001
