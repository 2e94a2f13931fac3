"""Which levels of a page to look at, and which tiles of a level."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.encoder import STRIDE, WINDOW

CORE = 1024         # pixels of window starts, along a side, that one tile answers for at most
HALO = 32           # pixels of context around them, as many as an example's crop carries: codes agree to a cosine of 0.99
EDGE = WINDOW // 2  # windows may start this far outside the page, so that a symbol on its edge is centred in one
BEFORE = HALO + EDGE           # padding before a level's first pixel
FIRST = HALO // STRIDE         # a tile's first window start, in cells
AROUND = WINDOW - STRIDE + 2 * HALO  # pixels a tile is larger than its core
STEP = 1.25         # ratio between levels
LARGER = 0.5        # levels by which one that serves several lies above the smallest of them, at most


@dataclass(frozen=True)
class Tiling:
    """Equal tiles over a level: how many down and across, and the pixels of window starts each answers for."""

    rows: int
    columns: int
    height: int
    width: int

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of a tile with its context."""
        return self.height + AROUND, self.width + AROUND

    def corners(self) -> list[tuple[int, int]]:
        """Top and left of each tile on the level with BEFORE pixels around it."""
        return [(row * self.height, column * self.width) for row in range(self.rows) for column in range(self.columns)]


def tiling(height: int, width: int) -> Tiling:
    """The fewest equal tiles that cover a level of this size."""
    (rows, tall), (columns, wide) = _parts(height), _parts(width)
    return Tiling(rows, columns, tall, wide)


def _parts(side: int) -> tuple[int, int]:
    starts = side + 2 * EDGE - WINDOW + STRIDE
    parts = math.ceil(starts / CORE)
    return parts, math.ceil(starts / parts / STRIDE) * STRIDE


def level(factor: float) -> float:
    """The number of the level that resizes by a factor; level n resizes by STEP ** n."""
    return math.log(factor) / math.log(STEP)


def around(scale_min: float, scale_max: float) -> range:
    """Which levels beside the middle one show copies from scale_min to scale_max at about the size that the encoder knows."""
    spread = max(0, math.ceil(level(scale_max / scale_min) / 2 - 1.05))
    return range(-spread, spread + 1)


def shared(wanted: Sequence[float], apart: float) -> dict[float, list[int]]:
    """Of levels wanted (n,) the few that serve them all, and which each serves: those up to so much apart have one. It lies in
    their middle, or nearer to the smallest, for symbols that appear smaller than the encoder knows are found better than
    larger ones, and at less cost."""
    rest, serving = sorted(range(len(wanted)), key=lambda n: wanted[n]), defaultdict[float, list[int]](list)
    while rest:
        least = wanted[rest[0]]
        group = [n for n in rest if wanted[n] <= least + apart]
        serving[min((least + wanted[group[-1]]) / 2, least + LARGER)] += group
        rest = rest[len(group) :]
    return serving
