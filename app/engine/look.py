"""The second look: which of the poses that the search proposes are copies, and how exactly they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.engine import verify
from app.engine.batching import Batches
from app.engine.evidence import NAMES, Calibration, agreement
from app.engine.example import Prepared
from app.engine.fuse import fused
from app.engine.poses import compose, crops, matrices
from app.engine.query import Example
from app.engine.suppress import Found
from app.engine.symmetry import Symmetry
from app.engine.verify import Verifier

FLOOR = 0.01        # scores below are never reported
SECOND = -3.0       # logit from which a place gets another look under its corrected pose
VIEWS = ((0, False), (1, False), (2, True), (3, True))  # quarters and flip of one pair, for the last word
TURNS = ((-8.0, -4.0, 0.0, 4.0, 8.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))  # degrees tried around a find, coarse to fine


@dataclass(frozen=True)
class Shot:
    """An example on its way through one page."""

    symbol: int
    example: Example
    prepared: Prepared
    symmetry: Symmetry


@dataclass(frozen=True)
class Level:
    """A page at one size: at the verifier's, at the templates', and where its windows are and what they look like."""

    fine: Tensor       # (H, W) ink
    coarse: Tensor     # (H', W') ink
    factor: tuple[float, float]  # fine pixels a page pixel, right and down
    centres: Tensor    # (n, 2) of the windows, fine pixels
    codes: Tensor      # (n, D)


class SecondLook:
    """A verifier on its device, and what its logits mean."""

    def __init__(self, verifier: Verifier, calibration: Calibration, device: str) -> None:
        self.verifier = fused(verifier).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._calibration, self._device = calibration, device
        self._pictures = Batches(128 if device == "cpu" else 2048)

    def __call__(self, level: Level, shot: Shot, poses: Tensor) -> Found:
        """The poses that stood the second look, on the page, with their scores."""
        if len(poses):
            evidence, correction = self.look(level, shot, poses, VIEWS[:1])
            worth = evidence[:, 0] > SECOND
            poses = compose(poses[worth], correction[worth])
        if not len(poses):
            return self._on_page(level, shot, poses, torch.zeros(0, len(NAMES)), torch.zeros(0))
        evidence, correction = self.look(level, shot, poses, VIEWS)
        score = self._calibration.score(evidence)
        kept = score >= FLOOR
        poses = self._turned(level, shot, compose(poses, correction)[kept])
        return self._on_page(level, shot, poses, evidence[kept], score[kept])

    def look(self, level: Level, shot: Shot, poses: Tensor, views: Sequence[tuple[int, bool]]) -> tuple[Tensor, Tensor]:
        """Evidence (n, 4), the logit a mean over views of each pair turned and flipped as one, and corrections (n, 4) in
        pixels, degrees and log scale, of the first view, which is the pair as it is."""
        unit = torch.tensor([verify.SHIFT, verify.SHIFT, verify.TURN, verify.GROWTH], device=self._device)

        def look(part: Tensor) -> Tensor:
            seen = crops(level.fine, matrices(part), verify.SIZE)
            example, mask = (still.expand(len(part), -1, -1) for still in (shot.prepared.picture, shot.prepared.mask))
            pictures = torch.stack([example, seen, mask], 1)
            verdicts = [self.verifier(_viewed(pictures, *view)) for view in views]
            logit = torch.stack([verdict.logit for verdict in verdicts]).mean(0)
            likeness = agreement(shot.prepared.picture, shot.prepared.mask, seen)
            return torch.cat([logit[:, None], likeness, verdicts[0].correction * unit], 1)

        out = self._pictures.run(look, poses)
        return out[:, : len(NAMES)], out[:, len(NAMES) :]

    def _turned(self, level: Level, shot: Shot, poses: Tensor) -> Tensor:
        """Poses (n, 5) turned by the few degrees, if any, that lay the example best: the corrections fall short of them."""
        for turns in TURNS if len(poses) else ():
            tried = poses.repeat(len(turns), 1, 1)  # (T, n, 5)
            tried[:, :, 2] += torch.tensor(turns, device=self._device)[:, None]
            seen = crops(level.fine, matrices(tried.flatten(0, 1)), verify.SIZE)
            fit = agreement(shot.prepared.picture, shot.prepared.mask, seen)[:, 0].reshape(len(turns), -1)
            poses = tried[fit.argmax(0), torch.arange(len(poses), device=self._device)]
        return poses

    def _on_page(self, level: Level, shot: Shot, poses: Tensor, evidence: Tensor, score: Tensor) -> Found:
        """Poses of the example's own box on the page, from poses of its picture on a level."""
        rows = poses.double().cpu().numpy().reshape(-1, 5).copy()
        rows[:, :2] /= level.factor
        rows[:, 4] *= verify.SYMBOL / shot.prepared.longer / level.factor[0]
        rows = shot.symmetry.smallest(rows)
        off = np.array([shot.prepared.width / 2, shot.prepared.height / 2]) - shot.prepared.ink_box.centre
        rows[:, :2] += np.einsum("nij,j->ni", matrices(torch.from_numpy(rows)).numpy()[:, :, :2], off)
        return Found(shot.symbol, shot.example.positive, (shot.prepared.width, shot.prepared.height), rows,
                     score.double().cpu().numpy(), evidence.double().cpu().numpy())


def _viewed(pictures: Tensor, quarters: int, flipped: bool) -> Tensor:
    """Pictures (n, 3, S, S) turned by quarters and flipped."""
    turned = torch.rot90(pictures, quarters, (2, 3))
    return (turned.flip(3) if flipped else turned).contiguous(memory_format=torch.channels_last)
