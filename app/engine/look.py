"""The second look: which of the poses that the search proposes are copies, and how exactly they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.engine import verify
from app.engine.batching import Batches
from app.engine.evidence import NAMES, Calibration, agreement, runner_up, tolerance
from app.engine.example import Prepared
from app.engine.fuse import fused, on_device
from app.engine.poses import compose, crops, matrices
from app.engine.query import Example
from app.engine.settle import settled
from app.engine.suppress import Found
from app.engine.symmetry import Symmetry
from app.engine.verify import SPREADS, Verifier, compared

FLOOR = 0.01        # scores below are never reported
SECOND = -2.0       # logit from which a place gets another look under its corrected pose, and from which that is weighed
ECHOES = 3          # best finds of a page that the others are held against
VIEWS = ((0, False), (1, False), (2, True), (3, True))  # quarters and flip of one pair, for the last word


@dataclass(frozen=True)
class Shot:
    """An example on its way through one page."""

    symbol: int
    example: Example
    prepared: Prepared
    symmetry: Symmetry


@dataclass(frozen=True)
class Level:
    """A page at one size: at the scout's, at the templates', at the jury's, and where its windows are and what they look
    like."""

    fine: Tensor       # (H, W) ink
    sharp: Tensor      # (H'', W'') ink, never enlarged: bilinear sampling enlarges as well
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
            logit, correction = self.glance(level.fine, shot.prepared, poses)
            poses, correction = poses[logit > SECOND], correction[logit > SECOND]
        if len(poses):
            poses, _ = settled(level.fine, shot.prepared.picture, shot.prepared.mask, poses, compose(poses, correction))
            logit = self.look(level, shot.prepared, poses)
            logit, poses = logit[logit > SECOND], poses[logit > SECOND]
        if not len(poses):
            return self._on_page(level, shot, poses, torch.zeros(0, len(NAMES)), torch.zeros(0))
        seen = crops(level.fine, matrices(poses), verify.SIZE)
        extra = agreement(shot.prepared.picture, shot.prepared.mask, seen, tolerance(shot.prepared.longer))[:, 2]
        echo = self.echo(shot, sharp_pictures(level, shot.prepared, poses)[:, 1], logit)
        stretch = torch.log(poses[:, 5]).abs()
        evidence = torch.stack([logit, extra, echo, stretch, runner_up(poses, echo)], 1)
        score = self._calibration.score(evidence)
        kept = score >= FLOOR
        return self._on_page(level, shot, poses[kept], evidence[kept], score[kept])

    def glance(self, fine: Tensor, prepared: Prepared, poses: Tensor) -> tuple[Tensor, Tensor]:
        """What the scout says: logits (n,) and corrections (n, 4) in pixels, degrees and log scale."""

        def look(part: Tensor) -> Tensor:
            verdict = self.verifier.scout(compared(pictures(fine, prepared, part), SPREADS[:1]))
            return torch.cat([verdict.logit[:, None], verdict.correction * self._unit], 1)

        out = self._pictures.run(look, poses)
        return out[:, 0], out[:, 1:]

    def look(self, level: Level, prepared: Prepared, poses: Tensor) -> Tensor:
        """The jury's logits (n,), a mean over views of each pair turned and flipped as one where the first is not clear."""
        logit = self._views(level, prepared, poses, VIEWS[:1])
        unclear = logit > SECOND
        if unclear.any():
            more = self._views(level, prepared, poses[unclear], VIEWS[1:])
            logit[unclear] = (logit[unclear] + (len(VIEWS) - 1) * more) / len(VIEWS)
        return logit

    def _views(self, level: Level, prepared: Prepared, poses: Tensor, views: Sequence[tuple[int, bool]]) -> Tensor:
        def look(part: Tensor) -> Tensor:
            seen = sharp_pictures(level, prepared, part)
            longer = torch.full_like(part[:, 0], prepared.longer)
            return torch.stack([self.verifier.decide(viewed(seen, *view), longer) for view in views]).mean(0)

        return self._pictures.run(look, poses)

    def echo(self, shot: Shot, seen: Tensor, logit: Tensor) -> Tensor:
        """(n,) logits of pictures seen (n, S, S) when the page's best finds are examples too: a page draws its copies alike.

        The mean of the logit (n,) beside the example and of those beside the best finds, each as far as it is one itself.
        """
        best = torch.topk(logit, min(ECHOES, len(logit))).indices
        pairs = torch.cartesian_prod(best, torch.arange(len(seen), device=best.device))

        def look(part: Tensor) -> Tensor:
            mask = shot.prepared.sharp_mask.expand(len(part), -1, -1)
            longer = torch.full_like(mask[:, 0, 0], shot.prepared.longer)
            return self.verifier.decide(torch.stack([seen[part[:, 0]], seen[part[:, 1]], mask], 1), longer)

        beside = self._pictures.run(look, pairs).reshape(len(best), -1)
        weight = torch.sigmoid(logit[best])[:, None].repeat(1, len(seen))
        weight[torch.arange(len(best)), best] = 0
        return (logit + (weight * beside).sum(0)) / (1 + weight.sum(0))

    def _on_page(self, level: Level, shot: Shot, poses: Tensor, evidence: Tensor, score: Tensor) -> Found:
        """Poses of the example's own box on the page, from poses of its picture on a level."""
        rows = poses.double().cpu().numpy().reshape(-1, 6).copy()
        rows[:, :2] /= level.factor
        rows[:, 4] *= verify.SYMBOL / shot.prepared.longer / level.factor[0]
        rows = shot.symmetry.smallest(rows)
        off = np.array([shot.prepared.width / 2, shot.prepared.height / 2]) - shot.prepared.ink_box.centre
        rows[:, :2] += np.einsum("nij,j->ni", matrices(torch.from_numpy(rows)).numpy()[:, :, :2], off)
        return Found(shot.symbol, shot.example.positive, (shot.prepared.width, shot.prepared.height), shot.prepared.ink, rows,
                     score.double().cpu().numpy(), evidence.double().cpu().numpy(), np.zeros(len(rows)))


def pictures(fine: Tensor, prepared: Prepared, poses: Tensor) -> Tensor:
    """(n, 3, S, S) an example, the candidate on a level `fine` (H, W) under each pose (n, 6), and the example's box."""
    seen = crops(fine, matrices(poses), verify.SIZE)
    example, mask = (still.expand(len(poses), -1, -1) for still in (prepared.picture, prepared.mask))
    return torch.stack([example, seen, mask], 1)


def sharp_pictures(level: Level, prepared: Prepared, poses: Tensor) -> Tensor:
    """(n, 3, 96, 96) the same for the jury."""
    return sharpened(level.fine, level.sharp, prepared, poses)


def sharpened(fine: Tensor, sharp: Tensor, prepared: Prepared, poses: Tensor) -> Tensor:
    """(n, 3, 96, 96) an example, the candidate on a level `sharp` (H', W') under each pose (n, 6) on `fine` (H, W), the box."""
    right, down = sharp.shape[1] / fine.shape[1], sharp.shape[0] / fine.shape[0]
    there = poses.clone()
    there[:, 0] *= right
    there[:, 1] *= down
    there[:, 4] *= right / verify.SHARPER
    seen = crops(sharp, matrices(there), verify.SHARP)
    example, mask = (still.expand(len(poses), -1, -1) for still in (prepared.sharp, prepared.sharp_mask))
    return torch.stack([example, seen, mask], 1)


def viewed(seen: Tensor, quarters: int, flipped: bool) -> Tensor:
    """Pictures (n, 3, S, S) turned counter-clockwise by quarters, then flipped left to right."""
    turned = torch.rot90(seen, quarters, (2, 3))
    return turned.flip(3) if flipped else turned
