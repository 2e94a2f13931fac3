"""What speaks for a candidate: the verifier's logit, how well the inks agree, what the page's best finds say of it;
and the score made of it all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.verify import SPREADS, spread

NAMES = ("logit", "correlation", "missing", "extra", "echo", "small", "small_echo")
USUAL = 32.0  # px of a symbol's longer side; on smaller ones a stroke that moves by a pixel is a larger part of it
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


def smallness(longer: float, echo: Tensor) -> Tensor:
    """(n, 2) how much smaller than usual an example of `longer` px is, as a natural log, and that times the echo (n,): networks
    are less sure of what is small, and mean as much by it."""
    small = torch.full_like(echo, max(0.0, math.log(USUAL / max(longer, 1.0))))
    return torch.stack([small, small * echo], 1)


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
