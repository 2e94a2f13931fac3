"""Dashes and hatching."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from training.canvas import Points, Shape, Stroke, polyline
from training.styles import Style


def dashed(points: Points, pattern: tuple[float, ...]) -> Shape:
    """A polyline broken into dashes: lengths drawn and left out by turns, in page pixels."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    reach = np.concatenate([[0.0], np.cumsum(steps)])
    marks = np.cumsum(np.tile(pattern, int(reach[-1] / sum(pattern)) + 1))
    starts, stops = np.concatenate([[0.0], marks[1:-1:2]]), np.minimum(marks[::2], reach[-1])
    starts = starts[starts < reach[-1]]
    stops = stops[: len(starts)]
    ends = [np.stack([np.interp(side, reach, points[:, i]) for i in (0, 1)], axis=1) for side in (starts, stops)]
    return Shape(tuple(Stroke(np.stack(pair)) for pair in zip(*ends, strict=True)))


def pattern(rng: Generator, style: Style) -> tuple[float, ...]:
    """Lengths for `dashed`, in keeping with the style's line width."""
    unit = max(3.0, style.line_width * float(rng.uniform(2.0, 5.0)))
    patterns = (
        (2 * unit, unit),
        (4 * unit, unit, unit * 0.4, unit),
        (unit * 0.5, unit),
        (5 * unit, 2 * unit),
        (6 * unit, unit, unit, unit),
    )
    return patterns[int(rng.integers(len(patterns)))]


def corners(left: float, top: float, right: float, bottom: float) -> Points:
    """(4, 2) of a rectangle."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def hatching(left: float, top: float, right: float, bottom: float, step: float, slope: float) -> list[Stroke]:
    """Lines y = slope * x + c within a rectangle, `step` apart."""
    if abs(slope) > 10:
        return [polyline((x, top), (x, bottom)) for x in np.arange(left + step / 2, right, step)]
    gap = step * math.hypot(1.0, slope)
    reach = sorted((-slope * left, -slope * right))
    strokes = []
    for c in np.arange(top + reach[0] + gap / 2, bottom + reach[1], gap):
        if slope == 0:
            strokes.append(polyline((left, c), (right, c)))
            continue
        a, b = sorted(((top - c) / slope, (bottom - c) / slope))
        x0, x1 = max(left, a), min(right, b)
        if x1 > x0:
            strokes.append(polyline((x0, slope * x0 + c), (x1, slope * x1 + c)))
    return strokes
