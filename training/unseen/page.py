"""One evaluation drawing in the making: places symbols, keeps the truth, adds what crosses them."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from app.engine.geometry import Pose
from training.canvas import Canvas, Colour, Fill, Pixels, Shape, affine, arc
from training.lettering import text
from training.truth import Instance
from training.unseen.backdrops import WORDS
from training.unseen.style import Style, overshot
from training.unseen.symbols import UnseenSymbol

EDGE = 6  # pixels that stay free at the page's border
LOOSEST = 0.1  # of a symbol's width or height that an example's box may stand off, where that is less than 4 px


class Page:
    """A canvas with its style and what is on it so far."""

    def __init__(self, width: int, height: int, style: Style, rng: Generator) -> None:
        self.canvas = Canvas(width, height, style.paper)
        self.style, self.rng = style, rng
        self.instances: list[Instance] = []
        self._taken: list[tuple[float, float, float]] = []  # circles round all copies, labelled or not

    def reach(self, symbol: UnseenSymbol, scale: float = 1.0) -> float:
        """Radius of the circle round a copy."""
        return math.hypot(*symbol.size(self.style.unit, self.style.line_width)) / 2 * scale

    def free(self, x: float, y: float, radius: float) -> bool:
        """Whether a copy of this reach fits here, inside the page and clear of others."""
        room = radius + EDGE
        inside = room <= x <= self.canvas.width - room and room <= y <= self.canvas.height - room
        return inside and all(math.hypot(x - a, y - b) >= radius + r for a, b, r in self._taken)

    def scatter(self, symbol: UnseenSymbol, label: int | None, pose: Pose, weight: float = 1.0, tries: int = 80) -> bool:
        """Puts a copy of the pose's angle, mirroring and scale at a free place; False where none is found."""
        radius = self.reach(symbol, pose.scale)
        for _ in range(tries):
            x, y = float(self.rng.uniform(0, self.canvas.width)), float(self.rng.uniform(0, self.canvas.height))
            if self.free(x, y, radius):
                self.put(symbol, label, Pose(x, y, pose.angle, pose.mirrored, pose.scale), weight)
                return True
        return False

    def put(self, symbol: UnseenSymbol, label: int | None, pose: Pose, weight: float = 1.0) -> None:
        """Draws a copy and, where it has a label, notes it; `weight` multiplies the line width."""
        style = self.style
        width = style.line_width * weight
        at = affine(pose.x, pose.y, style.unit * pose.scale, pose.angle, pose.mirrored)
        self.canvas.draw(overshot(symbol.shape, style.overshoot), at, symbol.colour or style.ink, width)
        self._taken.append((pose.x, pose.y, self.reach(symbol, pose.scale)))
        if label is not None:
            self.instances.append(Instance(label, pose, *symbol.size(style.unit, style.line_width)))

    def wire(self, instance: Instance, colour: Colour) -> None:
        """A line through the copy, or one that ends at its middle half the time."""
        pose, radius = instance.pose, math.hypot(instance.width, instance.height) / 2 * instance.pose.scale
        turn = math.radians(pose.angle + float(self.rng.choice([0, 90, 90, 45, 20])))
        off = float(self.rng.uniform(-0.25, 0.25)) * min(instance.width, instance.height) * pose.scale
        x, y = pose.x - off * math.sin(turn), pose.y - off * math.cos(turn)
        ahead = radius * float(self.rng.uniform(1.3, 3.0))
        back = -ahead if self.rng.random() < 0.6 else 0.35 * radius
        self.canvas.line([(x + a * math.cos(turn), y - a * math.sin(turn)) for a in (back, ahead)], colour,
                         self.style.line_width * float(self.rng.choice([0.6, 1.0, 1.0])))

    def hatch(self, instance: Instance) -> None:
        """Parallel lines over the copy and round it."""
        x, y = instance.pose.x, instance.pose.y
        half = math.hypot(instance.width, instance.height) * 0.62 * instance.pose.scale
        turn, step = math.radians(float(self.rng.choice([45, 135, 30, 0]))), float(self.rng.uniform(6, 14))
        along, across = (math.cos(turn), -math.sin(turn)), (math.sin(turn), math.cos(turn))
        for shift in np.arange(-half, half, step):
            run = math.sqrt(half**2 - shift**2)
            ends = [(x + shift * across[0] + s * run * along[0], y + shift * across[1] + s * run * along[1]) for s in (-1, 1)]
            self.canvas.line(ends, self.style.pale, 1.0)

    def overlap(self, instance: Instance, other: UnseenSymbol) -> None:
        """Another symbol over the copy's rim."""
        style, turn = self.style, float(self.rng.uniform(0, 2 * math.pi))
        apart = 0.85 * math.hypot(instance.width, instance.height) / 2 * instance.pose.scale + 0.5 * self.reach(other)
        x, y = instance.pose.x + apart * math.cos(turn), instance.pose.y + apart * math.sin(turn)
        self.canvas.draw(overshot(other.shape, style.overshoot), affine(x, y, style.unit, 90.0 * self.rng.integers(4)),
                         style.ink, style.line_width)

    def spot(self, instance: Instance, colour: Colour) -> None:
        """A solid dot over the copy's rim, with a wire that leads to it."""
        pose, turn = instance.pose, float(self.rng.uniform(0, 2 * math.pi))
        side = math.sqrt(instance.width * instance.height) * pose.scale
        off, radius = side * float(self.rng.uniform(0.2, 0.5)), side * float(self.rng.uniform(0.12, 0.25))
        x, y = pose.x + off * math.cos(turn), pose.y + off * math.sin(turn)
        away = side * float(self.rng.uniform(0.8, 2.0))
        self.canvas.line([(x, y), (x + away * math.cos(turn), y + away * math.sin(turn))], colour, self.style.line_width)
        self.canvas.draw(Shape((Fill((arc(radius),)),)), affine(x, y), colour, 1.0)

    def caption(self, instance: Instance) -> None:
        """A word beside the copy, sometimes touching it."""
        box, height = instance.box, float(self.rng.uniform(8, 14))
        words = text(WORDS[self.rng.integers(len(WORDS))], height, self.style.lettering)
        x = box.x + box.width / 2 + float(self.rng.uniform(-0.4, 0.4)) * box.width
        y = box.y + box.height + height * float(self.rng.uniform(0.5, 1.4))
        self.canvas.draw(words, affine(x, y), self.style.ink, 1.0)

    def words(self, count: int) -> None:
        """Strews words where no copy is, some turned by a right angle."""
        for _ in range(count):
            height = float(self.rng.uniform(9, 22))
            words = text(WORDS[self.rng.integers(len(WORDS))], height, self.style.lettering)
            x, y = float(self.rng.uniform(0, self.canvas.width)), float(self.rng.uniform(0, self.canvas.height))
            angle = float(self.rng.choice([0, 0, 0, 90]))
            if self.free(x, y, height * 3):
                self.canvas.draw(words, affine(x, y, angle=angle), self.style.ink, max(1.0, self.style.line_width * 0.7))

    def example(self, symbol: UnseenSymbol) -> Pixels:
        """The symbol alone, upright and at scale 1, in a box as a user draws it: 1 to 4 px around, less where it is small or
        thin, so that a find that lies right overlaps the copy by more than half."""
        width, height = symbol.size(self.style.unit, self.style.line_width)
        loosest = np.clip(LOOSEST * np.repeat([width, height], 2), None, 4)
        margins = self.rng.uniform(np.minimum(1, 0.6 * loosest), loosest)
        size = math.ceil(width + margins[0] + margins[1]), math.ceil(height + margins[2] + margins[3])
        canvas = Canvas(*size, self.style.paper)
        at = affine(float(margins[0]) + width / 2, float(margins[2]) + height / 2, self.style.unit)
        canvas.draw(overshot(symbol.shape, self.style.overshoot), at, symbol.colour or self.style.ink, self.style.line_width)
        return canvas.pixels()
