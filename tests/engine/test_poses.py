"""Poses: one convention everywhere, pictures that undo them, a coarse search that finds them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.engine.example import prepare
from app.engine.geometry import Pose, angle_between
from app.engine.poses import COARSE, align, compose, crops, distinct, make_bank, matrices, resized, sizes
from app.engine.verify import SIZE, SYMBOL
from app.engine.weights import golden_picture

ANGLE, SCALE = st.floats(0, 359), st.floats(0.3, 3)


def flag() -> torch.Tensor:
    """Ink (64, 64) of a shape without symmetry."""
    ink = torch.zeros(SIZE, SIZE)
    ink[12:52, 20:24] = ink[12:16, 20:44] = ink[28:32, 20:36] = ink[40:48, 24:32] = 1
    return ink


def laid(ink: torch.Tensor, pose: list[float], side: int = 160) -> torch.Tensor:
    """A page (side, side) with a picture under a pose."""
    square = torch.eye(3)
    square[:2] = matrices(torch.tensor([pose]))[0]
    inverse = torch.linalg.inv(square)[:2]
    corner = torch.tensor([side / 2, side / 2])
    inverse[:, 2] += inverse[:, :2] @ corner + SIZE / 2
    return crops(ink, inverse[None], side)[0]


@given(ANGLE, st.booleans(), SCALE)
def test_rows_and_poses_share_one_convention(angle: float, mirrored: bool, scale: float) -> None:
    row = torch.tensor([[3.0, 4.0, angle, float(mirrored), scale, 1.0]], dtype=torch.float64)
    assert np.allclose(matrices(row)[0].numpy(), Pose(3, 4, angle, mirrored, scale).matrix(), atol=1e-6)


@pytest.mark.parametrize(("angle", "mirrored", "scale", "stretch"), [
    (0, 0, 1, 1), (37, 0, 1, 1.2), (200, 1, 1.2, 0.8), (90, 1, 0.8, 1.3), (315, 0, 0.9, 1)])
def test_a_crop_under_the_pose_shows_the_example_upright(angle: float, mirrored: float, scale: float, stretch: float) -> None:
    pose = [75.0, 83.0, angle, mirrored, scale, stretch]
    seen = crops(laid(flag(), pose), matrices(torch.tensor([pose])), SIZE)[0]
    assert float(torch.corrcoef(torch.stack([seen.flatten(), flag().flatten()]))[0, 1]) > 0.85


@given(ANGLE, st.booleans(), SCALE, st.floats(-6, 6), st.floats(-6, 6), st.floats(-15, 15), st.floats(-0.2, 0.2))
def test_a_correction_is_a_motion_in_the_examples_frame(angle: float, mirrored: bool, scale: float, right: float, down: float,
                                                         turn: float, growth: float) -> None:
    pose = torch.tensor([[30.0, 40.0, angle, float(mirrored), scale, 1.0]], dtype=torch.float64)
    change = torch.tensor([[right, down, turn, growth]], dtype=torch.float64)
    motion = matrices(torch.tensor([[right, down, turn, 0.0, np.exp(growth), 1.0]], dtype=torch.float64))
    square = torch.cat([matrices(pose)[0], torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)])
    expected = square @ torch.cat([motion[0], torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)])
    assert torch.allclose(matrices(compose(pose, change))[0], expected[:2], atol=1e-4)


@pytest.mark.parametrize(("angle", "mirrored", "scale"), [(0, 0, 1), (40, 0, 1.1), (128, 1, 0.9), (285, 1, 1.2)])
def test_the_coarse_search_finds_angle_mirror_and_size(angle: float, mirrored: float, scale: float) -> None:
    page = laid(flag(), [80.0, 80.0, angle, mirrored, scale, 1.0])
    core = (flag() > 0).float()
    core[12:52, 20:44] = 1
    coarse = resized(page, COARSE)
    bank = make_bank(flag(), core, "any", True, sizes(0.8, 1.25))
    poses, fits = align(coarse, torch.tensor([[81.5, 78.0]]) * COARSE, bank, 2)
    best = poses[0, 0]
    assert angle_between(float(best[2]), angle) <= 15
    assert float(best[3]) == mirrored
    assert abs(np.log(float(best[4]) / scale)) < 0.15
    assert fits[0, 0] > fits[0, 1]


@given(st.floats(0.2, 1), st.floats(1, 5))
def test_sizes_cover_the_band(low: float, high: float) -> None:
    tried = sizes(low, high)
    assert all(min(abs(np.log(t / s)) for t in tried) < 0.1 for s in np.geomspace(low, high, 9))


def test_an_example_is_laid_in_the_middle_at_its_size() -> None:
    prepared = prepare(golden_picture())
    seen = torch.nonzero(prepared.picture > 0.5)
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == pytest.approx([SYMBOL, SYMBOL], abs=2)
    assert (seen.max(0).values + seen.min(0).values + 1).tolist() == pytest.approx([SIZE, SIZE], abs=2)


def test_poses_beside_better_ones_are_left_out() -> None:
    rng = np.random.default_rng(5)
    rows = np.column_stack([rng.uniform(0, 40, (600, 2)), rng.uniform(0, 360, 600), rng.integers(0, 2, 600), np.ones((600, 2))])
    kept: list[int] = []
    for n, row in enumerate(rows):
        near = [k for k in kept if np.abs(rows[k, :2] - row[:2]).max() <= 2 and rows[k, 3] == row[3]
                and angle_between(rows[k, 2], row[2]) <= 40]
        if not near:
            kept.append(n)
    assert distinct(torch.from_numpy(rows), len(rows)).tolist() == kept
    assert distinct(torch.from_numpy(rows), 50).tolist() == kept[:50]
