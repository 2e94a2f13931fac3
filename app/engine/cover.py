"""What lies on an example and is none of it: a solid spot of another tone over its edge, as a dot where wires meet."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from app.engine.colour import ALIKE, apart
from app.engine.geometry import Box
from app.engine.ink import VISIBLE, Colour, background, body_box, ink, tight_box
from app.engine.query import Example, Pixels
from app.engine.strays import Piece, pieces
from app.engine.verify import spread

SOLID = 0.15   # of the example's longer side that a spot is wide at least, where a stroke is not
ROUND = 2.2    # times as long as wide that a spot is at most
SMALL = 0.6    # of the example's longer side that a spot is at most, and what it leaves of it at least
FINEST = 128   # px of that side at which spots are looked for
ROUNDS = 5     # of sorting ink by its two tones

Mask = NDArray[np.bool_]


def uncovered(example: Example) -> Example | None:
    """An example without the spot that lies on it and the wires that end or begin there; None where there is no spot."""
    paper = example.paper or background(example.pixels)
    inked = ink(example.pixels, paper)
    whole, seen = tight_box(inked), inked >= VISIBLE
    if whole is None:
        return None
    spots = [spot for part in _by_tone(example.pixels, seen, paper) if (spot := _spot(inked, part, whole)) is not None]
    if not spots:
        return None
    _, over = max(spots, key=lambda spot: spot[0])
    over = over | _wires(seen, over) | _stubs(seen, over)
    hidden = over if example.over is None else over | example.over
    return replace(example, pixels=painted_out(example.pixels, over, paper), paper=paper, over=hidden)


def odd(extent: float) -> int:
    """An odd number of pixels near some extent, three at least."""
    return 2 * max(1, round((extent - 0.5) / 2)) + 1


def painted_out(pixels: Pixels, over: Mask, paper: Colour) -> Pixels:
    """(h, w, 3) RGB pixels with paper where something (h, w) lies over them."""
    result: Pixels = np.where(over[:, :, None], np.array(paper, np.uint8), pixels)
    return result


def _spot(inked: NDArray[np.float32], part: Mask, whole: Box) -> tuple[float, Mask] | None:
    """How much is solid of some of an example's ink (h, w), which a box bounds, and where (h, w), if that is a small spot over
    the edge of the rest."""
    longer = max(whole.width, whole.height)
    step = max(1, math.ceil(longer / FINEST))
    wide = odd(SOLID * longer / step)
    shown = torch.from_numpy(part[::step, ::step].astype(np.float32))
    solid = 1 - spread(1 - shown, wide)
    over: Mask = spread(spread(solid, wide + 2 * (wide // 4)) * shown, 3).numpy() > 0  # and its pale edge
    over = over.repeat(step, 0).repeat(step, 1)[: inked.shape[0], : inked.shape[1]]
    spot, rest = tight_box(inked * over), body_box(inked * ~over)
    if spot is None or rest is None:
        return None
    sides = sorted((spot.width, spot.height))
    small = sides[1] <= SMALL * longer <= max(rest.width, rest.height)
    inside = (spot.x > rest.x and spot.y > rest.y and spot.x + spot.width < rest.x + rest.width
              and spot.y + spot.height < rest.y + rest.height)
    return (float(solid.sum()), over) if small and sides[1] <= ROUND * sides[0] and not inside else None


def _wires(seen: Mask, over: Mask) -> Mask:
    """(h, w) ink that runs straight from a spot (h, w) to the example's edge."""
    wires = np.zeros_like(seen)
    for quarters in range(4):
        inked, spot = np.rot90(seen, quarters), np.rot90(over, quarters)
        run = np.logical_and.accumulate(inked | spot, axis=0)  # from the first row down
        wires |= np.rot90(run & (run & spot).any(axis=0) & ~np.logical_or.accumulate(spot, axis=0), -quarters)
    return wires


def _stubs(seen: Mask, over: Mask) -> Mask:
    """(h, w) pieces of ink that begin at a spot (h, w) and are no longer than it, as a wire is that ends before the symbol."""
    step = max(1, math.ceil(max(seen.shape) / FINEST))
    spot = over[::step, ::step]
    beside = spread(torch.from_numpy(spot.astype(np.float32)), 3).numpy() > 0
    short = [piece.ink for piece in pieces(seen[::step, ::step] & ~spot)
             if (piece.ink & beside).any() and piece.longer <= Piece(spot).longer]
    stubs: Mask = np.logical_or.reduce([np.zeros_like(spot), *short]).repeat(step, 0).repeat(step, 1)
    return stubs[: seen.shape[0], : seen.shape[1]]


def _by_tone(pixels: Pixels, seen: Mask, paper: Colour) -> list[Mask]:
    """Of what is inked (h, w) the two parts that differ most in tone; none where all is of one."""
    away = pixels[seen].astype(np.float64) - np.array(paper)
    own = away / np.abs(away).max(axis=1, keepdims=True)
    first = own[int(apart(own, own.mean(axis=0)).argmax())]
    second = own[int(apart(own, first).argmax())]
    for _ in range(ROUNDS):
        nearer = apart(own, first) <= apart(own, second)
        if nearer.all() or not nearer.any():
            return []
        first, second = np.median(own[nearer], axis=0), np.median(own[~nearer], axis=0)
    if apart(first, second) < ALIKE:
        return []
    parts = [np.zeros_like(seen), np.zeros_like(seen)]
    nearer = apart(own, first) <= apart(own, second)
    parts[0][seen], parts[1][seen] = nearer, ~nearer
    return parts
