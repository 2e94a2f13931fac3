"""Symbols to evaluate on, of families that the training generator does not know."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.canvas import Canvas, Colour, Shape, affine
from training.lettering import Lettering
from training.pieces import box, circle, join
from training.unseen import building, field, plant
from training.unseen.choices import Choices

FONTS = ("DejaVu Serif:bold", "DejaVu Serif:italic", "DejaVu Sans Mono:bold", "cmmi10")
GRAMMARS: dict[str, Callable[[Choices], Shape]] = {
    family.__name__: family
    for family in (building.luminaire, building.air_terminal, building.fan, building.sanitary, building.access,
                   plant.instrument, plant.actuated_valve, plant.vessel, plant.directional_valve, plant.exchanger,
                   field.rail_signal, field.turnout, field.manhole, field.survey_mark, field.logic_block, field.tree)
}
ALIKE = 0.9  # correlation of blurred ink from which two symbols are the same to the eye
THUMBNAIL, TURN = 48, 15
HARDEST = 4  # a sibling is one of so many that resemble the symbol most


@dataclass(frozen=True)
class UnseenSymbol:
    """A symbol with the answers it was made from; its shape is centred and spans 1 to 1.7."""

    family: str
    answers: tuple[tuple[str, float], ...]
    options: tuple[tuple[str, int], ...]
    lettering: Lettering
    shape: Shape
    colour: Colour | None = None  # its own; the page's ink where it has none

    def size(self, unit: float, line_width: float) -> tuple[float, float]:
        """Width and height of its ink in pixels, `unit` pixels being 1 of the shape."""
        left, top, right, bottom = self.shape.extent()
        return (right - left) * unit + line_width, (bottom - top) * unit + line_width


def random_lettering(rng: Generator) -> Lettering:
    """A font kept for evaluation."""
    return Lettering(FONTS[rng.integers(len(FONTS))], width=float(rng.uniform(0.8, 1.1)))


def make_symbol(rng: Generator, lettering: Lettering, family: str | None = None) -> UnseenSymbol:
    """A symbol of a family, a random one by default."""
    name = family or list(GRAMMARS)[rng.integers(len(GRAMMARS))]
    return _made(name, Choices(rng, lettering), lettering)


def sibling(symbol: UnseenSymbol, rng: Generator, known: Sequence[UnseenSymbol] = ()) -> UnseenSymbol | None:
    """The symbol with one element changed so that it is hard to tell, and unlike other symbols that are known; None where every
    change is lost to the eye."""
    others = []
    for question, count in symbol.options:
        for step in range(1, count):
            answers = dict(symbol.answers)
            answers[question] = (answers[question] + step) % count
            other = _made(symbol.family, Choices(rng, symbol.lettering, answers), symbol.lettering)
            likeness = resemblance(symbol, other)
            if likeness < ALIKE and not any(alike(other, one) for one in known):
                others.append((likeness, other))
    hardest = sorted(others, key=lambda pair: pair[0])[-HARDEST:]
    return hardest[rng.integers(len(hardest))][1] if hardest else None


def distinct_symbols(rng: Generator, count: int, lettering: Lettering, families: Iterable[str] = ()) -> list[UnseenSymbol]:
    """`count` symbols, no two of which look alike."""
    names, found = list(families) or list(GRAMMARS), list[UnseenSymbol]()
    while len(found) < count:
        new = make_symbol(rng, lettering, names[rng.integers(len(names))])
        if not any(alike(new, other) for other in found):
            found.append(new)
    return found


def enclosed(symbol: UnseenSymbol, rng: Generator) -> UnseenSymbol:
    """The symbol inside a box or a circle: another symbol."""
    left, top, right, bottom = symbol.shape.extent()
    width, height = right - left, bottom - top
    frame = circle(math.hypot(width, height) * 0.54) if rng.random() < 0.5 else box(1.3 * width, 1.3 * height)
    return replace(symbol, family=f"{symbol.family} enclosed", shape=join(symbol.shape, frame))


def alike(a: UnseenSymbol, b: UnseenSymbol) -> bool:
    """Whether some turn or mirror image of one can hardly be told from the other."""
    return a.family == b.family and resemblance(a, b) >= ALIKE


def resemblance(a: UnseenSymbol, b: UnseenSymbol) -> float:
    """The best correlation of their blurred ink over turns and mirror images."""
    first, second = _thumbnail(a), _thumbnail(b)
    return max(_correlation(first, pose) for pose in _poses(second))


def _made(family: str, choices: Choices, lettering: Lettering) -> UnseenSymbol:
    shape = _centred(GRAMMARS[family](choices))
    return UnseenSymbol(family, tuple(choices.answers.items()), tuple(choices.options.items()), lettering, shape)


def _centred(shape: Shape) -> Shape:
    left, top, right, bottom = shape.extent()
    return shape.moved(affine(-(left + right) / 2, -(top + bottom) / 2))


def _thumbnail(symbol: UnseenSymbol) -> NDArray[np.float32]:
    canvas = Canvas(THUMBNAIL, THUMBNAIL)
    canvas.draw(symbol.shape, affine(THUMBNAIL / 2, THUMBNAIL / 2, THUMBNAIL * 0.5), (0, 0, 0), 1.6)
    ink = 1.0 - canvas.pixels()[..., 0].astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.8), dtype=np.float32)


def _poses(ink: NDArray[np.float32]) -> Iterable[NDArray[np.float32]]:
    middle = ((THUMBNAIL - 1) / 2, (THUMBNAIL - 1) / 2)
    for image in (ink, ink[:, ::-1]):
        for angle in range(0, 360, TURN):
            matrix = cv2.getRotationMatrix2D(middle, angle, 1.0)
            yield np.asarray(cv2.warpAffine(image, matrix, (THUMBNAIL, THUMBNAIL)), dtype=np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
