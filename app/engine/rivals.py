"""Poses that look alike at the size of the templates, told apart at the size of the pictures.

A circle with a letter or a stub hardly correlates better with itself than turned: at the templates' size a wire that passes
decides which turn is found. So a pose found stands for all that the example is like under.
"""

from __future__ import annotations

import torch
from torch import Tensor

from app.engine.batching import each
from app.engine.example import Prepared
from app.engine.poses import COARSE, TEMPLATE, TURN_STEP, fitting, make_bank, matrices, resized
from app.engine.query import Rotation
from app.engine.settle import CHUNK, Outline, correlation

ALIKE = 0.7   # correlation of an example with itself, turned and moved, from which one is taken for the other
CLOSE = 2 * TURN_STEP + 1  # degrees within which two turns are no rivals


def rivals(prepared: Prepared) -> Tensor:
    """(K, 4) the motions under which an example looks like itself to the templates, as none does: angle, mirrored, and pixels
    of the picture right and down."""
    picture, core = prepared.picture, prepared.core * prepared.shown
    bank = make_bank(picture, core, "any", True, [1.0])
    fit, moves = fitting(resized(picture, COARSE), torch.full((1, 2), TEMPLATE / 2, device=picture.device), bank)
    motions = torch.cat([bank.poses[:, :2], moves[0] / COARSE], 1)
    still = (motions[:, :2] == 0).all(1)
    motions[still] = 0
    return motions[still | (fit[0] >= ALIKE)]


def allowed(motions: Tensor, rotation: Rotation, mirror: bool) -> Tensor:
    """Those of motions (K, 4) that a search tries."""
    step = {"any": 1, "right_angles": 90, "none": 360}[rotation]
    return motions[(motions[:, 0] % step == 0) & ((motions[:, 1] == 0) | mirror)]


def opposed(poses: Tensor, motions: Tensor) -> Tensor:
    """(K, n, 6) poses (n, 6) after each of motions (K, 4) of the example."""
    angle, mirrored, off = motions[:, :1], motions[:, 1:2], motions[:, 2:]
    tried = poses.repeat(len(motions), 1, 1)
    tried[:, :, :2] += (matrices(poses)[:, :, :2] @ off.T).permute(2, 0, 1)
    tried[:, :, 2] = (tried[:, :, 2] + (1 - 2 * tried[:, :, 3]) * angle) % 360
    tried[:, :, 3] = (tried[:, :, 3] + mirrored) % 2
    return tried


def told_apart(soft: Tensor, prepared: Prepared, motions: Tensor, poses: Tensor) -> Tensor:
    """(n, P, 6) for P poses found at each of n places (n, P, 6) on a softened level (H, W) the as many that fit best, of them
    and of the first one's rivals, and differ."""
    outline = Outline.of(prepared.picture, prepared.mask * prepared.shown)

    def work(part: Tensor) -> Tensor:
        tried = torch.cat([part[:, 1:].transpose(0, 1), opposed(part[:, 0], motions)])  # (T, n, 6)
        fit, rows, best = correlation(soft, outline, tried), torch.arange(len(part), device=soft.device), list[Tensor]()
        for _ in range(part.shape[1]):
            best.append(tried[fit.argmax(0), rows])
            turned = torch.remainder(tried[:, :, 2] - best[-1][:, 2] + 180, 360) - 180
            fit = fit.masked_fill((turned.abs() <= CLOSE) & (tried[:, :, 3] == best[-1][:, 3]), -2.0)
        return torch.stack(best, 1)

    return torch.cat(list(each(work, torch.split(poses, CHUNK), soft.device.type)))
