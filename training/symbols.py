"""Endless classes of symbols, drawn at random from a grammar, and near siblings of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attachments import attachment
from training.canvas import FRACTION_BITS, Fill, Matrix, Points, Shape, affine, polyline
from training.elements import Element, closed, code, filled, letters, mark, shape
from training.families import FAMILIES
from training.marks import MARKS, bars, box, cross, dot, plates, plus, ring, triangle
from training.outlines import Room, open_outline, outline, part_fill

ANGLES = tuple(range(0, 360, 15))


@dataclass(frozen=True)
class Slot:
    """A place for text that varies from copy to copy, in the symbol's frame."""

    x: float
    y: float
    width: float
    height: float


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
    def shape(self) -> Shape:
        """All parts in drawing order, the erasing cover first."""
        under = Shape((Fill((self.cover,), erase=True),)) if self.cover is not None else Shape(())
        return functools.reduce(lambda total, element: total + element.shape, self.elements, under)


def make_symbol(rng: Generator) -> Symbol:
    """A fresh class."""
    kind = rng.choice(5, p=[0.5, 0.26, 0.09, 0.08, 0.07])
    elements, contour, slots = (_composed, _family, _lettered, _simple, _joined)[kind](rng)
    elements = [element.thickened(float(rng.uniform(1.4, 2.6))) if rng.random() < 0.08 else element for element in elements]
    cover = contour if contour is not None and rng.random() < 0.45 else None
    return _normalised(elements, 1.0, slots, cover)


Made = tuple[list[Element], Points | None, tuple[Slot, ...]]


def _composed(rng: Generator) -> Made:
    contour, room = outline(rng)
    double = Shape((*closed(contour).parts, *closed(contour * 0.82).parts))
    elements = [open_outline(rng, contour) if rng.random() < 0.1 else Element("outline", closed(contour), double)]
    if rng.random() < 0.1:
        elements.append(Element("outline", closed(contour * 0.82)))
        room = Room(room.width * 0.8, room.height * 0.8, room.x, room.y)
    slots = _slots(rng, room)
    if slots:
        if len(slots) == 2 and rng.random() < 0.5:
            elements.append(mark(shape(polyline((float(contour[:, 0].min()), 0), (float(contour[:, 0].max()), 0)))))
    else:
        elements += _content(rng, contour, room)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.55, 0.33, 0.12]))):
        elements.append(attachment(rng, contour))
    return elements, contour, slots


def _content(rng: Generator, contour: Points, room: Room) -> list[Element]:
    kind = rng.choice(6, p=[0.08, 0.34, 0.26, 0.1, 0.12, 0.1])
    place = affine(room.x, room.y)
    size = float(rng.uniform(0.6, 1.15))
    w, h = room.width * size, room.height * size
    if kind == 0:
        return []
    if kind == 1:
        return [_mark(rng, w, h).moved(place)]
    if kind == 2:
        return [letters(rng, min(w, room.width), min(h, room.height) * 0.9).moved(place)]
    if kind == 3:
        return [part_fill(rng, contour)]
    if kind == 4:
        return [_mark(rng, w, h).moved(place), _mark(rng, w, h).moved(place)]
    across = room.width >= room.height
    step = affine(room.x + (room.width / 4 if across else 0), room.y + (0 if across else room.height / 4))
    back = affine(room.x - (room.width / 4 if across else 0), room.y - (0 if across else room.height / 4))
    w, h = (room.width * 0.42, room.height * 0.8) if across else (room.width * 0.8, room.height * 0.42)
    second = letters(rng, w, h) if rng.random() < 0.3 else _mark(rng, w, h)
    return [_mark(rng, w, h).moved(back), second.moved(step)]


def _mark(rng: Generator, w: float, h: float) -> Element:
    return MARKS[int(rng.integers(len(MARKS)))](rng, w, h)


def _slots(rng: Generator, room: Room) -> tuple[Slot, ...]:
    if rng.random() > 0.1 or min(room.width, room.height) < 0.3:
        return ()
    if rng.random() < 0.6:
        return tuple(Slot(room.x, room.y + sign * room.height * 0.25, room.width, room.height * 0.36) for sign in (-1.0, 1.0))
    return (Slot(room.x, room.y, room.width, room.height * 0.4),)


def _family(rng: Generator) -> Made:
    elements, contour = FAMILIES[int(rng.integers(len(FAMILIES)))](rng)
    if contour is not None and rng.random() < 0.15:
        elements.append(attachment(rng, contour))
    return elements, contour, ()


def _lettered(rng: Generator) -> Made:
    word = code(rng, int(rng.choice([1, 2, 2, 3])))
    elements = [letters(rng, 1.0, 1.0, word)]
    if rng.random() < 0.15:
        left, _, right, bottom = elements[0].shape.extent()
        elements.append(mark(shape(polyline((left, bottom + 0.1), (right, bottom + 0.1)))))
    return elements, None, ()


def _simple(rng: Generator) -> Made:
    makers = (dot, ring, box, bars, cross, plus, triangle, plates)
    element = makers[int(rng.integers(len(makers)))](rng, 1.0, float(rng.choice([1.0, 1.0, 0.6, 0.35])))
    return [element], None, ()


def _joined(rng: Generator) -> Made:
    """Two bodies side by side, one over the other, or one inside the other."""
    (first, contour, _), (second, _, _) = _part(rng), _part(rng)
    left, top, right, bottom = _extent(first)
    l2, t2, r2, b2 = _extent(second)
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


def _extent(elements: list[Element]) -> tuple[float, float, float, float]:
    return functools.reduce(lambda total, element: total + element.shape, elements, Shape(())).extent()


def _normalised(elements: list[Element], unit: float, slots: tuple[Slot, ...], cover: Points | None) -> Symbol:
    left, top, right, bottom = _extent(elements)
    width, height = max(right - left, 1e-3), max(bottom - top, 1e-3)
    scale = 1.0 / max(width, height)
    matrix = affine(-(left + right) / 2 * scale, -(top + bottom) / 2 * scale, scale)
    moved = tuple(Slot(s.x * scale + matrix[0, 2], s.y * scale + matrix[1, 2], s.width * scale, s.height * scale) for s in slots)
    hidden = None if cover is None else cover * scale + matrix[:, 2]
    return Symbol(tuple(element.moved(matrix) for element in elements), width / height, unit * scale, moved, hidden)


# ---- siblings --------------------------------------------------------------------------------------------------------

def sibling(symbol: Symbol, rng: Generator) -> Symbol | None:
    """A near-identical class, one element changed; None where no try gave one that looks different."""
    for _ in range(8):
        change = (_twin, _twin, _twin, _without, _with, _stretched, _turned, _nudged)[int(rng.integers(8))]
        elements = change(list(symbol.elements), rng)
        if elements is None:
            continue
        cover = symbol.cover if change is not _stretched else None
        other = _normalised(elements, symbol.unit, symbol.slots, cover)
        if not alike(symbol, other):
            return replace(other, parent=symbol)
    return None


def _twin(elements: list[Element], rng: Generator) -> list[Element] | None:
    able = [i for i, element in enumerate(elements) if element.twin is not None]
    if not able:
        return None
    i = able[int(rng.integers(len(able)))]
    twin = elements[i].twin
    assert twin is not None
    return [*elements[:i], replace(elements[i], shape=twin, twin=elements[i].shape), *elements[i + 1:]]


def _without(elements: list[Element], rng: Generator) -> list[Element] | None:
    if len(elements) < 2:
        return None
    i = int(rng.integers(len(elements)))
    return elements[:i] + elements[i + 1:]


def _with(elements: list[Element], rng: Generator) -> list[Element]:
    left, top, right, bottom = _extent(elements)
    w, h = right - left, bottom - top
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if rng.random() < 0.5:
        grown = attachment(rng, (corners - corners.mean(axis=0)) / max(w, h))
        return [*elements, grown.moved(affine(*corners.mean(axis=0).tolist(), scale=max(w, h)))]
    size = float(rng.uniform(0.25, 0.6))
    x, y = rng.uniform(-0.3, 0.3, size=2)
    added = _mark(rng, max(w * size, 0.1), max(h * size, 0.1))
    return [*elements, added.moved(affine((left + right) / 2 + w * x * (1 - size), (top + bottom) / 2 + h * y * (1 - size)))]


def _stretched(elements: list[Element], rng: Generator) -> list[Element]:
    factor = float(rng.uniform(1.35, 1.9)) ** float(rng.choice([-1.0, 1.0]))
    return [element.moved(affine(stretch=factor)) for element in elements]


def _turned(elements: list[Element], rng: Generator) -> list[Element] | None:
    """One element mirrored or turned in its place."""
    if len(elements) < 2:
        return None
    i = int(rng.integers(len(elements)))
    left, top, right, bottom = elements[i].shape.extent()
    x, y = (left + right) / 2, (top + bottom) / 2
    matrix = affine(mirrored=bool(rng.random() < 0.5), angle=float(rng.choice([0.0, 90.0, 180.0])))
    matrix[:, 2] = np.array([x, y]) - matrix[:, :2] @ np.array([x, y])
    return [*elements[:i], elements[i].moved(matrix), *elements[i + 1:]]


def _nudged(elements: list[Element], rng: Generator) -> list[Element] | None:
    """One element moved by a fifth, or made smaller."""
    if len(elements) < 2:
        return None
    i = int(rng.integers(1, len(elements)))
    step = rng.choice([-0.2, 0.2, 0.0], size=2)
    scale = float(rng.choice([0.6, 0.7, 1.4])) if not step.any() else 1.0
    return [*elements[:i], elements[i].moved(affine(float(step[0]), float(step[1]), scale)), *elements[i + 1:]]


# ---- likeness --------------------------------------------------------------------------------------------------------

def render(symbol: Symbol, size: int = 48, line_width: int = 2, matrix: Matrix | None = None) -> NDArray[np.float32]:
    """(size, size) ink in [0, 1]: the symbol's longer side over 0.7 of the picture, so that every turn of it fits."""
    page = np.zeros((size, size), dtype=np.uint8)
    place = affine(size / 2, size / 2, size * 0.7)
    for part in symbol.shape.parts:
        contours = part.contours if isinstance(part, Fill) else (part.points,)
        moved = [points if matrix is None else points @ matrix[:, :2].T + matrix[:, 2] for points in contours]
        fixed = [np.round((p @ place[:, :2].T + place[:, 2] - 0.5) * (1 << FRACTION_BITS)).astype(np.int32) for p in moved]
        if isinstance(part, Fill):
            cv2.fillPoly(page, fixed, 0 if part.erase else 255, cv2.LINE_AA, FRACTION_BITS)
        else:
            cv2.polylines(page, fixed, part.closed, 255, max(1, round(line_width * part.width)), cv2.LINE_AA, FRACTION_BITS)
    return page.astype(np.float32) / 255.0


def alike(one: Symbol, other: Symbol, tolerance: float = 0.3) -> bool:
    """Whether two symbols look the same under some turn by 90° or mirroring, whatever their sizes."""
    if abs(np.log(max(one.ratio, 1 / one.ratio) / max(other.ratio, 1 / other.ratio))) > 0.25:
        return False
    a, b = _soft(render(one)), _soft(render(other))
    turns = [np.rot90(m, k) for m in (b, b[:, ::-1]) for k in range(4)]
    return any(_unlike(a, turn) < tolerance for turn in turns)


def _soft(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), dtype=np.float32)


def _unlike(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The greatest local difference, as a part of the ink's usual strength."""
    gap = cv2.boxFilter(np.abs(a - b), -1, (5, 5))
    return float(gap.max() / max(0.15, float(np.percentile(np.maximum(a, b), 95))))


def symmetry(symbol: Symbol, tolerance: float = 0.3) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The turns (degrees, counter-clockwise, in steps of 15) under which the symbol looks the same, as it is and mirrored."""
    base = render(symbol, 64)
    return _same(base, base, tolerance), _same(base, np.ascontiguousarray(base[:, ::-1]), tolerance)


def _same(base: NDArray[np.float32], start: NDArray[np.float32], tolerance: float) -> tuple[int, ...]:
    still, size = _soft(base), base.shape[0]
    found = []
    for angle in ANGLES:
        turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, 1.0)
        if _unlike(still, _soft(cv2.warpAffine(start, turn, (size, size)))) < tolerance:
            found.append(angle)
    return tuple(found)
