"""Attachments: what sticks out of a symbol's outline. Each is built along +x from the origin and placed on sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Fill, Points, Shape, Stroke, affine, arc, polyline, rectangle
from training.elements import Element, closed, filled, shape


def attachment(rng: Generator, contour: Points) -> Element:
    """Something on one or more sides of a contour's box."""
    low, high = contour.min(axis=0), contour.max(axis=0)
    sides = _sides(rng)
    length = float(rng.uniform(0.12, 0.45))
    maker = ATTACHMENTS[int(rng.integers(len(ATTACHMENTS)))]
    build = maker(rng, length)
    middle, half = (low + high) / 2, (high - low) / 2

    def placed(which: list[int]) -> Shape:
        total = Shape(())
        for side in which:
            at = middle + half * np.array([(1, 0), (0, -1), (-1, 0), (0, 1)][side])
            total = total + build.moved(affine(float(at[0]), float(at[1]), angle=90.0 * side))
        return total

    other = sides[:-1] if len(sides) > 1 and rng.random() < 0.5 else [(sides[0] + 1 + int(rng.integers(3))) % 4, *sides[1:]]
    return Element("outside", placed(sides), placed(sorted(set(other))), wirelike=maker is _stub)


def _sides(rng: Generator) -> list[int]:
    choices = ([0], [1], [2], [3], [0, 2], [0, 2], [1, 3], [1, 3], [0, 1], [0, 3], [1, 2], [0, 1, 2], [0, 1, 2, 3])
    return list(choices[int(rng.integers(len(choices)))])


def _stub(rng: Generator, length: float) -> Shape:
    return shape(polyline((0, 0), (length, 0)))


def _double_stub(rng: Generator, length: float) -> Shape:
    gap = float(rng.uniform(0.08, 0.25))
    return shape(polyline((0, -gap), (length, -gap)), polyline((0, gap), (length, gap)))


def _barred(rng: Generator, length: float) -> Shape:
    half = float(rng.uniform(0.12, 0.45))
    start = 0.0 if rng.random() < 0.7 else length * 0.6
    return shape(polyline((start, 0), (length, 0)), polyline((length, -half), (length, half)))


def _bar(rng: Generator, length: float) -> Shape:
    """A bar along the side, a little off it."""
    half = float(rng.uniform(0.25, 0.5))
    return shape(polyline((length / 2, -half), (length / 2, half)))


def _pin(rng: Generator, length: float) -> Shape:
    radius = float(rng.uniform(0.06, 0.16))
    points = arc(radius, x=length + radius, steps=18)
    return shape(polyline((0, 0), (length, 0)), Fill((points,)) if rng.random() < 0.35 else Stroke(points, closed=True))


def _bubble(rng: Generator, length: float) -> Shape:
    radius = float(rng.uniform(0.06, 0.16))
    return closed(arc(radius, x=radius, steps=18))


def _pointer(rng: Generator, length: float) -> Shape:
    head = length * float(rng.uniform(0.4, 1.0))
    tip = np.array([[length - head, -head * 0.4], [length, 0.0], [length - head, head * 0.4]])
    if rng.random() < 0.3:
        tip[:, 0] = length - tip[:, 0]
    return shape(polyline((0, 0), (length, 0)), Fill((tip,)) if rng.random() < 0.6 else Stroke(tip))


def _waves(rng: Generator, length: float) -> Shape:
    half = float(rng.uniform(30, 60))
    return Shape(tuple(Stroke(arc(r, -half, half, steps=10)) for r in np.linspace(0.3, 1.0, int(rng.integers(2, 4))) * length))


def _vanes(rng: Generator, length: float) -> Shape:
    spread, lean = float(rng.uniform(0.15, 0.4)), float(rng.choice([0.0, 0.0, 0.15]))
    return Shape(tuple(polyline((0, y), (length, y + lean)) for y in np.linspace(-spread, spread, int(rng.integers(2, 5)))))


def _fork(rng: Generator, length: float) -> Shape:
    spread = length * float(rng.uniform(0.3, 0.7))
    return shape(
        polyline((0, 0), (length / 2, 0)),
        polyline((length / 2, 0), (length, -spread)),
        polyline((length / 2, 0), (length, spread)),
    )


def _cap(rng: Generator, length: float) -> Shape:
    radius = length * 0.6
    dome = arc(radius, -90, 90, x=length * 0.4, steps=12)
    return shape(polyline((0, 0), (length * 0.4, 0)), Stroke(dome, closed=True))


def _block(rng: Generator, length: float) -> Shape:
    points = rectangle(length, float(rng.uniform(0.15, 0.6)), x=length / 2)
    return filled(points) if rng.random() < 0.3 else closed(points)


def _slanted(rng: Generator, length: float) -> Shape:
    return shape(polyline((0, 0), (length, float(rng.choice([-1.0, 1.0])) * length * float(rng.uniform(0.3, 1.0)))))


def _flare(rng: Generator, length: float) -> Shape:
    near, far = sorted(float(v) for v in rng.uniform(0.08, 0.5, size=2))
    points = np.array([[0, -near], [length, -far], [length, far], [0, near]])
    return filled(points) if rng.random() < 0.25 else closed(points)


ATTACHMENTS: tuple[Callable[[Generator, float], Shape], ...] = (
    _stub,
    _stub,
    _double_stub,
    _barred,
    _barred,
    _bar,
    _bar,
    _pin,
    _bubble,
    _pointer,
    _pointer,
    _waves,
    _vanes,
    _fork,
    _cap,
    _block,
    _slanted,
    _flare,
)
