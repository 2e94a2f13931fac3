"""What evaluation symbols are drawn over: rooms, pipes, tracks, contours, tables, and words."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from training.canvas import Canvas, Shape, Stroke, affine, arc, rectangle
from training.lettering import text
from training.unseen.style import Style

WORDS = ("SEE DETAIL", "LEVEL 3", "TYP.", "DN 80", "EL +12.40", "P-104", "AS SHOWN", "NTS", "L = 3200", "ref. C", "Zone 7",
         "150x50", "by others", "h=2.1", "KV-22", "spare", "4/A-501", "UP", "existing", "R12")


def draw_backdrop(canvas: Canvas, style: Style, rng: Generator) -> None:
    """Draws the style's backdrop over the whole page."""
    BACKDROPS[style.backdrop](canvas, style, rng)


def _rooms(canvas: Canvas, style: Style, rng: Generator) -> None:
    xs = np.cumsum(rng.uniform(140, 330, 9)) - 100
    ys = np.cumsum(rng.uniform(140, 300, 7)) - 90
    wall = float(rng.uniform(4, 11))
    for i, x in enumerate(xs):
        for y, bottom in itertools.pairwise(ys):
            if rng.random() < 0.75:
                for shift in (0.0, wall):
                    canvas.line([(x + shift, y + 40), (x + shift, bottom)], style.pale, 1.5)
            if i and rng.random() < 0.75:
                for shift in (0.0, wall):
                    canvas.line([(xs[i - 1], y + shift), (x - 40, y + shift)], style.pale, 1.5)
            if rng.random() < 0.4:
                canvas.draw(Shape((Stroke(arc(40, 0, 90, x, y + 40)),)), affine(), style.pale, 1.0)


def _pipes(canvas: Canvas, style: Style, rng: Generator) -> None:
    for _ in range(16):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        points = [(x, y)]
        for turn in range(int(rng.integers(2, 6))):
            x, y = (rng.uniform(0, canvas.width), y) if turn % 2 else (x, rng.uniform(0, canvas.height))
            points.append((x, y))
        canvas.line(points, style.ink if rng.random() < 0.4 else style.pale,
                    style.line_width * float(rng.choice([0.7, 1.0, 1.6])))


def _tracks(canvas: Canvas, style: Style, rng: Generator) -> None:
    slope = float(rng.uniform(-0.5, 0.5))
    for y in np.cumsum(rng.uniform(70, 190, 12)) - 200:
        for shift in (0, 12):
            canvas.line([(0, y + shift), (canvas.width, y + shift + slope * canvas.width)], style.pale, 1.6)
        for x in range(0, canvas.width, 22):
            middle = y + slope * x
            canvas.line([(x, middle - 5), (x, middle + 17)], style.pale, 1.0)


def _contours(canvas: Canvas, style: Style, rng: Generator) -> None:
    x = np.linspace(-20, canvas.width + 20, 120)
    phase, wave = rng.uniform(0, 6.3, 3), rng.uniform(0.003, 0.012, 3)
    height = 50 * np.sin(wave[0] * x + phase[0]) + 34 * np.sin(wave[1] * x + phase[1])
    for i, y in enumerate(range(-120, canvas.height + 120, int(rng.integers(40, 80)))):
        points = np.stack([x, y + height * (1 + 0.4 * np.sin(0.5 * i + phase[2]))], axis=1)
        canvas.draw(Shape((Stroke(points, False, 2.0 if i % 5 == 0 else 1.0),)), affine(), style.pale, 1.0)


def _table(canvas: Canvas, style: Style, rng: Generator) -> None:
    width, row = float(rng.uniform(260, 420)), float(rng.uniform(24, 40))
    x, y = canvas.width - width / 2 - 30, 40.0
    for i in range(int(rng.integers(6, 14))):
        middle = y + row * (i + 0.5)
        canvas.draw(Shape((Stroke(rectangle(width, row, x, middle), True),)), affine(), style.pale, 1.2)
        for column in (-0.3, 0.15):
            words = text(WORDS[rng.integers(len(WORDS))], row * 0.36, style.lettering)
            canvas.draw(words, affine(x + column * width, middle), style.ink, 1.0)
    canvas.line([(x - width * 0.08, y), (x - width * 0.08, y + row * 6)], style.pale, 1.2)


BACKDROPS: dict[str, Callable[[Canvas, Style, Generator], None]] = {
    "rooms": _rooms, "pipes": _pipes, "tracks": _tracks, "contours": _contours, "table": _table}
