"""The few building blocks that hand-drawn symbols are put together from; y down, a symbol spans about -0.5 to 0.5."""

from __future__ import annotations

from training.canvas import Fill, Shape, Stroke, affine, arc, polyline, rectangle
from training.lettering import Lettering, text

XY = tuple[float, float]
PLAIN = Lettering()


def join(*shapes: Shape) -> Shape:
    """One shape of several, drawn in order."""
    return Shape(tuple(part for shape in shapes for part in shape.parts))


def circle(radius: float = 0.5, x: float = 0.0, y: float = 0.0) -> Shape:
    return Shape((Stroke(arc(radius, x=x, y=y), True),))


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> Shape:
    """A filled circle."""
    return Shape((Fill((arc(radius, x=x, y=y),)),))


def ring(radius: float, x: float = 0.0, y: float = 0.0) -> Shape:
    """A circle that covers what is drawn below it."""
    return join(Shape((Fill((arc(radius, x=x, y=y),), erase=True),)), circle(radius, x, y))


def box(width: float = 1.0, height: float = 1.0, x: float = 0.0, y: float = 0.0) -> Shape:
    return Shape((Stroke(rectangle(width, height, x, y), True),))


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
    return Shape((Stroke(arc(radius, start, stop, x, y)),))


def letters(string: str, height: float, x: float = 0.0, y: float = 0.0, style: Lettering = PLAIN) -> Shape:
    """Text around x, y; `height` is that of the capitals."""
    return text(string, height, style).moved(affine(x, y))
