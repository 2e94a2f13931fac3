"""Which turns and mirrorings leave an example as it is, so that one pose is reported of those that look the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine.evidence import alone
from app.engine.example import Prepared
from app.engine.poses import TURN_STEP, crops, matrices, self_similarity, still

ALIKE = 0.93   # correlation from which an example turned may be the same; a letter in a circle changes little of it
SHIFTS = (0.0, -2.0, 2.0)  # of these pixels each way, for a box's middle may be off by some
SPOT = 12      # pixels of a side of the spot that differs most
DIFFERS = 3.0  # pixels of ink in it from which the two are not the same, as a letter turned is not
ORDERS = tuple(order for order in range(360 // TURN_STEP, 0, -1) if 360 // TURN_STEP % order == 0)  # of groups of turns
MOST = 0.8     # of a group's motions that must keep the example

Motions = NDArray[np.float64]


@dataclass(frozen=True)
class Symmetry:
    """(K, 2) angle in degrees and mirrored (0 or 1) of the motions that keep the example, a group."""

    motions: Motions

    @property
    def round(self) -> bool:
        """Whether every turn that is tried keeps it."""
        return int((self.motions[:, 1] == 0).sum()) == 360 // TURN_STEP

    def smallest(self, poses: Motions) -> Motions:
        """Poses (N, 6) replaced by the equal ones that are not mirrored, if any is, and turned least; not at all what is
        round."""
        sign = np.where(poses[:, 3:4] > 0.5, -1.0, 1.0)
        angles = (poses[:, 2:3] + sign * self.motions[:, 0] + 180) % 360 - 180  # (N, K)
        mirrored = (poses[:, 3:4] + self.motions[:, 1]) % 2
        best = np.argmin(np.abs(angles) + 1000 * mirrored, axis=1)
        rows = np.arange(len(poses))
        result = poses.copy()
        result[:, 2], result[:, 3] = 0.0 if self.round else angles[rows, best] % 360, mirrored[rows, best]
        quarter = np.abs(self.motions[best, 0] % 180 - 90) < 45  # width and height have changed places
        result[:, 5] = np.where(quarter, 1 / poses[:, 5], poses[:, 5])
        return result


def symmetry(prepared: Prepared) -> Symmetry:
    """The symmetry of an example, to TURN_STEP degrees."""
    likeness, kinds = self_similarity(prepared.picture, prepared.core)
    kinds = kinds[likeness >= ALIKE]
    picture, kept = prepared.sharp[0] * prepared.sharp_mask, torch.zeros(len(kinds), dtype=torch.bool, device=kinds.device)
    for right, down in product(SHIFTS, repeat=2):
        if not kept.all():
            kept[~kept] = _differing(picture, prepared.longer, kinds[~kept], right, down) < DIFFERS
    kinds = kinds[kept]
    return Symmetry(_group({(round(angle), round(mirrored)) for angle, mirrored in kinds.tolist()}))


def _differing(picture: Tensor, longer: float, kinds: Tensor, right: float, down: float) -> Tensor:
    """(K,) the ink in the spot where a picture (S, S) of `longer` px differs most from itself under motions (K, 2), moved."""
    side = picture.shape[-1]
    poses = still(torch.full((len(kinds), 2), side / 2, device=picture.device))
    poses[:, 0] += right
    poses[:, 1] += down
    poses[:, 2:4] = kinds
    turned = crops(picture, matrices(poses), side)
    apart = torch.maximum(alone(turned, picture, longer), alone(picture, turned, longer))
    return (F.avg_pool2d(apart[:, None], SPOT, SPOT // 4) * SPOT**2).flatten(1).amax(1)


def _group(motions: set[tuple[int, int]]) -> Motions:
    """(K, 2) the largest group of turns and flips of which nearly all are among some motions: noise may cost one or two."""
    for order in ORDERS:
        turns = range(0, 360, 360 // order)
        if sum((angle, 0) in motions for angle in turns[1:]) >= MOST * (order - 1):
            break
    flips = [[(angle + turn, 1) for turn in turns] for angle in range(0, 360 // order, TURN_STEP)]
    best = max(flips, key=lambda kept: sum(flip in motions for flip in kept))
    kept = best if sum(flip in motions for flip in best) >= MOST * order else []
    return np.array([*((angle, 0) for angle in turns), *kept], dtype=np.float64)
