"""Examples as users take them: clear copies on the page searched, and on other drawings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from app.engine.geometry import Box
from app.engine.ink import Colour, background, ink
from app.engine.query import Pixels
from training.drawings import Drawing, Instance, Symbol, make_drawing
from training.shots import TRIED, clearest
from training.styles import Style, exactly, of_size, random_style

CLUTTER = (0.0, 0.8)    # of training's, which leaves hardly a copy alone
SIDE = 448          # px of another drawing
SAME_SET = 0.7      # of other drawings are of the same set, in the same style and to the same scale
STRETCH = 0.04      # of the rest, log, how much taller or wider their symbols are drawn
RESCALED = (0.34, 2.9)  # bounds of the size of a symbol on another drawing to its size on this,
SIZES = (14.0, 110.0)  # px, and of the size itself
SOLID = 0.9         # ink from which a pixel has a stroke's own colour


class Shown(NamedTuple):
    """An example of a class: (h, w, 3) pixels, where the symbol's longer side has `side` px; `own` is the copy it was cut out
    of, where that is on the page searched."""

    label: int
    pixels: Pixels
    side: float
    own: Instance | None = None


def longer_side(copy: Instance) -> float:
    """Of the symbol as it was drawn, px."""
    return max(copy.width, copy.height) * copy.pose.scale


def from_here(drawing: Drawing[Symbol], rng: np.random.Generator, most: int) -> list[Shown]:
    """Of at most so many classes of a drawing, a copy of it that has others."""
    found = list[Shown]()
    for label in rng.permutation(len(drawing.symbols)).tolist():
        if len(found) == most:
            break
        copies = [i for i in drawing.instances if i.label == label]
        own = clear_copy(drawing, copies, rng) if len(copies) > 1 else None
        pixels = None if own is None else cut(drawing.pixels, own)
        if own is not None and pixels is not None:
            found.append(Shown(label, pixels, longer_side(own), own))
    return found


def cut(pixels: Pixels, instance: Instance) -> Pixels | None:
    """A copy as a user boxes it, two pixels around; None where it is off the page."""
    box = instance.box
    grown = Box(box.x - 2, box.y - 2, box.width + 4, box.height + 4).clipped(pixels.shape[1], pixels.shape[0])
    if grown is None:
        return None
    x, y = int(grown.x), int(grown.y)
    return np.ascontiguousarray(pixels[y : int(grown.y + grown.height) + 1, x : int(grown.x + grown.width) + 1])


def clear_copy(drawing: Drawing[Symbol], copies: Sequence[Instance], rng: np.random.Generator) -> Instance | None:
    """The clearest of some copies, as a user chooses; None where none is fit for an example."""
    numbers = [drawing.instances.index(copies[k]) for k in rng.permutation(len(copies))[:TRIED]]
    shot = clearest(drawing, numbers, background(drawing.pixels), rng)
    return None if shot is None else drawing.instances[shot.own]


def from_afar(drawing: Drawing[Symbol], style: Style, exact: bool, rng: np.random.Generator, most: int,
               but: Sequence[int] = ()) -> list[Shown]:
    """Of at most so many classes of a drawing, `but` not of some, a copy cut out of another drawing: of the same set, or in a
    style and to a scale of its own."""
    found = list[Shown]()
    for label in rng.permutation(sorted({i.label for i in drawing.instances} - set(but))).tolist():
        if len(found) == most:
            break
        copy = next(i for i in drawing.instances if i.label == label)
        size = max(copy.width, copy.height) - style.line_width
        other, stretch = replace(style, size=size, colours=_colours(drawing, copy, style)), 0.0
        if rng.random() >= SAME_SET:
            size = float(np.clip(size * np.exp(rng.uniform(*np.log(RESCALED))), *SIZES))
            other, stretch = of_size(random_style(rng), size), float(rng.normal(0, STRETCH))
        page = make_drawing(rng, SIDE, SIDE, clutter=float(rng.uniform(*CLUTTER)), damaged=not exact,
                            style=exactly(other) if exact else other, given=drawing.symbols[label : label + 1])
        own = clear_copy(page, page.instances, rng) if page.instances else None
        pixels = None if own is None else cut(page.pixels, own)
        if own is not None and pixels is not None:
            found.append(Shown(label, _stretched(pixels, stretch), longer_side(own)))
    return found


def _colours(drawing: Drawing[Symbol], copy: Instance, style: Style) -> tuple[Colour, ...]:
    """Those of a style in which a class has the colour that its copy has."""
    pixels = cut(drawing.pixels, copy)
    if pixels is None or not style.coloured:
        return style.colours
    inked = ink(pixels, background(drawing.pixels))
    red, green, blue = np.median(pixels[inked >= min(SOLID, float(inked.max()))], axis=0)
    return ((int(red), int(green), int(blue)),)


def _stretched(pixels: Pixels, by: float) -> Pixels:
    """Wider by a part, log."""
    width = max(1, round(pixels.shape[1] * math.exp(by)))
    return np.asarray(cv2.resize(pixels, (width, len(pixels)), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def strangers(count: int, rng: np.random.Generator) -> list[Pixels]:
    """So many symbols' copies, cut out of other drawings."""
    found = list[Pixels]()
    while len(found) < count:
        other = make_drawing(rng, SIDE, SIDE, clutter=float(rng.uniform(*CLUTTER)))
        for label in rng.permutation(len(other.symbols)):
            copies = [i for i in other.instances if i.label == label]
            own = clear_copy(other, copies, rng) if copies else None
            pixels = None if own is None else cut(other.pixels, own)
            if pixels is not None:
                found.append(pixels)
    return found[:count]
