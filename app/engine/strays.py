"""What a box cuts off: ink of the neighbours of an example that reaches into its box, as a label beside a symbol does.

Ink that goes on outside the box and touches nothing of the symbol is none of it, unless it leaves as a wire does, in one
straight line: the plates of a capacitor touch each other no more than a label touches them. Nor is what is small and lies
mostly outside, or a letter that others outside the box go on from.
"""

from __future__ import annotations

import math
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
BEYOND = 0.6      # of that side looked at outside the box, and so many px at least
LEAST = 5
CLOSE = 0.15      # of that side along which a broad stroke is followed,
TURNS = 2         # and times its own width that a thin one goes straight on before it turns, as a wire to a bar does,
BARE = 0.7        # where no more of a piece's ink is that stroke
SEVERAL, ONE = 2, 3  # px deep that several strokes that cross the box's edge go on outside, and a single one
MANY = 200        # pieces of a texture, of which none is told from another
HALF = 0.5        # of a stroke's width that goes straight on, for it slants a little or is ragged
THIN = 8          # times as long as a thin stroke is wide the box's side is
SMALL = 0.6       # of the area of the largest piece's box that a stray's may have: that piece is the symbol, or most of it
MOST = 0.5        # of the example's ink that all may be
MOSTLY = 0.6      # of a small thing's ink that lies in the box if it is the symbol's and ends outside
IN_LINE = 0.6     # of the lower of two letters' heights that they share in a line of text,
LIKE = 1.7        # times as high that one may be as the other; the gap between them is no wider than the higher one is high
LOW = 0.5         # of the symbol's longer side that a small thing has at most, and a letter which others outside go on from,
PLUMP = 0.35      # and of its own longer side that its shorter one has at least: a slimmer one may be a bar of the symbol,
OPEN = 0.75       # but for one with less ink than that of its box, as letters have that touch each other

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
    box = np.zeros_like(seen)
    box[edge:-edge, edge:-edge] = True
    whole = pieces(seen & box)
    if len(whole) < 2:
        return None
    symbol = max(whole, key=lambda piece: (piece.area, piece.amount))
    beyond = labelled(torch.from_numpy(seen & ~box)).numpy()
    touched = [np.unique(beyond[_grown(piece.ink)]) for piece in whole]
    reaches = [Piece(piece.ink | (np.isin(beyond, names) & (beyond > 0))) for piece, names in zip(whole, touched, strict=True)]
    apart = _spans(np.where(np.isin(beyond, np.concatenate(touched)), 0, beyond))
    small = [n for n, piece in enumerate(whole) if piece.area <= SMALL * symbol.area]
    found = [n for n in small if _cut(whole[n], reaches[n], symbol, seen, edge)
             or (_is_letter(whole[n], symbol) and any(_in_line(whole[n], other, symbol) for other in apart))]
    for stray in found:  # grows as letters beside letters are found
        found += [n for n in small if n not in found and _in_line(whole[n], reaches[stray].span, symbol)]
    if not found or sum(whole[n].amount for n in found) > MOST * sum(piece.amount for piece in whole):
        return None
    over, own = (np.logical_or.reduce([piece.ink for n, piece in enumerate(whole) if (n in found) == stray])
                 [edge:-edge, edge:-edge].repeat(step, 0).repeat(step, 1)[: bottom - top, : right - left]
                 for stray in (True, False))
    pale: Mask = _grown(over) & ~own  # the edges of its strokes
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


def _grown(there: Mask) -> Mask:
    """A mask (h, w) and what is beside it."""
    grown: Mask = spread(torch.from_numpy(there.astype(np.float32)), 3).numpy() > 0
    return grown


def _spans(labels: NDArray[np.int64]) -> list[Span]:
    """Of each number but nought in labels (h, w)."""
    rows, columns = np.nonzero(labels)
    names, each = np.unique(labels[rows, columns], return_inverse=True)

    def ends(by: np.ufunc, places: NDArray[np.int64], start: int) -> list[int]:
        filled = np.full(len(names), start)
        by.at(filled, each, places)
        return filled.tolist()

    tops, lefts = ends(np.minimum, rows, labels.shape[0]), ends(np.minimum, columns, labels.shape[1])
    return list(zip(tops, lefts, ends(np.maximum, rows + 1, 0), ends(np.maximum, columns + 1, 0), strict=True))


def _cut(piece: Piece, reach: Piece, symbol: Piece, seen: Mask, edge: int) -> bool:
    """Whether a piece, which with what it touches outside the box reaches so far, goes on there otherwise than a stroke does;
    the box's edge is so far from that of what is seen."""
    if reach.amount == piece.amount:
        return False
    top, left, bottom, right = reach.span
    ends = top > 0 and left > 0 and bottom < seen.shape[0] and right < seen.shape[1]
    if ends and reach.longer <= LOW * symbol.longer and piece.amount < MOSTLY * reach.amount:
        return True
    for quarters in range(4):
        inner, outer = np.rot90(piece.ink, quarters), np.rot90(seen, quarters)
        beyond = outer[:edge][::-1]  # from the box outwards
        reached = [inner[edge]]
        for row in beyond:
            reached.append(_next(reached[-1], row))
        crossing, depth = np.flatnonzero(reached[1]), sum(bool(row.any()) for row in reached[1:])
        if len(crossing) and _goes_on(crossing, depth, beyond, inner, len(inner) - 2 * edge):
            return True
    return False


def _next(reached: Mask, row: Mask) -> Mask:
    """What of a row of ink hangs together with what of the row before it was reached."""
    beside: Mask = reached.copy()
    beside[1:] |= reached[:-1]
    beside[:-1] |= reached[1:]
    runs = np.cumsum(np.diff(row, prepend=False) & row)
    return row & np.isin(runs, runs[beside & row])


def _goes_on(crossing: NDArray[np.int64], depth: int, beyond: Mask, piece: Mask, side: int) -> bool:
    """Whether what of a piece crosses an edge of the box in some columns, to a depth, is no stroke: neither one that runs
    straight on, as a wire does that turns further away, or sooner if it leads to more than itself, nor a broad one along the
    edge that the box cuts in two, nor the end of one, pale by a pixel or two."""
    first, last = int(crossing[0]), int(crossing[-1])
    if last - first >= len(crossing):  # several strokes
        return depth >= SEVERAL
    close, broad = max(LEAST, round(CLOSE * side)), len(crossing) > max(3, side // THIN)
    leads = not broad and piece[:, max(first - 1, 0) : last + 2].sum() < BARE * piece.sum()
    followed = beyond[: min(close, TURNS * len(crossing)) if leads else close, first : last + 1]
    return bool(followed.mean(axis=1).min() < HALF) and depth >= (close // 2 + 1 if broad else ONE)


def _is_letter(piece: Piece, symbol: Piece) -> bool:
    """Whether a piece may be a letter, or some that touch, beside a symbol."""
    top, left, bottom, right = piece.span
    plump = min(bottom - top, right - left) >= PLUMP * piece.longer
    return piece.longer <= LOW * symbol.longer and (plump or piece.amount <= OPEN * piece.area)


def _in_line(piece: Piece, stray: Span, symbol: Piece) -> bool:
    """Whether a piece stands beside another of some span, level or upright, as letters of a line do, nothing of the symbol
    between."""
    (top, left, bottom, right), (up, start, down, end) = piece.span, stray
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
