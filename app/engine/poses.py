"""Poses of an example: pictures sampled under a pose, and the coarse search for the poses that fit a place.

A pose is a row (x, y, angle, mirrored, scale, stretch): the example, its origin at the centre of its ink, is scaled, made
`stretch` times as wide for its height at the same area, flipped left to right if `mirrored`, turned counter-clockwise by
`angle` degrees and moved to x, y. Lengths are pixels of the level sampled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine.batching import each
from app.engine.query import Rotation
from app.engine.verify import SIZE

TURN_STEP = 15          # degrees between the turns tried
SCALE_STEP = 1.12       # ratio between the sizes tried
TEMPLATE = 24           # pixels of a pose's template: the encoder's window, halved
COARSE = TEMPLATE / SIZE  # template pixels a picture pixel
REACH = 3               # template pixels a place may lie off its window's centre
FAINTEST = 1e-3         # ink variance below which a patch is blank
CHUNK = 128             # places aligned at once


def matrices(poses: Tensor) -> Tensor:
    """(N, 2, 3) affines from example pixels to level pixels of poses (N, 6)."""
    turn, root = torch.deg2rad(poses[:, 2]), torch.sqrt(poses[:, 5])
    cos, sin = torch.cos(turn), torch.sin(turn)
    wide, tall = (1 - 2 * poses[:, 3]) * poses[:, 4] * root, poses[:, 4] / root
    return torch.stack([torch.stack([cos * wide, sin * tall, poses[:, 0]], 1),
                        torch.stack([-sin * wide, cos * tall, poses[:, 1]], 1)], 1)


def laid(poses: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, k, 2) where poses (N, 6) take points (k, 2), x and y from an example's middle."""
    affine = matrices(torch.from_numpy(poses)).numpy()
    result: NDArray[np.float64] = points @ affine[:, :, :2].transpose(0, 2, 1) + affine[:, None, :, 2]
    return result


def still(places: Tensor) -> Tensor:
    """(N, 6) poses at places (N, 2), neither turned nor changed."""
    ones = torch.ones_like(places[:, :1])
    return torch.cat([places, 0 * ones, 0 * ones, ones, ones], 1)


def crops(level: Tensor, affines: Tensor, size: int, frame: Sequence[int] | None = None) -> Tensor:
    """(N, size, size) pictures of level (H, W), bilinear, zero outside: affines (N, 2, 3) from a picture's pixels, origin
    at its centre, to the pixels of a frame, rows and columns, that the level fills; by default the level's own."""
    height, width = frame or level.shape
    extent = torch.tensor([width, height], device=level.device)
    scaled = 2 * affines / extent[:, None]
    scaled[:, :, 2] -= 1
    grid = sampled(scaled, size).reshape(1, len(affines) * size, size, 2)
    return F.grid_sample(level[None, None], grid, align_corners=False).reshape(len(affines), size, size)


def sampled(affines: Tensor, size: int) -> Tensor:
    """(N, size², 2) x, y on a level of the pixels of pictures under affines (N, 2, 3), row by row."""
    steps = torch.arange(size, device=affines.device, dtype=torch.float32)[:, None] + 0.5 - size / 2
    across, down, start = affines[:, None].unbind(3)  # (N, 1, 2) each
    return ((start + steps * down)[:, :, None] + (steps * across)[:, None]).flatten(1, 2)


def resized(picture: Tensor, factor: float) -> Tensor:
    """(H, W) resized by a factor, antialiased."""
    shape = [max(1, round(side * factor)) for side in picture.shape]
    return F.interpolate(picture[None, None], shape, mode="bilinear", antialias=True, align_corners=False)[0, 0]


def compose(poses: Tensor, corrections: Tensor) -> Tensor:
    """Poses (N, 6) after corrections (N, 4) measured in the example's frame: right, down, counter-clockwise, log scale."""
    moved = matrices(poses)[:, :, :2] @ corrections[:, :2, None]
    turned = poses[:, 2] + torch.where(poses[:, 3] > 0.5, -corrections[:, 2], corrections[:, 2])
    return torch.stack([poses[:, 0] + moved[:, 0, 0], poses[:, 1] + moved[:, 1, 0], turned % 360, poses[:, 3],
                        poses[:, 4] * torch.exp(corrections[:, 3]), poses[:, 5]], 1)


@dataclass(frozen=True)
class Bank:
    """Templates of one example under every turn, mirror and size tried.

    `templates` (T, 576) zero-mean and of unit length inside their masks, `masks` (U, 576), of which each serves T / U templates
    that follow each other (a box looks the same mirrored or turned by half), `poses` (T, 4) angle, mirrored, scale, stretch,
    `alike` (T, T) which templates are hardly turned from each other, and as mirrored.
    """

    templates: Tensor
    masks: Tensor
    poses: Tensor
    alike: Tensor


def sizes(scale_min: float, scale_max: float) -> list[float]:
    """Sizes at most SCALE_STEP apart that cover a band, both ends within half a step."""
    steps = max(1, round(float(torch.log(torch.tensor(scale_max / scale_min)) / torch.log(torch.tensor(SCALE_STEP)))))
    ratio = (scale_max / scale_min) ** (1 / steps)
    return [scale_min * ratio ** (i + 0.5) for i in range(steps)] if steps > 1 else [(scale_min * scale_max) ** 0.5]


def make_bank(picture: Tensor, core: Tensor, rotation: Rotation, mirror: bool, scales: list[float]) -> Bank:
    """The bank of an example's picture and the box of its ink (SIZE, SIZE), which may have holes; `scales` relative to the
    picture's size on the level."""
    turns = {"any": range(0, 360, TURN_STEP), "right_angles": range(0, 360, 90), "none": range(1)}[rotation]
    tried = [(float(a), float(m), s, 1.0) for s in scales for m in ((0, 1) if mirror else (0,)) for a in turns]
    tried.sort(key=lambda pose: (pose[2], pose[0] % 180))
    poses = torch.tensor(tried, device=picture.device)
    holes = core.amax(1, keepdim=True) * core.amax(0) - core
    serving = 1 if holes.any() else len(tried) // len({(scale, angle % 180) for angle, _, scale, _ in tried})
    boxes = poses[::serving]
    box = resized(F.max_pool2d((core + holes)[None], 5, 1, 2)[0] - holes, COARSE)
    masks = (_turned(box, boxes) > 0.5).float()
    own, area = (part.repeat_interleave(serving, 0) for part in (masks, masks.sum(1).clamp(min=1)))
    inked = _turned(resized(picture, COARSE), poses) * own
    centred = (inked - (inked.sum(1) / area)[:, None]) * own
    turned = torch.remainder(poses[:, None, 0] - poses[None, :, 0] + 180, 360) - 180
    alike = (turned.abs() <= 2 * TURN_STEP + 1) & (poses[:, None, 1] == poses[None, :, 1])
    return Bank(F.normalize(centred, dim=1), masks, poses, alike)


def _turned(small: Tensor, poses: Tensor) -> Tensor:
    """(N, 576) a picture (TEMPLATE, TEMPLATE) as it looks under poses (N, 4) angle, mirrored, scale, stretch."""
    square = torch.eye(3, device=small.device).repeat(len(poses), 1, 1)
    square[:, :2] = matrices(torch.cat([torch.zeros(len(poses), 2, device=small.device), poses], 1))
    inverse = torch.linalg.inv(square)[:, :2]
    inverse[:, :, 2] = TEMPLATE / 2
    return crops(small, inverse, TEMPLATE).flatten(1)


def correlate(patches: Tensor, bank: Bank) -> Tensor:
    """(N, T) normalised cross-correlation of patches (N, 576) with every template, inside the template's mask."""
    area = bank.masks.sum(1).clamp(min=1)
    total = patches @ bank.masks.T
    variance = (patches.square() @ bank.masks.T - total.square() / area).clamp(min=FAINTEST * TEMPLATE)
    fits = (patches @ bank.templates.T).reshape(len(patches), len(bank.masks), -1)
    return fits.mul_(variance.rsqrt_()[:, :, None]).flatten(1)


def align(coarse: Tensor, places: Tensor, bank: Bank, best: int) -> tuple[Tensor, Tensor]:
    """The `best` differing poses at each place: poses (N, best, 6) on the coarse level and their correlation (N, best).

    `coarse` (H, W) is a level at template size, `places` (N, 2) x, y on it. Poses of one place differ in mirror or by more
    than two turns.
    """
    found = list(each(lambda part: _align(coarse, part, bank, best), torch.split(places, CHUNK), coarse.device.type))
    return torch.cat([poses for poses, _ in found]), torch.cat([fit for _, fit in found])


def _align(coarse: Tensor, places: Tensor, bank: Bank, best: int) -> tuple[Tensor, Tensor]:
    side = TEMPLATE + 2 * REACH
    around = crops(coarse, matrices(still(places)), side)
    shifts = 2 * REACH + 1
    patches = around.unfold(1, TEMPLATE, 1).unfold(2, TEMPLATE, 1).reshape(-1, TEMPLATE * TEMPLATE)  # (N·49, 576)
    fits = correlate(patches, bank).reshape(len(places), shifts * shifts, -1)
    fit, shift = fits.max(1)  # (N, T)
    poses, scores = [], []
    for _ in range(best):
        score, template = fit.max(1)
        at = shift.gather(1, template[:, None])[:, 0]
        move = torch.stack([at % shifts, at // shifts], 1) - REACH
        poses.append(torch.cat([places + move, bank.poses[template]], 1))
        scores.append(score)
        fit = fit.masked_fill(bank.alike[template], -1.0)
    return torch.stack(poses, 1), torch.stack(scores, 1)


def distinct(poses: Tensor, most: int, apart: float = 2.0, turned: float = 40.0) -> Tensor:
    """Indices, in order, of the first `most` poses (n, 6) that are not within `apart` pixels and `turned` degrees of an earlier
    one alike in mirror."""
    kept: list[int] = []
    held: defaultdict[tuple[int, int, float], list[tuple[float, float, float]]] = defaultdict(list)  # by place and mirror
    for n, (x, y, angle, mirrored) in enumerate(poses[:, :4].tolist()):
        column, row = int(x // apart), int(y // apart)
        near = (one for right in (-1, 0, 1) for down in (-1, 0, 1)
                for one in held.get((column + right, row + down, mirrored), ()))
        if any(abs(x - u) <= apart and abs(y - v) <= apart and abs((angle - a + 180) % 360 - 180) <= turned
               for u, v, a in near):
            continue
        kept.append(n)
        held[column, row, mirrored].append((x, y, angle))
        if len(kept) == most:
            break
    return torch.tensor(kept, dtype=torch.int64, device=poses.device)


def self_similarity(picture: Tensor, core: Tensor) -> tuple[Tensor, Tensor]:
    """How like itself an example is when turned and mirrored: (48,) correlation and (48, 2) angle, mirrored."""
    bank = make_bank(picture, core, "any", True, [1.0])
    middle = torch.full((1, 2), TEMPLATE / 2, device=picture.device)
    around = crops(resized(picture, COARSE), matrices(still(middle)), TEMPLATE + 2)  # one pixel of play each way
    patches = F.unfold(around[:, None], TEMPLATE)[0].T
    return correlate(patches, bank).max(0).values, bank.poses[:, :2]
