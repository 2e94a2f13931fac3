"""The sheet as a drafter sees it: A1 at 1:100, so that a metre of the building is a centimetre of paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.canvas import Canvas, Colour, Fill, Matrix, Pixels, Points, Shape, Stroke, affine, apply
from training.lettering import Lettering
from training.pieces import letters

XY = tuple[float, float]
WIDTH, HEIGHT = 84.1, 59.4  # metres of the building that A1 shows at 1:100
METRES_PER_INCH = 2.54  # of the building, at 1:100
DPI = 150
HAND = Lettering(width=0.82, rounded=True)
BOLD = Lettering(width=0.9, weight=1.6)


@dataclass(frozen=True)
class Layer:
    """A pen: its colour and its width in pixels at 150 dpi."""

    colour: Colour
    width: float


WALL = Layer((102, 102, 102), 2.2)
POCHE = Layer((204, 204, 204), 1.0)
DOOR = Layer((102, 102, 102), 1.5)
FURNITURE = Layer((153, 153, 153), 1.2)
GRID = Layer((153, 153, 153), 1.2)
TEXT = Layer((0, 0, 0), 1.7)
FINE = Layer((0, 0, 0), 1.2)
FRAME = Layer((0, 0, 0), 3.6)
ALARM = Layer((204, 0, 0), 2.4)
LIFE = Layer((0, 0, 0), 2.4)
LOOP = Layer((0, 51, 153), 1.6)
NOTIFY = Layer((204, 0, 0), 1.6)
CLOUD = Layer((0, 102, 51), 2.0)


class Paper:
    """A canvas measured in metres of the building."""

    def __init__(self, dpi: int = DPI) -> None:
        self.scale = dpi / METRES_PER_INCH
        self._weight = dpi / DPI
        self._canvas = Canvas(round(WIDTH * self.scale), round(HEIGHT * self.scale), supersample=2)

    def draw(self, shape: Shape, layer: Layer, at: Matrix | None = None) -> None:
        """Draws a shape whose frame `at` takes to metres."""
        self._canvas.draw(shape, (affine() if at is None else at) * self.scale, layer.colour, layer.width * self._weight)

    def line(self, points: Iterable[XY], layer: Layer, closed: bool = False) -> None:
        self.draw(Shape((Stroke(_array(points), closed),)), layer)

    def curve(self, points: Points, layer: Layer, closed: bool = False) -> None:
        self.draw(Shape((Stroke(points, closed),)), layer)

    def dashed(self, points: Sequence[XY], layer: Layer, pattern: Sequence[float]) -> None:
        """A line of dashes and gaps, in metres, one after the other."""
        for start, stop in _dashes(_array(points), pattern):
            self.line([start, stop], layer)

    def fill(self, points: Iterable[XY], layer: Layer | None) -> None:
        """A filled area, of bare paper where there is no layer."""
        contour = Fill((_array(points),), erase=layer is None)
        self.draw(Shape((contour,)), layer or FINE)

    def text(self, string: str, x: float, y: float, height: float, layer: Layer = TEXT, angle: float = 0.0,
             left: bool = False, style: Lettering = HAND) -> tuple[float, float]:
        """Text around x, y, or that begins there; returns its width and height in metres."""
        shape = letters(string, height, style=style)
        low, top, high, bottom = shape.extent()
        shift = affine(-low if left else 0.0)
        self.draw(shape.moved(shift), layer, affine(x, y, angle=angle))
        return high - low, bottom - top

    def pixels(self) -> Pixels:
        return self._canvas.pixels()


@dataclass(frozen=True)
class Place:
    """A part of the building in its own metres: where its corner lies on the sheet and how far it is turned."""

    x: float
    y: float
    angle: float = 0.0  # degrees counter-clockwise as seen

    def matrix(self) -> Matrix:
        return affine(self.x, self.y, angle=self.angle)

    def on_sheet(self, points: Iterable[XY]) -> list[XY]:
        """The same points in metres of the sheet."""
        return [(float(x), float(y)) for x, y in apply(self.matrix(), _array(points))]


def _array(points: Iterable[XY]) -> Points:
    return np.array(list(points), dtype=np.float64)


def _dashes(points: Points, pattern: Sequence[float]) -> list[tuple[XY, XY]]:
    """The drawn pieces of a dashed polyline."""
    pieces: list[tuple[XY, XY]] = []
    index, left = 0, pattern[0]
    for start, stop in pairwise(points):
        length = float(np.linalg.norm(stop - start))
        at = 0.0
        while at < length - 1e-9:
            step = min(left, length - at)
            if index % 2 == 0:
                ends = (start + (stop - start) * t / length for t in (at, at + step))
                first, last = ((float(x), float(y)) for x, y in ends)
                pieces.append((first, last))
            at, left = at + step, left - step
            if left <= 1e-9:
                index = (index + 1) % len(pattern)
                left = pattern[index]
    return pieces
