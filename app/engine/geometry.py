"""Boxes, detections and the plane geometry between them. Pixels, origin top left, y down."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    def corners(self) -> Floats:
        """(4, 2) clockwise on the page from the top left."""
        x, y, r, b = self.x, self.y, self.x + self.width, self.y + self.height
        return np.array([[x, y], [r, y], [r, b], [x, b]], dtype=np.float64)

    def clipped(self, width: float, height: float) -> Box | None:
        """The part inside a page of this size, None where there is none."""
        x, y = max(self.x, 0.0), max(self.y, 0.0)
        r, b = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(x, y, r - x, b - y) if r > x and b > y else None


@dataclass(frozen=True)
class Pose:
    """How an example lies on the page: scaled, flipped left to right if mirrored, turned counter-clockwise, moved."""

    x: float
    y: float
    angle: float = 0.0  # degrees counter-clockwise as seen on the page
    mirrored: bool = False
    scale: float = 1.0

    def matrix(self) -> Floats:
        """(2, 3) affine from example coordinates, origin at the example's centre, to page pixels."""
        turn = math.radians(self.angle)
        cos, sin = self.scale * math.cos(turn), self.scale * math.sin(turn)
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[cos * flip, sin, self.x], [-sin * flip, cos, self.y]], dtype=np.float64)

    def polygon(self, width: float, height: float) -> Floats:
        """(4, 2) corners of an example of this size under the pose."""
        corners = Box(-width / 2, -height / 2, width, height).corners()
        matrix = self.matrix()
        return corners @ matrix[:, :2].T + matrix[:, 2]


@dataclass(frozen=True)
class Detection:
    """One copy of a symbol on a page. `evidence` is what the score was made from, by app.engine.evidence.NAMES."""

    symbol_id: str
    box: Box
    polygon: tuple[tuple[float, float], ...]
    score: float
    pose: Pose
    evidence: tuple[float, ...] = ()


def bounds(polygon: Floats) -> Box:
    """The axis-aligned bound of (N, 2) points."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes a (N, 4) and b (M, 4) given as x, y, width, height: (N, M) in [0, 1]."""
    left = np.maximum(a[:, None, :2], b[None, :, :2])
    right = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    both = np.clip(right - left, 0.0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None, :] - both
    result: Floats = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return result


def angle_between(a: float, b: float, period: float = 360.0) -> float:
    """The smallest turn between two angles in degrees, modulo a symmetry's period."""
    gap = abs(a - b) % period
    return min(gap, period - gap)
