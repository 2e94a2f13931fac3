"""What differs from copy to copy of one symbol: points that lie a little off, parts drawn a little larger or smaller."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.canvas import Fill, Part, Points, Shape, Stroke, affine

WAVES = 3  # of which the displacement is made
LONGEST, SHORTEST = 2.0, 0.5  # of them, in sizes of the symbol
BODY = 0.4  # as much as of other parts is the first one's change of size: the symbol's own


@dataclass(frozen=True)
class Hand:
    """How a drawing's copies of a symbol differ."""

    wobble: float  # px by which points lie off
    ruled: bool    # what runs along the symbol's axes still does
    loose: float   # change of size of parts, standard deviation of the natural log


def random_hand(rng: Generator, size: float) -> Hand:
    """Of a drawing whose symbols are about `size` px: most are exact in one way or both."""
    ruled = bool(rng.random() < 0.6)
    wobble = float(rng.uniform(0.2, 1.1 if ruled else 0.8)) * max(1.0, size / 40) if rng.random() < 0.55 else 0.0
    return Hand(wobble, ruled, float(rng.uniform(0.03, 0.16)) if rng.random() < 0.35 else 0.0)


def by_hand(parts: Sequence[Shape], size: float, hand: Hand, rng: Generator) -> tuple[Shape, ...]:
    """The parts of a symbol of `size` px once more: points a little off, neighbours alike, so that what joins stays joined;
    parts a little larger or smaller, each about its own middle."""
    if hand.loose:
        parts = [_resized(part, hand.loose * (1.0 if n else BODY), rng) for n, part in enumerate(parts)]
    return _displaced(parts, size, hand, rng) if hand.wobble else tuple(parts)


def _resized(part: Shape, loose: float, rng: Generator) -> Shape:
    left, top, right, bottom = part.extent()
    factor = float(np.exp(np.clip(rng.normal(0, loose), -2 * loose, 2 * loose)))
    return part.moved(affine((left + right) / 2 * (1 - factor), (top + bottom) / 2 * (1 - factor), factor))


def _displaced(parts: Sequence[Shape], size: float, hand: Hand, rng: Generator) -> tuple[Shape, ...]:
    """By a sum of waves of random direction, length and phase."""
    angle, phase = rng.uniform(0, 2 * np.pi, (2, WAVES, 2))
    if hand.ruled:
        angle[:] = 0, np.pi / 2
    length = size * np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST), (WAVES, 2)))
    bearing = 2 * np.pi * np.stack([np.cos(angle), np.sin(angle)]) / length  # (2, WAVES, 2)
    height = hand.wobble * math.sqrt(2 / WAVES) * 0.7

    def off(points: Points) -> Points:
        waves: Points = np.sin(np.einsum("nk,kwd->nwd", points, bearing) + phase).sum(axis=1)
        return points + height * waves

    def moved(part: Part) -> Part:
        if isinstance(part, Fill):
            return Fill(tuple(off(points) for points in part.contours), part.erase)
        return Stroke(off(part.points), part.closed, part.width)

    return tuple(Shape(tuple(moved(piece) for piece in part.parts)) for part in parts)
