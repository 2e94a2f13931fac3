"""What the encoder learns from: a tile of a drawing at the scale of one of its examples, and windows in it.

The windows hold a symbol, a part of one or none: all that hold ink, as a search compares them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder
from app.engine.dense import INKED
from app.engine.poses import resized
from training.drawings import Drawing, Symbol
from training.shots import Shot

TILE = 256             # pixels of a level that the encoder sees at once
ALONE = 4              # examples that it sees as well, cut out
GROWN, MOST_GROWN = 0.15, 0.3  # log, spread and bound of a symbol's size beside the encoder's: a level serves several sizes
SIZED = 0.4            # log, from which a copy is of another size
APART = 100_000        # labels a drawing has to itself


@dataclass(frozen=True)
class Tiles:
    """Of B drawings. Labels are equal within a class; a background's is its own."""

    tiles: Tensor          # (B, 1, TILE, TILE) uint8 ink
    cells: Tensor          # (n, 3) tile, row, column of the cell a window starts at
    cell_labels: Tensor    # (n,)
    windows: Tensor        # (m, 1, 112, 112) uint8 ink of examples
    window_labels: Tensor  # (m,)


def make_tiles(drawing: Drawing[Symbol], inked: Tensor, shots: Sequence[Shot], rng: np.random.Generator) -> Tiles:
    """One tile of a drawing with ink `inked` (H, W), and its examples."""
    tile, cells, labels = _tile(drawing, inked, shots, rng)
    alone = shots[:ALONE]
    side = encoder.WINDOW + 2 * encoder.MARGIN
    windows = torch.stack([shot.prepared.window for shot in alone])[:, None] if alone else torch.zeros(0, 1, side, side)
    return Tiles(_bytes(tile), cells, labels, _bytes(windows), torch.tensor([s.label for s in alone], dtype=torch.int64))


def collate(parts: Sequence[Tiles]) -> Tiles:
    """Tiles of several drawings, their classes kept apart."""
    cells = [torch.cat([torch.full((len(part.cells), 1), i), part.cells[:, 1:]], 1) for i, part in enumerate(parts)]
    return Tiles(torch.cat([part.tiles for part in parts]), torch.cat(cells),
                 torch.cat([part.cell_labels + APART * i for i, part in enumerate(parts)]),
                 torch.cat([part.windows for part in parts]),
                 torch.cat([part.window_labels + APART * i for i, part in enumerate(parts)]))


def _tile(drawing: Drawing[Symbol], inked: Tensor, shots: Sequence[Shot],
          rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """One tile (1, 1, TILE, TILE), the cells of its windows (n, 3) and their labels (n,)."""
    longest = [max(i.width, i.height) * i.pose.scale for i in drawing.instances] or [40.0]
    size = shots[0].prepared.longer if shots and shots[0].own >= 0 else float(rng.choice(longest))
    level = resized(inked, encoder.SYMBOL / size * float(np.exp(np.clip(rng.normal(0, GROWN), -MOST_GROWN, MOST_GROWN))))
    factor = level.shape[1] / inked.shape[1]
    centres = np.array([[i.pose.x, i.pose.y] for i in drawing.instances]).reshape(-1, 2) * factor
    shown = centres[rng.integers(len(centres))] if len(centres) else np.zeros(2)
    left, top = (_start(extent, at, rng) for extent, at in zip(level.shape[::-1], shown.tolist(), strict=True))
    part = level[top : top + TILE, left : left + TILE]
    tile = torch.zeros(TILE, TILE)
    tile[: part.shape[0], : part.shape[1]] = part
    labels, starts = [], []
    last = TILE // encoder.STRIDE - encoder.CELLS
    taken = np.zeros((last + 1, last + 1), dtype=bool)
    for instance, (x, y), length in zip(drawing.instances, centres, longest, strict=False):
        column, row = (round((v - start - encoder.WINDOW / 2) / encoder.STRIDE) for v, start in ((x, left), (y, top)))
        if 0 <= row <= last and 0 <= column <= last:
            taken[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
            if abs(math.log(length * factor / encoder.SYMBOL)) <= SIZED:
                labels.append(instance.label)
                starts.append((0, row, column))
    for k, (row, column) in enumerate(_inked_windows(tile, taken)):
        labels.append(50_000 + k)
        starts.append((0, row, column))
    return tile[None, None], torch.tensor(starts, dtype=torch.int64).reshape(-1, 3), torch.tensor(labels, dtype=torch.int64)


def _start(extent: int, shown: float, rng: np.random.Generator) -> int:
    """Where a tile starts along one side, to show what lies there: anywhere it lies inside."""
    last = max(extent - TILE, 0)
    low, high = (min(max(round(shown - beside), 0), last) for beside in (TILE - encoder.WINDOW / 2, encoder.WINDOW / 2))
    return int(rng.integers(low, high + 1))


def _inked_windows(tile: Tensor, taken: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(k, 2) cells of windows off the symbols' centres that hold ink."""
    pooled = torch.nn.functional.avg_pool2d(tile[None, None], encoder.WINDOW, encoder.STRIDE)[0, 0].numpy()
    free: NDArray[np.int64] = np.argwhere((pooled > INKED) & ~taken)
    return free


def _bytes(values: Tensor) -> Tensor:
    return (values * 255).round().to(torch.uint8)
