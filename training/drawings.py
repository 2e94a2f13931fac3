"""Generated drawings with their truth.

    python -m training.preview --seed 1 --count 12 --out DIR
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.engine.geometry import Box, Pose, bounds
from training.canvas import Canvas, Colour, Fill, Points, Shape, Stroke, affine, arc
from training.clutter import BESIDE, UNDER, Clutter, dashed, label, pattern, tag
from training.degrade import degrade
from training.lettering import extent, text
from training.styles import Style, random_style
from training.symbols import Slot, Symbol, alike, make_symbol, sibling
from training.truth import Drawing, Instance

VERSION = 1  # of the generator: the same seed gives the same drawings within a version
SIBLINGS = (0.3, 0.5)  # part of the classes that come with a near-identical one
COVERED = 0.4  # truth hidden by more than this is dropped


@dataclass(frozen=True, eq=False)
class Drawn:
    """A class as one drawing shows it: in page pixels, its ink's box centred at the origin."""

    shape: Shape
    slots: tuple[Slot, ...]
    width: float
    height: float
    line_width: float
    colour: Colour


@dataclass(frozen=True)
class Route:
    """A wire: an axis-parallel polyline."""

    points: Points
    broken: tuple[float, ...] | None
    colour: Colour


def make_drawing(rng: Generator, width: int = 640, height: int = 640, classes: int = 10, *, density: float = 0.2,
                 clutter: float = 1.0, damaged: bool = True, style: Style | None = None) -> Drawing[Symbol]:
    """A page of `classes` labels with 2 to 10 copies each, as many as fit.

    `density` bounds the part of the page that symbols take, `clutter` multiplies everything that is no symbol (0: bare).
    The same generator state gives the same bytes.
    """
    style = style or random_style(rng)
    symbols = random_classes(rng, classes)
    drawn = _all_drawn(symbols, style, rng)
    canvas = Canvas(width, height, style.background, style.supersample)
    things = Clutter(canvas, style, rng)
    for _ in range(int(rng.poisson(3.5 * clutter))):
        UNDER[int(rng.integers(len(UNDER)))](things)
    routes = _routes(rng, width, height, style) if clutter else []
    instances = _visible(_placed(rng, drawn, routes, style, width, height, density), width, height)
    _draw_routes(canvas, routes, instances, style)
    for instance in instances:
        _draw_symbol(canvas, drawn[instance.label], instance, style, rng)
    if clutter:
        _draw_beside(canvas, things, instances, style, rng, clutter)
    pixels = canvas.pixels()
    if damaged:
        pixels, instances = degrade(pixels, instances, style.background, rng)
    return Drawing(pixels, instances, symbols)


# ---- classes ---------------------------------------------------------------------------------------------------------

def random_classes(rng: Generator, count: int) -> tuple[Symbol, ...]:
    """Classes that all look different, a third to a half of them with a sibling."""
    symbols: list[Symbol] = []
    share = float(rng.uniform(*SIBLINGS))
    while len(symbols) < count:
        fresh = make_symbol(rng)
        if any(alike(fresh, other) for other in symbols):
            continue
        symbols.append(fresh)
        near = sibling(fresh, rng) if len(symbols) < count and rng.random() < share / (1 - share / 2) else None
        if near is not None and not any(alike(near, other) for other in symbols):
            symbols.append(near)
    return tuple(symbols)


def _all_drawn(symbols: tuple[Symbol, ...], style: Style, rng: Generator) -> list[Drawn]:
    drawn: list[Drawn] = []
    for i, symbol in enumerate(symbols):
        # a sibling shares its elements, or its cover, with the class before it
        body = float(np.clip(style.size * np.exp(rng.normal(0, 0.22)), 14, 90))
        colour = style.colours[int(rng.integers(len(style.colours)))] if style.coloured else style.colours[0]
        related = i > 0 and _related(symbols[i - 1], symbol)
        if related:
            before = drawn[-1]
            body = max(before.width, before.height) * symbols[i - 1].unit / symbol.unit
            colour = before.colour if rng.random() < 0.8 else colour
        drawn.append(draw_class(symbol, float(np.clip(body, 12, 110)), style.line_width, colour))
    return drawn


def _related(one: Symbol, other: Symbol) -> bool:
    return other.parent is one


def draw_class(symbol: Symbol, size: float, line_width: float, colour: Colour) -> Drawn:
    """The symbol with its longer side over `size` pixels between the strokes' middles."""
    grown = symbol.shape.moved(affine(scale=size))
    left, top, right, bottom = grown.ink_extent(line_width)
    centre = affine(-(left + right) / 2, -(top + bottom) / 2)
    slots = tuple(Slot(s.x * size + centre[0, 2], s.y * size + centre[1, 2], s.width * size, s.height * size) for s in symbol.slots)
    return Drawn(grown.moved(centre), slots, right - left, bottom - top, line_width, colour)


# ---- wires -----------------------------------------------------------------------------------------------------------

def _routes(rng: Generator, width: int, height: int, style: Style) -> list[Route]:
    if style.connection == "isolated":
        return []
    pitch = style.size * float(rng.uniform(1.5, 4.0))
    colour = style.colours[int(rng.integers(len(style.colours)))]
    routes = []
    for at in np.arange(rng.uniform(0.3, 1) * pitch, height, pitch):
        if rng.random() < 0.75:
            routes.append(_route(rng, float(at), width, pitch, False, colour, style))
    for at in np.arange(rng.uniform(0.3, 1) * pitch, width, pitch * 1.5):
        if rng.random() < 0.4:
            routes.append(_route(rng, float(at), height, pitch, True, colour, style))
    return routes


def _route(rng: Generator, at: float, length: int, pitch: float, upright: bool, colour: Colour, style: Style) -> Route:
    start, stop = sorted(rng.uniform(-0.1, 1.1, size=2) * length)
    if stop - start < 2 * pitch:
        start, stop = -5.0, length + 5.0
    points = [(start, at)]
    while rng.random() < 0.35 and points[-1][0] < stop - pitch:
        x = float(rng.uniform(points[-1][0] + pitch / 2, stop))
        step = pitch * float(rng.choice([-1.0, 1.0, 0.5, -0.5]))
        points += [(x, points[-1][1]), (x, points[-1][1] + step)]
    points.append((max(stop, points[-1][0]), points[-1][1]))
    array = np.array(points)
    if style.coloured and rng.random() < 0.3:
        colour = style.colours[int(rng.integers(len(style.colours)))]
    return Route(array[:, ::-1].copy() if upright else array, pattern(rng, style) if rng.random() < 0.15 else None, colour)


def _draw_routes(canvas: Canvas, routes: list[Route], instances: tuple[Instance, ...], style: Style) -> None:
    boxes = np.array([[b.x, b.y, b.x + b.width, b.y + b.height] for b in (one.box for one in instances)]).reshape(-1, 4)
    for route in routes:
        if style.connection == "ends":
            pieces = [piece for a, b in zip(route.points[:-1], route.points[1:], strict=True) for piece in _outside(a, b, boxes)]
        else:
            pieces = [route.points]
        shape = Shape(()) if route.broken else Shape(tuple(Stroke(piece) for piece in pieces))
        for piece in pieces if route.broken else []:
            shape = shape + dashed(piece, route.broken or ())
        canvas.draw(shape, affine(), route.colour, style.line_width)


def _outside(start: Points, end: Points, boxes: NDArray[np.float64]) -> list[Points]:
    """The pieces of an axis-parallel segment outside boxes whose middle third it meets."""
    axis = int(abs(end[1] - start[1]) > abs(end[0] - start[0]))
    low, high = sorted((float(start[axis]), float(end[axis])))
    other = float(start[1 - axis])
    near, far = boxes[:, 1 - axis], boxes[:, 3 - axis]
    crossed = np.abs(other - (near + far) / 2) < (far - near) / 5
    gaps = sorted(zip(boxes[crossed, axis].tolist(), boxes[crossed, axis + 2].tolist(), strict=True))
    pieces, at = [], low
    for left, right in [*gaps, (high, high)]:
        if left + 1.5 > at and min(left + 1.0, high) > at:
            pieces.append(_along(axis, at, min(left + 1.0, high), other))
        at = max(at, right - 1.0)
    return pieces


def _along(axis: int, low: float, high: float, other: float) -> Points:
    points = np.array([[low, other], [high, other]])
    return points if axis == 0 else points[:, ::-1].copy()


# ---- places ----------------------------------------------------------------------------------------------------------

class Taken:
    """Boxes on the page that are spoken for."""

    def __init__(self) -> None:
        self._boxes = np.empty((0, 4))

    def add(self, box: Box) -> None:
        self._boxes = np.concatenate([self._boxes, [[box.x, box.y, box.x + box.width, box.y + box.height]]])

    def overlap(self, box: Box) -> float:
        """The greatest overlap with any box, as a part of the smaller one."""
        if not len(self._boxes):
            return 0.0
        low = np.maximum(self._boxes[:, :2], [box.x, box.y])
        high = np.minimum(self._boxes[:, 2:], [box.x + box.width, box.y + box.height])
        both = np.clip(high - low, 0, None).prod(axis=1)
        areas = (self._boxes[:, 2:] - self._boxes[:, :2]).prod(axis=1)
        return float((both / np.minimum(areas, max(box.area, 1.0))).max())


def _placed(rng: Generator, drawn: list[Drawn], routes: list[Route], style: Style, width: int, height: int, density: float) -> list[Instance]:
    labels = np.concatenate([np.full(int(rng.integers(2, 11)), i) for i in range(len(drawn))])
    budget, taken, placed = density * width * height, Taken(), []
    for number in rng.permutation(labels):
        one = drawn[int(number)]
        instance = _somewhere(rng, int(number), one, routes, placed, taken, style, width, height)
        if instance is not None:
            placed.append(instance)
            taken.add(instance.box)
            budget -= instance.box.area
        if budget < 0:
            break
    return placed


def _somewhere(rng: Generator, number: int, one: Drawn, routes: list[Route], placed: list[Instance], taken: Taken, style: Style,
               width: int, height: int) -> Instance | None:
    allowed = 0.25 if rng.random() < 0.05 else 0.01
    for _ in range(10):
        if placed and rng.random() < 0.12:
            pose = _beside(rng, placed[int(rng.integers(len(placed)))], one, style)
        elif routes and rng.random() < 0.75:
            pose = _on_route(rng, routes[int(rng.integers(len(routes)))], style)
        else:
            pose = _pose(rng, float(rng.uniform(0, width)), float(rng.uniform(0, height)), style)
        instance = Instance(number, pose, one.width, one.height)
        inside = instance.box.clipped(width, height)
        if inside is None or inside.area < (0.7 if rng.random() < 0.05 else 0.999) * instance.box.area:
            continue
        if taken.overlap(instance.box) <= allowed:
            return instance
    return None


def _pose(rng: Generator, x: float, y: float, style: Style, along: float | None = None) -> Pose:
    scale = float(np.exp(rng.uniform(-style.jitter, style.jitter)))
    mirrored = style.mirror and bool(rng.random() < 0.5)
    if style.rotation == "upright":
        angle = 0.0
    elif style.rotation == "any" and rng.random() < 0.65:
        angle = float(rng.uniform(0, 360))
    elif along is not None and rng.random() < 0.85:
        angle = along + float(rng.choice([0.0, 180.0]))
    else:
        angle = float(rng.choice([0.0, 90.0, 180.0, 270.0]))
    return Pose(x, y, angle % 360, mirrored, scale)


def _on_route(rng: Generator, route: Route, style: Style) -> Pose:
    i = int(rng.integers(len(route.points) - 1))
    start, end = route.points[i], route.points[i + 1]
    x, y = start + (end - start) * rng.uniform(0, 1)
    return _pose(rng, float(x), float(y), style, 0.0 if abs(end[0] - start[0]) >= abs(end[1] - start[1]) else 90.0)


def _beside(rng: Generator, other: Instance, one: Drawn, style: Style) -> Pose:
    """Touching another copy, or nearly so."""
    pose, box = _pose(rng, 0.0, 0.0, style), other.box
    if rng.random() < 0.7:
        pose = replace(pose, angle=other.pose.angle, mirrored=other.pose.mirrored)
    own = bounds(pose.polygon(one.width, one.height))
    x, y = box.centre
    gap = float(rng.choice([-1.0, 0.0, 1.0, 3.0, 8.0]))
    dx, dy = (box.width + own.width) / 2 + gap, (box.height + own.height) / 2 + gap
    step = ((dx, 0.0), (-dx, 0.0), (0.0, dy), (0.0, -dy))[int(rng.integers(4))]
    return replace(pose, x=x + step[0], y=y + step[1])


def _visible(placed: list[Instance], width: int, height: int) -> tuple[Instance, ...]:
    """Those that later copies do not hide; all are kept in drawing order."""
    kept = []
    for i, one in enumerate(placed):
        later = Taken()
        for other in placed[i + 1:]:
            later.add(other.box)
        if later.overlap(one.box) <= COVERED:
            kept.append(one)
    return tuple(kept)


# ---- ink -------------------------------------------------------------------------------------------------------------

def _draw_symbol(canvas: Canvas, one: Drawn, instance: Instance, style: Style, rng: Generator) -> None:
    colour = one.colour
    if style.coloured and rng.random() < 0.06:
        colour = style.colours[int(rng.integers(len(style.colours)))]
    matrix = instance.pose.matrix()
    canvas.draw(one.shape, matrix, colour, one.line_width)
    for slot in one.slots:
        x, y = matrix[:, :2] @ np.array([slot.x, slot.y]) + matrix[:, 2]
        string = tag(rng)
        wide, _ = extent(string, 1.0, style.lettering)
        size = min(slot.height, slot.width / max(wide, 0.5)) * instance.pose.scale
        if size > 3:
            canvas.draw(text(string, size, style.lettering), affine(float(x), float(y)), colour, max(0.7, min(one.line_width, size * 0.14)))


def _draw_beside(canvas: Canvas, things: Clutter, instances: tuple[Instance, ...], style: Style, rng: Generator, clutter: float) -> None:
    taken = Taken()
    for one in instances:
        taken.add(one.box)
    tags = float(rng.choice([0.0, 0.3, 0.7])) * clutter
    for one in instances:
        if rng.random() < tags:
            _tag_beside(things, one, taken, style, rng)
        if rng.random() < 0.03 * clutter:
            _junction(canvas, one, style, rng)
    for _ in range(int(rng.poisson(7 * clutter))):
        draw = BESIDE[int(rng.integers(len(BESIDE)))]
        w, h = rng.uniform(40, 180), rng.uniform(20, 90)
        x, y = things.place()
        box = Box(x - w / 2, y - h / 2, w, h)
        if taken.overlap(box) < 0.06:
            draw(things, x, y, float(w), float(h))
            taken.add(box)


def _tag_beside(things: Clutter, one: Instance, taken: Taken, style: Style, rng: Generator) -> None:
    """A label on one side of a copy, touching it now and then."""
    string, size = label(rng, style), style.text_height * float(rng.choice([0.8, 1.0]))
    w, h = extent(string, size, style.lettering)
    turn = 90.0 if rng.random() < 0.12 else 0.0
    w, h = (h, w) if turn else (w, h)
    x, y = one.box.centre
    gap = float(rng.choice([-2.0, 0.0, 2.0, 4.0, 7.0]))
    dx, dy = (one.box.width + w) / 2 + gap, (one.box.height + h) / 2 + gap
    for side in rng.permutation(4):
        sx, sy = ((0.0, dy), (0.0, -dy), (dx, 0.0), (-dx, 0.0))[side]
        box = Box(x + sx - w / 2, y + sy - h / 2, w, h)
        if taken.overlap(box) < 0.2:
            things.write(string, x + sx, y + sy, size, turn=turn)
            taken.add(box)
            return


def _junction(canvas: Canvas, one: Instance, style: Style, rng: Generator) -> None:
    """A wire's dot that lies on a symbol."""
    radius = max(2.0, style.line_width * float(rng.uniform(1.5, 3.0)))
    x, y = one.box.x + one.box.width * float(rng.uniform(0, 1)), one.box.y + one.box.height * float(rng.choice([0.0, 0.5, 1.0]))
    canvas.draw(Shape((Fill((arc(radius, steps=16),)),)), affine(x, y), style.colours[int(rng.integers(len(style.colours)))], 1.0)
