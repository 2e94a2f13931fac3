"""The few building blocks the reference symbols are put together from; y down, a symbol spans about -0.5 to 0.5."""

from __future__ import annotations

from dataclasses import dataclass

from training.canvas import Fill, Shape, affine, arc, polyline, rectangle
from training.canvas import Stroke as _Stroke
from training.lettering import text

XY = tuple[float, float]


@dataclass(frozen=True)
class ReferenceSymbol:
    """A common symbol under its plain English name."""

    name: str
    shape: Shape


def join(*shapes: Shape) -> Shape:
    """One shape of several, drawn in order."""
    return Shape(tuple(part for shape in shapes for part in shape.parts))


def circle(radius: float = 0.5, x: float = 0.0, y: float = 0.0) -> Shape:
    return Shape((_Stroke(arc(radius, x=x, y=y), True),))


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> Shape:
    return Shape((Fill((arc(radius, x=x, y=y),)),))


def box(width: float = 1.0, height: float = 1.0, x: float = 0.0, y: float = 0.0) -> Shape:
    return Shape((_Stroke(rectangle(width, height, x, y), True),))


def block(width: float, height: float, x: float = 0.0, y: float = 0.0) -> Shape:
    """A filled rectangle."""
    return Shape((Fill((rectangle(width, height, x, y),)),))


def line(*points: XY, width: float = 1.0) -> Shape:
    return Shape((polyline(*points, width=width),))


def outline(*points: XY) -> Shape:
    """A closed polygon, open inside."""
    return Shape((polyline(*points, closed=True),))


def solid(*points: XY) -> Shape:
    """A filled polygon."""
    return Shape((Fill((polyline(*points).points,)),))


def bow(radius: float, start: float, stop: float, x: float = 0.0, y: float = 0.0) -> Shape:
    """An open arc, degrees counter-clockwise."""
    return Shape((_Stroke(arc(radius, start, stop, x, y)),))


def letters(string: str, height: float, x: float = 0.0, y: float = 0.0) -> Shape:
    """Single-stroke capitals around x, y."""
    return text(string, height).moved(affine(x, y))
