"""Marks with a direction: arrows, and the bars and leads of transistors with an arrowhead on one of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from training.canvas import Fill, Shape, Stroke, affine, polyline
from training.elements import Element, mark


def arrow(rng: Generator, w: float, h: float) -> Element:
    """An arrow across the room in one of eight directions; its twin points the other way or changes its head."""
    length, head = 0.5, float(rng.uniform(0.2, 0.4))
    style, turn = int(rng.integers(3)), float(rng.choice([0, 90, 180, 270, 45, 135, 225, 315]))

    def build(kind: int, angle: float) -> Shape:
        tip = np.array([[length - head, -head * 0.5], [length, 0.0], [length - head, head * 0.5]])
        shaft = polyline((-length, 0), (length - (head if kind else 0), 0))
        point = (Stroke(tip), Fill((tip,)), Stroke(tip, closed=True))[kind]
        return Shape((shaft, point)).moved(affine(angle=angle)).moved(np.array([[w, 0, 0], [0, h, 0]], dtype=np.float64))

    return mark(build(style, turn), build(style, turn + 180) if rng.random() < 0.7 else build((style + 1) % 3, turn))


def arrowed(rng: Generator, w: float, h: float) -> Element:
    """Bars and leads as a transistor has them, an arrowhead on one stroke; its twin points the other way or sits elsewhere."""
    low, high = sorted((float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.2, 0.4))))
    bar, slanted = float(rng.uniform(-0.3, 0.1)), bool(rng.random() < 0.4)
    tips = [((bar, -low), (0.5, -high if slanted else -low)), ((bar, low), (0.5, high if slanted else low))]
    strokes = [polyline((bar, -0.5), (bar, 0.5), width=float(rng.choice([1.0, 1.0, 2.5]))), polyline((-0.5, 0), (bar, 0))]
    if rng.random() < 0.5:
        gap = bar - float(rng.uniform(0.08, 0.16))
        strokes[1:] = [polyline((gap, -0.4), (gap, 0.4)), polyline((-0.5, 0), (gap, 0))]
    for start, end in tips:
        out = math.copysign(0.5, end[1])
        strokes.append(polyline(start, end, (0.5, out)) if rng.random() < 0.7 else polyline(start, end))
    head, along, kind = float(rng.uniform(0.14, 0.24)), float(rng.choice([0.0, 0.5, 1.0])), int(rng.integers(3))
    turn = float(rng.choice([0, 90, 180, 270]))

    def build(lead: int, outward: bool) -> Shape:
        start, end = (np.array(point) for point in tips[lead])
        ahead = (end - start) / np.hypot(*(end - start)) * (1 if outward else -1)
        tip = start + (end - start) * along + ahead * head / 2
        across = np.array([-ahead[1], ahead[0]]) * head * 0.45
        points = np.array([tip - ahead * head + across, tip, tip - ahead * head - across])
        point = (Fill((points,)), Stroke(points), Stroke(points, closed=True))[kind]
        drawn = Shape((*strokes, point)).moved(affine(angle=turn))
        return drawn.moved(np.array([[w, 0, 0], [0, h, 0]], dtype=np.float64))

    lead, outward = int(rng.integers(2)), bool(rng.random() < 0.5)
    return mark(build(lead, outward), build(lead, not outward) if rng.random() < 0.6 else build(1 - lead, outward))
