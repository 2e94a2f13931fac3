"""What one evaluation drawing looks like: colours, widths, lettering, drafting habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.canvas import Colour, Part, Shape, Stroke
from training.lettering import Lettering
from training.unseen.symbols import random_lettering

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
INKS = ((0, 0, 0), (25, 25, 40), (150, 0, 0), (0, 70, 40), (20, 40, 140))
PALE = ((150, 150, 150), (110, 110, 110), (90, 120, 160), (160, 130, 100))
DARK_PAPER = ((0, 0, 0), (33, 40, 48), (20, 20, 20))
DARK_INKS = ((255, 255, 255), (230, 230, 90), (90, 230, 230), (120, 230, 120), (240, 120, 120))
DARK_PALE = ((120, 120, 120), (60, 90, 120), (130, 100, 60))
HUES = ((200, 0, 0), (0, 120, 60), (20, 60, 190), (190, 90, 0))
BACKDROPS = ("rooms", "pipes", "tracks", "contours", "table")


@dataclass(frozen=True)
class Style:
    """Widths and sizes in page pixels; `overshoot` in parts of the symbol's size."""

    paper: Colour
    ink: Colour
    pale: Colour
    line_width: float
    unit: float
    overshoot: float
    lettering: Lettering
    backdrop: str


def random_style(rng: Generator, dark: bool = False) -> Style:
    """A drawing's looks; symbols are some 26 to 58 px and lines 1.2 to 3 px wide."""
    unit = float(rng.uniform(26, 50))
    overshoot = 0.04 if rng.random() < 0.2 else 0.0
    inks, pale = (DARK_INKS, DARK_PALE) if dark else (INKS, PALE)
    return Style(_one(rng, DARK_PAPER) if dark else WHITE, _one(rng, inks), _one(rng, pale),
                 float(np.clip(unit / rng.uniform(14, 26), 1.2, 3.0)), unit, overshoot, random_lettering(rng),
                 BACKDROPS[rng.integers(len(BACKDROPS))])


def overshot(shape: Shape, by: float) -> Shape:
    """Straight lines drawn past their corners, as by hand; curves stay."""
    parts: list[Part] = []
    for part in shape.parts:
        straight = isinstance(part, Stroke) and len(part.points) <= 6
        parts.extend(_apart(part, by) if isinstance(part, Stroke) and straight and by else [part])
    return Shape(tuple(parts))


def _apart(stroke: Stroke, by: float) -> list[Part]:
    ends = np.roll(stroke.points, -1, axis=0)
    pairs = list(zip(stroke.points, ends, strict=True))
    parts: list[Part] = []
    for start, stop in pairs if stroke.closed else pairs[:-1]:
        reach = by * (stop - start) / max(float(np.linalg.norm(stop - start)), 1e-6)
        parts.append(Stroke(np.stack([start - reach, stop + reach]), False, stroke.width))
    return parts


def contrast(one: Colour, other: Colour) -> int:
    """How far two colours are apart in the channel where they are farthest."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _one(rng: Generator, colours: Sequence[Colour]) -> Colour:
    return colours[int(rng.integers(len(colours)))]
