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
from app.engine.fuse import fused, on_device
from app.engine.poses import compose, crops, matrices
from app.engine.query import Example
from app.engine.suppress import Found
from app.engine.symmetry import Symmetry
from app.engine.verify import Verifier, compared

FLOOR = 0.01        # scores below are never reported
SECOND = -2.0       # logit from which a place gets another look under its corrected pose, and from which that is weighed
ECHOES = 3          # best finds of a page that the others are held against
VIEWS = ((0, False), (1, False), (2, True), (3, True))  # quarters and flip of one pair, for the last word
STEPS = (           # column of a pose and what is tried of it around a find, coarse to fine: degrees, scale, pixels
    (2, (-8.0, -4.0, 0.0, 4.0, 8.0)), (2, (-2.0, 0.0, 2.0)), (2, (-1.0, 0.0, 1.0)), (4, (0.94, 0.97, 1.0, 1.03, 1.06)),
    (0, (-1.0, 0.0, 1.0)), (1, (-1.0, 0.0, 1.0)), (0, (-1.0, 0.0, 1.0)), (1, (-1.0, 0.0, 1.0)),
)


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
        self.verifier = on_device(fused(verifier), device)
        self._calibration, self._device = calibration, device
        self._pictures = Batches(128 if device == "cpu" else 2048)
        self._unit = torch.tensor([verify.SHIFT, verify.SHIFT, verify.TURN, verify.GROWTH], device=device)

    def __call__(self, level: Level, shot: Shot, poses: Tensor) -> Found:
        """The poses that stood the second look, on the page, with their scores."""
        if len(poses):
            logit, correction = self.glance(level, shot, poses)
            poses, correction = poses[logit > SECOND], correction[logit > SECOND]
        if len(poses):
            poses = self._settled(level, shot, poses, compose(poses, correction))
            logit = self.look(level, shot, poses)
            logit, poses = logit[logit > SECOND], poses[logit > SECOND]
        if not len(poses):
            return self._on_page(level, shot, poses, torch.zeros(0, len(NAMES)), torch.zeros(0))
        seen = crops(level.fine, matrices(poses), verify.SIZE)
        agreed = agreement(shot.prepared.picture, shot.prepared.mask, seen)
        evidence = torch.cat([logit[:, None], agreed, self.echo(shot, seen, logit)[:, None]], 1)
        score = self._calibration.score(evidence)
        kept = score >= FLOOR
        return self._on_page(level, shot, poses[kept], evidence[kept], score[kept])

    def glance(self, level: Level, shot: Shot, poses: Tensor) -> tuple[Tensor, Tensor]:
        """What the first judge alone says: logits (n,) and corrections (n, 4) in pixels, degrees and log scale."""

        def look(part: Tensor) -> Tensor:
            verdict = self.verifier.judges[0](compared(_pictures(level, shot, part)))
            return torch.cat([verdict.logit[:, None], verdict.correction * self._unit], 1)

        out = self._pictures.run(look, poses)
        return out[:, 0], out[:, 1:]

    def look(self, level: Level, shot: Shot, poses: Tensor) -> Tensor:
        """Logits (n,), a mean over judges and over views of each pair turned and flipped as one."""

        def look(part: Tensor) -> Tensor:
            pictures = _pictures(level, shot, part)
            return torch.stack([self.verifier(_viewed(pictures, *view)).logit for view in VIEWS]).mean(0)

        return self._pictures.run(look, poses)

    def echo(self, shot: Shot, seen: Tensor, logit: Tensor) -> Tensor:
        """(n,) logits of pictures seen (n, S, S) when the page's best finds are examples too: a page draws its copies alike.

        The mean of the logit (n,) beside the example and of those beside the best finds, each as far as it is one itself.
        """
        best = torch.topk(logit, min(ECHOES, len(logit))).indices
        pairs = torch.cartesian_prod(best, torch.arange(len(seen), device=best.device))

        def look(part: Tensor) -> Tensor:
            mask = shot.prepared.mask.expand(len(part), -1, -1)
            logits: Tensor = self.verifier(torch.stack([seen[part[:, 0]], seen[part[:, 1]], mask], 1)).logit
            return logits

        beside = self._pictures.run(look, pairs).reshape(len(best), -1)
        weight = torch.sigmoid(logit[best])[:, None].repeat(1, len(seen))
        weight[torch.arange(len(best)), best] = 0
        return (logit + (weight * beside).sum(0)) / (1 + weight.sum(0))

    def _settled(self, level: Level, shot: Shot, *tried: Tensor) -> Tensor:
        """Of poses (n, 5) tried for each candidate the one that lays the example best, then turned, grown and moved by the
        little that lays it better still: the corrections fall short of it, and overshoot where there is little to correct."""
        poses = self._fitting(level, shot, torch.stack(tried))
        for column, steps in STEPS:
            poses = self._fitting(level, shot, nudged(poses, column, steps))
        return poses

    def _fitting(self, level: Level, shot: Shot, tried: Tensor) -> Tensor:
        """(n, 5) the poses of greatest correlation out of tried (T, n, 5)."""
        seen = crops(level.fine, matrices(tried.flatten(0, 1)), verify.SIZE)
        fit = agreement(shot.prepared.picture, shot.prepared.mask, seen)[:, 0].reshape(len(tried), -1)
        return tried[fit.argmax(0), torch.arange(tried.shape[1], device=self._device)]

    def _on_page(self, level: Level, shot: Shot, poses: Tensor, evidence: Tensor, score: Tensor) -> Found:
        """Poses of the example's own box on the page, from poses of its picture on a level."""
        rows = poses.double().cpu().numpy().reshape(-1, 5).copy()
        rows[:, :2] /= level.factor
        rows[:, 4] *= verify.SYMBOL / shot.prepared.longer / level.factor[0]
        rows = shot.symmetry.smallest(rows)
        off = np.array([shot.prepared.width / 2, shot.prepared.height / 2]) - shot.prepared.ink_box.centre
        rows[:, :2] += np.einsum("nij,j->ni", matrices(torch.from_numpy(rows)).numpy()[:, :, :2], off)
        return Found(shot.symbol, shot.example.positive, (shot.prepared.width, shot.prepared.height), shot.prepared.ink, rows,
                     score.double().cpu().numpy(), evidence.double().cpu().numpy())


def nudged(poses: Tensor, column: int, steps: Sequence[float]) -> Tensor:
    """(T, n, 5) poses (n, 5) with one column changed by each of T steps: the scale multiplied, the others added to."""
    tried = poses.repeat(len(steps), 1, 1)
    by = torch.tensor(steps, device=poses.device)[:, None]
    tried[:, :, column] = tried[:, :, column] * by if column == 4 else tried[:, :, column] + by
    return tried


def _pictures(level: Level, shot: Shot, poses: Tensor) -> Tensor:
    """(n, 3, S, S) example, candidate and box of each pose."""
    seen = crops(level.fine, matrices(poses), verify.SIZE)
    example, mask = (still.expand(len(poses), -1, -1) for still in (shot.prepared.picture, shot.prepared.mask))
    return torch.stack([example, seen, mask], 1)


def _viewed(pictures: Tensor, quarters: int, flipped: bool) -> Tensor:
    """Pictures (n, 3, S, S) turned by quarters and flipped."""
    turned = torch.rot90(pictures, quarters, (2, 3))
    return (turned.flip(3) if flipped else turned).contiguous(memory_format=torch.channels_last)
