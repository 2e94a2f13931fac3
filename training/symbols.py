"""Endless classes of symbols, drawn at random from a grammar."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from training.arrows import arrowed
from training.attachments import attachment
from training.canvas import Fill, Points, Shape, Stroke, affine, arc, polyline, rectangle, regular_polygon
from training.elements import Element, closed, code, letters, mark, shape
from training.families import CIRCUIT, FAMILIES
from training.marks import MARKS, bars, box, cross, dot, plates, ring, triangle
from training.outlines import Room, dashed_outline, hatched, open_outline, outline, part_fill


@dataclass(frozen=True)
class Slot:
    """A place for text that varies from copy to copy, in the symbol's frame: a number, or a code of letters."""

    x: float
    y: float
    width: float
    height: float
    code: bool = False


@dataclass(frozen=True, eq=False)
class Symbol:
    """A class of symbol. Its elements' tight box is centred at the origin and its longer side is 1."""

    elements: tuple[Element, ...]
    ratio: float  # width over height of the tight box
    unit: float  # how long the outline's side of 1 became in this frame
    slots: tuple[Slot, ...] = ()
    cover: Points | None = None  # the contour that hides what lies under an opaque symbol
    parent: Symbol | None = None  # the class this one is a sibling of

    @functools.cached_property
    def crowding(self) -> float:
        """Length of all strokes over the area of the box, both in the symbol's frame."""
        strokes = [part for element in self.elements for part in element.shape.parts if isinstance(part, Stroke)]
        length = sum(float(np.hypot(*np.diff(part.points, axis=0).T).sum()) * part.width for part in strokes)
        return max(length, 0.1) / min(self.ratio, 1 / self.ratio)

    @functools.cached_property
    def shape(self) -> Shape:
        """All of it in drawing order."""
        return functools.reduce(lambda total, part: total + part, self.parts)

    @functools.cached_property
    def parts(self) -> tuple[Shape, ...]:
        """Its elements' shapes in drawing order, the erasing cover with the first."""
        first, *others = (element.shape for element in self.elements)
        under = Shape((Fill((self.cover,), erase=True),)) if self.cover is not None else Shape(())
        return (under + first, *others)


def make_symbol(rng: Generator) -> Symbol:
    """A fresh class."""
    return _inked(_any_symbol, rng)


def make_circuit_part(rng: Generator) -> Symbol:
    """A fresh class of a circuit's parts."""
    return _inked(_circuit_part, rng)


def _inked(make: Callable[[Generator], Symbol], rng: Generator) -> Symbol:
    while is_bare(symbol := make(rng)):
        pass
    return symbol


def is_bare(symbol: Symbol) -> bool:
    """Whether all ink lies on one straight line, or is too little: nothing that a page could be searched for."""
    points = np.concatenate(
        [
            points
            for element in symbol.elements
            for part in element.shape.parts
            for points in (part.contours if isinstance(part, Fill) else (part.points,))
        ]
    )
    spread = np.linalg.svd(points - points.mean(axis=0), full_matrices=False, compute_uv=False)
    return bool(spread[1] < 0.04 * spread[0])


def _any_symbol(rng: Generator) -> Symbol:
    kind = rng.choice(6, p=[0.37, 0.28, 0.07, 0.12, 0.07, 0.09])
    return _finished((_composed, _family, _lettered, _simple, _joined, instrument)[kind](rng), rng)


def _circuit_part(rng: Generator) -> Symbol:
    elements, contour = CIRCUIT[int(rng.integers(len(CIRCUIT)))](rng)
    return _finished((elements, contour, ()), rng)


def _finished(made: Made, rng: Generator) -> Symbol:
    """With some elements of a thicker pen; some of those that are closed hide what is under them."""
    elements, contour, slots = made
    elements = [element.thickened(float(rng.uniform(1.4, 2.6))) if rng.random() < 0.08 else element for element in elements]
    cover = contour if contour is not None and rng.random() < 0.45 else None
    return normalised(elements, 1.0, slots, cover)


Made = tuple[list[Element], Points | None, tuple[Slot, ...]]


def _composed(rng: Generator) -> Made:
    contour, room = outline(rng)
    double = Shape((*closed(contour).parts, *closed(contour * 0.82).parts))
    whole = Element("outline", closed(contour), double)
    elements = [(whole, open_outline(rng, contour), dashed_outline(contour))[int(rng.choice(3, p=[0.88, 0.09, 0.03]))]]
    if rng.random() < 0.1:
        elements.append(Element("outline", closed(contour * 0.82)))
        room = Room(room.width * 0.8, room.height * 0.8, room.x, room.y)
    slots = _slots(rng, room)
    if slots:
        if len(slots) == 2 and rng.random() < 0.6:
            elements.append(mark(shape(polyline((float(contour[:, 0].min()), 0), (float(contour[:, 0].max()), 0)))))
        upper = rng.random()
        if len(slots) == 2 and upper < 0.4:  # a fixed code over a number that varies, as instruments have them
            word = letters(rng, slots[0].width, slots[0].height, code(rng, int(rng.integers(2, 4))))
            elements.append(word.moved(affine(slots[0].x, slots[0].y)))
            slots = slots[1:]
        elif len(slots) == 2 and upper < 0.7:
            slots = replace(slots[0], code=True), slots[1]
    else:
        elements += _content(rng, contour, room)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.55, 0.33, 0.12]))):
        elements.append(attachment(rng, contour))
    return elements, contour, slots


def _content(rng: Generator, contour: Points, room: Room) -> list[Element]:
    kind = rng.choice(6, p=[0.07, 0.29, 0.36, 0.08, 0.1, 0.1])
    place = affine(room.x, room.y)
    size = float(rng.uniform(0.6, 1.15))
    w, h = room.width * size, room.height * size
    if kind == 0:
        return []
    if kind == 1:
        return [any_mark(rng, w, h).moved(place)]
    if kind == 2:
        return [letters(rng, min(w, room.width), min(h, room.height) * 0.9).moved(place)]
    if kind == 3:
        return [part_fill(rng, contour) if rng.random() < 0.6 else hatched(rng, contour)]
    if kind == 4:
        return [any_mark(rng, w, h).moved(place), any_mark(rng, w, h).moved(place)]
    across = room.width >= room.height
    step = affine(room.x + (room.width / 4 if across else 0), room.y + (0 if across else room.height / 4))
    back = affine(room.x - (room.width / 4 if across else 0), room.y - (0 if across else room.height / 4))
    w, h = (room.width * 0.42, room.height * 0.8) if across else (room.width * 0.8, room.height * 0.42)
    second = letters(rng, w, h) if rng.random() < 0.3 else any_mark(rng, w, h)
    return [any_mark(rng, w, h).moved(back), second.moved(step)]


def any_mark(rng: Generator, w: float, h: float) -> Element:
    return MARKS[int(rng.integers(len(MARKS)))](rng, w, h)


def _slots(rng: Generator, room: Room) -> tuple[Slot, ...]:
    if rng.random() > 0.18 or min(room.width, room.height) < 0.3:
        return ()
    if rng.random() < 0.6:
        return tuple(Slot(room.x, room.y + sign * room.height * 0.25, room.width, room.height * 0.36) for sign in (-1.0, 1.0))
    return (Slot(room.x, room.y, room.width, room.height * 0.4),)


def _family(rng: Generator) -> Made:
    elements, contour = FAMILIES[int(rng.integers(len(FAMILIES)))](rng)
    if contour is not None and rng.random() < 0.15:
        elements.append(attachment(rng, contour))
    return elements, contour, ()


def instrument(rng: Generator) -> Made:
    """An outline with a code, mostly over a number that varies, and lines between them."""
    contours = (arc(0.5), arc(0.5), arc(0.5), rectangle(1.0, 1.0), regular_polygon(6, 0.5), rectangle(1.3, 0.8))
    contour = contours[int(rng.integers(len(contours)))]
    elements = [Element("outline", closed(contour))]
    if rng.random() < 0.25:
        frame = rectangle(float(np.ptp(contour[:, 0])), float(np.ptp(contour[:, 1])))
        elements.append(Element("outline", closed(frame)))
    half, gap = float(np.ptp(contour[:, 0])) / 2, float(rng.uniform(0.03, 0.05))
    single = shape(polyline((-half, 0), (half, 0)))
    double = shape(polyline((-half, -gap), (half, -gap)), polyline((-half, gap), (half, gap)))
    broken = dashed_line(half, int(rng.integers(2, 5)))
    lines = [double, broken, single][int(rng.integers(3)) :]
    if rng.random() < 0.6:
        elements.append(mark(single, lines[0]) if rng.random() < 0.5 else mark(lines[0], single if len(lines) > 1 else double))
    high = float(rng.uniform(0.16, 0.24))
    over, under = affine(0.0, -0.2), affine(0.0, 0.2)
    word, number = (letters(rng, 0.62, high, text) for text in (code(rng, int(rng.integers(1, 4))), str(rng.integers(1, 1000))))
    varies = Slot(0.0, 0.2, 0.62, high)
    kind = rng.choice(4, p=[0.15, 0.1, 0.35, 0.4])
    if kind == 0:
        return [*elements, word], contour, ()
    if kind == 1:
        return [*elements, word.moved(over), number.moved(under)], contour, ()
    if kind == 2:
        return [*elements, word.moved(over)], contour, (varies,)
    return elements, contour, (Slot(0.0, -0.2, 0.62, high, code=True), varies)


def dashed_line(half: float, dashes: int) -> Shape:
    """A lying line to ±half in so many dashes."""
    ends = np.linspace(-half, half, 2 * dashes)
    return Shape(tuple(polyline((left, 0), (right, 0)) for left, right in zip(ends[::2], ends[1::2], strict=True)))


def _lettered(rng: Generator) -> Made:
    word = code(rng, int(rng.choice([1, 2, 2, 3])))
    elements = [letters(rng, 1.0, 1.0, word)]
    if rng.random() < 0.15:
        left, _, right, bottom = elements[0].shape.extent()
        elements.append(mark(shape(polyline((left, bottom + 0.1), (right, bottom + 0.1)))))
    return elements, None, ()


def _simple(rng: Generator) -> Made:
    makers = (dot, ring, box, bars, cross, triangle, plates, *[arrowed] * 5)
    element = makers[int(rng.integers(len(makers)))](rng, 1.0, float(rng.choice([1.0, 1.0, 0.6, 0.35])))
    return [element], None, ()


def _joined(rng: Generator) -> Made:
    """Two bodies side by side, one over the other, or one inside the other."""
    (first, contour, _), (second, _, _) = _part(rng), _part(rng)
    left, top, right, bottom = extent(first)
    l2, t2, r2, b2 = extent(second)
    if rng.random() < 0.25:
        inside = affine(scale=float(rng.uniform(0.3, 0.5)))
        return first + [element.moved(inside) for element in second], contour, ()
    if rng.random() < 0.5:
        step = affine(right - l2, (top + bottom - t2 - b2) / 2)
    else:
        step = affine((left + right - l2 - r2) / 2, bottom - t2)
    return first + [element.moved(step) for element in second], None, ()


def _part(rng: Generator) -> Made:
    return (_composed, _family, _simple)[int(rng.choice(3, p=[0.4, 0.3, 0.3]))](rng)


def extent(elements: Sequence[Element]) -> tuple[float, float, float, float]:
    return functools.reduce(lambda total, element: total + element.shape, elements, Shape(())).extent()


def normalised(elements: list[Element], unit: float, slots: tuple[Slot, ...], cover: Points | None) -> Symbol:
    """The symbol of these elements, moved and scaled to its frame; `unit` is the outline's side in theirs."""
    left, top, right, bottom = extent(elements)
    width, height = max(right - left, 1e-3), max(bottom - top, 1e-3)
    scale = 1.0 / max(width, height)
    matrix = affine(-(left + right) / 2 * scale, -(top + bottom) / 2 * scale, scale)
    moved = tuple(
        Slot(s.x * scale + matrix[0, 2], s.y * scale + matrix[1, 2], s.width * scale, s.height * scale, s.code) for s in slots
    )
    hidden = None if cover is None else cover * scale + matrix[:, 2]
    return Symbol(tuple(element.moved(matrix) for element in elements), width / height, unit * scale, moved, hidden)
