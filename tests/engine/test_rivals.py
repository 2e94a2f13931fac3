"""Poses that look alike at the size of the templates."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from app.engine.example import Prepared, prepare
from app.engine.geometry import angle_between
from app.engine.poses import COARSE, align, make_bank, matrices, resized
from app.engine.rivals import allowed, opposed, rivals, told_apart
from app.engine.settle import softened
from app.engine.verify import SIZE, SYMBOL


def drawn(page: Image.Image, x: float, y: float, radius: float) -> None:
    """A circle with a four-sided mark in it and a stub to the right."""
    pen = ImageDraw.Draw(page)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=0, width=3)
    pen.line((x + radius, y, x + 1.35 * radius, y), fill=0, width=3)
    pen.line((x - radius / 3, y + radius / 3, x - radius / 3, y - radius / 3, x + radius / 4, y + radius / 6), fill=0, width=3)


def example() -> Prepared:
    page = Image.new("RGB", (60, 50), "white")
    drawn(page, 24, 25, 20)
    return prepare(np.asarray(page))


def test_a_circle_with_a_stub_looks_like_itself_turned_and_moved() -> None:
    motions = rivals(example())
    assert motions[0].tolist() == [0, 0, 0, 0]
    assert len(motions) > 12, "most turns, mirrored or not"
    half = motions[(motions[:, 0] == 180) & (motions[:, 1] == 0)][0]
    assert half[2] < -3, "the circle stays where it is, so the box moves"


def test_the_only_rival_of_a_hook_is_its_mirror_image() -> None:
    page = Image.new("RGB", (60, 60), "white")
    ImageDraw.Draw(page).line((5, 50, 5, 5, 50, 5), fill=0, width=6)
    assert {(angle, mirrored) for angle, mirrored, *_ in rivals(prepare(np.asarray(page))).tolist()} == {(0, 0), (90, 1)}


def test_only_motions_that_are_searched_are_tried() -> None:
    motions = torch.tensor([[0.0, 0, 0, 0], [15, 0, 0, 0], [90, 0, 1, 0], [180, 1, 0, 2]])
    assert len(allowed(motions, "any", True)) == 4
    assert allowed(motions, "right_angles", True)[:, 0].tolist() == [0, 90, 180]
    assert allowed(motions, "right_angles", False)[:, 0].tolist() == [0, 90]
    assert allowed(motions, "none", True)[:, 0].tolist() == [0]


@pytest.mark.parametrize("mirrored", [0.0, 1.0])
def test_a_rival_is_the_pose_after_a_motion_of_the_example(mirrored: float) -> None:
    pose, motion = torch.tensor([[30.0, 40, 75, mirrored, 1.2, 1]]), torch.tensor([[105.0, 1, 6, -2]])
    rows = torch.tensor([[6.0, -2, 105, 1, 1, 1]])
    square = [torch.cat([matrices(each)[0], torch.tensor([[0.0, 0, 1]])]) for each in (pose, rows)]
    assert torch.allclose(matrices(opposed(pose, motion)[0])[0], (square[0] @ square[1])[:2], atol=1e-4)


def test_the_turn_is_told_by_what_templates_do_not_see() -> None:
    prepared = example()
    page = Image.new("RGB", (160, 160), "white")
    drawn(page, 80, 80, 20 * SYMBOL / prepared.longer)
    pen = ImageDraw.Draw(page)
    pen.line((52, 0, 52, 160), fill=0, width=4)  # a wire that passes at the other side
    fine = torch.from_numpy(1 - np.asarray(page.convert("L"), dtype=np.float32) / 255)
    bank = make_bank(prepared.picture, prepared.core, "any", True, [1.0])
    poses, _ = align(resized(fine, COARSE), torch.tensor([[80.0, 80.0]]) * COARSE, bank, 2)
    poses[:, :, :2] /= COARSE
    best = told_apart(softened(fine), prepared, rivals(prepared), poses)
    assert best.shape == (1, 2, 6)
    assert angle_between(float(best[0, 0, 2]), 0) <= 15
    assert best[0, 0, 3] == 0
    assert SIZE / 2 < float(best[0, 0, 0]) < 100
    assert best[0, 1, 2:4].tolist() != best[0, 0, 2:4].tolist()
