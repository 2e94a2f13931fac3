"""Near siblings: classes that differ from another in one element, and count as another symbol."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from training.attachments import attachment
from training.canvas import affine, arc, rectangle, regular_polygon
from training.elements import Element, closed
from training.likeness import SIBLING, alike
from training.symbols import Symbol, any_mark, extent, is_bare, normalised


def sibling(symbol: Symbol, rng: Generator, least: float = SIBLING) -> Symbol | None:
    """A near-identical class, one element changed; None where no try gave one that looks different by so much."""
    for _ in range(8):
        change = CHANGES[int(rng.integers(len(CHANGES)))]
        elements = change(list(symbol.elements), rng)
        if elements is None:
            continue
        cover = symbol.cover if change not in (_stretched, _doubled) else None
        other = normalised(elements, symbol.unit, symbol.slots, cover)
        if not is_bare(other) and not alike(symbol, other, least):
            return replace(other, parent=symbol)
    return None


def _twin(elements: list[Element], rng: Generator) -> list[Element] | None:
    return _changed(elements, [e.twin is not None and not e.wirelike for e in elements], rng)


def _reworded(elements: list[Element], rng: Generator) -> list[Element] | None:
    """Other letters in the same place."""
    return _changed(elements, [e.role == "letters" for e in elements], rng)


def _changed(elements: list[Element], able: Sequence[bool], rng: Generator) -> list[Element] | None:
    """One of those that are able to is its twin."""
    if not any(able):
        return None
    i = int(rng.choice(np.flatnonzero(able)))
    twin = elements[i].twin
    assert twin is not None
    return [*elements[:i], replace(elements[i], shape=twin, twin=elements[i].shape), *elements[i + 1 :]]


def _without(elements: list[Element], rng: Generator) -> list[Element] | None:
    i = _one(elements, rng)
    return None if i is None else elements[:i] + elements[i + 1 :]


def _with(elements: list[Element], rng: Generator) -> list[Element] | None:
    left, top, right, bottom = extent(elements)
    w, h = right - left, bottom - top
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if rng.random() < 0.65:
        grown = attachment(rng, (corners - corners.mean(axis=0)) / max(w, h))
        return None if grown.wirelike else [*elements, grown.moved(affine((left + right) / 2, (top + bottom) / 2, max(w, h)))]
    size = float(rng.uniform(0.25, 0.6))
    x, y = rng.uniform(-0.3, 0.3, size=2)
    added = any_mark(rng, max(w * size, 0.1), max(h * size, 0.1))
    return [*elements, added.moved(affine((left + right) / 2 + w * x * (1 - size), (top + bottom) / 2 + h * y * (1 - size)))]


def _framed(elements: list[Element], rng: Generator) -> list[Element]:
    """A frame around it all: the symbol stands inside another."""
    left, top, right, bottom = extent(elements)
    w, h, wide = right - left, bottom - top, float(rng.uniform(1.0, 1.25))
    side = max(w, h)
    frames = (arc(0.5 * math.hypot(w, h) * wide), arc(0.55 * side * wide), rectangle(w * wide, h * wide),
              rectangle(side * wide, side * wide), regular_polygon(int(rng.choice([3, 4, 6])), side * wide, 90.0))
    frame = Element("outline", closed(frames[int(rng.integers(len(frames)))]))
    return [*elements, frame.moved(affine((left + right) / 2, (top + bottom) / 2))]


def _stretched(elements: list[Element], rng: Generator) -> list[Element]:
    factor = float(rng.uniform(1.5, 2.1)) ** float(rng.choice([-1.0, 1.0]))
    return [element.moved(affine(stretch=factor)) for element in elements]


def _turned(elements: list[Element], rng: Generator) -> list[Element] | None:
    """One element mirrored or turned in its place."""
    i = _one(elements, rng)
    if i is None:
        return None
    left, top, right, bottom = elements[i].shape.extent()
    x, y = (left + right) / 2, (top + bottom) / 2
    matrix = affine(mirrored=bool(rng.random() < 0.5), angle=float(rng.choice([0.0, 90.0, 180.0])))
    matrix[:, 2] = np.array([x, y]) - matrix[:, :2] @ np.array([x, y])
    return [*elements[:i], elements[i].moved(matrix), *elements[i + 1 :]]


def _doubled(elements: list[Element], rng: Generator) -> list[Element]:
    """Once more beside itself: the symbol is a part of it."""
    left, top, right, bottom = extent(elements)
    step = float(rng.uniform(0.35, 1.15)) * float(rng.choice([-1.0, 1.0]))
    away = affine(step * (right - left), 0.0) if rng.random() < 0.5 else affine(0.0, step * (bottom - top))
    return [*elements, *(element.moved(away) for element in elements if not element.wirelike)]


def _nudged(elements: list[Element], rng: Generator) -> list[Element] | None:
    """One element moved by a fifth, or made smaller."""
    i = _one(elements, rng, first=1)
    if i is None:
        return None
    step = rng.choice([-0.2, 0.2, 0.0], size=2)
    scale = float(rng.choice([0.5, 0.6, 1.6])) if not step.any() else 1.0
    return [*elements[:i], elements[i].moved(affine(float(step[0]), float(step[1]), scale)), *elements[i + 1 :]]


def _one(elements: list[Element], rng: Generator, first: int = 0) -> int | None:
    """Which of several elements, from the first on, is changed; None where there is none to change."""
    able = [i for i, element in enumerate(elements) if i >= first and not element.wirelike]
    return able[int(rng.integers(len(able)))] if able and len(elements) > 1 else None


CHANGES: tuple[Callable[[list[Element], Generator], list[Element] | None], ...] = (
    *[_twin] * 7, *[_reworded] * 5, *[_without] * 6, *[_with] * 6, _framed, _framed, _stretched,
    _turned, _turned, _nudged, _doubled)
