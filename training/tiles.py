"""What the encoder learns from: a tile of a drawing at the scale of one of its examples, and windows in it.

The windows hold a symbol, a part of one or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder
from app.engine.poses import resized
from training.drawings import Drawing, Symbol
from training.shots import Shot

TILE = 256             # pixels of a level that the encoder sees at once
ALONE = 4              # examples that it sees as well, cut out
BACKGROUNDS = 40       # windows of a tile without a whole symbol
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
    level = resized(inked, encoder.SYMBOL / size * float(np.exp(rng.uniform(-0.12, 0.12))))
    factor = level.shape[1] / inked.shape[1]
    centres = np.array([[i.pose.x, i.pose.y] for i in drawing.instances]).reshape(-1, 2) * factor
    left, top = (_start(extent, centres[:, axis], rng) for axis, extent in enumerate((level.shape[1], level.shape[0])))
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
            if 0.75 <= length * factor / encoder.SYMBOL <= 1.33:
                labels.append(instance.label)
                starts.append((0, row, column))
    for k, (row, column) in enumerate(_inked_windows(tile, taken, rng)):
        labels.append(50_000 + k)
        starts.append((0, row, column))
    return tile[None, None], torch.tensor(starts, dtype=torch.int64).reshape(-1, 3), torch.tensor(labels, dtype=torch.int64)


def _start(extent: int, centres: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Where a tile starts along one side: anywhere it lies inside."""
    return int(rng.integers(0, extent - TILE + 1)) if extent > TILE else 0


def _inked_windows(tile: Tensor, taken: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """(k, 2) starts of windows off the symbols' centres that hold ink."""
    pooled = torch.nn.functional.avg_pool2d(tile[None, None], encoder.WINDOW, encoder.STRIDE)[0, 0].numpy()
    free = np.argwhere((pooled > 0.01) & ~taken)
    picked: NDArray[np.int64] = free[rng.permutation(len(free))[:BACKGROUNDS]]
    return picked


def _bytes(values: Tensor) -> Tensor:
    return (values * 255).round().to(torch.uint8)
