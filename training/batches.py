"""What drawings teach, and the pool of the latest that each step draws from.

The pairs of one drawing are much alike. A step that saw a few drawings only would see noise, in its gradient and in the
statistics of batch normalisation; a step here sees a handful of pairs from each of many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import torch

from app.engine.ink import background, ink
from app.engine.pictures import Sheet
from training.drawings import Drawing, Symbol, make_drawing
from training.pairs import Pairs, make_pairs
from training.shots import Shot, take_shot
from training.styles import exactly, random_style
from training.tiles import Tiles, collate, make_tiles
from training.trials import Trials

EXAMPLES = 7  # taken from a drawing
SIZES = ((448, 448), (576, 576), (640, 640), (768, 640))
CLUTTER, DAMAGED = (0.2, 1.0), 0.8  # of the drawings,
EXACT = 0.4   # but for these, which are as CAD writes them: there a small difference says all

PairsT = TypeVar("PairsT", Pairs, Trials)


@dataclass(frozen=True)
class Lesson:
    """What one drawing teaches."""

    tiles: Tiles
    pairs: Pairs


def random_drawing(rng: np.random.Generator) -> Drawing[Symbol]:
    """A page to learn from."""
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    clutter, damaged = float(rng.uniform(*CLUTTER)), bool(rng.random() < DAMAGED)
    if rng.random() < EXACT:
        return make_drawing(rng, width, height, clutter=clutter, damaged=False, style=exactly(random_style(rng)))
    return make_drawing(rng, width, height, clutter=clutter, damaged=damaged)


def take_shots(drawing: Drawing[Symbol], rng: np.random.Generator) -> tuple[Sheet, list[Shot]]:
    """A drawing as the detector sees it, and examples of its symbols."""
    paper = background(drawing.pixels)
    shots = [shot for _ in range(EXAMPLES) if (shot := take_shot(drawing, paper, rng)) is not None]
    return Sheet(drawing.pixels, ink(drawing.pixels, paper), paper), shots


def make_lesson(drawing: Drawing[Symbol], rng: np.random.Generator, paired: bool = True) -> Lesson:
    """Cut the way the detector cuts; without pairs where these are not needed."""
    sheet, shots = take_shots(drawing, rng)
    tiles = make_tiles(drawing, sheet.inked, shots, rng)
    parts = [make_pairs(drawing, sheet.inked, shot, rng) for shot in shots if paired]
    return Lesson(tiles, joined([Pairs.none(), *(part for part in parts if part is not None)]))


def some_tiles(parts: Sequence[Tiles], count: int, rng: np.random.Generator) -> Tiles:
    """Those of `count` random drawings."""
    return collate([parts[int(n)] for n in rng.permutation(len(parts))[:count]])


def joined(parts: Sequence[PairsT]) -> PairsT:
    """All pairs of several."""
    kind = type(parts[0])
    return kind(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(kind)))


def some_pairs(parts: Sequence[PairsT], count: int, rng: np.random.Generator) -> PairsT:
    """So many random pairs of several drawings', each at most once."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    chosen = np.sort(rng.permutation(int(starts[-1]))[:count])
    cuts = np.searchsorted(chosen, starts)
    rows = torch.from_numpy(chosen - np.repeat(starts[:-1], np.diff(cuts))).to(parts[0].targets.device)
    return joined([part[row] for part, row in zip(parts, rows.tensor_split(cuts[1:-1].tolist()), strict=True)])
