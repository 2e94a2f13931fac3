"""What stands on a drawing besides symbols: walls, hatching, tables, dimensions, text and dashed lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Canvas, Colour, Fill, Points, Shape, Stroke, affine, arc, polyline, rectangle
from training.lettering import FIRST_IDEOGRAPH, LAST_IDEOGRAPH, text
from training.styles import Style

WORDS = ("ROOM", "OFFICE", "CORRIDOR", "STORE", "LOBBY", "STAIR", "RISER", "PUMP", "ZONE", "PANEL", "SEE DETAIL", "TYP", "NOTES", "UP",
         "EXIST", "DUCT", "MAIN", "FROM", "Cable", "level", "see sheet", "Supply", "return", "Area", "m2", "F.F.L.", "DN50", "2x1.5")
LETTERS = "ABCDEFGHIKLMNPRSTUVWXZ"


def label(rng: Generator, style: Style) -> str:
    """A device tag, a value, a count or a word."""
    if style.script and rng.random() < 0.5:
        return "".join(chr(int(c)) for c in rng.integers(FIRST_IDEOGRAPH, LAST_IDEOGRAPH, size=int(rng.integers(2, 6))))
    kind, number = int(rng.integers(7)), int(rng.integers(1, 1000))
    prefix = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=int(rng.integers(1, 4))))
    forms = (f"{prefix}{number}", f"{prefix}-{number}", f"x{number % 40}", f"{number % 90}k", f"{prefix}{number % 10}/{prefix}{number % 20}.{number % 7}",
             WORDS[number % len(WORDS)], f"{number / 10:.1f}")
    return forms[kind]


def tag(rng: Generator) -> str:
    """The varying text inside a symbol."""
    if rng.random() < 0.5:
        return str(int(rng.integers(1, 10_000)))
    return "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=int(rng.integers(2, 4))))


def dashed(points: Points, pattern: tuple[float, ...]) -> Shape:
    """A polyline broken into dashes: lengths drawn and left out by turns, in page pixels."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    reach = np.concatenate([[0.0], np.cumsum(steps)])
    marks = np.cumsum(np.tile(pattern, int(reach[-1] / sum(pattern)) + 1))
    starts, stops = np.concatenate([[0.0], marks[1:-1:2]]), np.minimum(marks[::2], reach[-1])
    starts = starts[starts < reach[-1]]
    stops = stops[: len(starts)]
    ends = [np.stack([np.interp(side, reach, points[:, i]) for i in (0, 1)], axis=1) for side in (starts, stops)]
    return Shape(tuple(Stroke(np.stack(pair)) for pair in zip(*ends, strict=True)))


def pattern(rng: Generator, style: Style) -> tuple[float, ...]:
    unit = max(3.0, style.line_width * float(rng.uniform(2.0, 5.0)))
    patterns = ((2 * unit, unit), (4 * unit, unit, unit * 0.4, unit), (unit * 0.5, unit), (5 * unit, 2 * unit), (6 * unit, unit, unit, unit))
    return patterns[int(rng.integers(len(patterns)))]


class Clutter:
    """Draws on one canvas in one style."""

    def __init__(self, canvas: Canvas, style: Style, rng: Generator) -> None:
        self.canvas, self.style, self.rng = canvas, style, rng
        self.width, self.height = float(canvas.width), float(canvas.height)

    def colour(self) -> Colour:
        weights = self.style.colours[0], self.style.colours[int(self.rng.integers(len(self.style.colours)))]
        return weights[int(self.rng.random() < 0.5)]

    def pen(self) -> float:
        return max(0.7, self.style.line_width * float(self.rng.choice([0.5, 0.7, 1.0, 1.0, 1.6])))

    def draw(self, shape: Shape, colour: Colour | None = None, pen: float | None = None) -> None:
        self.canvas.draw(shape, affine(), colour or self.colour(), pen or self.pen())

    def write(self, string: str, x: float, y: float, height: float, colour: Colour | None = None, turn: float = 0.0) -> None:
        pen = max(0.7, min(self.style.line_width, height * 0.14))
        self.canvas.draw(text(string, height, self.style.lettering), affine(x, y, angle=turn), colour or self.colour(), pen)

    def place(self) -> tuple[float, float]:
        return float(self.rng.uniform(0, self.width)), float(self.rng.uniform(0, self.height))

    def region(self, low: float = 40, high: float = 260) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of a random rectangle."""
        (x, y), (w, h) = self.place(), self.rng.uniform(low, high, size=2)
        return x - w / 2, y - h / 2, x + w / 2, y + h / 2

    # ---- under the symbols ----

    def hatch(self) -> None:
        """A rectangle of parallel lines, crossed now and then."""
        left, top, right, bottom = self.region(30, 220)
        step, slope = float(self.rng.uniform(4, 14)), float(self.rng.choice([1.0, -1.0, 0.0, 0.5]))
        strokes = _hatching(left, top, right, bottom, step, slope)
        if self.rng.random() < 0.2:
            strokes += _hatching(left, top, right, bottom, step, -slope if slope else 1e3)
        self.draw(Shape(tuple(strokes)), pen=max(0.7, self.style.line_width * 0.5))
        if self.rng.random() < 0.7:
            self.draw(Shape((Stroke(_corners(left, top, right, bottom), closed=True),)))

    def grid_lines(self) -> None:
        step, colour, pen = float(self.rng.uniform(60, 200)), self.colour(), max(0.7, self.style.line_width * 0.5)
        form = pattern(self.rng, self.style)
        for at in np.arange(self.rng.uniform(0, step), self.width, step):
            self.draw(dashed(np.array([[at, 0.0], [at, self.height]]), form), colour, pen)
        for at in np.arange(self.rng.uniform(0, step), self.height, step * self.rng.uniform(0.6, 1.6)):
            self.draw(dashed(np.array([[0.0, at], [self.width, at]]), form), colour, pen)

    def walls(self) -> None:
        """Rooms: double or filled walls with doors and names."""
        thick, colour, pen = float(self.rng.uniform(4, 14)), self.colour(), self.pen()
        kind = int(self.rng.integers(3))
        xs = np.sort(self.rng.uniform(0, self.width, size=int(self.rng.integers(2, 5))))
        ys = np.sort(self.rng.uniform(0, self.height, size=int(self.rng.integers(2, 4))))
        for x in xs:
            self._wall(np.array([x, ys[0]]), np.array([x, ys[-1]]), thick, kind, colour, pen)
        for y in ys:
            self._wall(np.array([xs[0], y]), np.array([xs[-1], y]), thick, kind, colour, pen)
        for x in xs[:-1]:
            if self.rng.random() < 0.6:
                self._door(float(x + thick), float(self.rng.choice(ys)), float(self.rng.uniform(25, 60)), colour, pen)
        if self.rng.random() < 0.6:
            self.write(WORDS[int(self.rng.integers(len(WORDS)))], float(xs[:2].mean()), float(ys[:2].mean()), self.style.text_height * 1.2)

    def _wall(self, start: Points, end: Points, thick: float, kind: int, colour: Colour, pen: float) -> None:
        along = end - start
        length = float(np.hypot(*along))
        if length < 1:
            return
        across = np.array([-along[1], along[0]]) / length * thick / 2
        outline = np.stack([start + across, end + across, end - across, start - across])
        (left, top), (right, bottom) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
        if kind == 0:
            self.draw(Shape((Fill((outline,)),)), colour)
            return
        self.draw(Shape((Stroke(outline[:2]), Stroke(outline[2:]))), colour, pen)
        if kind == 2:
            self.draw(Shape(tuple(_hatching(left, top, right, bottom, 6.0, 1.0))), colour, 0.7)

    def _door(self, x: float, y: float, size: float, colour: Colour, pen: float) -> None:
        turn = 90.0 * int(self.rng.integers(4))
        gap = rectangle(size, self.style.size * 0.5, x + size / 2, y)
        self.canvas.draw(Shape((Fill((gap,), erase=True),)), affine(), colour, pen)
        leaf = Shape((polyline((0, 0), (0, -size)), Stroke(arc(size, 0, 90))))
        self.canvas.draw(leaf, affine(x, y, angle=turn, mirrored=bool(self.rng.random() < 0.5)), colour, pen)

    def boundary(self) -> None:
        """A dashed or plain frame around some part."""
        corners = _corners(*self.region(80, 400))
        corners = np.concatenate([corners, corners[:1]])
        self.draw(dashed(corners, pattern(self.rng, self.style)) if self.rng.random() < 0.7 else Shape((Stroke(corners),)))

    def long_line(self) -> None:
        """A line at any angle across the page."""
        (x, y), turn = self.place(), math.radians(float(self.rng.choice([0, 90, 45, 135, self.rng.uniform(0, 180)])))
        reach = float(self.rng.uniform(50, 500))
        points = np.array([[x - reach * math.cos(turn), y - reach * math.sin(turn)], [x + reach * math.cos(turn), y + reach * math.sin(turn)]])
        self.draw(dashed(points, pattern(self.rng, self.style)) if self.rng.random() < 0.4 else Shape((Stroke(points),)))

    def curve(self) -> None:
        x, y = self.place()
        start = float(self.rng.uniform(0, 360))
        self.draw(Shape((Stroke(arc(float(self.rng.uniform(20, 250)), start, start + float(self.rng.uniform(40, 300)), x, y, 60)),)))

    def tint(self) -> None:
        """An area in a tone near the paper's."""
        tone = tuple(int(b + (c - b) * 0.15) for b, c in zip(self.style.background, self.colour(), strict=True))
        self.draw(Shape((Fill((_corners(*self.region(60, 300)),)),)), (tone[0], tone[1], tone[2]))

    def furniture(self) -> None:
        """Boxes with rounded things beside them, that are no symbols."""
        x, y = self.place()
        w, h = self.rng.uniform(20, 110, size=2)
        parts = [Stroke(rectangle(w, h), closed=True)]
        for _ in range(int(self.rng.integers(0, 5))):
            cx, cy, r = self.rng.uniform(-w / 2, w / 2), self.rng.uniform(-h / 2, h / 2), self.rng.uniform(4, 20)
            parts.append(Stroke(arc(float(r), 0, float(self.rng.choice([180, 360])), float(cx), float(cy), 24)))
        self.canvas.draw(Shape(tuple(parts)), affine(x, y, angle=90.0 * int(self.rng.integers(4))), self.colour(), self.pen())

    # ---- beside the symbols: given the place ----

    def dimension(self, x: float, y: float, w: float, h: float) -> None:
        """A dimension line with ticks or arrows, across the longer side of a free box."""
        colour, pen, half, size = self.colour(), max(0.7, self.style.line_width * 0.6), max(w, h) / 2, min(w, h) / 4
        tick = polyline((-size / 2, size / 2), (size / 2, -size / 2)) if self.rng.random() < 0.5 else Fill((np.array([[0, 0], [size, -size / 3], [size, size / 3]]),))
        ends = Shape((tick,)).moved(affine(-half)) + Shape((tick,)).moved(affine(half, angle=180))
        line = Shape((polyline((-half, 0), (half, 0)), polyline((-half, -size), (-half, size)), polyline((half, -size), (half, size)))) + ends
        turn = 0.0 if w >= h else 90.0
        self.canvas.draw(line, affine(x, y, angle=turn), colour, pen)
        self.canvas.draw(text(str(int(self.rng.integers(100, 9999))), size * 1.4, self.style.lettering),
                         affine(x - (0 if w >= h else size * 1.3), y - (size * 1.3 if w >= h else 0), angle=turn), colour, pen)

    def paragraph(self, x: float, y: float, w: float, h: float) -> None:
        size = float(np.clip(self.style.text_height * self.rng.uniform(0.7, 1.2), 5, 24))
        colour = self.colour()
        for row in np.arange(y - h / 2 + size, y + h / 2 - size / 2, size * 1.7):
            words = " ".join(label(self.rng, self.style) for _ in range(max(1, int(w / size / 6))))
            self.write(words[: max(3, int(w / size / 0.9))], x, float(row), size, colour)

    def table(self, x: float, y: float, w: float, h: float) -> None:
        rows, columns = max(2, int(h / self.style.text_height / 2.2)), int(self.rng.integers(2, 4))
        ys, xs = np.linspace(y - h / 2, y + h / 2, rows + 1), np.concatenate([[x - w / 2], np.sort(self.rng.uniform(x - w / 3, x + w / 3, columns - 1)), [x + w / 2]])
        lines = [polyline((xs[0], r), (xs[-1], r)) for r in ys] + [polyline((c, ys[0]), (c, ys[-1])) for c in xs]
        colour = self.colour()
        self.draw(Shape(tuple(lines)), colour)
        for top, bottom in itertools.pairwise(ys):
            for left, right in itertools.pairwise(xs):
                size = min(self.style.text_height, (bottom - top) * 0.6, (right - left) / 4)
                if self.rng.random() < 0.75 and size > 4:
                    fitting = label(self.rng, self.style)[: int((right - left) / size)]
                    self.write(fitting, float(left + right) / 2, float(top + bottom) / 2, float(size), colour)

    def caption(self, x: float, y: float, w: float, h: float) -> None:
        self.write(label(self.rng, self.style), x, y, min(h * 0.6, self.style.text_height * float(self.rng.uniform(0.8, 1.8))))


UNDER: tuple[Callable[[Clutter], None], ...] = (Clutter.hatch, Clutter.grid_lines, Clutter.walls, Clutter.boundary, Clutter.long_line, Clutter.curve,
                                                Clutter.tint, Clutter.furniture)
OVER: tuple[Callable[[Clutter], None], ...] = (Clutter.long_line, Clutter.boundary, Clutter.grid_lines, Clutter.curve)
BESIDE: tuple[Callable[[Clutter, float, float, float, float], None], ...] = (
    Clutter.dimension, Clutter.paragraph, Clutter.table, Clutter.caption, Clutter.caption, Clutter.caption)


def _corners(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def _hatching(left: float, top: float, right: float, bottom: float, step: float, slope: float) -> list[Stroke]:
    """Lines y = slope * x + c within a rectangle, `step` apart."""
    if abs(slope) > 10:
        return [polyline((x, top), (x, bottom)) for x in np.arange(left + step / 2, right, step)]
    gap = step * math.hypot(1.0, slope)
    reach = sorted((-slope * left, -slope * right))
    strokes = []
    for c in np.arange(top + reach[0] + gap / 2, bottom + reach[1], gap):
        if slope == 0:
            strokes.append(polyline((left, c), (right, c)))
            continue
        a, b = sorted(((top - c) / slope, (bottom - c) / slope))
        x0, x1 = max(left, a), min(right, b)
        if x1 > x0:
            strokes.append(polyline((x0, slope * x0 + c), (x1, slope * x1 + c)))
    return strokes
