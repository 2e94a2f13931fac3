"""Wires on the canvas: along routes, between symbols, with dots where they meet."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.canvas import Canvas, Fill, Points, Shape, Stroke, affine, arc
from training.layout import Route
from training.linework import dashed, pattern
from training.styles import Style
from training.truth import Instance


def draw_routes(canvas: Canvas, routes: tuple[Route, ...], instances: list[Instance], style: Style, rng: Generator) -> None:
    """The wires, left out where they meet a symbol's middle if the style ends them there, with dots at some corners."""
    boxes = np.array([[b.x, b.y, b.x + b.width, b.y + b.height] for b in (one.box for one in instances)]).reshape(-1, 4)
    dotted = rng.random() < 0.6
    for route in routes:
        pieces = [route.points]
        if style.connection == "ends":
            pieces = [piece for a, b in itertools.pairwise(route.points) for piece in outside(a, b, boxes)]
        shape = Shape(()) if route.dashes else Shape(tuple(Stroke(piece) for piece in pieces))
        for piece in pieces if route.dashes else []:
            shape = shape + dashed(piece, route.dashes or ())
        canvas.draw(shape, affine(), route.colour, style.line_width)
        if dotted and rng.random() < 0.6:
            at = route.points[int(rng.integers(len(route.points)))]
            canvas.draw(dot(rng, style), affine(float(at[0]), float(at[1])), route.colour, 1.0)
    if dotted:
        _draw_crossings(canvas, routes, style, rng)


def _draw_crossings(canvas: Canvas, routes: tuple[Route, ...], style: Style, rng: Generator) -> None:
    """Dots where a lying wire meets a standing one."""
    lying = [(a, b, route) for route in routes for a, b in itertools.pairwise(route.points) if a[1] == b[1]]
    standing = [(a, b) for route in routes for a, b in itertools.pairwise(route.points) if a[0] == b[0]]
    for (a, b, route), (c, d) in itertools.product(lying, standing):
        meets = min(a[0], b[0]) < c[0] < max(a[0], b[0]) and min(c[1], d[1]) < a[1] < max(c[1], d[1])
        if meets and rng.random() < 0.3:
            canvas.draw(dot(rng, style), affine(float(c[0]), float(a[1])), route.colour, 1.0)


def dot(rng: Generator, style: Style) -> Shape:
    """A junction's dot."""
    return Shape((Fill((arc(max(1.8, style.line_width * float(rng.uniform(1.3, 2.6))), steps=16),)),))


def outside(start: Points, end: Points, boxes: NDArray[np.float64]) -> list[Points]:
    """The pieces of an axis-parallel segment outside the boxes (left, top, right, bottom) whose middle it meets."""
    axis = int(abs(end[1] - start[1]) > abs(end[0] - start[0]))
    low, high = sorted((float(start[axis]), float(end[axis])))
    other = float(start[1 - axis])
    near, far = boxes[:, 1 - axis], boxes[:, 3 - axis]
    crossed = np.abs(other - (near + far) / 2) < (far - near) / 5
    gaps = sorted(zip(boxes[crossed, axis].tolist(), boxes[crossed, axis + 2].tolist(), strict=True))
    pieces, at = [], low
    for left, right in [*gaps, (high, high)]:
        if min(left + 1.0, high) > at:
            pieces.append(_along(axis, at, min(left + 1.0, high), other))
        at = max(at, right - 1.0)
    return pieces


def _along(axis: int, low: float, high: float, other: float) -> Points:
    points = np.array([[low, other], [high, other]])
    return points if axis == 0 else points[:, ::-1].copy()


def draw_links(canvas: Canvas, instances: list[Instance], style: Style, rng: Generator) -> None:
    """Wires from the side of one symbol to that of a near one: bent at right angles, or in plan curved."""
    share = float(rng.choice([0.0, 0.3, 0.8]))
    curved = style.connection == "isolated" and bool(rng.random() < 0.5)
    if len(instances) < 3 or (style.connection == "isolated" and rng.random() < 0.5):
        return
    centres = np.array([[one.pose.x, one.pose.y] for one in instances])
    colour = style.colours[int(rng.integers(len(style.colours)))]
    dashes = pattern(rng, style) if rng.random() < 0.15 else None
    for i, one in enumerate(instances):
        if rng.random() < share:
            near = np.argsort(np.hypot(*(centres - centres[i]).T))[1:4]
            other = instances[int(near[int(rng.integers(len(near)))])]
            path = _curve(one, other, rng) if curved else _bent(one, other, rng)
            shape = dashed(path, dashes) if dashes else Shape((Stroke(path),))
            canvas.draw(shape, affine(), colour, style.line_width)


def _ports(one: Instance) -> Points:
    """(4, 2) the middles of the sides."""
    corners = one.polygon
    return (corners + np.roll(corners, -1, axis=0)) / 2


def _nearest(one: Instance, other: Instance) -> tuple[Points, Points]:
    a, b = _ports(one), _ports(other)
    i, j = np.unravel_index(np.argmin(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))), (4, 4))
    return a[i], b[j]


def _bent(one: Instance, other: Instance, rng: Generator) -> Points:
    start, end = _nearest(one, other)
    kind = int(rng.integers(3))
    if kind == 0:
        return np.array([start, [end[0], start[1]], end])
    if kind == 1:
        return np.array([start, [start[0], end[1]], end])
    middle = (start + end) / 2
    if abs(end[0] - start[0]) > abs(end[1] - start[1]):
        return np.array([start, [middle[0], start[1]], [middle[0], end[1]], end])
    return np.array([start, [start[0], middle[1]], [end[0], middle[1]], end])


def _curve(one: Instance, other: Instance, rng: Generator) -> Points:
    """A shallow bow (a quadratic curve)."""
    start, end = _nearest(one, other)
    across = np.array([start[1] - end[1], end[0] - start[0]]) * float(rng.choice([-0.3, 0.3, 0.5]))
    knee = (start + end) / 2 + across
    t = np.linspace(0, 1, max(6, int(math.hypot(*(end - start)) / 8)))[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * knee + t**2 * end, dtype=np.float64)
