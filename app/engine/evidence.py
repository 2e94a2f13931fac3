"""What speaks for a candidate and against it: the jury's logit, ink around it and missing, what the page's best finds say of it
and how they do themselves, what differs alike elsewhere, its colour; and the score made of it all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.verify import SHARPER, SYMBOL, spread

NAMES = ("logit", "echo", "lack", "around", "stretch", "runner_up", "behind", "recoloured", "rare", "shared_extra",
         "shared_missing", "alike_extra", "unlike", "resized")
CLEAR = 4.0       # logit of a copy that nobody doubts: beyond it the best says no more of one that a wire crosses
FAR_BEHIND = 6.0  # logits behind the best from which it does not matter how many
SPOT = 7          # pixels of the jury's picture: about an arrow's head
CELL = 4          # pixels of the jury's picture within which it does not matter where ink lies
FELLOWS = 2       # candidates that differ in the same way as one,
LIKELIEST = 256   # of so many
HALF = 0.5        # share of an example's ink from which it does not matter how much differs,
CHANCE = 0.05     # and share that wires have in common by chance,
RESEMBLING = 0.2  # as alike as these are by chance
SPECKS = 0.05     # squared ink, in cells, that differs between any two copies,
NO_INK = 1e-12    # and that is none
BETTER = 1.0      # logits that a find does better from which what it has as well is the symbol's
ECHOES = 8        # best finds of a page that make a typical one
SOFT, SPARSE = 5, 2  # pixels of the jury's picture over which inks are softened to be correlated, and between their points
FAINTEST = 1e-4   # length of ink about its mean below which it is blank


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid(weights · evidence + offset); `certain_from` is the score from which a find is called certain."""

    weights: tuple[float, ...] = (1.0, *[0.0] * (len(NAMES) - 1))  # of NAMES
    offset: float = 0.0
    certain_from: float = 0.9

    def score(self, evidence: Tensor) -> Tensor:
        """(n,) of evidence (n, E)."""
        return torch.sigmoid(evidence @ torch.tensor(self.weights, device=evidence.device) + self.offset)


def best_elsewhere(poses: Tensor, echo: Tensor) -> Tensor:
    """() how well the best of poses (n, 6) does by their echo (n,), but for the example's own place, which is often the best of
    all and says nothing: where copies are clear, what falls short of them is none."""
    best = int(echo.argmax())
    elsewhere = echo[torch.hypot(*(poses[:, :2] - poses[best, :2]).T) > SYMBOL / 2]
    return elsewhere.max() if len(elsewhere) else echo[best]


def beside_best(echo: Tensor, best: Tensor) -> dict[str, Tensor]:
    """(n,) each: the echo of candidates, how well the best elsewhere does, and how far they are behind it. How far it does not
    matter of what is far behind, neither way."""
    return {"echo": torch.maximum(echo, best - FAR_BEHIND), "runner_up": best.clamp(max=CLEAR).expand(len(echo)),
            "behind": (best - echo).clamp(0, FAR_BEHIND)}


def lack(example: Tensor, mask: Tensor, seen: Tensor, longer: float) -> Tensor:
    """(n,) of the jury's pictures seen (n, 96, 96), how much of an example of `longer` px (96, 96) is missing where most is: in
    the small spot of its box that lacks most. The head of an arrow is little of a symbol, and all of such a spot."""
    missing = _alone(example, seen, longer) * mask
    return F.avg_pool2d(missing[:, None], SPOT, 1, SPOT // 2).amax((1, 2, 3))


def shared(example: Tensor, mask: Tensor, seen: Tensor, longer: float, poses: Tensor, logit: Tensor,
           echo: Tensor) -> dict[str, Tensor]:
    """Of candidates at poses (n, 6), seen (n, 96, 96), with logits (n,) and echo (n,), what they have beyond an example's ink,
    of `longer` px (96, 96), or lack of it as others at other places do: `shared_…` (n,) how much that is, as a share of the
    ink, by the likeliest of them, and `alike_extra` (n,) how alike what they have is in those that do no better, however little
    it be. What differs in the same way again and again is another symbol; wires cross each copy otherwise."""
    total = (example * mask).sum().clamp(min=1)
    fellows = torch.topk(logit, min(LIKELIEST, len(logit))).indices
    elsewhere = torch.cdist(poses[:, :2], poses[fellows, :2]) > SYMBOL / 2
    no_better = elsewhere & (echo[fellows] <= echo[:, None] + BETTER)

    def most(alike: Tensor) -> Tensor:
        return alike.topk(min(FELLOWS, len(fellows)), 1).values.mean(1)

    extra = _cells(_alone(seen, example[None], longer) * mask)
    missing = _cells(_alone(example, seen, longer) * mask)

    def common(cells: Tensor, specks: float) -> Tensor:
        ink = cells.square().sum(1)
        return cells @ cells[fellows].T / (torch.maximum(ink[:, None], ink[fellows]) + specks)

    def much(cells: Tensor) -> Tensor:
        amount = (cells.sum(1) * CELL**2 / total).clamp(max=HALF)
        return (amount * most(common(cells, NO_INK) * elsewhere) - CHANCE).clamp(min=0)

    alike = (most(common(extra, SPECKS) * no_better) - RESEMBLING).clamp(min=0)
    return {"shared_extra": much(extra), "shared_missing": much(missing), "alike_extra": alike}


def _cells(pictures: Tensor) -> Tensor:
    """(n, C) the mean of pictures (n, 96, 96) in each cell."""
    return F.avg_pool2d(pictures[:, None], CELL).flatten(1)


def unlike(mean: Tensor, mask: Tensor, seen: Tensor, logit: Tensor) -> Tensor:
    """(n,) how much less pictures seen (n, 96, 96), with logits (n,), correlate inside the box (96, 96) with the mean (96, 96)
    of the page's best finds than the middle one of these does."""
    inside = F.avg_pool2d(mask[None, None], SOFT, SPARSE, SOFT // 2)[0, 0] > 0.5

    def soft(inks: Tensor) -> Tensor:
        points = F.avg_pool2d((inks * mask)[:, None], SOFT, SPARSE, SOFT // 2)[:, 0][:, inside]
        return F.normalize(points - points.mean(1, keepdim=True), dim=1, eps=FAINTEST)

    fit = soft(seen) @ soft(mean[None])[0]
    return fit[torch.topk(logit, min(ECHOES, len(logit))).indices].median() - fit


def _alone(one: Tensor, other: Tensor, longer: float) -> Tensor:
    """(n, 96, 96) the jury's pictures of one ink, as far as it is darker than all that the other has near it: within a pixel of
    a page on which the example has `longer`."""
    by = 2 * max(1, math.ceil(SYMBOL * SHARPER / max(longer, 8.0) / 2)) + 1
    return (one - spread(other, by)).clamp(min=0)


def around(example: Tensor, mask: Tensor, seen: Tensor) -> Tensor:
    """(n,) the ink of pictures seen (n, S, S) outside an example's box (S, S), as a share of the example's (S, S) in it."""
    return ((seen * (1 - mask)).sum((1, 2)) / (example * mask).sum().clamp(min=1)).clamp(max=3)
