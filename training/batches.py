"""What drawings teach, and the pool of the latest that each step draws from.

The pairs of one drawing are much alike. A step that saw a few drawings only would see noise, in its gradient and in the
statistics of batch normalisation; a step here sees a handful of pairs from each of many.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch

from app.engine.ink import background, ink
from training.drawings import Drawing, Symbol
from training.pairs import Pairs, joined, make_pairs
from training.shots import take_shot
from training.tiles import Tiles, collate, make_tiles

EXAMPLES = 7  # taken from a drawing


@dataclass(frozen=True)
class Lesson:
    """What one drawing teaches."""

    tiles: Tiles
    pairs: Pairs


def make_lesson(drawing: Drawing[Symbol], rng: np.random.Generator) -> Lesson:
    """Cut the way the detector cuts."""
    inked = torch.from_numpy(ink(drawing.pixels))
    paper = background(drawing.pixels)
    shots = [shot for _ in range(EXAMPLES) if (shot := take_shot(drawing, paper, rng)) is not None]
    tiles = make_tiles(drawing, inked, shots, rng)
    parts = [make_pairs(drawing, inked, shot, rng) for shot in shots]
    return Lesson(tiles, joined([part for part in parts if part is not None]))


class Pool:
    """The last `size` lessons."""

    def __init__(self, size: int) -> None:
        self._lessons: deque[Lesson] = deque(maxlen=size)

    def add(self, lesson: Lesson) -> None:
        self._lessons.append(lesson)

    def tiles(self, count: int, rng: np.random.Generator) -> Tiles:
        """Those of `count` random drawings."""
        chosen = rng.permutation(len(self._lessons))[:count]
        return collate([self._lessons[int(n)].tiles for n in chosen])

    def pairs(self, count: int, rng: np.random.Generator) -> Pairs:
        """So many random pairs, each at most once."""
        starts = np.cumsum([0, *(len(lesson.pairs) for lesson in self._lessons)])
        chosen = np.sort(rng.permutation(int(starts[-1]))[:count])
        cuts = np.searchsorted(chosen, starts)
        rows = [torch.from_numpy(chosen[first:last] - start)
                for start, first, last in zip(starts, cuts, cuts[1:], strict=False)]
        return joined([lesson.pairs[part] for lesson, part in zip(self._lessons, rows, strict=True) if len(part)])
