"""The dense pass: codes of all windows of a level that hold ink, tile by tile."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine import encoder, windows
from app.engine.batching import Batches
from app.engine.encoder import Encoder
from app.engine.fuse import fused, on_device, precision

INKED = 0.008  # mean ink from which a window is not blank


class DensePass:
    """An encoder on its device, run over levels. `go_on` is called between batches and may raise."""

    def __init__(self, network: Encoder, device: str) -> None:
        self.encoder = on_device(fused(network).to(precision(device)), device)
        self._device = device
        self._tiles = Batches(1 if device == "cpu" else 64, device)

    def __call__(self, level: Tensor, go_on: Callable[[], None]) -> tuple[Tensor, Tensor]:
        """Codes (n, D) of the inked windows of a level (H, W), and their centres (n, 2) x, y on it."""
        tiling = windows.tiling(*level.shape)
        padded = F.pad(level, tiling.padding(*level.shape))
        held = F.avg_pool2d(F.avg_pool2d(padded[None, None], encoder.STRIDE), encoder.CELLS, 1)[0, 0]
        inked = [at for at in tiling.corners() if float(held[_cells(at, tiling)].max()) > INKED]
        codes = [torch.zeros(0, self.encoder.dimension, device=self._device)]
        starts = [torch.zeros(0, 2, dtype=torch.int64, device=self._device)]

        def answers(corners: Tensor) -> Tensor:
            tiles = [padded[r : r + tiling.tile[0], c : c + tiling.tile[1]] for r, c in corners.tolist()]
            return self._answers(torch.stack(tiles))

        done = 0
        for part in self._tiles.parts(answers, torch.tensor(inked, dtype=torch.int64).reshape(-1, 2), go_on):
            for at, answer in zip(inked[done : done + len(part)], part, strict=True):
                kept = torch.nonzero(held[_cells(at, tiling)] > INKED)
                codes.append(answer[:, kept[:, 0], kept[:, 1]].T)
                starts.append(kept * encoder.STRIDE + torch.tensor(at, device=self._device) + windows.HALO)
            done += len(part)
        return torch.cat(codes), torch.cat(starts).flip(1) - windows.BEFORE + encoder.WINDOW / 2

    def _answers(self, batch: Tensor) -> Tensor:
        """(b, D, h, w) codes of the windows that tiles (b, H, W) answer for."""
        codes: Tensor = self.encoder(batch[:, None].contiguous(memory_format=torch.channels_last))
        return codes[:, :, windows.FIRST : -windows.FIRST, windows.FIRST : -windows.FIRST]


def _cells(at: tuple[int, int], tiling: windows.Tiling) -> tuple[slice, slice]:
    """Of a map with one value a window, the part that the tile at `at` answers for."""
    row, column = (start // encoder.STRIDE + windows.FIRST for start in at)
    return slice(row, row + tiling.cells[0]), slice(column, column + tiling.cells[1])
