"""Families of wire-like symbols with random parameters: each gives elements and, where it is closed, a contour."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Fill, Shape, Stroke, affine, arc, polyline, rectangle
from training.elements import Element, closed, filled, letters, mark, shape
from training.fixtures import FIXTURES, Made
from training.marks import MARKS, bow_tie, coil, plates, zigzag


def leads(length: float, half: float = 0.5) -> Element:
    """Terminals to the left and right of a body that reaches to ±half; the twin has one."""
    left, right = polyline((-half - length, 0), (-half, 0)), polyline((half, 0), (half + length, 0))
    return Element("outside", shape(left, right), shape(left))


def _length(rng: Generator) -> float:
    return float(rng.uniform(0.1, 0.5))


def two_pole(rng: Generator) -> Made:
    """A zigzag, a coil, plates or a box in a wire."""
    body = (zigzag, coil, plates, bow_tie)[int(rng.integers(4))](rng, 1.0, float(rng.uniform(0.25, 0.7)))
    return [body, *([leads(_length(rng))] if rng.random() < 0.6 else [])], None


def boxed_pole(rng: Generator) -> Made:
    points = rectangle(1.0, float(rng.uniform(0.25, 0.6)))
    inner = MARKS[int(rng.integers(len(MARKS)))](rng, 0.8, float(np.ptp(points[:, 1])) * 0.8)
    through = [mark(shape(polyline((-0.5, 0), (0.5, 0))))] if rng.random() < 0.3 else []
    return [Element("outline", closed(points)), *([inner] if rng.random() < 0.5 else through), leads(_length(rng))], points


def capacitor(rng: Generator) -> Made:
    gap, tall = float(rng.uniform(0.08, 0.25)), float(rng.uniform(0.35, 0.8))
    left, right = polyline((-gap, -tall), (-gap, tall)), polyline((gap, -tall), (gap, tall))
    bend = Stroke(arc(tall * 1.3, 140, 220, x=gap + tall * 1.3, steps=14))
    curved = bool(rng.random() < 0.35)
    elements = [mark(shape(left, bend if curved else right), shape(left, right if curved else bend))]
    if rng.random() < 0.65:
        elements.append(leads(_length(rng), gap))
    if rng.random() < 0.2:
        elements.append(
            mark(shape(polyline((-gap - 0.35, -0.5), (-gap - 0.15, -0.5)), polyline((-gap - 0.25, -0.6), (-gap - 0.25, -0.4))))
        )
    return elements, None


def ground(rng: Generator) -> Made:
    count, step, kind = int(rng.integers(2, 5)), float(rng.uniform(0.12, 0.25)), int(rng.integers(3))

    def build(n: int) -> Shape:
        rows = [polyline((-0.5 * (1 - i / n), i * step), (0.5 * (1 - i / n), i * step)) for i in range(n)]
        if kind == 1:
            rows = [polyline((-0.5, 0), (0.5, 0)), *(polyline((x, 0), (x - 0.2, 0.3)) for x in np.linspace(-0.4, 0.5, n))]
        if kind == 2:
            rows = [Stroke(np.array([[-0.5, 0], [0.5, 0], [0, 0.2 * n]]), closed=True)]
        return Shape(tuple(rows))

    return [mark(build(count), build(count + 1)), mark(shape(polyline((0, 0), (0, -_length(rng)))))], None


def battery(rng: Generator) -> Made:
    count, short = int(rng.integers(1, 4)), float(rng.uniform(0.25, 0.6))

    def build(n: int) -> Shape:
        xs = np.linspace(-0.12, 0.12, 2 * n) * (n if n > 1 else 0.7)
        return Shape(
            tuple(
                polyline((x, -0.5 * size), (x, 0.5 * size), width=width)
                for x, (size, width) in zip(xs, [(1.0, 1.0), (short, 1.6)] * n, strict=True)
            )
        )

    return [mark(build(count), build(count + 1)), leads(_length(rng), 0.12 * count)], None


def transistor(rng: Generator) -> Made:
    """A gate, a channel that may be broken, and a comb of terminals with an arrow on one."""
    gap, reach = float(rng.uniform(0.08, 0.2)), float(rng.uniform(0.3, 0.6))
    bipolar, broken = bool(rng.random() < 0.4), bool(rng.random() < 0.3)
    ends = [-0.5, 0.5] if bipolar else [-0.35, 0.35]
    starts = [-0.15, 0.15] if bipolar else ends
    channel = (
        [polyline((0, -0.45), (0, -0.25)), polyline((0, -0.1), (0, 0.1)), polyline((0, 0.25), (0, 0.45))]
        if broken
        else [polyline((0, -0.45), (0, 0.45), width=float(rng.choice([1.0, 1.0, 2.5, 4.0])))]
    )
    elements = [mark(Shape(tuple(channel)))]
    gate = float(rng.uniform(0.15, 0.45))
    elements.append(
        mark(
            shape(polyline((-gate, 0), (0, 0)))
            if bipolar
            else shape(polyline((-gap, -0.3), (-gap, 0.3)), polyline((-gap - gate, 0), (-gap, 0)))
        )
    )
    which = int(rng.integers(2))
    elements += [mark(shape(polyline((0, s), (reach, e)))) for s, e in zip(starts, ends, strict=True)]
    elements += [mark(shape(polyline((reach, e), (reach, e * 1.6)))) for e in ends] if rng.random() < 0.6 else []
    elements.append(_arrow_on((0.0, starts[which]), (reach, ends[which]), rng))
    if rng.random() < 0.25:
        elements.append(Element("outline", closed(arc(0.75, x=0.1)), None))
    return elements, None


def _arrow_on(start: tuple[float, float], end: tuple[float, float], rng: Generator) -> Element:
    angle = math.degrees(math.atan2(start[1] - end[1], end[0] - start[0]))
    size, where = float(rng.uniform(0.15, 0.28)), float(rng.uniform(0.4, 1.0))
    half = size * float(rng.uniform(0.3, 0.5))
    tip = np.array([[-size, -half], [0, 0], [-size, half]])
    at = affine(start[0] + (end[0] - start[0]) * where, start[1] + (end[1] - start[1]) * where, angle=angle)
    full = bool(rng.random() < 0.7)
    one = (filled(tip) if full else shape(Stroke(tip))).moved(at)
    flip = tip * np.array([-1.0, 1.0]) - np.array([size, 0.0])
    return mark(one, (filled(flip) if full else shape(Stroke(flip))).moved(at))


def valve(rng: Generator) -> Made:
    tall = float(rng.uniform(0.35, 0.8))
    elements = [bow_tie(rng, 1.0, tall)]
    contour = np.array([[-0.5, -tall / 2], [0, 0], [0.5, -tall / 2], [0.5, tall / 2], [0, 0], [-0.5, tall / 2]])
    if rng.random() < 0.7:
        elements += _actuator(rng)
    if rng.random() < 0.25:  # a bar through the middle, or along the valve
        ends = ((0.0, tall / 2), (0.5, 0.0))[int(rng.random() < 0.3)]
        bar = polyline((-ends[0], -ends[1]), ends)
        half = polyline((0, 0), ends)
        elements.append(mark(shape(bar), shape(half)))
    if rng.random() < 0.3:
        radius = float(rng.uniform(0.08, 0.2))
        points = arc(radius, steps=20)
        elements.append(
            mark(filled(points) if rng.random() < 0.4 else shape(Fill((points,), erase=True), Stroke(points, closed=True)))
        )
    if rng.random() < 0.2:
        elements.append(
            Element(
                "outside", shape(polyline((-0.6, -tall / 2), (-0.6, tall / 2)), polyline((0.6, -tall / 2), (0.6, tall / 2)))
            )
        )
    return elements, contour


def _actuator(rng: Generator) -> list[Element]:
    stem, half = float(rng.uniform(0.3, 0.6)), float(rng.uniform(0.15, 0.35))
    side = float(rng.choice([-1.0, 1.0]))
    tops = [
        shape(polyline((0, -stem), (half * side, -stem))),
        filled(np.array([[-half * 0.5, -stem], [half * 0.5, -stem], [0, 0]])),
        shape(polyline((-half, -stem), (half, -stem))),
        closed(arc(half, 0, 179.9, y=-stem, steps=16)),
        closed(arc(half * 0.8, y=-stem - half * 0.8, steps=24)),
        filled(arc(half * 0.6, y=-stem - half * 0.6, steps=20)),
        closed(rectangle(half * 1.6, half * 1.4, y=-stem - half * 0.7)),
        shape(polyline((-half, -stem + half), (half, -stem - half))),
    ]
    first, second = rng.permutation(len(tops))[:2]
    line = shape(polyline((0, 0), (0, -stem)))
    elements = [Element("outside", line + tops[first], line + tops[second])]
    if first in (4, 6) and rng.random() < 0.5:
        label = letters(rng, half, half, "MSHEP"[int(rng.integers(5))])
        elements.append(label.moved(affine(0, -stem - half * (0.8 if first == 4 else 0.7))))
    return elements


def amplifier(rng: Generator) -> Made:
    tall = float(rng.uniform(0.8, 1.2))
    points = np.array([[-0.5, -tall / 2], [0.5, 0], [-0.5, tall / 2]])
    elements = [Element("outline", closed(points))]
    y, size = tall / 4, 0.07
    minus = polyline((-0.42, -y), (-0.42 + 2 * size, -y))
    plus = (polyline((-0.42, y), (-0.42 + 2 * size, y)), polyline((-0.42 + size, y - size), (-0.42 + size, y + size)))
    if rng.random() < 0.6:
        swapped = Shape((minus, *plus)).moved(affine()).moved(np.array([[1.0, 0, 0], [0, -1.0, 0]]))
        elements.append(mark(Shape((minus, *plus)), swapped))
    if rng.random() < 0.6:
        size = float(rng.uniform(0.1, 0.35))
        elements.append(
            Element(
                "outside",
                shape(
                    polyline((-0.5 - size, -y), (-0.5, -y)),
                    polyline((-0.5 - size, y), (-0.5, y)),
                    polyline((0.5, 0), (0.5 + size, 0)),
                ),
            )
        )
    if rng.random() < 0.25:
        elements.append(mark(closed(arc(0.08, x=0.58, steps=16)), filled(arc(0.08, x=0.58, steps=16))))
    if rng.random() < 0.25:
        elements.append(letters(rng, 0.3, 0.3).moved(affine(-0.15)))
    return elements, points


def switch(rng: Generator) -> Made:
    radius, tilt = float(rng.choice([0.0, 0.06, 0.09])), float(rng.uniform(15, 40))
    blade = shape(polyline((0, 0), (0.85 - radius, 0)))
    place = affine(-0.4 + radius)
    elements = [mark(blade.moved(affine(angle=tilt)).moved(place), blade.moved(affine(angle=-tilt)).moved(place))]
    if radius:
        elements += [mark(closed(arc(radius, x=x, steps=16)), filled(arc(radius, x=x, steps=16))) for x in (-0.4, 0.4)]
    if rng.random() < 0.3:
        elements.append(mark(shape(Stroke(arc(0.5, -10, 50, x=-0.4, steps=12)))))
    if rng.random() < 0.2:
        elements.append(mark(shape(polyline((0.0, -0.15), (0.0, -0.5)), polyline((-0.15, -0.5), (0.15, -0.5)))))
    return [*elements, leads(_length(rng), 0.4 + radius)], None


def diode(rng: Generator) -> Made:
    points = np.array([[-0.4, -0.4], [0.4, 0], [-0.4, 0.4]])
    bent = [[(0.4, -0.4), (0.4, 0.4)], [(0.25, -0.4), (0.4, -0.4), (0.4, 0.4), (0.55, 0.4)]]
    pick, full = int(rng.random() < 0.3), bool(rng.random() < 0.5)
    elements = [
        mark(filled(points) if full else closed(points), closed(points) if full else filled(points)),
        mark(shape(polyline(*bent[pick])), shape(polyline(*bent[1 - pick]))),
    ]
    if rng.random() < 0.3:
        pair = [
            shape(
                polyline((x, -0.45), (x + 0.2, -0.75)),
                Fill((np.array([[x + 0.25, -0.85], [x + 0.1, -0.72], [x + 0.24, -0.65]]),)),
            )
            for x in (-0.2, 0.1)
        ]
        elements.append(Element("outside", pair[0] + pair[1], pair[0]))
    return [*elements, *([leads(_length(rng), 0.4)] if rng.random() < 0.6 else [])], points


def circles(rng: Generator) -> Made:
    """Two circles side by side or overlapping, as of a transformer."""
    gap, radius = float(rng.uniform(0.2, 0.6)), 0.35
    one, two = arc(radius, x=-gap / 2), arc(radius, x=gap / 2)
    elements = [Element("outline", closed(one)), mark(closed(two), filled(two))]
    if rng.random() < 0.4:
        elements.append(leads(_length(rng), gap / 2 + radius))
    return elements, None


def gate(rng: Generator) -> Made:
    """A logic gate: a D or a shield with inputs and perhaps a bubble."""
    count = int(rng.integers(2, 4))
    if rng.random() < 0.5:
        body = np.concatenate([[[-0.5, 0.4]], arc(0.4, -90, 90, x=0.1, steps=20), [[-0.5, -0.4]]])
    else:
        x = np.linspace(0, 1, 12)
        upper = np.stack([-0.5 + x, -0.4 * np.sqrt(1 - x**2)], axis=1)
        body = np.concatenate(
            [upper, upper[::-1] * np.array([1.0, -1.0]), np.array([[-0.42, 0.2], [-0.4, 0.0], [-0.42, -0.2]])]
        )

    def build(n: int) -> Shape:
        return Shape(tuple(polyline((-0.75, y), (-0.48, y)) for y in np.linspace(-0.25, 0.25, n)))

    bubble = arc(0.07, x=0.57, steps=14)
    tail = (
        mark(closed(bubble), shape(polyline((0.5, 0), (0.75, 0))))
        if rng.random() < 0.5
        else mark(shape(polyline((0.5, 0), (0.75, 0))), closed(bubble))
    )
    return [Element("outline", closed(body)), Element("outside", build(count), build(count + 1)), tail], body


def contact(rng: Generator) -> Made:
    gap, tall = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.3, 0.5))
    pair = [polyline((-gap, -tall), (-gap, tall)), polyline((gap, -tall), (gap, tall))]
    slash = shape(polyline((-gap * 1.5, tall), (gap * 1.5, -tall)))
    elements = [mark(Shape(tuple(pair))), leads(_length(rng), gap)]
    return [*elements, *([mark(slash)] if rng.random() < 0.4 else [])], None


Family = Callable[[Generator], Made]

CIRCUIT: tuple[Family, ...] = (
    *[two_pole] * 2, boxed_pole, capacitor, ground, battery, *[transistor] * 6, amplifier, switch, *[diode] * 2, circles, gate,
    contact)  # transistors often, since what tells these apart is small
FAMILIES: tuple[Family, ...] = (*CIRCUIT, *[valve] * 5, *FIXTURES)
