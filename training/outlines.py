"""Outlines of symbols: closed contours with the room inside them, whole, open or partly filled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.canvas import Points, Shape, Stroke, affine, arc, rectangle, regular_polygon
from training.elements import Element, closed, filled, shape


@dataclass(frozen=True)
class Room:
    """The free rectangle inside an outline."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


def outline(rng: Generator) -> tuple[Points, Room]:
    """A closed contour whose longer side is 1, and the room inside it."""
    kind = int(rng.integers(13))
    aspect = float(rng.choice([1.0, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0]) * rng.uniform(0.9, 1.1))
    w, h = (1.0, 1.0 / aspect) if rng.random() < 0.6 else (1.0 / aspect, 1.0)
    squat = max(w, 0.5), max(h, 0.5)
    if kind <= 2:
        side = 1.0 if rng.random() < 0.9 else squat[1]
        return arc(0.5) * np.array([1.0, side]), Room(0.62, 0.62 * side)
    if kind <= 5:
        return rectangle(w, h), Room(w * 0.8, h * 0.8)
    if kind == 6:
        return rectangle(1.0, 1.0), Room(0.75, 0.75)
    return _odd_outline(rng, kind, *squat)


def _odd_outline(rng: Generator, kind: int, w: float, h: float) -> tuple[Points, Room]:
    size = np.array([w, h])
    turn = float(rng.choice([0, 90, 180, 270]))
    if kind == 7:
        up = np.array([[0, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * (size if rng.random() < 0.4 else np.array([1.0, 0.87]))
        points = up @ affine(angle=turn)[:, :2].T
        middle = points.mean(axis=0)
        return points, Room(0.38, 0.36, float(middle[0]), float(middle[1]))
    if kind == 8:
        sides = int(rng.choice([5, 6, 6, 8]))
        return regular_polygon(sides, 0.5, 90.0 + float(rng.choice([0.0, 180.0 / sides]))), Room(0.6, 0.6)
    if kind == 9:
        return regular_polygon(4, 0.5) * size / size.max(), Room(0.45 * w, 0.45 * h)
    if kind == 10:
        inset = float(rng.uniform(0.1, 0.35))
        points = np.array([[-0.5 + inset, -0.5], [0.5 - inset, -0.5], [0.5, 0.5], [-0.5, 0.5]])
        if rng.random() < 0.25:
            points = np.array([[-0.5 + inset, -0.5], [0.5, -0.5], [0.5 - inset, 0.5], [-0.5, 0.5]])
        return points @ affine(angle=turn)[:, :2].T * size, Room(0.6 * w, 0.6 * h)
    if kind == 11:
        flat = float(rng.uniform(0.0, 0.5))
        points = np.concatenate([[[-flat, 0.5]], arc(0.5, -90, 90, steps=20), [[-flat, -0.5]]])
        points = (points - np.array([(0.5 - flat) / 2, 0.0])) @ affine(angle=turn)[:, :2].T
        return points, Room(0.5 if flat > 0.2 else 0.35, 0.5)
    if rng.random() < 0.5:
        return _rounded_box(w, h, float(rng.uniform(0.15, 0.5)) * min(w, h)), Room(w * 0.72, h * 0.72)
    point = float(rng.uniform(0.15, 0.4))
    flag = np.array([[-0.5, -0.5], [0.5 - point, -0.5], [0.5, 0.0], [0.5 - point, 0.5], [-0.5, 0.5]]) * np.array([w, h])
    return flag @ affine(angle=turn)[:, :2].T, Room(0.6 * min(w, h), 0.6 * min(w, h))


def _rounded_box(w: float, h: float, radius: float) -> Points:
    x, y = w / 2 - radius, h / 2 - radius
    corners = [(x, -y, 0.0), (-x, -y, 90.0), (-x, y, 180.0), (x, y, 270.0)]
    return np.concatenate([arc(radius, start, start + 90, cx, cy, 8) for cx, cy, start in corners])


def open_outline(rng: Generator, contour: Points) -> Element:
    """Part of a contour: some of its edges are missing."""
    count = len(contour)
    keep = int(count * float(rng.choice([0.5, 0.75]))) + 1
    start = int(rng.integers(count)) if count <= 8 else int(rng.integers(8)) * count // 8
    ring_of = np.concatenate([contour, contour])[start : start + max(3, keep)]
    return Element("outline", shape(Stroke(ring_of)), closed(contour))


def part_fill(rng: Generator, contour: Points) -> Element:
    """A half or a quarter of a contour filled, its twin the other half."""
    low, high = contour.min(axis=0), contour.max(axis=0)
    middle, axis = (low + high) / 2, int(rng.integers(2))
    normal = np.eye(2)[axis] if rng.random() < 0.8 else np.array([1.0, float(rng.choice([-1.0, 1.0]))]) / math.sqrt(2)
    one, other = _halved(contour, normal, middle), _halved(contour, -normal, middle)
    if rng.random() < 0.25:
        across = np.array([-normal[1], normal[0]])
        one, other = _halved(one, across, middle), _halved(one, -across, middle)
    return Element("fill", filled(one), filled(other))


def hatched(rng: Generator, contour: Points) -> Element:
    """A convex contour filled with parallel lines, its twin with lines across them."""
    slope = float(rng.choice([0.0, 45.0, 45.0, 90.0, 135.0]))
    count = int(rng.integers(3, 7))
    return Element(
        "fill", Shape(tuple(_hatching(contour, slope, count))), Shape(tuple(_hatching(contour, slope + 90.0, count)))
    )


def _hatching(contour: Points, slope: float, count: int) -> list[Stroke]:
    turned = contour @ affine(angle=-slope)[:, :2].T
    low, high = turned[:, 1].min(), turned[:, 1].max()
    back, strokes = affine(angle=slope)[:, :2].T, []
    for y in np.linspace(low, high, count + 2)[1:-1]:
        following = np.roll(turned, -1, axis=0)
        crossed = (turned[:, 1] > y) != (following[:, 1] > y)
        a, b = turned[crossed], following[crossed]
        xs = np.sort(a[:, 0] + (b[:, 0] - a[:, 0]) * (y - a[:, 1]) / (b[:, 1] - a[:, 1]))
        strokes += [Stroke(np.array([[x0, y], [x1, y]]) @ back) for x0, x1 in zip(xs[::2], xs[1::2], strict=False)]
    return strokes


def dashed_outline(contour: Points) -> Element:
    """A contour in dashes, its twin whole."""
    closed_up = np.concatenate([contour, contour[:1]])
    reach = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed_up, axis=0).T))])
    count = max(6, int(reach[-1] / 0.22))
    strokes = []
    for i in range(count):
        span = np.linspace(i + 0.2, i + 0.8, 4) / count * reach[-1]
        strokes.append(Stroke(np.stack([np.interp(span, reach, closed_up[:, k]) for k in (0, 1)], axis=1)))
    return Element("outline", Shape(tuple(strokes)), closed(contour))


def _halved(contour: Points, normal: Points, middle: Points) -> Points:
    """The part of a convex contour on the normal's side of a line (Sutherland and Hodgman)."""
    side = (contour - middle) @ normal
    kept: list[Points] = []
    for i in range(len(contour)):
        j = (i + 1) % len(contour)
        if side[i] >= 0:
            kept.append(contour[i])
        if (side[i] >= 0) != (side[j] >= 0):
            kept.append(contour[i] + (contour[j] - contour[i]) * side[i] / (side[i] - side[j]))
    return np.array(kept) if len(kept) >= 3 else contour
