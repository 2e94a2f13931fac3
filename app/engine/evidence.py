"""What speaks for a candidate: the jury's logit, foreign ink, what the page's best finds say of it and how they do
themselves; and the score made of it all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.verify import SPREADS, SYMBOL, spread

NAMES = ("logit", "extra", "echo", "stretch", "runner_up")
CLEAR = 4.0   # logit of a copy that nobody doubts
LEAST = 1e-4  # variance below which a picture is blank


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid(weights · evidence + offset); `certain_from` is the score from which a find is called certain."""

    weights: tuple[float, ...] = (1.0, *[0.0] * (len(NAMES) - 1))  # of NAMES
    offset: float = 0.0
    certain_from: float = 0.9

    def score(self, evidence: Tensor) -> Tensor:
        """(n,) of evidence (n, E)."""
        return torch.sigmoid(evidence @ torch.tensor(self.weights, device=evidence.device) + self.offset)


def runner_up(poses: Tensor, echo: Tensor) -> Tensor:
    """(n,) how well the second-best place of a page does, the same for all its poses (n, 6): where copies are clear, what falls
    short of them is none. The best place is often the example's own and says nothing. Beyond CLEAR it counts no more: clean
    copies say little of one that a wire crosses."""
    best = int(echo.argmax())
    elsewhere = echo[torch.hypot(*(poses[:, :2] - poses[best, :2]).T) > SYMBOL / 2]
    return (elsewhere.max() if len(elsewhere) else echo[best]).clamp(max=CLEAR).expand(len(echo))


def tolerance(longer: float) -> int:
    """Pixels of a picture over which a stroke may lie off, for an example of `longer` px: two, and one of the page's, for the
    raster moves strokes by as much."""
    return 2 * max(SPREADS[0] // 2, math.ceil(SYMBOL / max(longer, 8.0))) + 1


def agreement(example: Tensor, mask: Tensor, seen: Tensor, by: int = SPREADS[0]) -> Tensor:
    """(n, 3) of pictures seen (n, 64, 64) beside an example and its box (64, 64): the correlation inside the box, and as shares
    of the example's ink what of it is missing and what is too much. Ink counts as far as it is darker than all that the other
    has within `by` pixels, so that a pale copy of a pale example lacks nothing."""
    ink, found = example * mask, seen * mask
    total = ink.sum().clamp(min=1)
    missing = (ink - spread(found, by)).clamp(min=0).sum((1, 2)) / total
    extra = (found - spread(ink[None], by)).clamp(min=0).sum((1, 2)) / total
    return torch.stack([correlation(example, mask, seen), missing, extra.clamp(max=3)], 1)


def correlation(example: Tensor, mask: Tensor, seen: Tensor) -> Tensor:
    """(n,) correlation of softened inks inside the box."""
    area = mask.sum().clamp(min=1)
    soft, softs = (F.avg_pool2d((p * mask)[:, None], 3, 1, 1)[:, 0] * mask for p in (example[None], seen))
    soft = (soft - soft.sum() / area) * mask
    softs = (softs - softs.sum((1, 2), keepdim=True) / area) * mask
    scale = soft.square().sum().clamp(min=LEAST * area) * softs.square().sum((1, 2)).clamp(min=LEAST * area)
    return (soft * softs).sum((1, 2)) / scale.sqrt()
