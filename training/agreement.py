"""How far two inks laid over each other agree: what a generated drawing says of a pose, whatever the judges think."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.verify import SPREADS, SYMBOL, spread

LEAST = 1e-4  # variance below which a picture is blank


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
