"""The sizes at which a page is looked at."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from torch import Tensor

from app.engine import encoder, verify, windows
from app.engine.look import Shot
from app.engine.pictures import Level
from app.engine.poses import COARSE, resized
from app.engine.query import Options
from app.engine.settle import softened

NEAR, FAR, MANY = 1.0, 2.0, 50  # levels apart that symbols may be to share windows; as far from so many examples on
LARGEST = 2.5       # a page is not enlarged further: an example smaller than 13 px stays small


def by_level(shots: Sequence[Shot], options: Options) -> Iterator[tuple[float, dict[int, list[int]]]]:
    """The levels whose windows are looked at, and for each those at which examples are laid over them, and which examples."""
    middle = _middle(options)
    wanted = [windows.level(min(encoder.SYMBOL / shot.prepared.longer, LARGEST) / middle) for shot in shots]
    for serving, group in windows.shared(wanted, NEAR if len(shots) < MANY else FAR).items():
        for more in windows.around(options.scale_min, options.scale_max):
            levels = defaultdict[int, list[int]](list)
            for n in group:
                levels[round(wanted[n]) + more].append(n)
            yield serving + more, levels


def large_enough(shot: Shot, options: Options) -> bool:
    """Whether copies of such sizes are no smaller than what a page is enlarged for."""
    return shot.prepared.longer * _middle(options) * LARGEST >= encoder.SYMBOL


def level_of(inked: Tensor, number: int, over: Tensor | None = None) -> Level:
    """A page's ink (H, W) at the size of a level; `over` (H, W) hid some of it."""
    by = windows.STEP**number * verify.SYMBOL / encoder.SYMBOL
    frame = frame_of(inked, by)
    fine = reduced(inked, by)
    coarse = resized(fine, COARSE * max(by, 1.0))
    factor = frame[1] / inked.shape[1], frame[0] / inked.shape[0]
    return Level(frame, fine, softened(fine, max(by, 1.0)), reduced(inked, by * verify.SHARPER), coarse, factor, over)


def frame_of(inked: Tensor, factor: float) -> tuple[int, int]:
    """Rows and columns of a page's ink (H, W) resized by a factor."""
    return max(1, round(inked.shape[0] * factor)), max(1, round(inked.shape[1] * factor))


def reduced(inked: Tensor, factor: float) -> Tensor:
    """A page's ink (H, W) resized, but never enlarged: bilinear sampling enlarges as well."""
    return inked if factor >= 1 else resized(inked, factor)


def _middle(options: Options) -> float:
    return math.sqrt(options.scale_min * options.scale_max)
