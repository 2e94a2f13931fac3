"""Generated drawings with their truth. `python -m training.preview --seed 1 --count 12 --out DIR` writes some to look at."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from app.engine.geometry import Box, Pose
from training.canvas import Canvas, Colour, Pixels, Shape, affine
from training.classes import FREQUENT, Kinship, random_classes, random_strangers
from training.clutter import BESIDE, OVER, UNDER, Clutter
from training.degrade import degrade
from training.elements import code
from training.handiwork import by_hand
from training.labels import write_names, write_tag
from training.layout import COVERED, Sheet, Taken, place, routes
from training.leads import draw_leads
from training.lettering import extent, text
from training.likeness import visible
from training.styles import Style, random_style
from training.symbols import Slot, Symbol, make_circuit_part, make_symbol
from training.truth import Drawing, Instance
from training.wires import dot, draw_links, draw_routes
from training.wording import tag

__all__ = ["VERSION", "Drawing", "Instance", "Kinship", "Style", "Symbol", "draw_alone", "draw_class", "make_drawing",
           "random_classes"]

VERSION = 23  # of the generator: within a version the same seed gives the same drawings
COPIES = (2, 10)  # of a class, where there is room
FEWEST = 25  # copies, or a third of the page's area where they are large
TWO_TONED = 0.15  # of the classes of coloured drawings, with one part in a colour of its own
SPREAD = 0.22  # of the classes' sizes, log
CIRCUITS = 0.6  # of the drawings whose copies have names, those that show parts of circuits only
CROWDED = 0.5  # part of a symbol's box that its strokes may cover
SMALLEST, LARGEST = 12.0, 110.0  # pixels of a symbol's longer side


@dataclass(frozen=True, eq=False)
class Drawn:
    """A class as one drawing shows it: in page pixels, the box of its ink centred at the origin."""

    parts: tuple[Shape, ...]
    slots: tuple[Slot, ...]
    width: float
    height: float
    line_width: float
    colours: tuple[Colour, ...]  # of the parts

    @property
    def colour(self) -> Colour:
        """That of most of it."""
        return self.colours[0]

    @property
    def shape(self) -> Shape:
        return functools.reduce(lambda total, part: total + part, self.parts)


def make_drawing(
    rng: Generator,
    width: int = 640,
    height: int = 640,
    classes: int = 10,
    *,
    density: float = 0.18,
    clutter: float = 1.0,
    damaged: bool = True,
    kinship: Kinship = FREQUENT,
    style: Style | None = None,
    given: Sequence[Symbol] = (),
) -> Drawing[Symbol]:
    """A page of `classes` labels with 2 to 10 copies each, as many as fit.

    `density` is about the part of the page that symbols take, `clutter` multiplies all that is no symbol (0: bare),
    `damaged` lets the page be scanned, compressed and the like; with symbols `given` it shows these, all of the style's size,
    and not fresh ones. The same generator state gives the same bytes.
    """
    style = style or random_style(rng)
    least = visible(style.size)
    make = make_circuit_part if style.named and rng.random() < CIRCUITS else make_symbol
    symbols = tuple(given) or random_classes(rng, classes, kinship, least, make)
    classes = len(symbols)
    strangers = random_strangers(rng, symbols, kinship, least) if clutter else ()
    drawn = _all_drawn((*symbols, *strangers), style, 0.0 if given else SPREAD, rng)
    sheet = Sheet(
        width,
        height,
        tuple((one.width, one.height) for one in drawn),
        tuple(routes(rng, width, height, style)) if clutter else (),
        style,
    )
    area = max(density * float(rng.uniform(0.6, 1.4)) * width * height, min(0.35 * width * height, FEWEST * style.size**2))
    placed = place(rng, sheet, _labels(rng, classes, len(strangers)), area)
    pixels, changed = _drawn_page(rng, sheet, drawn, placed, clutter)
    instances = tuple(one for one in _seen(placed, changed) if one.label < classes)
    if damaged:
        pixels, instances = degrade(pixels, instances, style.background, rng)
    return Drawing(pixels, instances, symbols)


def _drawn_page(
    rng: Generator, sheet: Sheet, drawn: list[Drawn], placed: list[Instance], clutter: float
) -> tuple[Pixels, list[int]]:
    """The page, and how many pixels each copy changed when it was drawn."""
    style = sheet.style
    canvas = Canvas(sheet.width, sheet.height, style.background, style.supersample, style.snapped)
    things = Clutter(canvas, style, rng)
    for _ in range(int(rng.poisson(3.5 * clutter))):
        UNDER[int(rng.integers(len(UNDER)))](things)
    over = style.connection == "through" and bool(rng.random() < (0.5 if style.coloured else 0.3))
    if clutter and not over:
        draw_routes(canvas, sheet.routes, placed, style, rng)
        draw_links(canvas, placed, style, rng)
    if clutter:
        draw_leads(canvas, placed, [one.shape for one in drawn], style, rng)
    changed = []
    for one in placed:
        box = one.box.x, one.box.y, one.box.x + one.box.width, one.box.y + one.box.height
        before = canvas.patch(*box)
        _draw_symbol(canvas, drawn[one.label], one, style, rng)
        changed.append(int((before != canvas.patch(*box)).any(axis=2).sum()))
    if over and clutter:
        draw_routes(canvas, sheet.routes, placed, style, rng)
    for _ in range(int(rng.poisson((2.0 if style.coloured else 1.0) * clutter))):
        OVER[int(rng.integers(len(OVER)))](things)
    if clutter:
        _draw_beside(things, placed, rng, clutter)
    return canvas.pixels(), changed


def _seen(placed: list[Instance], changed: list[int]) -> list[Instance]:
    """Copies that show: not those over ink of their own colour."""
    ink = np.array(changed) / np.array([one.pose.scale**2 for one in placed])
    labels = np.array([one.label for one in placed])
    usual = {label: float(np.median(ink[labels == label])) for label in set(labels.tolist())}
    return [one for one, amount in zip(placed, ink, strict=True) if amount > (1 - COVERED) * usual[one.label]]


def _labels(rng: Generator, classes: int, strangers: int) -> list[int]:
    counts = [int(rng.integers(COPIES[0], COPIES[1] + 1)) for _ in range(classes)] + [
        int(rng.integers(1, 4)) for _ in range(strangers)
    ]
    return [i for i, count in enumerate(counts) for _ in range(count)]


# ---- classes ---------------------------------------------------------------------------------------------------------


def _all_drawn(symbols: tuple[Symbol, ...], style: Style, spread: float, rng: Generator) -> list[Drawn]:
    drawn: dict[int, Drawn] = {}
    for symbol in symbols:
        size = style.size * float(np.exp(rng.normal(0, spread)))
        colour = style.colours[int(rng.integers(len(style.colours)))] if style.coloured else style.colours[0]
        parent = drawn.get(id(symbol.parent))
        if parent is not None and symbol.parent is not None:
            size = max(parent.width, parent.height) * symbol.parent.unit / symbol.unit
            colour = parent.colour if rng.random() < 0.8 else colour
        size = float(np.clip(size, SMALLEST / math.sqrt(min(symbol.ratio, 1 / symbol.ratio, 0.8)), LARGEST))
        # intricate symbols are drawn with a finer pen, or they would fill up
        pen = float(np.clip(CROWDED * size / symbol.crowding, min(1.0, style.line_width), style.line_width))
        drawn[id(symbol)] = draw_class(symbol, size, pen, *_colours(symbol, colour, parent, style, rng))
    return [drawn[id(symbol)] for symbol in symbols]


def _colours(symbol: Symbol, colour: Colour, parent: Drawn | None, style: Style, rng: Generator) -> list[Colour]:
    """Of each part: a sibling's are its parent's as far as that has them."""
    colours = [colour] * len(symbol.parts)
    if parent is not None and parent.colour == colour:
        colours[1:] = [*parent.colours[1:], *colours][: len(colours) - 1]
    elif style.coloured and len(colours) > 1 and rng.random() < TWO_TONED:
        colours[int(rng.integers(1, len(colours)))] = style.colours[int(rng.integers(len(style.colours)))]
    return colours


def draw_class(symbol: Symbol, size: float, line_width: float, *colours: Colour) -> Drawn:
    """The symbol with its longer side over `size` pixels between the middles of its strokes, in one colour or one a part."""
    grown = affine(scale=size)
    left, top, right, bottom = symbol.shape.moved(grown).ink_extent(line_width)
    centre = affine(-(left + right) / 2, -(top + bottom) / 2)
    x, y = centre[:, 2]
    slots = tuple(Slot(s.x * size + x, s.y * size + y, s.width * size, s.height * size, s.code) for s in symbol.slots)
    parts = tuple(part.moved(grown).moved(centre) for part in symbol.parts)
    return Drawn(parts, slots, right - left, bottom - top, line_width, colours * len(parts) if len(colours) == 1 else colours)


def draw_alone(symbol: Symbol, style: Style, stretch: float, rng: Generator) -> tuple[Pixels, Instance]:
    """A symbol by itself as a drawing of a style shows it, so many times as wide for its height, and where it lies."""
    colour = style.colours[int(rng.integers(len(style.colours)))] if style.coloured else style.colours[0]
    pen = float(np.clip(CROWDED * style.size / symbol.crowding, min(1.0, style.line_width), style.line_width))
    one = draw_class(symbol, style.size, pen, colour)
    side = 2 * math.ceil(0.7 * max(one.width, one.height)) + 8  # even: its middle is a whole pixel, as an aligned copy's is
    instance = Instance(0, Pose(side / 2, side / 2, 0.0, False, 1.0), one.width, one.height, stretch)
    canvas = Canvas(side, side, style.background, style.supersample, style.snapped)
    _draw_symbol(canvas, one, instance, style, rng)
    return canvas.pixels(), instance


# ---- ink -------------------------------------------------------------------------------------------------------------


def _draw_symbol(canvas: Canvas, one: Drawn, instance: Instance, style: Style, rng: Generator) -> None:
    colours = one.colours
    if style.coloured and rng.random() < 0.06:
        colours = (style.colours[int(rng.integers(len(style.colours)))],) * len(colours)
    pen = max(0.8, one.line_width * float(np.exp(rng.uniform(-style.pen_jitter, style.pen_jitter))))
    matrix = instance.matrix
    for part, colour in zip(by_hand(one.parts, max(one.width, one.height), style.hand, rng), colours, strict=True):
        canvas.draw(part, matrix, colour, pen)
    for slot in one.slots:
        x, y = matrix[:, :2] @ np.array([slot.x, slot.y]) + matrix[:, 2]
        string = code(rng, int(rng.integers(2, 4))) if slot.code else tag(rng)
        wide, _ = extent(string, 1.0, style.lettering)
        size = min(slot.height, slot.width / max(wide, 0.5)) * instance.pose.scale
        turn = instance.pose.angle if style.turned_tags else 0.0
        if size > 3:
            canvas.draw(
                text(string, size, style.lettering),
                affine(float(x), float(y), angle=turn),
                colours[0],
                max(0.7, min(pen, size * 0.14)),
            )


def _draw_beside(things: Clutter, placed: list[Instance], rng: Generator, clutter: float) -> None:
    """Labels, dots on symbols, and text, tables and dimensions in the free places."""
    taken = Taken()
    for one in placed:
        taken.add(one.box)
    if things.style.named:
        write_names(things, placed, taken, rng)
    for one in placed:
        if not things.style.named and rng.random() < things.style.tags * clutter:
            write_tag(things, one, taken, rng)
        if rng.random() < (0.12 if things.style.coloured else 0.05) * clutter:
            x, y = (
                one.box.x + one.box.width * float(rng.uniform(0, 1)),
                one.box.y + one.box.height * float(rng.choice([0.0, 0.5, 1.0])),
            )
            grown = float(rng.uniform(1.0, max(1.0, things.style.size / 8))) if rng.random() < 0.4 else 1.0
            things.canvas.draw(dot(rng, things.style), affine(x, y, grown), things.colour(), 1.0)
    for _ in range(int(rng.poisson(8 * clutter))):
        draw = BESIDE[int(rng.integers(len(BESIDE)))]
        w, h = (float(v) for v in rng.uniform((40, 20), (180, 90)))
        x, y = things.place()
        box = Box(x - w / 2, y - h / 2, w, h)
        if taken.overlap(box) < 0.06:
            draw(things, x, y, w, h)
            taken.add(box)
