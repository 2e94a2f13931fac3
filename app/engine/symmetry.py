"""Which turns and mirrorings leave an example as it is, so that one pose is reported of those that look the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from app.engine.poses import self_similarity

ALIKE = 0.93  # correlation from which a turned example counts as the same


@dataclass(frozen=True)
class Symmetry:
    """(K, 2) angle in degrees and mirrored (0 or 1) of the motions that keep the example, the identity among them."""

    motions: NDArray[np.float64]

    def smallest(self, poses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Poses (N, 6) replaced by the equal ones that are not mirrored, if any is, and turned least."""
        sign = np.where(poses[:, None, 3] > 0.5, -1.0, 1.0)
        angles = (poses[:, None, 2] + sign * self.motions[None, :, 0] + 180) % 360 - 180  # (N, K)
        mirrored = (poses[:, None, 3] + self.motions[None, :, 1]) % 2
        best = np.argmin(np.abs(angles) + 1000 * mirrored, axis=1)
        rows = np.arange(len(poses))
        result = poses.copy()
        result[:, 2], result[:, 3] = angles[rows, best] % 360, mirrored[rows, best]
        quarter = np.abs(self.motions[best, 0] % 180 - 90) < 45  # width and height have changed places
        result[:, 5] = np.where(quarter, 1 / poses[:, 5], poses[:, 5])
        return result


def symmetry(picture: Tensor, core: Tensor) -> Symmetry:
    """The symmetry of an example's picture and the box of its ink (64, 64)."""
    likeness, kinds = self_similarity(picture, core)
    motions = kinds[likeness >= ALIKE].double().cpu().numpy()
    plain = (motions == 0).all(axis=1)
    return Symmetry(motions if plain.any() else np.concatenate([np.zeros((1, 2)), motions]))
