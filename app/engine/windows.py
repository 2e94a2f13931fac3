"""Which levels of a page to look at, and which tiles of a level. Whole numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.engine.encoder import STRIDE, WINDOW

CORE = 512          # pixels of window starts that one tile answers for
HALO = 64           # pixels of context around them
EDGE = WINDOW // 2  # windows may start this far outside the page, so that a symbol on its edge is centred in one
TILE = CORE + WINDOW - STRIDE + 2 * HALO
STEP = 1.25         # ratio between levels

STARTS = CORE // STRIDE  # window starts along a tile's side
FIRST = HALO // STRIDE   # the first of them, in cells of the tile


def level(factor: float) -> int:
    """The number of the level nearest to a resizing factor; level n resizes by STEP ** n."""
    return round(math.log(factor) / math.log(STEP))


def levels(factor: float, scale_min: float, scale_max: float) -> list[int]:
    """The levels that show copies from scale_min to scale_max at about the size that the encoder knows."""
    middle = factor / math.sqrt(scale_min * scale_max)
    spread = max(0, math.ceil(math.log(scale_max / scale_min) / (2 * math.log(STEP)) - 1.05))
    return [level(middle) + n for n in range(-spread, spread + 1)]


def tiles(height: int, width: int) -> list[tuple[int, int]]:
    """Top and left of the tiles that cover a level, in pixels of the level padded by `padding`."""
    rows, columns = (math.ceil((side + 2 * EDGE - WINDOW + STRIDE) / CORE) for side in (height, width))
    return [(row * CORE, column * CORE) for row in range(max(rows, 1)) for column in range(max(columns, 1))]


def padding(height: int, width: int) -> tuple[int, int, int, int]:
    """Left, right, top, bottom pixels to add to a level so that all its tiles lie inside."""
    last = max(tiles(height, width))
    before = HALO + EDGE
    return before, last[1] + TILE - width - before, before, last[0] + TILE - height - before


def centre(starts: Sequence[int]) -> list[float]:
    """Level coordinates of the centres of windows that start at these pixels of the padded level."""
    return [start - HALO - EDGE + WINDOW / 2 for start in starts]
