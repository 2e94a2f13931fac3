"""A pose that is roughly right is laid exactly."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.poses import crops, matrices, resized
from app.engine.settle import ROWS, settled, softened
from app.engine.verify import SIZE

TRUE = torch.tensor([[100.0, 80.0, 37.0, 0.0, 1.0, 1.0], [60.0, 150.0, 200.0, 1.0, 1.05, 1.0],
                     [150.0, 150.0, 90.0, 0.0, 0.95, 1.15]])


def example() -> tuple[Tensor, Tensor]:
    """An F and its box."""
    picture, mask = torch.zeros(SIZE, SIZE), torch.zeros(SIZE, SIZE)
    picture[12:52, 20:23] = picture[12:15, 20:44] = picture[28:31, 20:38] = 1
    mask[10:54, 16:48] = 1
    return picture, mask


def page() -> Tensor:
    """(220, 220) ink with copies of the example at the true poses."""
    level = torch.zeros(220, 220)
    for pose in TRUE:
        square = torch.eye(3)
        square[:2] = matrices(pose[None])[0]
        back = torch.linalg.inv(square)[:2]
        back[:, 2] += back[:, :2] @ torch.tensor([110.0, 110.0]) + SIZE / 2
        level = torch.maximum(level, crops(example()[0], back[None], 220)[0])
    return level


def test_a_pose_a_little_off_is_laid_right() -> None:
    off = TRUE + torch.tensor([[1.5, -1.0, 6.0, 0.0, 0.04, 0.05]])
    poses, fits = settled(softened(page()), *example(), off)
    assert poses[:, :2] == pytest.approx(TRUE[:, :2], abs=1.0)
    assert poses[:, 2] == pytest.approx(TRUE[:, 2], abs=2.0)
    assert poses[:, 4] == pytest.approx(TRUE[:, 4], abs=0.05)
    assert poses[:, 5] == pytest.approx(TRUE[:, 5], abs=0.11)
    assert float(fits.min()) > 0.85


def test_a_copy_drawn_narrower_is_laid_over_all_of_it() -> None:
    """A third of copies on process drawings have other proportions: here the stretch is the only thing that is off."""
    unstretched = TRUE[2:] * torch.tensor([1, 1, 1, 1, 1, 0]) + torch.tensor([0, 0, 0, 0, 0, 1.0])
    _, fits = settled(softened(page()), *example(), unstretched)
    assert float(fits) > 0.9


def test_the_better_of_several_poses_is_taken() -> None:
    poses, _ = settled(softened(page()), *example(), TRUE + torch.tensor([[30.0, 30.0, 0.0, 0.0, 0.0, 0.0]]), TRUE)
    assert poses[:, :2] == pytest.approx(TRUE[:, :2], abs=1.0)


def test_a_blank_place_fits_nothing() -> None:
    _, fits = settled(torch.zeros(100, 100), *example(), torch.tensor([[50.0, 50.0, 0.0, 0.0, 1.0, 1.0]]))
    assert float(fits) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("height", [1, ROWS - 1, ROWS, ROWS + 1, 2 * ROWS, 2 * ROWS + 5])
def test_softening_in_parts_gives_the_mean_of_nine_pixels_everywhere(height: int) -> None:
    inked = torch.rand(height, 37, generator=torch.Generator().manual_seed(height))
    whole = F.avg_pool2d(inked[None, None], 3, 1, 1)[0, 0]
    assert softened(inked) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize(("enlarged", "wide"), [(1.0, 2 / 3), (1.5, 5 / 6), (3.0, 5 / 6)])
def test_a_picture_that_is_to_be_enlarged_is_softened_as_much_as_if_it_were_so_first(enlarged: float, wide: float) -> None:
    """By a box of three pixels of the enlarged one, and by the sixth of a pixel that sampling it once more adds."""
    line = torch.zeros(41, 41)
    line[:, 20] = 1
    profile = softened(line, enlarged)[20]
    assert float(profile.sum()) == pytest.approx(1, abs=1e-6)
    spread = float((profile * (torch.arange(41) - 20).square()).sum()) * enlarged**2
    assert spread == pytest.approx(wide, rel=1e-3)


def test_poses_are_settled_in_the_frame_that_a_smaller_level_fills() -> None:
    small = resized(page(), 0.5)
    off = TRUE + torch.tensor([[1.5, -1.0, 6.0, 0.0, 0.04, 0.05]])
    poses, fits = settled(softened(small, 2.0), *example(), off, frame=(220, 220))
    assert poses[:, :2] == pytest.approx(TRUE[:, :2], abs=1.0)
    assert poses[:, 2] == pytest.approx(TRUE[:, 2], abs=2.0)
    assert float(fits.min()) > 0.85
