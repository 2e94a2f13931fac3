"""Vector shapes and the canvas they are drawn on: the one renderer behind every generated picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (N, 2) x, y; y down
Matrix = NDArray[np.float64]  # (2, 3) affine
Pixels = NDArray[np.uint8]  # (H, W, 3) RGB
Colour = tuple[int, int, int]

FRACTION_BITS = 4  # cv2 draws at 1/16 pixel


@dataclass(frozen=True)
class Stroke:
    """A polyline; `width` is relative to the line width it is drawn with."""

    points: Points
    closed: bool = False
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class Fill:
    """A filled area, even-odd over its contours; `erase` paints it in the background's colour."""

    contours: tuple[Points, ...]
    erase: bool = False


Part = Stroke | Fill


@dataclass(frozen=True)
class Shape:
    """Parts drawn in order, in the shape's own frame (a symbol spans about -0.5 to 0.5)."""

    parts: tuple[Part, ...]

    def moved(self, matrix: Matrix) -> Shape:
        return Shape(tuple(_moved(part, matrix) for part in self.parts))

    def __add__(self, other: Shape) -> Shape:
        return Shape(self.parts + other.parts)

    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all visible points."""
        return self.ink_extent(0.0)

    def ink_extent(self, line_width: float) -> tuple[float, float, float, float]:
        """The extent with half of each stroke's width added, `line_width` in the shape's own units."""
        parts = [part for part in self.parts if not _erases(part)]
        half = [0.0 if isinstance(part, Fill) else line_width * part.width / 2 for part in parts]
        loose = [_contours(part) for part in parts]
        low = np.min([points.min(axis=0) - h for contours, h in zip(loose, half, strict=True) for points in contours], axis=0)
        high = np.max([points.max(axis=0) + h for contours, h in zip(loose, half, strict=True) for points in contours], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def thickened(self, factor: float) -> Shape:
        """The same with every stroke's width multiplied."""
        return Shape(
            tuple(
                part if isinstance(part, Fill) else Stroke(part.points, part.closed, part.width * factor) for part in self.parts
            )
        )


def affine(
    x: float = 0.0, y: float = 0.0, scale: float = 1.0, angle: float = 0.0, mirrored: bool = False, stretch: float = 1.0
) -> Matrix:
    """(2, 3) matrix: stretch in x, scale, flip left to right, turn counter-clockwise as seen (degrees), move."""
    cos, sin = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
    flip = (-1.0 if mirrored else 1.0) * stretch
    return np.array([[cos * flip, sin, x], [-sin * flip, cos, y]], dtype=np.float64)


def apply(matrix: Matrix, points: Points) -> Points:
    return points @ matrix[:, :2].T + matrix[:, 2]


class Canvas:
    """An RGB page drawn at `supersample` times its size and averaged down, so that line widths need not be whole. On a
    `snapped` one every corner lies in the middle of a pixel."""

    def __init__(self, width: int, height: int, background: Colour = (255, 255, 255), supersample: int = 3,
                 snapped: bool = False) -> None:
        self.width, self.height, self.background, self.supersample = width, height, background, supersample
        self._step = 1 << FRACTION_BITS if snapped else 1
        self._large = np.empty((height * supersample, width * supersample, 3), dtype=np.uint8)
        self._large[0] = background
        self._large[1:] = self._large[0]  # whole rows copy ten times as fast as pixels

    def draw(self, shape: Shape, matrix: Matrix, colour: Colour, line_width: float) -> None:
        """Draws a shape under an affine to page pixels; `line_width` in page pixels."""
        contours = self._placed(shape, matrix)
        at = 0
        for style, parts in itertools.groupby(shape.parts, _style):
            count = sum(len(part.contours) if isinstance(part, Fill) else 1 for part in parts)
            run, at = contours[at : at + count], at + count
            if isinstance(style, Fill):
                cv2.fillPoly(self._large, run, self.background if style.erase else colour, cv2.LINE_8, FRACTION_BITS)
            else:
                thickness = _thickness(line_width * style[1] * self.supersample)
                cv2.polylines(self._large, run, style[0], colour, thickness, cv2.LINE_8, FRACTION_BITS)

    def _placed(self, shape: Shape, matrix: Matrix) -> list[NDArray[np.int32]]:
        """Every contour of the shape in cv2's fixed point, moved in one go."""
        loose = [points for part in shape.parts for points in _contours(part)]
        if not loose:
            return []
        fixed = _fixed(apply(matrix * self.supersample, np.concatenate(loose)), self._step)
        ends = list(itertools.accumulate(len(points) for points in loose))
        return [fixed[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def line(self, points: Iterable[tuple[float, float]], colour: Colour, line_width: float, closed: bool = False) -> None:
        """A polyline in page pixels."""
        self.draw(Shape((Stroke(np.array(list(points), dtype=np.float64), closed),)), affine(), colour, line_width)

    def patch(self, left: float, top: float, right: float, bottom: float) -> Pixels:
        """A copy of a part of the page at its drawing size, (h * supersample, w * supersample, 3); page pixels, clipped."""
        x0, y0 = (max(0, math.floor(edge)) * self.supersample for edge in (left, top))
        x1, y1 = (max(0, math.ceil(edge)) * self.supersample for edge in (right, bottom))
        return self._large[y0:y1, x0:x1].copy()

    def pixels(self) -> Pixels:
        """The page as (H, W, 3) RGB."""
        if self.supersample == 1:
            return self._large.copy()
        small: Pixels = np.asarray(
            cv2.resize(self._large, (self.width, self.height), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
        return small


def polyline(*points: tuple[float, float], closed: bool = False, width: float = 1.0) -> Stroke:
    return Stroke(np.array(points, dtype=np.float64), closed, width)


def rectangle(width: float, height: float, x: float = 0.0, y: float = 0.0) -> Points:
    """(4, 2) corners of a rectangle around x, y."""
    w, h = width / 2, height / 2
    return np.array([[x - w, y - h], [x + w, y - h], [x + w, y + h], [x - w, y + h]], dtype=np.float64)


def arc(radius: float, start: float = 0.0, stop: float = 360.0, x: float = 0.0, y: float = 0.0, steps: int = 40) -> Points:
    """Points on a circle from `start` to `stop` degrees, counter-clockwise as seen."""
    turn = np.radians(np.linspace(start, stop, max(3, steps), endpoint=abs(stop - start) < 360))
    return np.stack([x + radius * np.cos(turn), y - radius * np.sin(turn)], axis=1)


def regular_polygon(sides: int, radius: float, turn: float = 90.0, x: float = 0.0, y: float = 0.0) -> Points:
    return arc(radius, turn, turn + 360, x, y, sides)


def _contours(part: Part) -> tuple[Points, ...]:
    return part.contours if isinstance(part, Fill) else (part.points,)


def _style(part: Part) -> Fill | tuple[bool, float]:
    # strokes of one style go to cv2 together; every fill goes alone, or even-odd would join them
    return part if isinstance(part, Fill) else (part.closed, part.width)


def _erases(part: Part) -> bool:
    return isinstance(part, Fill) and part.erase


def _moved(part: Part, matrix: Matrix) -> Part:
    if isinstance(part, Fill):
        return Fill(tuple(apply(matrix, points) for points in part.contours), part.erase)
    return Stroke(apply(matrix, part.points), part.closed, part.width)


def _thickness(width: float) -> int:
    # cv2 makes a line of even thickness t t + 1 pixels wide, one of odd thickness t + 2, save for 1
    return 1 if width < 2 else max(2, 2 * round((width - 1) / 2))


def _fixed(points: Points, step: int) -> NDArray[np.int32]:
    # pixel centres lie at half-integers on the page and at integers in cv2
    return (step * np.round((points - 0.5) * (1 << FRACTION_BITS) / step)).astype(np.int32).reshape(-1, 1, 2)
