"""Families of mechanical and building symbols with random parameters: pumps, vanes, doors, sockets, sections and the like."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Points, Shape, Stroke, affine, arc, polyline, rectangle, regular_polygon
from training.elements import Element, closed, filled, mark, shape
from training.marks import MARKS

Made = tuple[list[Element], Points | None]


def pump(rng: Generator) -> Made:
    points = arc(0.5)
    elements = [Element("outline", closed(points))]
    turn = float(rng.choice([0, 90, 180, 270]))
    inner = regular_polygon(3, 0.5, turn)
    elements.append(mark(filled(inner) if rng.random() < 0.3 else closed(inner), closed(regular_polygon(3, 0.5, turn + 180))))
    if rng.random() < 0.5:
        elements.append(Element("outside", shape(polyline((0, -0.5), (0.75, -0.5)), polyline((0.75, -0.2), (0.5, -0.2)))))
    if rng.random() < 0.3:
        elements.append(Element("outside", shape(polyline((-0.3, 0.4), (-0.5, 0.75), (0.5, 0.75), (0.3, 0.4)))))
    return elements, points


def radial(rng: Generator) -> Made:
    """A circle with rays, vanes or lobes around it."""
    count, inner = int(rng.integers(3, 9)), float(rng.uniform(0.2, 0.38))
    lobes, skew = bool(rng.random() < 0.25), float(rng.choice([0.0, 0.0, 0.3]))

    def build(n: int) -> Shape:
        turns = np.arange(n) * 2 * np.pi / n
        if lobes:
            return Shape(
                tuple(
                    Stroke(arc((0.5 - inner) / 1.5, steps=16, x=inner * math.cos(t), y=inner * math.sin(t)), True)
                    for t in turns
                )
            )
        return Shape(
            tuple(
                polyline((inner * math.cos(t), inner * math.sin(t)), (0.5 * math.cos(t + skew), 0.5 * math.sin(t + skew)))
                for t in turns
            )
        )

    hub = arc(inner)
    elements = [Element("outline", closed(hub)), mark(build(count), build(count + 1))]
    if rng.random() < 0.3:
        elements.append(MARKS[int(rng.integers(len(MARKS)))](rng, inner, inner))
    return elements, hub


def door(rng: Generator) -> Made:
    turn = float(rng.choice([60, 90, 90]))
    leaf = Stroke(np.array([[0.0, 0.0], [math.cos(math.radians(turn)), -math.sin(math.radians(turn))]]))
    swing = Stroke(arc(1.0, 0, turn, steps=20))
    elements = [mark(shape(leaf, swing))]
    if rng.random() < 0.4:
        mirrored = shape(leaf, swing).moved(affine(2.0, mirrored=True))
        elements.append(mark(mirrored))
    if rng.random() < 0.4:
        elements.append(mark(shape(polyline((0, 0), (1.0, 0)))))
    return elements, None


def socket(rng: Generator) -> Made:
    count, reach = int(rng.integers(1, 4)), float(rng.uniform(0.2, 0.5))
    dome = arc(0.5, 0, 179.9, steps=24)

    def build(n: int) -> Shape:
        turns = np.radians(np.linspace(60, 120, n) if n > 1 else np.array([90.0]))
        return Shape(
            tuple(
                polyline((0.5 * c, -0.5 * s), ((0.5 + reach) * c, -(0.5 + reach) * s))
                for c, s in zip(np.cos(turns), np.sin(turns), strict=True)
            )
        )

    full = bool(rng.random() < 0.35)
    body = Element("outline", filled(dome) if full else closed(dome), closed(dome) if full else filled(dome))
    return [body, mark(build(count), build(count + 1))], dome


def speaker(rng: Generator) -> Made:
    deep, flare = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.2, 0.5))
    body, horn = (
        rectangle(deep, 0.4),
        np.array([[deep / 2, -0.2], [deep / 2 + 0.3, -0.2 - flare], [deep / 2 + 0.3, 0.2 + flare], [deep / 2, 0.2]]),
    )
    full = bool(rng.random() < 0.4)
    elements = [
        Element("outline", closed(body), filled(body)),
        mark(filled(horn) if full else closed(horn), closed(horn) if full else filled(horn)),
    ]
    return elements, None


def flow_arrow(rng: Generator) -> Made:
    neck, head = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.25, 0.5))
    points = np.array(
        [
            [-0.5, -neck / 2],
            [0.5 - head, -neck / 2],
            [0.5 - head, -0.35],
            [0.5, 0],
            [0.5 - head, 0.35],
            [0.5 - head, neck / 2],
            [-0.5, neck / 2],
        ]
    )
    full = bool(rng.random() < 0.5)
    return [Element("outline", filled(points) if full else closed(points), closed(points) if full else filled(points))], points


def section(rng: Generator) -> Made:
    """A column or beam in section: I, H, T, U or L."""
    web, flange = float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.1, 0.25))
    beam = np.array(
        [
            [-0.5, -0.5],
            [0.5, -0.5],
            [0.5, -0.5 + flange],
            [web / 2, -0.5 + flange],
            [web / 2, 0.5 - flange],
            [0.5, 0.5 - flange],
            [0.5, 0.5],
            [-0.5, 0.5],
            [-0.5, 0.5 - flange],
            [-web / 2, 0.5 - flange],
            [-web / 2, -0.5 + flange],
            [-0.5, -0.5 + flange],
        ]
    )
    ell = np.array([[-0.5, -0.5], [-0.5 + web, -0.5], [-0.5 + web, 0.5 - flange], [0.5, 0.5 - flange], [0.5, 0.5], [-0.5, 0.5]])
    points = beam if rng.random() < 0.6 else ell
    full = bool(rng.random() < 0.5)
    return [Element("outline", filled(points) if full else closed(points), closed(points) if full else filled(points))], points


def furniture(rng: Generator) -> Made:
    """Nested boxes and ovals, as sanitary ware and furniture in plan."""
    wide = float(rng.uniform(0.5, 1.0))
    body = rectangle(wide, 1.0)
    rim = float(rng.uniform(0.06, 0.14))
    inner = (
        rectangle(wide - 2 * rim, 1.0 - 2 * rim - 0.1, y=0.05)
        if rng.random() < 0.5
        else arc(0.5) * np.array([wide - 2 * rim, 0.9 - 2 * rim]) + np.array([0, 0.05])
    )
    elements = [Element("outline", closed(body)), mark(closed(inner))]
    tap = arc(0.04, y=-0.42, steps=12)
    if rng.random() < 0.6:
        elements.append(mark(filled(tap) if rng.random() < 0.5 else closed(tap)))
    if rng.random() < 0.3:
        elements.append(mark(shape(polyline((-wide / 2, -0.3), (wide / 2, -0.3)))))
    return elements, body


FIXTURES: tuple[Callable[[Generator], Made], ...] = (pump, radial, door, socket, speaker, flow_arrow, section, furniture)
