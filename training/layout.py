"""Where things stand on a page: wires, the places of symbols along and beside them, and what is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from app.engine.geometry import Box, Pose, bounds
from training.canvas import Colour, Points
from training.linework import pattern
from training.styles import Style
from training.truth import Instance

COVERED = 0.4  # truth hidden by more than this is dropped


@dataclass(frozen=True)
class Route:
    """A wire: an axis-parallel polyline."""

    points: Points
    dashes: tuple[float, ...] | None
    colour: Colour


class Taken:
    """Boxes on the page that are spoken for."""

    def __init__(self) -> None:
        self._boxes = np.empty((0, 4))

    def add(self, box: Box) -> None:
        self._boxes = np.concatenate([self._boxes, [[box.x, box.y, box.x + box.width, box.y + box.height]]])

    def overlap(self, box: Box) -> float:
        """The greatest overlap with any box, as a part of the smaller one."""
        if not len(self._boxes):
            return 0.0
        low = np.maximum(self._boxes[:, :2], [box.x, box.y])
        high = np.minimum(self._boxes[:, 2:], [box.x + box.width, box.y + box.height])
        both = np.clip(high - low, 0, None).prod(axis=1)
        areas = (self._boxes[:, 2:] - self._boxes[:, :2]).prod(axis=1)
        return float((both / np.minimum(areas, max(box.area, 1.0))).max())


def routes(rng: Generator, width: int, height: int, style: Style) -> list[Route]:
    """Wires across the page, more of them lying than standing; none where symbols stand alone."""
    if style.connection == "isolated":
        return []
    pitch = style.size * float(rng.uniform(1.5, 4.0))
    colour = style.colours[int(rng.integers(len(style.colours)))]
    found = []
    for at in np.arange(rng.uniform(0.3, 1) * pitch, height, pitch):
        if rng.random() < 0.75:
            found.append(_route(rng, float(at), width, pitch, False, colour, style))
    for at in np.arange(rng.uniform(0.3, 1) * pitch, width, pitch * 1.5):
        if rng.random() < 0.4:
            found.append(_route(rng, float(at), height, pitch, True, colour, style))
    return found


def _route(rng: Generator, at: float, length: int, pitch: float, upright: bool, colour: Colour, style: Style) -> Route:
    start, stop = sorted(rng.uniform(-0.1, 1.1, size=2) * length)
    if stop - start < 2 * pitch:
        start, stop = -5.0, length + 5.0
    points = [(start, at)]
    while rng.random() < 0.35 and points[-1][0] < stop - pitch:
        x = float(rng.uniform(points[-1][0] + pitch / 2, stop))
        step = pitch * float(rng.choice([-1.0, 1.0, 0.5, -0.5]))
        points += [(x, points[-1][1]), (x, points[-1][1] + step)]
    points.append((max(stop, points[-1][0]), points[-1][1]))
    array = np.round(points) if style.aligned else np.array(points)
    if style.coloured and rng.random() < 0.3:
        colour = style.colours[int(rng.integers(len(style.colours)))]
    return Route(array[:, ::-1].copy() if upright else array, pattern(rng, style) if rng.random() < 0.15 else None, colour)


@dataclass(frozen=True)
class Sheet:
    """A page being laid out: symbols' sizes (width, height) by label, and the wires they may stand on."""

    width: int
    height: int
    sizes: tuple[tuple[float, float], ...]
    routes: tuple[Route, ...]
    style: Style


def place(rng: Generator, sheet: Sheet, labels: list[int], area: float) -> list[Instance]:
    """Copies with these labels in random order, until they take `area` square pixels; some may find no place."""
    taken, placed = Taken(), list[Instance]()
    for label in rng.permutation(np.array(labels, dtype=np.int64)):
        one = _somewhere(rng, sheet, int(label), placed, taken)
        if one is not None:
            placed.append(one)
            taken.add(one.box)
            area -= one.box.area
        if area < 0:
            break
    return _visible(placed)


def _somewhere(rng: Generator, sheet: Sheet, label: int, placed: list[Instance], taken: Taken) -> Instance | None:
    allowed = 0.25 if rng.random() < 0.05 else 0.01
    inside = 0.7 if rng.random() < 0.05 else 0.999
    for _ in range(10):
        pose = _guess(rng, sheet, label, placed)
        if sheet.style.aligned:
            pose = replace(pose, x=float(round(pose.x)), y=float(round(pose.y)))
        stretch = float(np.exp(rng.uniform(-sheet.style.stretch, sheet.style.stretch)))
        one = Instance(label, pose, *sheet.sizes[label], stretch if pose.angle % 90 == 0 else 1.0)
        seen = one.box.clipped(sheet.width, sheet.height)
        if seen is not None and seen.area >= inside * one.box.area and taken.overlap(one.box) <= allowed:
            return one
    return None


def _guess(rng: Generator, sheet: Sheet, label: int, placed: list[Instance]) -> Pose:
    draw = rng.random()
    if placed and draw < 0.2:
        same = [one for one in placed if one.label == label]
        pool = same if same and rng.random() < 0.7 else placed
        return _beside(rng, pool[int(rng.integers(len(pool)))], sheet.sizes[label], sheet.style)
    if sheet.routes and draw < 0.8:
        return _on_route(rng, sheet.routes[int(rng.integers(len(sheet.routes)))], sheet.style)
    return random_pose(rng, float(rng.uniform(0, sheet.width)), float(rng.uniform(0, sheet.height)), sheet.style)


def random_pose(rng: Generator, x: float, y: float, style: Style, along: float | None = None) -> Pose:
    """A pose at x, y as the style allows, turned `along` a wire's direction where there is one."""
    scale = float(np.exp(rng.uniform(-style.jitter, style.jitter)))
    mirrored = style.mirror and bool(rng.random() < 0.5)
    if style.rotation == "upright":
        angle = 0.0
    elif style.rotation == "any" and rng.random() < 0.65:
        angle = float(rng.uniform(0, 360))
    elif along is not None and rng.random() < 0.85:
        angle = along + float(rng.choice([0.0, 180.0]))
    else:
        angle = float(rng.choice([0.0, 90.0, 180.0, 270.0]))
    return Pose(x, y, angle % 360, mirrored, scale)


def _on_route(rng: Generator, route: Route, style: Style) -> Pose:
    i = int(rng.integers(len(route.points) - 1))
    start, end = route.points[i], route.points[i + 1]
    x, y = start + (end - start) * rng.uniform(0, 1)
    return random_pose(rng, float(x), float(y), style, 0.0 if abs(end[0] - start[0]) >= abs(end[1] - start[1]) else 90.0)


def _beside(rng: Generator, other: Instance, size: tuple[float, float], style: Style) -> Pose:
    """Touching another copy, nearly so, or a regular step away."""
    pose, box = random_pose(rng, 0.0, 0.0, style), other.box
    if rng.random() < 0.7:
        pose = replace(pose, angle=other.pose.angle, mirrored=other.pose.mirrored)
    own = bounds(pose.polygon(*size))
    x, y = box.centre
    gap = float(rng.choice([-1.0, 0.0, 1.0, 3.0, 8.0, style.size, style.size * 2]))
    dx, dy = (box.width + own.width) / 2 + gap, (box.height + own.height) / 2 + gap
    step = ((dx, 0.0), (-dx, 0.0), (0.0, dy), (0.0, -dy))[int(rng.integers(4))]
    return replace(pose, x=x + step[0], y=y + step[1])


def _visible(placed: list[Instance]) -> list[Instance]:
    """Those that no later copy hides, in drawing order."""
    later, kept = Taken(), list[Instance]()
    for one in reversed(placed):
        if later.overlap(one.box) <= COVERED:
            kept.append(one)
            later.add(one.box)
    return kept[::-1]
