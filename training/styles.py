"""One drawing's style: paper, colours, pens, lettering and how symbols are laid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator

from training.canvas import Colour
from training.handiwork import Hand, random_hand
from training.lettering import Lettering, random_lettering

Rotation = Literal["upright", "right_angles", "any"]
Connection = Literal["ends", "through", "isolated"]

BRIGHT: tuple[Colour, ...] = (
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (0, 255, 255),
    (255, 0, 255),
    (255, 255, 255),
    (60, 110, 255),
    (255, 127, 0),
    (200, 200, 200),
    (128, 255, 128),
    (255, 128, 160),
    (0, 180, 255),
    (160, 160, 160),
)
DEEP: tuple[Colour, ...] = (
    (0, 0, 0),
    (200, 0, 0),
    (0, 110, 0),
    (0, 0, 200),
    (150, 0, 150),
    (0, 120, 130),
    (160, 90, 0),
    (80, 80, 80),
    (230, 60, 0),
    (0, 70, 140),
    (255, 0, 0),
    (0, 0, 255),
    (0, 150, 0),
    (130, 0, 0),
)
DARK_PAPER: tuple[Colour, ...] = ((0, 0, 0), (33, 40, 48), (0, 0, 0), (30, 30, 30), (10, 20, 50), (40, 44, 52))
LIGHT_PAPER: tuple[Colour, ...] = ((255, 255, 255),) * 5 + ((250, 248, 240), (240, 232, 205), (230, 240, 250), (245, 245, 245))
GREY_PAPER: tuple[Colour, ...] = ((205, 205, 205), (180, 180, 180), (225, 225, 225))


LINE_WIDTHS, TEXT_HEIGHTS = (0.8, 5.0), (6.0, 26.0)  # bounds, in page pixels


@dataclass(frozen=True)
class Style:
    """What all of a drawing has in common; lengths in page pixels."""

    background: Colour
    colours: tuple[Colour, ...]  # the first draws most of what is not a symbol
    coloured: bool  # whether classes have colours of their own
    size: float  # of a usual symbol
    line_width: float
    supersample: int  # 1: stair-stepped lines, as on a screen
    lettering: Lettering
    text_height: float
    rotation: Rotation
    mirror: bool
    jitter: float  # greatest relative change of scale from copy to copy
    connection: Connection
    tags: float  # part of the copies that have a label beside them
    tag_side: int  # the side of most labels: below, right, above, left
    turned_tags: bool  # text inside a symbol turns with it
    pen_jitter: float  # greatest relative change of line width from copy to copy
    stretch: float  # greatest relative change of proportions from copy to copy, where they stand at right angles
    snapped: bool  # corners lie in the middle of pixels, as a screen draws them
    hand: Hand  # how copies differ
    script: bool  # labels in pseudo-ideographs now and then
    named: bool  # each copy has its class's letters and a number beside it, and often a value, as diagrams have
    aligned: bool  # copies lie on whole pixels, as on a screen's grid: those turned alike are equal to the pixel


def random_style(rng: Generator) -> Style:
    """A style that some drawing might have."""
    background, colours, coloured = _scheme(rng)
    small = bool(rng.random() < 0.3)
    size = float(rng.uniform(12.5, 22.0) if small else np.clip(np.exp(rng.normal(np.log(36.0), 0.45)), 16.0, 100.0))
    line_width = float(np.clip(size * rng.uniform(0.02, 0.085), *LINE_WIDTHS))
    stepped = 0.55 if sum(background) < 200 else 0.12
    supersample = 1 if rng.random() < (max(stepped, 0.45) if small else stepped) else int(rng.choice([2, 3]))
    rotation: Rotation = ("upright", "right_angles", "any")[int(rng.choice(3, p=[0.2, 0.5, 0.3]))]
    return Style(
        background=background,
        colours=colours,
        coloured=coloured,
        size=size,
        line_width=line_width,
        supersample=supersample,
        lettering=random_lettering(rng),
        text_height=float(np.clip(size * rng.uniform(0.25, 0.75), *TEXT_HEIGHTS)),
        rotation=rotation,
        mirror=bool(rng.random() < 0.45),
        jitter=float(rng.choice([0.0, 0.0, 0.0, 0.05, 0.2])),
        connection=("ends", "through", "isolated")[int(rng.choice(3, p=[0.42, 0.33, 0.25]))],
        tags=float(rng.choice([0.0, 0.3, 0.75])),
        tag_side=int(rng.integers(4)),
        turned_tags=bool(rng.random() < 0.3),
        pen_jitter=float(rng.choice([0.0, 0.0, 0.0, 0.4, 0.6, 0.8])),
        stretch=float(rng.uniform(0.05, 0.24)) if rotation != "any" and rng.random() < 0.35 else 0.0,
        snapped=supersample == 1 and bool(rng.random() < 0.7),
        hand=random_hand(rng, size),
        script=bool(rng.random() < 0.2),
        named=bool(rng.random() < 0.35),
        aligned=bool(rng.random() < 0.7),
    )


def exactly(style: Style) -> Style:
    """The style of a drawing whose copies of a symbol differ in nothing but their pose, as CAD writes them."""
    return replace(style, jitter=0.0, pen_jitter=0.0, stretch=0.0, hand=Hand(0.0, True, 0.0))


def of_size(style: Style, size: float) -> Style:
    """The style with symbols of another size, its lines and letters in proportion."""
    factor = size / style.size
    return replace(style, size=size, line_width=float(np.clip(style.line_width * factor, *LINE_WIDTHS)),
                   text_height=float(np.clip(style.text_height * factor, *TEXT_HEIGHTS)))


def _scheme(rng: Generator) -> tuple[Colour, tuple[Colour, ...], bool]:
    kind = int(rng.choice(5, p=[0.3, 0.4, 0.12, 0.12, 0.06]))
    if kind == 0:
        return DARK_PAPER[int(rng.integers(len(DARK_PAPER)))], _picked(BRIGHT, rng), bool(rng.random() < 0.85)
    if kind == 4:
        return (20, 50, int(rng.integers(90, 150))), ((225, 235, 250),) * 2 + ((255, 255, 255),), False
    if kind == 2:
        return GREY_PAPER[int(rng.integers(len(GREY_PAPER)))], ((0, 0, 0), (0, 0, 0), (40, 40, 40)), False
    paper = LIGHT_PAPER[int(rng.integers(len(LIGHT_PAPER)))]
    if kind == 1 and rng.random() < 0.6:
        black: Colour = (0, 0, 0) if rng.random() < 0.8 else (50, 50, 60)
        return paper, (black, black, (90, 90, 90)), False
    return paper, ((0, 0, 0), *_picked(DEEP, rng)), True


def _picked(colours: tuple[Colour, ...], rng: Generator) -> tuple[Colour, ...]:
    return tuple(colours[i] for i in rng.permutation(len(colours))[: int(rng.integers(3, 8))])
