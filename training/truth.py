"""What a generated drawing is known to hold: the pixels and, for every copy of a symbol, its pose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from app.engine.geometry import Box, Pose, bounds
from training.canvas import Matrix, Pixels, Points

SymbolT = TypeVar("SymbolT")


@dataclass(frozen=True)
class Instance:
    """One copy on a drawing.

    `width` and `height` are the symbol's tight ink size in pixels at pose scale 1; the pose's origin is the centre
    of that rectangle and its angle is in degrees counter-clockwise as seen. Before it is posed the copy is made `stretch`
    times as wide for its height, at the same area.
    """

    label: int  # index into the drawing's symbols
    pose: Pose
    width: float
    height: float
    stretch: float = 1.0

    @property
    def matrix(self) -> Matrix:
        """(2, 3) affine from the symbol's pixels at pose scale 1 to the page's."""
        root = math.sqrt(self.stretch)
        result: Matrix = self.pose.matrix() * np.array([root, 1 / root, 1.0])
        return result

    @property
    def polygon(self) -> Points:
        """(4, 2) corners of the copy's outline."""
        root = math.sqrt(self.stretch)
        return self.pose.polygon(self.width * root, self.height / root)

    @property
    def box(self) -> Box:
        """The axis-aligned bound of the copy's turned outline."""
        return bounds(self.polygon)


@dataclass(frozen=True)
class Drawing(Generic[SymbolT]):
    """A page with its truth; a symbol may have no copy on it."""

    pixels: Pixels  # (H, W, 3) RGB
    instances: tuple[Instance, ...]
    symbols: tuple[SymbolT, ...]
    examples: tuple[Pixels, ...] = ()  # one crop a symbol at pose scale 1, as a user boxes it; empty where none is made
