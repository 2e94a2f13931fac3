"""What speaks for a candidate and against it: the jury's logit, what the page's best finds say of it and how they do
themselves, what differs alike elsewhere, in the box and around it, what its group is like, its colour, the sizes and doubts of
the page's other finds; and the score made of it all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine.verify import SHARPER, SYMBOL, spread, viewed

NAMES = ("logit", "outdone", "runner_up", "behind", "recoloured", "shared_extra", "shared_around", "nearer",
         "group_behind", "same_size", "doubtful", "small", "elsewhere", "asked")
LOGIT, RECOLOURED, SMALL, ELSEWHERE, ASKED = map(NAMES.index, ("logit", "recoloured", "small", "elsewhere", "asked"))
CLEAR = 4.0       # logit of a copy that nobody doubts: beyond it the best says no more of one that a wire crosses
FAR_BEHIND = 6.0  # logits behind the best from which it does not matter how many
CELL = 4          # pixels of the jury's picture within which it does not matter where ink lies
FELLOWS = 2       # candidates that differ in the same way as one,
LIKELIEST = 256   # of so many
HALF = 0.5        # share of an example's ink from which it does not matter how much differs,
CHANCE = 0.05     # and share that wires have in common by chance,
RIM = 5           # pixels that a symbol's own outline may reach over the example's box
USUAL = 2.0       # over it, the share of the best finds that ink around a box is beside, to be usual
NO_INK = 1e-12    # squared ink, in cells, that is none
ECHOES = 8        # best finds of a page that make a typical one
SOFT, SPARSE = 4, 2  # pixels of the jury's picture over which inks are softened to be correlated, and between their points
NO_LESS = 0.003   # of one less their correlation, which any two copies differ by
VARIES = 0.05     # log, by which the sizes of a drawing's copies differ, beside a pixel
CLEAREST = 16     # other finds that say what size they have
DOUBTS = 7        # doubtful finds from which more do not matter
MOST = 256        # finds of an example that the others are seen in company of
FAINTEST = 1e-4   # length of ink about its mean below which it is blank


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid((weights + asked among + elsewhere afar) · evidence + offset); `certain_from` is the score from which a
    find is called certain."""

    weights: tuple[float, ...] = (1.0, *[0.0] * (len(NAMES) - 1))  # of NAMES
    offset: float = 0.0
    certain_from: float = 0.9
    among: tuple[float, ...] = (0.0,) * len(NAMES)  # of NAMES, what weighs more or less the more symbols are asked for,
    afar: tuple[float, ...] = (0.0,) * len(NAMES)  # and where the page is not the one that the example was cut from

    def score(self, evidence: Tensor) -> Tensor:
        """(n,) of evidence (n, E)."""
        own, among, afar = (evidence @ torch.tensor(weights, device=evidence.device)
                            for weights in (self.weights, self.among, self.afar))
        return torch.sigmoid(own + self.offset + evidence[:, ASKED] * among + evidence[:, ELSEWHERE] * afar)


def best_elsewhere(poses: Tensor, logits: Tensor) -> Tensor:
    """() how well the best of poses (n, 6) does by logits (n,), but for the example's own place, which is often the best of all
    and says nothing: where copies are clear, what falls short of them is none."""
    best = int(logits.argmax())
    elsewhere = logits[torch.hypot(*(poses[:, :2] - poses[best, :2]).T) > SYMBOL / 2]
    return elsewhere.max() if len(elsewhere) else logits[best]


def beside_best(poses: Tensor, logit: Tensor, echo: Tensor) -> dict[str, Tensor]:
    """(n,) each: by how much the jury says less of poses (n, 6) beside the example than of the best elsewhere (`outdone`), and
    beside the page's typical copy (`behind`), and how well the best does there. How far it does not matter of what is far
    behind."""
    outdone, behind = ((best_elsewhere(poses, each) - each).clamp(0, FAR_BEHIND) for each in (logit, echo))
    runner_up = best_elsewhere(poses, echo).clamp(max=CLEAR).expand(len(echo))
    return {"outdone": outdone, "runner_up": runner_up, "behind": behind}


def shared(example: Tensor, mean: Tensor, mask: Tensor, seen: Tensor, longer: float, poses: Tensor,
           logit: Tensor) -> dict[str, Tensor]:
    """(n,) each: how much candidates at poses (n, 6), seen (n, 96, 96), with logits (n,), have beyond an example's ink, of
    `longer` px (96, 96), and how much they have around its box (96, 96) where the mean (96, 96) of the page's best finds has
    none, as others at other places do, as a share of the ink, by the likeliest of them. What differs in the same way again and
    again is another symbol; wires cross each copy otherwise, and those at terminals the best have."""
    total = (example * mask).sum().clamp(min=1)
    fellows = torch.topk(logit, min(LIKELIEST, len(logit))).indices
    elsewhere = torch.cdist(poses[:, :2], poses[fellows, :2]) > SYMBOL / 2

    def much(apart: Tensor) -> Tensor:
        cells = F.avg_pool2d(apart[:, None], CELL).flatten(1)
        ink = cells.square().sum(1)
        alike = cells @ cells[fellows].T / (torch.maximum(ink[:, None], ink[fellows]) + NO_INK)
        amount = (cells.sum(1) * CELL**2 / total).clamp(max=HALF)
        most = (alike * elsewhere).topk(min(FELLOWS, len(fellows)), 1).values.mean(1)
        return (amount * most - CHANCE).clamp(min=0)

    outside = 1 - spread(mask, RIM)
    usual = (USUAL * mean * outside).clamp(max=1)
    return {"shared_extra": much(alone(seen, example[None], longer) * mask),
            "shared_around": much(alone(seen * outside, usual[None], longer))}


def nearer(mean: Tensor, mask: Tensor, seen: Tensor, poses: Tensor, logit: Tensor) -> Tensor:
    """(n,) of pictures seen (n, 96, 96) at poses (n, 6), with logits (n,), how many times more they differ inside the box
    (96, 96) from the mean (n or 1, 96, 96) of the page's best finds than from what is most like them elsewhere, turned or
    flipped as may be; log. Copies of another symbol are like each other, however little they differ from the example."""
    softer = F.avg_pool2d(torch.cat([seen, mean, mask[None]])[:, None] * mask, SOFT, SPARSE, (SOFT - SPARSE) // 2)
    inside = softer[-1, 0] > 0.5
    fellows = torch.topk(logit, min(LIKELIEST, len(logit))).indices
    views = [viewed(softer[fellows], quarters, flipped) for flipped in (False, True) for quarters in range(4)]

    def points(inks: Tensor) -> Tensor:
        values = inks[:, 0, inside]
        return F.normalize(values - values.mean(1, keepdim=True), dim=1, eps=FAINTEST)

    own, usual = points(softer[: len(seen)]), points(softer[len(seen) : -1])
    elsewhere = torch.cdist(poses[:, :2], poses[fellows, :2]) > SYMBOL / 2
    typical = (own * usual).sum(1)
    near = torch.where(elsewhere.repeat(1, len(views)), own @ points(torch.cat(views)).T, -1).amax(1)
    return torch.log((1 - typical + NO_LESS) / (1 - torch.maximum(near, typical) + NO_LESS))


def best_of_places(centres: NDArray[np.float64], reach: NDArray[np.float64], logit: NDArray[np.float64],
                   most: int) -> list[int]:
    """Indices of the best, by logits (n,), of finds with centres (n, 2) at so many places at most: each has to itself what lies
    within its reach (n,)."""
    kept, free = list[int](), np.ones(len(centres), bool)
    for n in np.argsort(-logit, kind="stable"):
        if free[n] and len(kept) < most:
            kept.append(int(n))
            free &= np.hypot(*(centres - centres[n]).T) > reach[n]
    return kept


def in_company(lying: NDArray[np.float64], logit: NDArray[np.float64], longer: float) -> dict[str, NDArray[np.float64]]:
    """(n,) each, of an example's finds `lying` (n, 6) on a page, with logits (n,), whose longer side has `longer` px at scale
    1: the share of the clearest finds elsewhere that have a find's size (`same_size`; one where there are none), and how many
    elsewhere are doubtful (`doubtful`, log). A drawing shows its copies of a symbol in one size; and where many places might
    be copies, hardly any is."""
    x, y, side, sure = lying[:, 0], lying[:, 1], longer * lying[:, 4], 1 / (1 + np.exp(-logit))
    places = best_of_places(lying[:, :2], side / 2, logit, MOST)
    elsewhere = np.hypot(x[:, None] - x[places], y[:, None] - y[places]) > side[:, None] / 2  # (n, k)
    off = np.log(lying[:, 4])[:, None] - np.log(lying[places, 4])
    alike = np.exp(-((off / (VARIES + 1 / side[:, None])) ** 2) / 2)
    weight = sure[places] * elsewhere * (elsewhere.cumsum(1) <= CLEAREST)
    total = weight.sum(1)
    same = np.divide((weight * alike).sum(1), total, out=np.ones_like(total), where=total > 0)
    doubts = (4 * sure[places] * (1 - sure[places]) * elsewhere).sum(1)
    return {"same_size": same, "doubtful": np.log1p(doubts.clip(max=DOUBTS))}


def alone(one: Tensor, other: Tensor, longer: float) -> Tensor:
    """(n, 96, 96) the jury's pictures of one ink, as far as it is darker than all that the other has near it: within a pixel of
    a page on which the example has `longer`."""
    by = 2 * max(1, math.ceil(SYMBOL * SHARPER / max(longer, 8.0) / 2)) + 1
    return (one - spread(other, by)).clamp(min=0)
