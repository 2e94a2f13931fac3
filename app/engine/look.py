"""The second look: which of the poses that the search proposes are copies, and how exactly they lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import verify
from app.engine.batching import Batches
from app.engine.colour import apart, ink_points, same_paper, tones
from app.engine.evidence import CLEAR, ECHOES, ELSEWHERE, LOGIT, NAMES, Calibration, beside_best, in_company, nearer, shared
from app.engine.example import Prepared
from app.engine.fuse import fused, on_device, precision
from app.engine.ink import Colour, background, ink
from app.engine.inspect import MIN_SIDE
from app.engine.pictures import Level, Sheet, pictures, sharp_beside, sharp_crops, sharper, unhidden
from app.engine.poses import compose, laid, matrices
from app.engine.query import Example
from app.engine.settle import settled
from app.engine.suppress import Found
from app.engine.symmetry import Symmetry, symmetry
from app.engine.variants import group_behind
from app.engine.verify import SPREADS, Verifier, compared, viewed

FLOOR = 0.01        # scores below are never reported
SECOND = -2.0       # logit from which a place gets another look under its corrected pose, and from which that is weighed
HOPE = -1.0         # logit that one of a symbol's candidates must reach for views of it from more sides
PEERS = 1.0         # logits below the second best of a page's best finds where one counts half
POINTS = 200        # of an example's ink that its tone is taken from, at most
VIEWS = (           # quarters and flip of one pair for the last word, and how far from its pose, as `compose` takes it
    (0, False, (0.0, 0.0, 0.0, 0.0)), (1, False, (0.8, 0.3, 1.5, 0.012)),
    (2, True, (-0.5, 0.7, -1.5, -0.012)), (3, True, (-0.3, -0.9, 0.7, 0.0)))


@dataclass(frozen=True)
class Shot:
    """An example on its way through one page: one of so many symbols `asked` for; `elsewhere`, where none of its symbol's was
    cut from the page."""

    symbol: int
    example: Example
    prepared: Prepared
    elsewhere: bool = False
    asked: int = 1

    @cached_property
    def symmetry(self) -> Symmetry:
        return symmetry(self.prepared)

    @property
    def paper(self) -> Colour:
        return self.example.paper or background(self.example.pixels)


class SecondLook:
    """A verifier on its device, and what its logits mean."""

    def __init__(self, verifier: Verifier, calibration: Calibration, device: str) -> None:
        self.verifier = on_device(fused(verifier).to(precision(device)), device)
        self._calibration, self._device = calibration, device
        self._pictures = Batches(32 if device == "cpu" else 2048, device)
        self._unit = torch.tensor([verify.SHIFT, verify.SHIFT, verify.TURN, verify.GROWTH], device=device)

    def candidates(self, sheet: Sheet, level: Level, prepared: Prepared, poses: Tensor) -> tuple[Tensor, Tensor]:
        """Of poses (n, 6) on a level those that may be copies, settled, and the jury's logits of them."""
        if len(poses):
            logit, correction = self.glance(level, prepared, poses)
            poses, correction = poses[logit > SECOND], correction[logit > SECOND]
        if not len(poses):
            return poses, torch.zeros(0, device=poses.device)
        poses, _ = settled(level.soft, prepared.picture, prepared.mask * prepared.shown, poses, compose(poses, correction),
                           frame=level.frame)
        logit = self.look(sheet, level, prepared, poses)
        return poses[logit > SECOND], logit[logit > SECOND]

    def found(self, sheet: Sheet, level: Level, shot: Shot, poses: Tensor, logit: Tensor) -> Found:
        """Candidates on a level (one at least), on the page, with their scores: each is seen beside the others."""
        lying = _on_page(level, shot, poses)
        return self._scored(replace(none(shot), poses=lying), self._evidence(sheet, level, shot, poses, lying, logit))

    def elsewhere(self, found: Found) -> Found:
        """Finds as they are on a page that no example of their symbol was cut from, where groups say nothing."""
        known = torch.from_numpy(found.evidence).float()
        known[:, ELSEWHERE], known[:, NAMES.index("group_behind")] = 1, 0
        return self._scored(found, known)

    def together(self, found: Sequence[Found]) -> Iterator[Found]:
        """What an example finds on all levels and at all sizes, each seen in the company of the others; not what is no copy for
        sure."""
        ends = np.cumsum([len(each.poses) for each in found])[:-1]
        poses, known = (np.concatenate(rows) for rows in ([each.poses for each in found], [each.evidence for each in found]))
        if len(poses):
            for name, told in in_company(poses, known[:, LOGIT], found[0].longer).items():
                known[:, NAMES.index(name)] = told
        for each, rows in zip(found, np.split(known, ends), strict=True):
            yield self._scored(each, torch.from_numpy(rows).float()).likely(FLOOR)

    def _scored(self, found: Found, known: Tensor) -> Found:
        """Finds of which (n, E) is known."""
        score = self._calibration.score(known).double().cpu().numpy()
        return replace(found, scores=score, evidence=known.double().cpu().numpy())

    def _evidence(self, sheet: Sheet, level: Level, shot: Shot, poses: Tensor, lying: NDArray[np.float64],
                  logit: Tensor) -> Tensor:
        """(n, E) what is known of poses (n, 6) on a level, which are `lying` on the page, and their logits (n,)."""
        prepared, seen = shot.prepared, self._seen(sheet, level, shot.prepared, poses)
        mean = typical(prepared.sharp, seen, logit)
        echo = self.echo(level, prepared, mean, seen, poses)
        usual = unhidden(mean[0], level, sharper(poses))
        own = seen[:, 0] * (1 - seen[:, 1])
        on_page = {"recoloured": _recoloured(sheet, shot, lying),
                   **in_company(lying, logit.double().cpu().numpy(), prepared.longer)}
        known = {
            "logit": logit,
            **beside_best(poses, logit, echo),
            **shared(prepared.sharp[0], mean[0], prepared.sharp_mask, own, prepared.longer, poses, logit),
            "nearer": nearer(usual, prepared.sharp_mask, seen[:, 0], poses, logit),
            "group_behind": torch.zeros_like(logit) if shot.elsewhere else group_behind(
                prepared.sharp[0] * (1 - prepared.sharp[1]), prepared.sharp_mask, own, seen, poses, logit,
                lambda means: self._said(prepared, means)),
            "small": torch.full_like(logit, max(math.log(MIN_SIDE / prepared.longer), 0.0)),
            "elsewhere": torch.full_like(logit, float(shot.elsewhere)),
            "asked": torch.full_like(logit, math.log(shot.asked)),
            **{name: torch.from_numpy(told).to(logit) for name, told in on_page.items()},
        }
        return torch.stack([known[name] for name in NAMES], 1)

    def glance(self, level: Level, prepared: Prepared, poses: Tensor) -> tuple[Tensor, Tensor]:
        """What the scout says: logits (n,) and corrections (n, 4) in pixels, degrees and log scale."""

        def look(part: Tensor) -> Tensor:
            verdict = self.verifier.scout(compared(pictures(level, prepared, part), SPREADS[:1]))
            return torch.cat([verdict.logit[:, None], verdict.correction * self._unit], 1)

        out = self._pictures.run(look, poses)
        return out[:, 0], out[:, 1:]

    def look(self, sheet: Sheet, level: Level, prepared: Prepared, poses: Tensor) -> Tensor:
        """The jury's logits (n,) of poses (n, 6), one at least; where the first is not clear, and not all are hopeless, a mean
        over views: the pair turned and flipped as one, and the candidate under a pose that is a little off."""
        total = self._view(sheet, level, prepared, poses, *VIEWS[0])
        logit, unclear = total.clone(), total > SECOND
        if logit.max() < HOPE:
            return logit
        for views, view in enumerate(VIEWS[1:], 2):
            if unclear.any():
                total[unclear] += self._view(sheet, level, prepared, poses[unclear], *view)
                logit[unclear] = total[unclear] / views
                unclear &= logit > SECOND
        return logit

    def _view(self, sheet: Sheet, level: Level, prepared: Prepared, poses: Tensor, quarters: int, flipped: bool,
              off: Sequence[float]) -> Tensor:
        def look(part: Tensor) -> Tensor:
            moved = compose(part, torch.tensor([off], device=part.device).expand(len(part), -1))
            seen = sharp_crops(sheet, level.frame, level.sharp, prepared, moved)
            return self._decide(prepared, unhidden(prepared.sharp, level, sharper(moved)), seen, quarters, flipped)

        return self._pictures.run(look, poses)

    def _seen(self, sheet: Sheet, level: Level, prepared: Prepared, poses: Tensor) -> Tensor:
        return self._pictures.run(lambda part: sharp_crops(sheet, level.frame, level.sharp, prepared, part), poses)

    def _decide(self, prepared: Prepared, example: Tensor, seen: Tensor, quarters: int = 0, flipped: bool = False) -> Tensor:
        """The jury's logits (n,) of pictures seen (n, 2, S, S) beside an example's (n or 1, 2, S, S)."""
        pairs = viewed(sharp_beside(example, seen, prepared.sharp_mask), quarters, flipped)
        return self.verifier.decide(pairs, torch.full_like(seen[:, 0, 0, 0], prepared.longer))

    def _said(self, prepared: Prepared, seen: Tensor) -> Tensor:
        """The jury's logits (n,) of pictures seen (n, 2, S, S) beside an example, a mean over turned and flipped pairs."""
        views = [self._decide(prepared, prepared.sharp[None], seen, quarters, flipped) for quarters, flipped, _ in VIEWS]
        return torch.stack(views).mean(0)

    def echo(self, level: Level, prepared: Prepared, mean: Tensor, seen: Tensor, poses: Tensor) -> Tensor:
        """(n,) the jury's logits of pictures seen (n, 2, S, S) under poses (n, 6) beside the mean (2, S, S) of the page's best
        finds."""

        def look(part: Tensor) -> Tensor:
            return self._decide(prepared, unhidden(mean, level, sharper(poses[part])), seen[part])

        return self._pictures.run(look, torch.arange(len(poses), device=poses.device))


def none(shot: Shot) -> Found:
    """No finds of an example."""
    prepared = shot.prepared
    return Found(shot.symbol, shot.example.positive, (prepared.width, prepared.height), prepared.extent,
                 prepared.longer, prepared.ink, np.zeros((0, 6)), np.zeros(0), np.zeros((0, len(NAMES))))


def _on_page(level: Level, shot: Shot, poses: Tensor) -> NDArray[np.float64]:
    """(n, 6) poses of the example's own box on the page, from poses of its picture on a level."""
    rows = poses.double().cpu().numpy().copy()
    rows[:, :2] /= level.factor
    rows[:, 4] *= verify.SYMBOL / shot.prepared.longer / level.factor[0]
    rows = shot.symmetry.smallest(rows)
    off = np.array([shot.prepared.width / 2, shot.prepared.height / 2]) - shot.prepared.ink_box.centre
    rows[:, :2] += np.einsum("nij,j->ni", matrices(torch.from_numpy(rows)).numpy()[:, :, :2], off)
    return rows


def _recoloured(sheet: Sheet, shot: Shot, lying: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) how far poses (n, 6) on the page are in tone from the example; nought where its paper is another, which says nothing
    of tones."""
    own = ink(shot.example.pixels, shot.paper)
    points = ink_points(own, POINTS)
    if not len(points) or not same_paper(shot.paper, sheet.paper):
        return np.zeros(len(lying))
    tone = tones(shot.example.pixels, own, points[None], shot.paper)[0]
    there = laid(lying, points - np.array([shot.prepared.width, shot.prepared.height]) / 2)
    return apart(tones(sheet.pixels, sheet.ink, there, sheet.paper), tone)


def typical(example: Tensor, seen: Tensor, logit: Tensor) -> Tensor:
    """(2, S, S) the mean of an example and the best of the pictures seen (n, 2, S, S), by their logits (n,): a page draws its
    copies alike, and what differs from copy to copy fades in their mean."""
    top, best = torch.topk(logit, min(ECHOES, len(logit)))
    peer = top[min(1, len(top) - 1)].clamp(max=CLEAR)
    weight = torch.sigmoid(top) * torch.sigmoid(2 * (top - peer + PEERS))
    return (example + (weight[:, None, None, None] * seen[best]).sum(0)) / (1 + weight.sum())
