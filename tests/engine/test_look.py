"""What the best finds of a page have in common."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from app.engine.detector import Detector
from app.engine.look import HOPE, SECOND, VIEWS, SecondLook, typical


def test_what_is_typical_is_the_mean_of_an_example_and_its_best_finds() -> None:
    example, copy, other = torch.zeros(2, 2, 2), torch.ones(2, 2, 2), torch.full((2, 2, 2), 9.0)
    mean = typical(example, torch.stack([copy, copy, other]), torch.tensor([6.0, 6.0, -2.0]))
    assert torch.allclose(mean, torch.full((2, 2, 2), 2 / 3), atol=0.02)


def test_where_nothing_is_found_the_example_is_typical_itself() -> None:
    example, other = torch.zeros(2, 2, 2), torch.ones(1, 2, 2, 2)
    assert typical(example, other, torch.tensor([-9.0])).max() < 0.001


@pytest.mark.parametrize(("first", "views"), [(HOPE - 0.5, 1), (HOPE + 0.5, len(VIEWS))])
def test_candidates_are_seen_from_all_sides_where_one_is_nearly_a_copy(
        shipped: Detector, monkeypatch: pytest.MonkeyPatch, first: float, views: int) -> None:
    seen = list[int]()

    def view(_self: SecondLook, _sheet: object, _level: object, _prepared: object, poses: torch.Tensor,
             *_view: object) -> torch.Tensor:
        seen.append(len(poses))
        return torch.tensor([first, SECOND - 1])[: len(poses)]

    monkeypatch.setattr(SecondLook, "_view", view)
    unused: Any = None
    logit = shipped.look.look(unused, unused, unused, torch.zeros(2, 6))
    assert logit.tolist() == [first, SECOND - 1]
    assert seen == [2] + [1] * (views - 1)
