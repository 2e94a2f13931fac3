"""Symbols that differ from the example by a detail are told by each other."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from app.engine.variants import group_behind
from app.engine.verify import SHARP, SYMBOL

BOX = torch.zeros(SHARP, SHARP)
BOX[14:82, 14:82] = 1


def arrow(forward: bool) -> Tensor:
    """A square, and in it a line with a small head at its right end or its left."""
    picture = torch.zeros(SHARP, SHARP)
    picture[16:80, 16:19] = picture[16:80, 77:80] = picture[16:19, 16:80] = picture[77:80, 16:80] = 1
    picture[47:49, 28:68] = 1
    for step in range(8):
        column = 68 - step if forward else 28 + step
        picture[48 - step : 48 + step, column] = 1
    return picture


def scanned(picture: Tensor, rng: np.random.Generator, wires: float = 0.3) -> Tensor:
    """As noisy as scans leave it, and so often with a wire of its own across it."""
    at = int(rng.integers(20, 76))
    wired = picture.clone()
    if rng.random() < wires / 2:
        wired[at : at + 2] = 1
    elif rng.random() < wires:
        wired[:, at : at + 2] = 1
    return (wired + torch.from_numpy(rng.normal(0, 0.05, wired.shape)).float()).clamp(0, 1)


def told(example: Tensor, seen: list[Tensor], logit: float = 4.0, apart: float = 3 * SYMBOL) -> list[float]:
    """What is said of candidates side by side, with a jury that knows whether a picture's arrow is the example's."""
    poses, pictures = torch.zeros(len(seen), 6), torch.stack(seen)
    poses[:, 0] = apart * torch.arange(len(seen))

    def jury(means: Tensor) -> Tensor:
        heads = arrow(True) - arrow(False)
        return 3 * ((means[:, 0] * heads).sum((1, 2)) * (example * heads).sum()).sign()

    both = torch.stack([pictures, 0 * pictures], 1)
    return group_behind(example, BOX, pictures, both, poses, torch.full((len(seen),), logit), jury).tolist()


def test_reversed_ones_are_a_group_of_their_own() -> None:
    rng = np.random.default_rng(3)
    seen = [scanned(arrow(n % 2 == 0), rng) for n in range(12)]
    for forward in (True, False):
        behind = told(arrow(forward), seen)
        assert behind[1 - forward :: 2] == [0] * 6
        assert min(behind[int(forward) :: 2]) >= 3


def test_what_the_jury_takes_for_none_is_put_no_further_behind() -> None:
    rng = np.random.default_rng(3)
    seen = [scanned(arrow(n % 2 == 0), rng) for n in range(12)]
    assert max(told(arrow(True), seen, logit=0.5)) == 0.5
    assert told(arrow(True), seen, logit=-0.5) == [0] * 12


def test_a_wire_of_its_own_makes_no_other_symbol() -> None:
    rng = np.random.default_rng(5)
    behind = told(arrow(True), [scanned(arrow(True), rng, wires=1) for _ in range(12)])
    assert behind == [0] * 12, "groups there may be, but their means look the same"


def test_what_is_odd_alone_is_no_group() -> None:
    assert told(arrow(True), [*[arrow(True)] * 5, arrow(False)]) == [0] * 6


def test_few_places_say_nothing() -> None:
    both = [arrow(True), arrow(False)]
    assert told(arrow(True), both + both[:1]) == [0] * 3
    assert told(arrow(True), both * 4, apart=1.0) == [0] * 8, "poses of one place"
