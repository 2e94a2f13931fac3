"""What a box cuts off: ink of the neighbours of an example that reaches into its box, as a label beside a symbol does.

Ink that goes on outside the box and touches nothing of the symbol is none of it, unless it leaves as a wire does, in one
straight line: the plates of a capacitor touch each other no more than a label touches them. Nor is a letter that others
outside the box go on from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine.ink import VISIBLE, Colour, ink
from app.engine.query import Pixels
from app.engine.verify import spread

FINEST = 160      # px of a box's longer side at which pieces are told apart
BEYOND = 0.15     # of that side looked at outside the box, and so many px at least
LEAST = 5
SEVERAL, ONE = 2, 3  # px deep that several strokes that cross the box's edge go on outside, and a single one
MANY = 200        # pieces of a texture, of which none is told from another
HALF = 0.5        # of a stroke's width that goes straight on, for it slants a little or is ragged
THIN = 8          # times as long as a thin stroke is wide the box's side is
SMALL = 0.6       # of the area of the largest piece's box that a stray's may have: that piece is the symbol, or most of it
MOST = 0.5        # of the example's ink that all may be
IN_LINE = 0.6     # of the lower of two letters' heights that they share in a line of text,
LIKE = 1.7        # times as high that one may be as the other; the gap between them is no wider than the higher one is high
LOW = 0.5         # of the symbol's longer side that a letter has at most which others outside go on from,
PLUMP = 0.35      # and of its own longer side that its shorter one has at least: a slimmer one may be a bar of the symbol

Mask = NDArray[np.bool_]
Span = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink (h, w) that hangs together."""

    ink: Mask

    @cached_property
    def amount(self) -> int:
        return int(self.ink.sum())

    @cached_property
    def span(self) -> Span:
        """Top, left, bottom, right."""
        rows, columns = np.flatnonzero(self.ink.any(axis=1)), np.flatnonzero(self.ink.any(axis=0))
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1

    @cached_property
    def area(self) -> int:
        top, left, bottom, right = self.span
        return (bottom - top) * (right - left)

    @property
    def longer(self) -> int:
        top, left, bottom, right = self.span
        return max(bottom - top, right - left)


def strays(page: Pixels, span: Span, paper: Colour) -> Mask | None:
    """(h, w) what is none of the example in a span (top, left, bottom, right) of (H, W, 3) RGB pixels; None if nothing."""
    top, left, bottom, right = span
    longer = max(bottom - top, right - left)
    step = math.ceil(longer / FINEST)
    around = step * max(LEAST, round(BEYOND * longer / step))
    seen = _seen(page, (top - around, left - around, bottom + around, right + around), paper, step)
    edge = around // step
    whole = pieces(seen[edge:-edge, edge:-edge])
    if len(whole) < 2:
        return None
    symbol = max(whole, key=lambda piece: (piece.area, piece.amount))
    total = sum(piece.amount for piece in whole)
    small = [piece for piece in whole if piece.area <= SMALL * symbol.area]
    beyond = _beyond(seen, edge)
    found = [piece for piece in small if _cut(piece, seen, edge) or _written_on(piece, beyond, symbol, edge)]
    for stray in found:  # grows as letters beside letters are found
        found += [piece for piece in small if piece not in found and _in_line(piece, stray, symbol)]
    if not found or sum(piece.amount for piece in found) > MOST * total:
        return None
    over, own = (np.logical_or.reduce([piece.ink for piece in whole if (piece in found) == stray])
                 .repeat(step, 0).repeat(step, 1)[: bottom - top, : right - left] for stray in (True, False))
    pale: Mask = spread(torch.from_numpy(over.astype(np.float32)), 3).numpy() > 0  # the edges of its strokes
    pale &= ~own
    return pale


def pieces(seen: Mask) -> list[Piece]:
    """What of an ink (h, w) hangs together, by sides or corners; nothing where it is in more than MANY pieces."""
    found = labelled(torch.from_numpy(seen)).numpy()
    names = np.unique(found[seen])
    return [Piece(found == name) for name in names] if len(names) <= MANY else []


def labelled(there: Tensor) -> Tensor:
    """(h, w) a number from 1 on for all that hangs together, by sides or corners, in a mask (h, w); nought elsewhere."""
    labels = torch.arange(1, there.numel() + 1, device=there.device).reshape(there.shape) * there
    while True:
        grown = spread(labels, 3) * there
        grown = torch.cat([grown.new_zeros(1), grown.flatten()])[grown]  # a label's own: twice as far each time
        if torch.equal(grown, labels):
            return labels
        labels = grown


def _seen(page: Pixels, span: Span, paper: Colour, step: int) -> Mask:
    """Where in a span there is ink, a block of so many pixels each; none beyond the page."""
    top, left, bottom, right = span
    height, width = page.shape[:2]
    inside = page[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    around = (max(-top, 0), max(bottom - height, 0)), (max(-left, 0), max(right - width, 0))
    seen: Mask = np.pad(ink(inside, paper) >= VISIBLE, around)
    seen = np.pad(seen, [(0, -side % step) for side in seen.shape])
    blocks: Mask = seen.reshape(seen.shape[0] // step, step, seen.shape[1] // step, step).max(axis=(1, 3))
    return blocks


def _cut(piece: Piece, seen: Mask, edge: int) -> bool:
    """Whether a piece goes on outside the box, whose edge is so far from that of what is seen, otherwise than a stroke does."""
    for quarters in range(4):
        inner, outer = np.rot90(piece.ink, quarters), np.rot90(seen, quarters)
        own = np.zeros(outer.shape[1], bool)
        own[edge:-edge] = inner[0]
        beyond = outer[:edge][::-1]  # from the box outwards
        reached = [own]
        for row in beyond:
            reached.append(_next(reached[-1], row))
        if _goes_on(np.flatnonzero(reached[1]), sum(bool(row.any()) for row in reached[1:]), beyond, len(piece.ink)):
            return True
    return False


def _next(reached: Mask, row: Mask) -> Mask:
    """What of a row of ink hangs together with what of the row before it was reached."""
    beside: Mask = reached.copy()
    beside[1:] |= reached[:-1]
    beside[:-1] |= reached[1:]
    runs = np.cumsum(np.diff(row, prepend=False) & row)
    return row & np.isin(runs, runs[beside & row])


def _goes_on(crossing: NDArray[np.int64], depth: int, beyond: Mask, side: int) -> bool:
    """Whether what crosses an edge of the box in some columns, to a depth, is no stroke: neither one that runs straight on as
    far as is seen, nor a broad one along the edge that the box cuts in two, nor the end of one, pale by a pixel or two."""
    if not len(crossing):
        return False
    first, last = int(crossing[0]), int(crossing[-1])
    if last - first >= len(crossing):  # several strokes
        return depth >= SEVERAL
    straight = beyond[:, first : last + 1].mean(axis=1).min() >= HALF
    broad = len(crossing) > max(3, side // THIN)
    return not straight and depth >= (len(beyond) // 2 + 1 if broad else ONE)


def _beyond(seen: Mask, edge: int) -> list[Piece]:
    """What of an ink (h, w) lies outside a box, whose edge is so far from its own, and touches nothing inside."""
    joined = labelled(torch.from_numpy(seen)).numpy()
    apart: Mask = seen & ~np.isin(joined, joined[edge:-edge, edge:-edge])
    return pieces(apart)


def _written_on(piece: Piece, beyond: Sequence[Piece], symbol: Piece, edge: int) -> bool:
    """Whether a piece is a letter beside one of those beyond the box's edge."""
    top, left, bottom, right = piece.span
    if piece.longer > LOW * symbol.longer or min(bottom - top, right - left) < PLUMP * piece.longer:
        return False
    here, whole = (Piece(np.pad(one.ink, edge)) for one in (piece, symbol))
    return any(_in_line(here, other, whole) for other in beyond)


def _in_line(piece: Piece, stray: Piece, symbol: Piece) -> bool:
    """Whether two pieces stand beside one another, level or upright, as letters of a line do, nothing of the symbol between."""
    (top, left, bottom, right), (up, start, down, end) = piece.span, stray.span
    level = _beside((top, bottom), (left, right), (up, down), (start, end))
    upright = _beside((left, right), (top, bottom), (start, end), (up, down))
    between = symbol.ink[max(top, up) : min(bottom, down), min(right, end) : max(left, start)] if level else \
        symbol.ink[min(bottom, down) : max(top, up), max(left, start) : min(right, end)]
    return (level or upright) and not between.any()


def _beside(high: tuple[int, int], wide: tuple[int, int], other_high: tuple[int, int], other_wide: tuple[int, int]) -> bool:
    heights = sorted((high[1] - high[0], other_high[1] - other_high[0]))
    shared = min(high[1], other_high[1]) - max(high[0], other_high[0])
    gap = max(wide[0], other_wide[0]) - min(wide[1], other_wide[1])
    return heights[1] <= LIKE * heights[0] and shared >= IN_LINE * heights[0] and gap <= heights[1]
