"""Symmetry: motions that keep an example, and which of the poses that look the same is reported."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.engine.example import prepare
from app.engine.symmetry import Symmetry, symmetry
from app.engine.weights import golden_picture
from app.export.marks import FONT

QUARTERS = {(angle, mirrored) for angle in (0, 90, 180, 270) for mirrored in (0, 1)}


def ring(letter: str = "", side: int = 40, noise: float = 0.0) -> np.ndarray:
    """(side, side, 3) a circle, perhaps with a letter in it."""
    image = Image.new("L", (4 * side, 4 * side), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((12, 12, 4 * side - 13, 4 * side - 13), outline=0, width=8)
    if letter:
        pen.text((2 * side, 2 * side), letter, font=ImageFont.truetype(FONT, 2 * side), fill=0, anchor="mm")
    grey = np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float64)
    grey = grey + np.random.default_rng(3).normal(0, noise, grey.shape)
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def kept(pixels: np.ndarray) -> set[tuple[float, float]]:
    return {(angle, mirrored) for angle, mirrored in symmetry(prepare(pixels)).motions.tolist()}


def test_a_square_with_a_diagonal_and_a_bar_has_none() -> None:
    assert kept(golden_picture()) == {(0, 0)}


def test_a_square_turns_by_quarters_and_mirrors() -> None:
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[4:36, 4:7] = picture[4:36, 33:36] = picture[4:7, 4:36] = picture[33:36, 4:36] = 0
    assert kept(picture) == QUARTERS


@pytest.mark.parametrize(("side", "noise"), [(18, 0), (22, 12), (40, 0), (40, 12), (90, 12)])
def test_a_circle_is_round(side: int, noise: float) -> None:
    assert symmetry(prepare(ring(side=side, noise=noise))).round


@pytest.mark.parametrize("side", [32, 60])
def test_a_letter_in_a_circle_tells_its_turns_apart(side: int) -> None:
    assert {motion for motion in kept(ring("G", side)) if not motion[1]} == {(0, 0)}


def test_the_smallest_of_equal_poses_is_reported() -> None:
    square = Symmetry(np.array(sorted(QUARTERS), dtype=np.float64))
    poses = np.array([[0, 0, 272, 0, 1, 1.2], [0, 0, 135, 1, 1, 1], [0, 0, 3, 0, 1, 1.1]], dtype=np.float64)
    smallest = square.smallest(poses)
    assert smallest[:, 2].tolist() == [2, 45, 3] or smallest[:, 2].tolist() == [2, 315, 3]
    assert smallest[:, 3].tolist() == [0, 0, 0]
    assert smallest[[0, 2], 5].tolist() == pytest.approx([1 / 1.2, 1.1]), "width and height change places with a quarter turn"


@pytest.mark.parametrize(("turned", "told"), [(30, {30, 330}), (90, {30, 330}), (182, {2}), (275, {335})])
def test_the_least_turn_is_reported_of_a_shape_of_six_corners(turned: float, told: set[float]) -> None:
    six = Symmetry(np.array([(angle, 0) for angle in range(0, 360, 60)], dtype=np.float64))
    assert six.smallest(np.array([[0, 0, turned, 0, 1, 1]], dtype=np.float64))[0, 2] in told


def test_what_is_round_is_not_turned() -> None:
    every = Symmetry(np.array(list(product(range(0, 360, 15), (0, 1))), dtype=np.float64))
    assert every.smallest(np.array([[0, 0, 52.0, 1, 1, 1]]))[0, 2:4].tolist() == [0, 0]
