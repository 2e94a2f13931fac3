"""The elements of symbols: a shape with its role and a near twin, and the helpers that make them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.random import Generator

from training.canvas import Fill, Matrix, Points, Shape, Stroke, affine
from training.lettering import Lettering, random_lettering, text

LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
SMALL = "abcdefghiklmnopqrstuvwxyz"
DIGITS = "0123456789"
MIXED, SPLIT = 0.15, 0.06  # of the codes: a capital and small letters, capitals on either side of a stroke


def shape(*parts: Stroke | Fill) -> Shape:
    return Shape(parts)


def mark(drawn: Shape, twin: Shape | None = None) -> Element:
    return Element("mark", drawn, twin)


def closed(points: Points) -> Shape:
    return Shape((Stroke(points, closed=True),))


def filled(points: Points) -> Shape:
    return Shape((Fill((points,)),))


@dataclass(frozen=True)
class Element:
    """A part of a symbol that can go, move or change; `twin` is the same with one thing changed. One that is `wirelike` does
    not tell a symbol from another: on a page any wire looks like it."""

    role: str  # outline, mark, letters, fill or outside
    shape: Shape
    twin: Shape | None = None
    wirelike: bool = False

    def moved(self, matrix: Matrix) -> Element:
        return replace(self, shape=self.shape.moved(matrix), twin=self.twin.moved(matrix) if self.twin else None)

    def thickened(self, factor: float) -> Element:
        return replace(self, shape=self.shape.thickened(factor), twin=self.twin.thickened(factor) if self.twin else None)


def code(rng: Generator, length: int | None = None) -> str:
    """One to four letters, mostly capitals, the last sometimes a digit."""
    size = length or int(rng.choice([1, 1, 1, 2, 2, 3]))
    word = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=size))
    kind = rng.random()
    if size > 1 and kind < MIXED:
        return word[0] + "".join(SMALL[i] for i in rng.integers(len(SMALL), size=int(rng.integers(1, 4))))
    if size > 1 and kind < MIXED + SPLIT:
        return f"{word[0]}/{word[-1]}"
    return word[:-1] + DIGITS[rng.integers(10)] if size > 1 and rng.random() < 0.4 else word


def letters(rng: Generator, width: float, height: float, word: str | None = None) -> Element:
    """A code filling the room, its twin with one letter changed or all of them."""
    word = word or code(rng)
    style = replace(random_lettering(rng), weight=1.0)
    at = int(rng.integers(len(word)))
    changed = range(len(word)) if rng.random() < 0.4 else (at,)
    other = "".join(_another(letter, rng) if n in changed else letter for n, letter in enumerate(word))
    return Element("letters", _fitted(word, style, width, height), _fitted(other, style, width, height))


def _another(letter: str, rng: Generator) -> str:
    """Another of its kind; one that is no letter becomes a capital."""
    kind = SMALL if letter in SMALL else LETTERS
    return kind[(kind.find(letter) + int(rng.integers(1, len(kind)))) % len(kind)]


def _fitted(word: str, style: Lettering, width: float, height: float) -> Shape:
    drawn = text(word, 1.0, style)
    left, top, right, bottom = drawn.extent()
    return drawn.moved(affine(scale=min(width / max(right - left, 0.3), height / max(bottom - top, 0.8))))
