"""What stands on a drawing besides symbols: walls, hatching, tables, dimensions, text and dashed lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Canvas, Colour, Fill, Points, Shape, Stroke, affine, arc, polyline, rectangle
from training.lettering import text
from training.linework import corners, dashed, hatching, pattern
from training.styles import Style
from training.wording import WORDS, label


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
        strokes = hatching(left, top, right, bottom, step, slope)
        if self.rng.random() < 0.2:
            strokes += hatching(left, top, right, bottom, step, -slope if slope else 1e3)
        self.draw(Shape(tuple(strokes)), pen=max(0.7, self.style.line_width * 0.5))
        if self.rng.random() < 0.7:
            self.draw(Shape((Stroke(corners(left, top, right, bottom), closed=True),)))

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
            self.write(
                WORDS[int(self.rng.integers(len(WORDS)))],
                float(xs[:2].mean()),
                float(ys[:2].mean()),
                self.style.text_height * 1.2,
            )

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
            self.draw(Shape(tuple(hatching(left, top, right, bottom, 6.0, 1.0))), colour, 0.7)

    def _door(self, x: float, y: float, size: float, colour: Colour, pen: float) -> None:
        turn = 90.0 * int(self.rng.integers(4))
        gap = rectangle(size, self.style.size * 0.5, x + size / 2, y)
        self.canvas.draw(Shape((Fill((gap,), erase=True),)), affine(), colour, pen)
        leaf = Shape((polyline((0, 0), (0, -size)), Stroke(arc(size, 0, 90))))
        self.canvas.draw(leaf, affine(x, y, angle=turn, mirrored=bool(self.rng.random() < 0.5)), colour, pen)

    def boundary(self) -> None:
        """A dashed or plain frame around some part."""
        frame = corners(*self.region(80, 400))
        frame = np.concatenate([frame, frame[:1]])
        self.draw(dashed(frame, pattern(self.rng, self.style)) if self.rng.random() < 0.7 else Shape((Stroke(frame),)))

    def long_line(self) -> None:
        """A line at any angle across the page."""
        (x, y), turn = self.place(), math.radians(float(self.rng.choice([0, 90, 45, 135, self.rng.uniform(0, 180)])))
        reach = float(self.rng.uniform(50, 500))
        points = np.array(
            [[x - reach * math.cos(turn), y - reach * math.sin(turn)], [x + reach * math.cos(turn), y + reach * math.sin(turn)]]
        )
        self.draw(dashed(points, pattern(self.rng, self.style)) if self.rng.random() < 0.4 else Shape((Stroke(points),)))

    def curve(self) -> None:
        x, y = self.place()
        start = float(self.rng.uniform(0, 360))
        self.draw(
            Shape((Stroke(arc(float(self.rng.uniform(20, 250)), start, start + float(self.rng.uniform(40, 300)), x, y, 60)),))
        )

    def tint(self) -> None:
        """An area in a tone near the paper's."""
        tone = tuple(int(b + (c - b) * 0.15) for b, c in zip(self.style.background, self.colour(), strict=True))
        self.draw(Shape((Fill((corners(*self.region(60, 300)),)),)), (tone[0], tone[1], tone[2]))

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
        tick = (
            polyline((-size / 2, size / 2), (size / 2, -size / 2))
            if self.rng.random() < 0.5
            else Fill((np.array([[0, 0], [size, -size / 3], [size, size / 3]]),))
        )
        ends = Shape((tick,)).moved(affine(-half)) + Shape((tick,)).moved(affine(half, angle=180))
        line = (
            Shape(
                (
                    polyline((-half, 0), (half, 0)),
                    polyline((-half, -size), (-half, size)),
                    polyline((half, -size), (half, size)),
                )
            )
            + ends
        )
        turn = 0.0 if w >= h else 90.0
        self.canvas.draw(line, affine(x, y, angle=turn), colour, pen)
        self.canvas.draw(
            text(str(int(self.rng.integers(100, 9999))), size * 1.4, self.style.lettering),
            affine(x - (0 if w >= h else size * 1.3), y - (size * 1.3 if w >= h else 0), angle=turn),
            colour,
            pen,
        )

    def paragraph(self, x: float, y: float, w: float, h: float) -> None:
        size = float(np.clip(self.style.text_height * self.rng.uniform(0.35, 1.2), 5, 24))
        colour = self.colour()
        for row in np.arange(y - h / 2 + size, y + h / 2 - size / 2, size * 1.7):
            words = " ".join(label(self.rng, self.style) for _ in range(max(1, int(w / size / 6))))
            self.write(words[: max(3, int(w / size / 0.9))], x, float(row), size, colour)

    def table(self, x: float, y: float, w: float, h: float) -> None:
        rows, columns = max(2, int(h / self.style.text_height / 2.2)), int(self.rng.integers(2, 4))
        ys, xs = (
            np.linspace(y - h / 2, y + h / 2, rows + 1),
            np.concatenate([[x - w / 2], np.sort(self.rng.uniform(x - w / 3, x + w / 3, columns - 1)), [x + w / 2]]),
        )
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


UNDER: tuple[Callable[[Clutter], None], ...] = (
    Clutter.hatch,
    Clutter.grid_lines,
    Clutter.walls,
    Clutter.boundary,
    Clutter.long_line,
    Clutter.curve,
    Clutter.tint,
    Clutter.furniture,
)
OVER: tuple[Callable[[Clutter], None], ...] = (Clutter.long_line, Clutter.boundary, Clutter.grid_lines, Clutter.curve)
BESIDE: tuple[Callable[[Clutter, float, float, float, float], None], ...] = (
    Clutter.dimension,
    Clutter.paragraph,
    Clutter.table,
    Clutter.caption,
    Clutter.caption,
    Clutter.caption,
)
