"""Colours of ink: the copies of a symbol are seldom drawn in two.

A tone is which way a pixel lies from the paper, (3,) with its strongest channel at 1 or -1: a pale edge of a stroke has that
of its middle, and on a page of black ink there is one.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine.ink import VISIBLE, Colour
from app.engine.poses import sampled
from app.engine.query import Pixels
from app.engine.verify import spread

ALIKE = 0.5    # distance below which two tones are one: compression blurs them
PAPER = 64     # levels of a channel by which papers may differ whose tones are compared
FEW = 0.005    # share of a page's ink below which another tone is none

Rows = NDArray[np.float64]


def ink_points(inked: NDArray[np.float32], most: int) -> Rows:
    """(k, 2) x, y of inked pixels' centres in an (h, w) map, spread over it, `most` at most."""
    places = np.flatnonzero(inked >= VISIBLE)
    chosen = places[np.linspace(0, len(places) - 1, min(most, len(places))).astype(np.int64)]
    rows, columns = np.divmod(chosen, inked.shape[1])
    result: Rows = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    return result


def tones(pixels: Pixels, inked: NDArray[np.float32], points: Rows, paper: Colour) -> Rows:
    """(n, 3) mean tone of the ink at points (n, k, 2) of (H, W, 3) RGB pixels; nought where there is no ink."""
    height, width = inked.shape
    x, y = (np.clip(points[..., axis].astype(np.int64), 0, extent - 1) for axis, extent in ((0, width), (1, height)))
    weight = np.where(inked[y, x] >= VISIBLE, inked[y, x], 0)[..., None]
    away = ((pixels[y, x].astype(np.float64) - np.array(paper)) * weight).sum(axis=1)
    result: Rows = away / np.clip(np.abs(away).max(axis=-1, keepdims=True), 1e-6, None)
    return result


def apart(one: Rows, other: Rows) -> Rows:
    """(...) distance in [0, 1] of tones (..., 3): 1 where a channel has all in one and nothing in the other."""
    result: Rows = np.abs(one - other).max(axis=-1).clip(max=1.0)
    return result


def same_paper(one: Colour, other: Colour) -> bool:
    """Whether tones on two papers may be compared."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= PAPER


def coloured(page: Rows) -> bool:
    """Whether a page has ink (n, 3) of more than one tone."""
    return bool(len(page)) and float((apart(page, page.mean(axis=0)) > ALIKE / 2).mean()) > FEW


def foreign(pixels: Tensor, inked: Tensor, paper: Colour, affines: Tensor, own: Tensor) -> Tensor:
    """How far in tone, in [0, 1], each pixel of some pictures is from the symbol shown there; nought on paper.

    `pixels` (H, W, 3) uint8 and `inked` (H, W) are a page's, `affines` (n, 2, 3) take a picture's pixels, origin at its
    centre, to the page's, `own` (S, S) is the ink that the symbol has in them: most ink there has its tone. (n, S, S)."""
    height, width = inked.shape
    size = len(own)
    there = sampled(affines, size).floor()
    column, row = there[..., 0].clamp(0, width - 1), there[..., 1].clamp(0, height - 1)
    at = row.long().mul_(width).add_(column.long())
    seen = (inked.take(at) >= VISIBLE) & (column == there[..., 0]) & (row == there[..., 1])
    away = pixels.flatten(0, 1).index_select(0, at.flatten()).T.float().reshape(3, *at.shape)
    away.sub_(torch.tensor(paper, device=own.device)[:, None, None]).mul_(seen)
    tone, weight = _strongest(away), own.flatten() * seen
    middle = _strongest((away * weight).sum(2, keepdim=True))
    weight = weight * ((tone - middle).abs().amax(0) < ALIKE)  # without what crosses the symbol
    middle = _strongest((away * weight).sum(2, keepdim=True) + 1e-3 * middle)
    off = (tone - middle).abs().amax(0).clamp(max=1) * seen
    return spread(off.reshape(-1, size, size), 3)


def _strongest(away: Tensor) -> Tensor:
    """Tones (3, ...), their strongest channel at 1 or -1: a channel at a time, for torch is slow along an axis of three."""
    return away / away.abs().amax(0).clamp(min=1e-6)
