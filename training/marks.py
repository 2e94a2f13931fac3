"""Marks: what stands inside a symbol's outline, or is all there is of it. Each fills a room of `w` by `h`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.arrows import arrow, arrowed
from training.canvas import Fill, Shape, Stroke, affine, arc, polyline, rectangle, regular_polygon
from training.elements import Element, closed, filled, mark, shape

Maker = Callable[[Generator, float, float], Element]


def cross(rng: Generator, w: float, h: float) -> Element:
    both = [polyline((-w / 2, -h / 2), (w / 2, h / 2)), polyline((-w / 2, h / 2), (w / 2, -h / 2))]
    return mark(Shape(tuple(both)), Shape((both[int(rng.integers(2))],)))


def plus(rng: Generator, w: float, h: float) -> Element:
    both = [polyline((-w / 2, 0), (w / 2, 0)), polyline((0, -h / 2), (0, h / 2))]
    return mark(Shape(tuple(both)), Shape((both[int(rng.integers(2))],)))


def line(rng: Generator, w: float, h: float) -> Element:
    lines = [
        polyline((-w / 2, 0), (w / 2, 0)),
        polyline((0, -h / 2), (0, h / 2)),
        polyline((-w / 2, -h / 2), (w / 2, h / 2)),
        polyline((-w / 2, h / 2), (w / 2, -h / 2)),
    ]
    first, second = rng.permutation(4)[:2]
    return mark(shape(lines[first]), shape(lines[second]))


def bars(rng: Generator, w: float, h: float) -> Element:
    count, upright = int(rng.integers(2, 5)), bool(rng.random() < 0.5)

    def build(n: int) -> Shape:
        if upright:
            return Shape(tuple(polyline((x, -h / 2), (x, h / 2)) for x in np.linspace(-w / 2, w / 2, n + 2)[1:-1]))
        return Shape(tuple(polyline((-w / 2, y), (w / 2, y)) for y in np.linspace(-h / 2, h / 2, n + 2)[1:-1]))

    return mark(build(count), build(count + 1 if rng.random() < 0.5 else count - 1))


def grid(rng: Generator, w: float, h: float) -> Element:
    nx, ny = (int(n) for n in rng.integers(1, 4, size=2))

    def build(a: int, b: int) -> Shape:
        xs, ys = np.linspace(-w / 2, w / 2, a + 2)[1:-1], np.linspace(-h / 2, h / 2, b + 2)[1:-1]
        return Shape((*(polyline((x, -h / 2), (x, h / 2)) for x in xs), *(polyline((-w / 2, y), (w / 2, y)) for y in ys)))

    return mark(build(nx, ny), build(nx + 1, ny))


def zigzag(rng: Generator, w: float, h: float) -> Element:
    count, amount = int(rng.integers(3, 8)), float(rng.uniform(0.4, 1.0))

    def build(n: int) -> Shape:
        y = np.array([0.0] + [(-1.0) ** i for i in range(n)] + [0.0]) * h * amount / 2
        x = np.concatenate([[-0.5], (np.arange(n) + 0.5) / n - 0.5, [0.5]]) * w
        return shape(Stroke(np.stack([x, y], axis=1)))

    return mark(build(count), build(count + 2 if count < 5 else count - 2))


def wave(rng: Generator, w: float, h: float) -> Element:
    count, amount = int(rng.integers(1, 4)), float(rng.uniform(0.3, 0.9))

    def build(n: int) -> Shape:
        x = np.linspace(-0.5, 0.5, 12 * n + 1)
        return shape(Stroke(np.stack([x * w, -np.sin((x + 0.5) * 2 * np.pi * n) * h * amount / 2], axis=1)))

    return mark(build(count), build(count + 1))


def coil(rng: Generator, w: float, h: float) -> Element:
    count, full = int(rng.integers(2, 6)), bool(rng.random() < 0.3)

    def build(n: int) -> Shape:
        radius = w / n / 2
        turns = [arc(radius, 180, -180 if full else 0, x=-w / 2 + radius * (2 * i + 1), steps=13) for i in range(n)]
        squash = min(1.0, h / radius)
        return Shape(tuple(Stroke(points * np.array([1.0, squash])) for points in turns))

    return mark(build(count), build(count + 1))


def comb(rng: Generator, w: float, h: float) -> Element:
    count, side = int(rng.integers(2, 6)), float(rng.choice([-1.0, 1.0]))

    def build(n: int) -> Shape:
        teeth = [polyline((x, h / 2 * side), (x, -h / 2 * side)) for x in np.linspace(-w / 2, w / 2, n)]
        return Shape((polyline((-w / 2, h / 2 * side), (w / 2, h / 2 * side)), *teeth))

    return mark(build(count), build(count + 1 if rng.random() < 0.6 else max(1, count - 1)))


def dot(rng: Generator, w: float, h: float) -> Element:
    radius = min(w, h) * float(rng.uniform(0.12, 0.4))
    points = arc(radius, steps=24)
    return mark(filled(points), closed(points))


def ring(rng: Generator, w: float, h: float) -> Element:
    points = arc(min(w, h) * float(rng.uniform(0.2, 0.5)), steps=32)
    return mark(closed(points), filled(points))


def dots(rng: Generator, w: float, h: float) -> Element:
    count, radius, full = int(rng.integers(2, 5)), min(w, h) * float(rng.uniform(0.07, 0.13)), bool(rng.random() < 0.6)
    upright = h > w if abs(h - w) > 0.1 else bool(rng.random() < 0.5)

    def build(n: int) -> Shape:
        places = np.linspace(-0.5, 0.5, n + 2)[1:-1] if n > 2 else np.array([-0.3, 0.3])[:n]
        at = [(0.0, p * h) if upright else (p * w, 0.0) for p in places]
        points = [arc(radius, x=x, y=y, steps=14) for x, y in at]
        return Shape(tuple(Fill((p,)) if full else Stroke(p, closed=True) for p in points))

    return mark(build(count), build(count + 1))


def triangle(rng: Generator, w: float, h: float) -> Element:
    points = regular_polygon(3, 0.55, float(rng.choice([0, 90, 180, 270]))) * np.array([w, h])
    full = bool(rng.random() < 0.55)
    return mark(filled(points) if full else closed(points), closed(points) if full else filled(points))


def box(rng: Generator, w: float, h: float) -> Element:
    points = rectangle(w * float(rng.uniform(0.3, 1.0)), h * float(rng.uniform(0.3, 1.0)))
    full = bool(rng.random() < 0.35)
    return mark(filled(points) if full else closed(points), closed(points) if full else filled(points))


def bow_tie(rng: Generator, w: float, h: float) -> Element:
    left = np.array([[-w / 2, -h / 2], [0, 0], [-w / 2, h / 2]])
    right, fill = -left, int(rng.integers(3))
    if rng.random() < 0.3:
        left, right = left[:, ::-1] * np.array([w / h, h / w]), right[:, ::-1] * np.array([w / h, h / w])

    def build(kind: int) -> Shape:
        return Shape(
            (
                Fill((left,)) if kind > 0 else Stroke(left, closed=True),
                Fill((right,)) if kind > 1 else Stroke(right, closed=True),
            )
        )

    return mark(build(fill), build((fill + 1 + int(rng.integers(2))) % 3))


def tee(rng: Generator, w: float, h: float) -> Element:
    turn = float(rng.choice([0, 90, 180, 270]))
    at = float(rng.choice([-0.5, -0.5, 0.0]))

    def build(stem: float) -> Shape:
        drawn = shape(polyline((-0.5, at), (0.5, at)), polyline((stem, at), (stem, 0.5)))
        return drawn.moved(affine(angle=turn)).moved(np.array([[w, 0, 0], [0, h, 0]], dtype=np.float64))

    return mark(build(0.0), build(float(rng.choice([-0.5, 0.5]))))


def angle_mark(rng: Generator, w: float, h: float) -> Element:
    points = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]) * np.array([w, h])
    flips = [np.array(f) for f in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    first, second = rng.permutation(4)[:2]
    return mark(shape(Stroke(points * flips[first])), shape(Stroke(points * flips[second])))


def chevrons(rng: Generator, w: float, h: float) -> Element:
    count, turn = int(rng.integers(1, 4)), float(rng.choice([0, 90, 180, 270]))

    def build(n: int, angle: float) -> Shape:
        step = 1.0 / (n + 1)
        rows = [polyline((-0.5 + step * i, -0.5), (-0.5 + step * (i + 1.6), 0), (-0.5 + step * i, 0.5)) for i in range(n)]
        return Shape(tuple(rows)).moved(affine(angle=angle)).moved(np.array([[w, 0, 0], [0, h, 0]], dtype=np.float64))

    return mark(build(count, turn), build(count + 1, turn) if rng.random() < 0.5 else build(count, turn + 180))


def arcs(rng: Generator, w: float, h: float) -> Element:
    """Concentric arcs, as sound or radio waves."""
    count, turn, half = int(rng.integers(1, 4)), float(rng.integers(8)) * 45.0, float(rng.uniform(25, 80))

    def build(n: int) -> Shape:
        rings = [Stroke(arc(r, turn - half, turn + half, steps=14)) for r in np.linspace(0.18, 0.5, n + 1)[1:]]
        return Shape(tuple(rings)).moved(np.array([[w, 0, 0], [0, h, 0]], dtype=np.float64))

    return mark(build(count), build(count + 1))


def star(rng: Generator, w: float, h: float) -> Element:
    """Radial strokes from the middle or from a small hub."""
    count, hub = int(rng.integers(3, 9)), float(rng.choice([0.0, 0.0, 0.15, 0.25]))
    turn = float(rng.choice([0.0, 90.0]))

    def build(n: int) -> Shape:
        turns = np.radians(turn + 360.0 * np.arange(n) / n)
        rays = [
            polyline((hub * c * w, hub * s * h), (0.5 * c * w, 0.5 * s * h))
            for c, s in zip(np.cos(turns).tolist(), (-np.sin(turns)).tolist(), strict=True)
        ]
        return Shape((*rays, *((Stroke(arc(hub * min(w, h), steps=16), closed=True),) if hub else ())))

    return mark(build(count), build(count + 1))


def battlement(rng: Generator, w: float, h: float) -> Element:
    """A square wave or a staircase."""
    count, stairs = int(rng.integers(1, 4)), bool(rng.random() < 0.3)

    def build(n: int) -> Shape:
        if stairs:
            steps = np.repeat(np.arange(n + 2), 2) / (n + 1) - 0.5
            return shape(Stroke(np.stack([steps[1:] * w, -steps[:-1] * h], axis=1)))
        x = np.repeat(np.linspace(-0.5, 0.5, 2 * n + 1), 2)
        y = np.tile([0.5, -0.5, -0.5, 0.5], n + 1)[: len(x)]
        return shape(Stroke(np.stack([x * w, y * h * 0.7], axis=1)))

    return mark(build(count), build(count + 1))


def scribble(rng: Generator, w: float, h: float) -> Element:
    """An open polyline over random points of a 3 by 3 grid: letters that no alphabet has."""
    places = np.stack(np.meshgrid([-0.5, 0.0, 0.5], [-0.5, 0.0, 0.5]), axis=-1).reshape(-1, 2) * np.array([w, h])
    chosen = places[rng.permutation(9)[: int(rng.integers(3, 6))]]
    return mark(shape(Stroke(chosen)), shape(Stroke(chosen[:-1])) if len(chosen) > 3 else shape(Stroke(chosen, closed=True)))


def semicircle(rng: Generator, w: float, h: float) -> Element:
    turn = float(rng.choice([0, 90, 180, 270]))
    points = arc(0.5, turn, turn + 179.9, steps=20) * np.array([w, h])
    full = bool(rng.random() < 0.4)
    return mark(filled(points) if full else closed(points), closed(points) if full else filled(points))


def bolt(rng: Generator, w: float, h: float) -> Element:
    points = np.array([[0.15, -0.5], [-0.25, 0.08], [0.25, -0.08], [-0.15, 0.5]]) * np.array([w, h])
    return mark(shape(Stroke(points)), shape(Stroke(points * np.array([-1.0, 1.0]))))


def plates(rng: Generator, w: float, h: float) -> Element:
    """Parallel plates of unlike length or thickness."""
    count = int(rng.integers(2, 5))
    long, thick = rng.uniform(0.4, 1.0, size=count + 1), rng.choice([1.0, 1.0, 2.0], size=count + 1)

    def build(n: int) -> Shape:
        rows = zip(np.linspace(-w / 2, w / 2, n) * 0.7, long, thick, strict=False)
        return Shape(tuple(polyline((x, -h / 2 * size), (x, h / 2 * size), width=float(t)) for x, size, t in rows))

    return mark(build(count), build(count + 1))


MARKS: tuple[Maker, ...] = (
    cross,
    plus,
    line,
    bars,
    grid,
    zigzag,
    wave,
    coil,
    comb,
    arrow,
    arrowed,
    dot,
    ring,
    dots,
    triangle,
    box,
    bow_tie,
    tee,
    angle_mark,
    chevrons,
    arcs,
    star,
    battlement,
    scribble,
    semicircle,
    bolt,
    plates,
)
