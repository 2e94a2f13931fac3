"""What the best finds of a page have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from app.engine.detector import Detector
from app.engine.evidence import LOGIT, NAMES, SMALL, Calibration
from app.engine.example import prepare
from app.engine.geometry import Box
from app.engine.index import SymbolIndex
from app.engine.look import FLOOR, HOPE, SECOND, VIEWS, SecondLook, Shot, none, typical
from app.engine.query import Example, Options, Query
from app.engine.suppress import Found
from app.engine.verify import Verifier


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


def found(scale: float, *logits: float) -> Found:
    """Finds of one size, side by side and far from those of other sizes."""
    poses = np.zeros((len(logits), 6))
    poses[:, 0], poses[:, 1], poses[:, 4] = 100 * np.arange(len(logits)), 1000 * scale, scale
    evidence = np.zeros((len(logits), len(NAMES)))
    evidence[:, LOGIT] = logits
    return Found(0, True, (40, 30), Box(0, 0, 40, 30), 40.0, 9.0, poses, np.zeros(len(logits)), evidence)


def test_a_find_claims_the_wires_of_its_example_and_measures_the_symbol() -> None:
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[10:30, 20:40] = 0
    pixels[12:28, 22:38] = 255
    pixels[19:21, :20] = pixels[19:21, 40:] = 0
    finds = none(Shot(0, Example(1, pixels), prepare(pixels)))
    assert (finds.extent, finds.longer) == (Box(0, 10, 60, 20), 20)


def test_the_finds_of_all_sizes_are_each_other_s_company() -> None:
    weights = tuple(float({"logit": 1, "same_size": 4}.get(name, 0)) for name in NAMES)
    look = SecondLook(Verifier((4, 4, 8, 8)), Calibration(weights, -4.0), "cpu")
    usual, other = look.together([found(1.0, 5, 5, 5, 5), found(1.7, 1, -6)])
    assert usual.evidence[:, NAMES.index("same_size")].min() > 0.7
    assert other.evidence[:, NAMES.index("same_size")].max() < 0.2
    assert usual.scores.min() > 0.9
    assert FLOOR < other.scores.item() < 0.2, "by itself it would be a copy; the other one is not told at all"
    (alone,) = look.together([found(1.7, 1)])
    assert alone.scores.item() > 0.7


@pytest.mark.parametrize(("side", "small"), [(40, False), (9, True)])
def test_an_example_of_few_pixels_says_less(shipped: Detector, side: int, small: bool) -> None:
    picture = np.full((side + 4, side + 4, 3), 255, np.uint8)
    picture[2:-2, 2:4] = picture[2:4, 2:-2] = picture[-4:-2, 2:-2] = picture[2:-2, side // 2 + 1] = 0
    page = np.full((160, 200, 3), 255, np.uint8)
    page[40 : 44 + side, 40 : 44 + side] = picture
    index = SymbolIndex(shipped.dimension, shipped.stamp)
    index.add([1], shipped.embed(picture)[None])
    finds = shipped.detect(page, [Query("one", (Example(1, picture),))], index, Options(min_score=0.01)).detections
    assert finds
    assert all((one.evidence[SMALL] > 0) == small for one in finds)
