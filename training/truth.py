"""What a generated drawing is known to hold: the pixels and, for every copy of a symbol, its pose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.engine.geometry import Box, Pose, bounds
from training.canvas import Pixels

SymbolT = TypeVar("SymbolT")


@dataclass(frozen=True)
class Instance:
    """One copy on a drawing.

    `width` and `height` are the symbol's tight ink size in pixels at pose scale 1; the pose's origin is the centre
    of that rectangle and its angle is in degrees counter-clockwise as seen.
    """

    label: int  # index into the drawing's symbols
    pose: Pose
    width: float
    height: float

    @property
    def box(self) -> Box:
        """The axis-aligned bound of the copy's turned outline."""
        return bounds(self.pose.polygon(self.width, self.height))


@dataclass(frozen=True)
class Drawing(Generic[SymbolT]):
    """A page with its truth; a symbol may have no copy on it."""

    pixels: Pixels  # (H, W, 3) RGB
    instances: tuple[Instance, ...]
    symbols: tuple[SymbolT, ...]
    examples: tuple[Pixels, ...] = ()  # one crop a symbol at pose scale 1, as a user boxes it; empty where none is made
