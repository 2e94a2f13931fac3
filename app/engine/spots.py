"""What hides part of a page's symbols: solid spots of another tone over them, as dots where wires meet. Nobody knows what lies
under one, so copies are looked for once more around them, as far as they show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine.colour import ALIKE, Rows, apart, ink_points, same_paper, tones
from app.engine.cover import ROUND, SMALL, SOLID, odd
from app.engine.evidence import RECOLOURED
from app.engine.ink import ROWS, VISIBLE, Colour, ink
from app.engine.look import POINTS, Shot
from app.engine.pictures import Sheet
from app.engine.poses import laid
from app.engine.query import Pixels
from app.engine.strays import labelled
from app.engine.suppress import Found
from app.engine.verify import spread

AROUND = 2.0       # longer sides of an example around a spot in which its copies are looked for
HIDDEN = 0.05, 0.5  # share of a copy's ink that a spot hides, at least and at most
BESIDE = 3         # blocks of pixels from what is solid of a spot to the ink that it lies over, at most
A_LEVEL = 2        # sizes of examples, an octave, that spots are looked for together


def unspotted(sheet: Sheet, shots: Sequence[Shot]) -> Iterator[tuple[Sheet, list[int]]]:
    """A page's surroundings of what are spots to some of the examples, without these, and which examples they are."""
    if not sheet.coloured:
        return
    groups, own = defaultdict[int, list[int]](list), list[Rows]()
    for n, shot in enumerate(shots):
        tone = _tone(shot)
        if tone is None or not same_paper(shot.paper, sheet.paper):
            continue
        same = [k for k, other in enumerate(own) if apart(tone, other) < ALIKE / 2]
        own += [] if same else [tone]
        groups[same[0] if same else len(own) - 1].append(n)
    for k, group in groups.items():
        strange = _strange(sheet.pixels, sheet.ink, sheet.paper, own[k]).to(sheet.device)
        sizes = defaultdict[int, list[int]](list)
        for n in group:
            sizes[round(A_LEVEL * math.log2(shots[n].prepared.longer))].append(n)
        for size, some in sizes.items():
            if (bare := _without_spots(sheet, strange, 2 ** (size / A_LEVEL))) is not None:
                yield bare, some


def hidden(sheet: Sheet, shot: Shot, found: Found) -> Found:
    """Those finds that a spot hides in part; the rest of one is of the example's tone, or the spot is its own."""
    if sheet.over is None or not len(found.poses):
        return found
    points = ink_points(ink(shot.example.pixels, shot.paper), POINTS) - np.array(found.size) / 2
    x, y = np.moveaxis(laid(found.poses, points), 2, 0).astype(np.int64)
    height, width = sheet.ink.shape
    over = sheet.over.cpu().numpy()[y.clip(0, height - 1), x.clip(0, width - 1)].mean(axis=1)
    return found.only((over >= HIDDEN[0]) & (over <= HIDDEN[1]) & (found.evidence[:, RECOLOURED] < ALIKE))


def _tone(shot: Shot) -> Rows | None:
    """(3,) of most of an example's ink; None where it has spots of another."""
    own = ink(shot.example.pixels, shot.paper)
    each = tones(shot.example.pixels, own, ink_points(own, POINTS)[:, None], shot.paper)
    if not len(each):
        return None
    tone: Rows = np.median(each, axis=0)
    solid = _eroded(_strange(shot.example.pixels, own, shot.paper, tone), odd(SOLID * shot.prepared.longer))
    return None if bool(solid.any()) else tone


def _strange(pixels: Pixels, inked: NDArray[np.float32], paper: Colour, tone: Rows) -> Tensor:
    """(H, W) 1 where the ink (H, W) of (H, W, 3) RGB pixels is of another tone."""
    result = np.zeros(inked.shape, np.uint8)
    for top in range(0, len(inked), ROWS):
        band = slice(top, top + ROWS)
        there = inked[band] >= VISIBLE
        away = pixels[band][there].astype(np.float64) - np.array(paper)
        away /= np.abs(away).max(axis=1, keepdims=True).clip(min=1e-6)
        result[band][there] = apart(away, tone) >= ALIKE
    return torch.from_numpy(result)


def _without_spots(sheet: Sheet, strange: Tensor, longer: float) -> Sheet | None:
    """A page's surroundings of spots, which are small beside an example of such a side, without them; None where are none."""
    wide = odd(SOLID * longer)
    own = (sheet.inked >= VISIBLE).to(strange.dtype) * (1 - strange)
    solid = _spots(_eroded(strange, wide), own, wide, SMALL * longer)
    if not bool(solid.any()):
        return None
    over = spread(spread(solid, wide + 2 * (wide // 4)) * strange, 3)  # and its pale edge
    left = _around(over, longer).mul_(1 - over)
    return replace(sheet, ink=left.mul(sheet.inked).cpu().numpy(), over=over.float())


def _eroded(there: Tensor, wide: int) -> Tensor:
    return 1 - spread(1 - there, wide)


def _spots(solid: Tensor, own: Tensor, wide: int, most: float) -> Tensor:
    """(H, W) what is solid (H, W), eroded by a width, without what is larger or longer than a spot, as walls are, or lies
    beside no ink of a symbol's own tone (H, W)."""
    block = max(2, wide // 2)
    blocks = _blocks(solid, block)
    labels = labelled(blocks > 0)
    rows, columns = torch.nonzero(labels).unbind(1)
    names = labels[rows, columns]  # a piece has the number of one of its blocks

    def ends(places: Tensor, by: str) -> Tensor:
        return places.new_zeros(labels.numel() + 1).scatter_reduce(0, names, places, by, include_self=False)[names]

    sides = [(ends(places, "amax") - ends(places, "amin")) * block + wide for places in (rows, columns)]
    short, long = torch.minimum(*sides), torch.maximum(*sides)
    beside = ends(spread(_blocks(own, block), 2 * BESIDE + 1)[rows, columns], "amax") > 0
    blocks[rows, columns] = ((long <= most) & (long <= ROUND * short) & beside).to(blocks.dtype)
    return _unblocked(blocks, block, solid.shape) * solid


def _around(over: Tensor, longer: float) -> Tensor:
    """(H, W) 1 near spots (H, W)."""
    block = max(1, round(longer / 4))
    return _unblocked(spread(_blocks(over, block), 2 * math.ceil(AROUND * longer / block) + 1), block, over.shape)


def _blocks(there: Tensor, block: int) -> Tensor:
    """(h, w) the greatest of each block of a mask (H, W)."""
    height, width = there.shape
    padded = F.pad(there, (0, -width % block, 0, -height % block))
    return padded.reshape(padded.shape[0] // block, block, padded.shape[1] // block, block).amax((1, 3))


def _unblocked(blocks: Tensor, block: int, shape: Sequence[int]) -> Tensor:
    """(H, W) of blocks (h, w)."""
    return blocks.repeat_interleave(block, 0).repeat_interleave(block, 1)[: shape[0], : shape[1]]
