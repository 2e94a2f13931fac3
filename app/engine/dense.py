"""The dense pass: codes of all windows of a level that hold ink, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine import encoder, windows
from app.engine.batching import Batches
from app.engine.encoder import Encoder
from app.engine.fuse import fused, on_device, precision
from app.engine.poses import crops, matrices, still

INKED = 0.008  # mean ink from which a window is not blank


class DensePass:
    """An encoder on its device, run over levels. `go_on` is called between batches and may raise."""

    def __init__(self, network: Encoder, device: str) -> None:
        self.encoder = on_device(fused(network).to(precision(device)), device)
        self._device = device
        self._tiles = Batches(1 if device == "cpu" else 64, device)

    def __call__(self, level: Tensor, go_on: Callable[[], None], frame: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Codes (n, D), in half precision, of the inked windows of a frame, rows and columns, that a level (H, W) fills (by
        default its own), and their centres (n, 2) x, y in it. No more than some tiles of a frame are held at once."""
        tiling = windows.tiling(*(frame or level.shape))
        corners = torch.tensor(tiling.corners(), dtype=torch.int64)
        most = len(corners) * math.prod(side // encoder.STRIDE - encoder.CELLS + 1 - 2 * windows.FIRST for side in tiling.tile)
        codes = torch.empty(most, self.encoder.dimension, device=self._device, dtype=torch.half)  # no memory until written
        starts = torch.empty(most, 2, dtype=torch.int32, device=self._device)

        def answers(corners: Tensor) -> Tensor:
            tiles = torch.stack([_tile(level, frame, row, column, tiling.tile) for row, column in corners.tolist()])
            held = _held(tiles)
            answer = held.new_zeros(len(tiles), 1 + self.encoder.dimension, *held.shape[1:], dtype=torch.half)
            answer[:, 0], inked = held > INKED, held.amax((1, 2)) > INKED
            if inked.any():
                answer[inked, 1:] = self._answers(tiles[inked]).half()
            return answer

        done = kept_in_all = 0
        for part in self._tiles.parts(answers, corners, go_on):
            for at, answer in zip(corners[done : done + len(part)], part, strict=True):
                kept = torch.nonzero(answer[0])
                here = slice(kept_in_all, kept_in_all := kept_in_all + len(kept))
                codes[here] = answer[1:, kept[:, 0], kept[:, 1]].T
                starts[here] = (kept * encoder.STRIDE + at.to(self._device) + windows.HALO).int()
            done += len(part)
        return codes[:kept_in_all], starts[:kept_in_all].flip(1) - windows.BEFORE + encoder.WINDOW / 2

    def _answers(self, batch: Tensor) -> Tensor:
        """(b, D, h, w) codes of the windows that tiles (b, H, W) answer for."""
        codes: Tensor = self.encoder(batch[:, None].contiguous(memory_format=torch.channels_last))
        return codes[:, :, windows.FIRST : -windows.FIRST, windows.FIRST : -windows.FIRST]


def _tile(level: Tensor, frame: Sequence[int] | None, row: int, column: int, shape: tuple[int, int]) -> Tensor:
    """(h, w) the tile of a shape whose corner is at a row and a column of a frame with BEFORE pixels around it, that a level
    (H, W) fills; None is the level's own."""
    (height, width), (top, left) = shape, (row - windows.BEFORE, column - windows.BEFORE)
    if frame is None:
        inside = level[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
        above, before = max(-top, 0), max(-left, 0)
        return F.pad(inside, (before, width - before - inside.shape[1], above, height - above - inside.shape[0]))
    side = max(shape)
    middle = torch.tensor([[left + side / 2, top + side / 2]], device=level.device)
    return crops(level, matrices(still(middle)), side, frame)[0, :height, :width]


def _held(tiles: Tensor) -> Tensor:
    """(b, h, w) the mean ink of the windows that tiles (b, H, W) answer for."""
    held = F.avg_pool2d(F.avg_pool2d(tiles[:, None], encoder.STRIDE), encoder.CELLS, 1)[:, 0]
    return held[:, windows.FIRST : -windows.FIRST, windows.FIRST : -windows.FIRST]
