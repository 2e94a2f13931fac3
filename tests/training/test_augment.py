"""Views of symbols: what each change does and what it leaves alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from app.engine.geometry import Box, Pose
from app.engine.poses import crops, matrices
from training import augment
from training.augment import CROP, PATCH, STILL, Augmentation, Picture, cut_out, loosened, placed, random_pose, view

MIDDLE = np.s_[(PATCH - CROP) // 2 : (PATCH + CROP) // 2, (PATCH - CROP) // 2 : (PATCH + CROP) // 2]
BOX = Box(PATCH / 2 - 16, PATCH / 2 - 10, 32, 20)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def patch() -> Picture:
    """An L in its box, a wire through it, another symbol beside it."""
    picture = np.zeros((PATCH, PATCH), np.float32)
    picture[94:114, 88:91] = picture[111:114, 88:120] = 1
    picture[100, :] = 0.8
    cv2.circle(picture, (150, 60), 12, 1.0, 2)
    return picture


def test_a_still_view_is_the_middle_of_the_patch(patch: Picture, rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(view(patch, BOX, rng, STILL), patch[MIDDLE])


def test_views_are_a_function_of_the_random_state(patch: Picture) -> None:
    first, again, other = (view(patch, BOX, np.random.default_rng(seed), Augmentation()) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_views_are_ink(patch: Picture) -> None:
    for seed in range(300):
        seen = view(patch, BOX, np.random.default_rng(seed), Augmentation(often=0.9, seldom=0.9))
        assert seen.shape == (CROP, CROP)
        assert seen.dtype == np.float32
        assert seen.min() >= 0
        assert seen.max() <= 1
        assert seen.max() > 0.15  # the symbol is still there


def test_the_patch_is_left_as_it_is(patch: Picture) -> None:
    before = patch.copy()
    for seed in range(50):
        view(patch, BOX, np.random.default_rng(seed), Augmentation(often=1, seldom=1))
    np.testing.assert_array_equal(patch, before)


def test_a_symbol_alone_has_paper_around_its_box(patch: Picture, rng: np.random.Generator) -> None:
    seen = view(patch, BOX, rng, replace(STILL, alone=1.0))
    np.testing.assert_array_equal(seen, cut_out(patch, BOX)[MIDDLE])
    assert not seen[:46].any()
    assert not seen[:, :40].any()


def test_the_largest_move_stays_on_the_patch() -> None:
    """No corner of a crop falls off a patch that is all ink."""
    full = np.ones((PATCH, PATCH), np.float32)
    for seed in range(200):
        assert placed(full, random_pose(np.random.default_rng(seed), Augmentation())).min() == 1.0
    assert placed(full, Pose(4, -4, 45.0, False, 1 / 1.2)).min() == 1.0


@pytest.mark.parametrize("pose", [
    Pose(0, 0, 90.0), Pose(3, -2, 30.0, False, 1.2), Pose(-4, 4, -140.0, True, 0.8), Pose(0, 0, 0.0, True)])
def test_poses_agree_with_the_engine(patch: Picture, pose: Pose) -> None:
    """The crop that the engine samples under the inverse of the pose."""
    row = torch.tensor([[pose.x, pose.y, pose.angle, float(pose.mirrored), pose.scale, 1.0]])
    back = torch.linalg.inv(torch.cat([matrices(row)[0], torch.tensor([[0.0, 0.0, 1.0]])]))[:2]
    back[:, 2] += PATCH / 2
    expected = crops(torch.from_numpy(patch), back[None], CROP)[0].numpy()
    assert np.abs(placed(patch, pose) - expected).max() < 0.06  # cv2 samples at 1/32 pixel


def test_poses_stay_within_their_limits(rng: np.random.Generator) -> None:
    poses = [random_pose(rng, Augmentation()) for _ in range(500)]
    assert all(abs(p.x) <= 4 and abs(p.y) <= 4 and abs(p.angle) <= 180 and 1 / 1.2 <= p.scale <= 1.2 for p in poses)
    assert 0.4 < sum(p.mirrored for p in poses) / 500 < 0.6
    assert min(p.scale for p in poses) < 0.86 < 1.16 < max(p.scale for p in poses)
    assert random_pose(rng, STILL) == Pose(0, 0, 0, False, 1)


def test_a_loose_box_holds_the_symbol(rng: np.random.Generator) -> None:
    for _ in range(300):
        box = loosened(BOX, rng, 0.3)
        assert BOX.x - box.x <= 0.3 * 32
        assert BOX.x - box.x >= -0.05 * 0.3 * 32
        assert box.x + box.width - BOX.x - BOX.width <= 0.3 * 32
        assert box.y + box.height >= BOX.y + BOX.height - 0.5
    assert loosened(BOX, rng, 0.0) == BOX


def test_cutting_out_a_box_over_the_edge(patch: Picture) -> None:
    cut = cut_out(patch, Box(-20, -20, 140, 140))
    np.testing.assert_array_equal(cut[:120, :120], patch[:120, :120])
    assert not cut[120:].any()
    assert not cut_out(patch, Box(-20, -20, 10, 10)).any()
    assert not cut_out(patch, Box(PATCH + 5, 10, 10, 10)).any()


@pytest.mark.parametrize("change", [augment.thickness, augment.wires, augment.holes, augment.contrast, augment.blur,
                                    augment.jpeg, augment.noise])
def test_each_change_changes_ink_and_keeps_it_in_range(change: object, patch: Picture) -> None:
    assert callable(change)
    middle = patch[MIDDLE].copy()
    for seed in range(20):
        changed = change(middle, np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert changed.shape == middle.shape
        assert 0 <= changed.min() <= changed.max() <= 1
    assert any(np.abs(change(middle, np.random.default_rng(seed)) - middle).max() > 0.05 for seed in range(5))
    np.testing.assert_array_equal(middle, patch[MIDDLE])


def test_wires_only_add_and_holes_only_remove(patch: Picture, rng: np.random.Generator) -> None:
    middle = patch[MIDDLE]
    assert (augment.wires(middle, rng) >= middle).all()
    assert (augment.holes(middle, rng) <= middle).all()


def test_thin_strokes_survive(rng: np.random.Generator) -> None:
    line = np.zeros((CROP, CROP), np.float32)
    line[50] = 1
    for _ in range(100):
        assert augment.thickness(line, rng)[50].min() >= 0.5
