"""What a detection is asked and what it answers. Plain values, so that they can be used without loading a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Box, Detection
from app.engine.ink import Colour

Pixels = NDArray[np.uint8]  # (H, W, 3) RGB
BANDS = 2  # of other sizes on each side: a detail or a legend may be drawn thrice as large as the plan
Rotation = Literal["any", "right_angles", "none"]


@dataclass(frozen=True)
class Example:
    """One picture of a symbol. `pixels` is (h, w, 3) RGB uint8; `id` is its key in the index; `paper` is the background's
    colour on the drawing it was cut from, where that is known; a negative one is a look-alike. `over` (h, w) is where something
    lies on it that is none of it."""

    id: int
    pixels: Pixels
    positive: bool = True
    paper: Colour | None = None
    over: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Query:
    """A symbol to find, with its examples."""

    symbol_id: str
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Options:
    """How to search a page. Boxes are in pixels of the page; scales are relative to the example's size. With `other_sizes`
    BANDS as wide below and above are searched too, for examples that were not cut from the page."""

    min_score: float = 0.5
    rotation: Rotation = "any"
    mirror: bool = True
    scale_min: float = 0.8
    scale_max: float = 1.25
    other_sizes: bool = False
    regions: tuple[Box, ...] = ()
    exclude: tuple[Box, ...] = ()
    max_detections: int = 5000

    def beside(self, away: int) -> tuple[Options, Options]:
        """The same with the band so many below, from 1 on, and with the one so many above, each as wide."""
        wide = self.scale_max / self.scale_min
        nearer, further = wide ** (away - 1), wide**away
        return (replace(self, scale_min=self.scale_min / further, scale_max=self.scale_min / nearer),
                replace(self, scale_min=self.scale_max * nearer, scale_max=self.scale_max * further))


@dataclass
class Timings:
    """Milliseconds spent on a page."""

    embed: float = 0.0
    search: float = 0.0
    verify: float = 0.0


@dataclass(frozen=True)
class PageResult:
    """The finds on one page, best first. `truncated` says that there were more than asked for."""

    detections: tuple[Detection, ...]
    truncated: bool
    timings: Timings
