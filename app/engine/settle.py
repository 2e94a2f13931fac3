"""Lays an example over a candidate as exactly as it fits, by the correlation of their softened inks alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.batching import each
from app.engine.poses import matrices
from app.engine.verify import SIZE

STEPS = ((0, 1.5), (1, 1.5), (2, 4.0), (4, 0.03), (5, 0.08))  # column of a pose and its step: pixels, degrees, parts
TRIED = (-2, -1, 0, 1, 2)  # of these steps each way
ROUNDS = 3          # each with steps half as long as the one before
STRETCHED = 1.3     # the most that a copy may be wider or narrower than the example: as symbols drawn to fit a wire are
APART = 2           # pixels between the points compared; the inks are softened over 3
CHUNK = 64          # poses settled at once
FAINTEST = 1e-4     # variance below which ink is blank
SOFTER = 1 / 3 + 1 / 12  # weight of the pixels next to one, of an enlarged picture that is sampled bilinearly once more
ROWS = 64           # of a level softened at once, so that they stay in a core's cache


def settled(soft: Tensor, picture: Tensor, mask: Tensor, *tried: Tensor,
            frame: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
    """Of poses (n, 6) tried for each candidate the one that lays an example's picture (64, 64) best over a softened level
    (H, W), then turned, grown, stretched and moved by the little that lays it better still: a judge's corrections fall short of
    it, and overshoot where there is little to correct. The poses (n, 6) and their correlation (n,). Poses are in a frame, rows
    and columns, that the level fills; by default the level's own."""
    example = softened(picture)
    rows, columns = torch.nonzero(mask[::APART, ::APART] > 0.5).unbind(1)
    ink = example[::APART, ::APART][rows, columns]
    ink = F.normalize(ink - ink.mean(), dim=0)
    points = APART * torch.stack([columns, rows], 1) + 0.5 - SIZE / 2
    parts = torch.split(torch.stack(tried), CHUNK, 1)
    height, width = frame or soft.shape
    extent = torch.tensor([width, height], device=soft.device)
    poses, fits = zip(*each(lambda part: _settled(soft, extent, ink, points, part), parts, soft.device.type), strict=True)
    return torch.cat(poses), torch.cat(fits)


def _settled(soft: Tensor, extent: Tensor, ink: Tensor, points: Tensor, tried: Tensor) -> tuple[Tensor, Tensor]:
    poses, fits = _fitting(soft, extent, ink, points, tried)
    for halving in range(ROUNDS):
        for column, step in STEPS:
            poses, fits = _fitting(soft, extent, ink, points, _nudged(poses, column, step / 2**halving))
    return poses, fits


def _fitting(soft: Tensor, extent: Tensor, ink: Tensor, points: Tensor, tried: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 6) the poses of greatest correlation out of tried (T, n, 6), and that (n,)."""
    affine = matrices(tried.flatten(0, 1))
    grid = points @ affine[:, :, :2].transpose(1, 2) + affine[:, None, :, 2]  # (T·n, k, 2) pixels of the frame
    grid = 2 * grid / extent - 1
    seen = F.grid_sample(soft[None, None], grid[None], align_corners=False)[0, 0]  # (T·n, k)
    length = (seen.var(1, correction=0).clamp(min=FAINTEST) * len(ink)).sqrt()
    fit = (seen @ ink / length).reshape(len(tried), -1)  # ink has no mean, so seen's does not matter
    best = fit.max(0)
    return tried[best.indices, torch.arange(tried.shape[1], device=soft.device)], best.values


def softened(inked: Tensor, enlarged: float = 1.0) -> Tensor:
    """(H, W) each pixel the mean of the nine around it; nothing lies beyond the edges. Where the level is to be `enlarged`, as
    soft as if it were so first, and then sampled."""
    soft, beside = torch.empty_like(inked), (1 / 3 if enlarged == 1 else min(1 / 3, SOFTER / enlarged**2))

    def work(top: int) -> None:
        above, below = min(top, 1), min(max(len(inked) - top - ROWS, 0), 1)
        padded = F.pad(inked[top - above : top + ROWS + below], (1, 1, 1 - above, 1 - below))
        rows = torch.lerp(padded[1:-1], (padded[:-2] + padded[2:]).mul_(0.5), 2 * beside)
        both = (rows[:, :-2] + rows[:, 2:]).mul_(0.5)  # a row and a column at a time: some times faster than avg_pool2d
        torch.lerp(rows[:, 1:-1], both, 2 * beside, out=soft[top : top + ROWS])

    for _ in each(work, range(0, len(inked), ROWS), inked.device.type):
        pass
    return soft


def _nudged(poses: Tensor, column: int, step: float) -> Tensor:
    """(T, n, 6) poses (n, 6) with one column changed by each of TRIED: scale and stretch multiplied, the others added to."""
    tried = poses.repeat(len(TRIED), 1, 1)
    by = step * torch.tensor(TRIED, device=poses.device)[:, None]
    tried[:, :, column] = tried[:, :, column] * torch.exp(by) if column > 3 else tried[:, :, column] + by
    tried[:, :, 5].clamp_(1 / STRETCHED, STRETCHED)
    return tried
