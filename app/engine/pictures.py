"""A page, its levels, and the pictures in which an example and candidates under their poses are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import verify
from app.engine.colour import coloured, foreign, ink_points, tones
from app.engine.example import VEILED, Prepared
from app.engine.ink import Colour
from app.engine.poses import crops, matrices
from app.engine.query import Pixels

SAMPLE = 5000  # points of a page's ink that tell whether it is coloured


@dataclass(frozen=True)
class Sheet:
    """A page: (H, W, 3) RGB pixels, their ink (H, W), the colour of the paper, and the device that looks at it. `over` (H, W)
    is where something that was painted out lay on the ink."""

    pixels: Pixels
    ink: NDArray[np.float32]
    paper: Colour
    device: str = "cpu"
    over: Tensor | None = None

    @cached_property
    def coloured(self) -> bool:
        return coloured(tones(self.pixels, self.ink, ink_points(self.ink, SAMPLE)[:, None], self.paper))

    @cached_property
    def inked(self) -> Tensor:
        """(H, W) its ink on the device."""
        return torch.from_numpy(self.ink).to(self.device)

    @cached_property
    def _colours(self) -> Tensor:
        writable = np.require(self.pixels, requirements=("C", "W"))  # torch warns of what is read only
        return torch.from_numpy(writable).to(self.device)

    def foreign(self, affines: Tensor, own: Tensor) -> Tensor:
        """(n, S, S) what of the ink in pictures under affines (n, 2, 3) is of another tone than the symbol whose ink `own`
        (S, S) is; none on a page of one tone."""
        if not self.coloured:
            return torch.zeros(len(affines), *own.shape, device=own.device)
        return foreign(self._colours, self.inked, self.paper, affines, own)


@dataclass(frozen=True)
class Level:
    """A page at one size, and pictures of it that fill the frame: for the scout, the jury and the templates."""

    frame: tuple[int, int]  # rows and columns of the pixels that poses are measured in
    fine: Tensor       # ink, of the frame's size or the page's, whichever is smaller
    soft: Tensor       # the same softened, by which candidates are settled
    sharp: Tensor      # ink, SHARPER times the frame's size or the page's
    coarse: Tensor     # ink, COARSE times the frame's size
    factor: tuple[float, float]  # pixels of the frame a page pixel, right and down
    over: Tensor | None = None   # (H, W) of the page, what something hid


def pictures(level: Level, prepared: Prepared, poses: Tensor) -> Tensor:
    """(n, 3, S, S) an example, the candidate on a level under each pose (n, 6), and the example's box."""
    seen = crops(level.fine, matrices(poses), verify.SIZE, level.frame) * prepared.shown
    return beside(unhidden(prepared.picture, level, matrices(poses)), seen, prepared.mask)


def beside(example: Tensor, seen: Tensor, mask: Tensor) -> Tensor:
    """(n, 3, S, S) an example (S, S), pictures seen (n, S, S), and the example's box (S, S)."""
    return torch.stack([example.expand(len(seen), -1, -1), seen, mask.expand(len(seen), -1, -1)], 1)


def sharp_beside(example: Tensor, seen: Tensor, mask: Tensor) -> Tensor:
    """(n, 5, S, S) the inks of an example (2, S, S) and of pictures seen (n, 2, S, S), the example's box (S, S), and what of
    both inks is foreign."""
    ink, strange = torch.stack([example.expand_as(seen), seen], 2).unbind(1)
    return torch.cat([ink, mask.expand(len(seen), 1, -1, -1), strange], 1)


def sharp_crops(sheet: Sheet, frame: Sequence[int], sharp: Tensor, prepared: Prepared, poses: Tensor) -> Tensor:
    """(n, 2, 96, 96) ink under poses (n, 6) in a frame, rows and columns, that a sheet's level `sharp` (H, W) fills, and what
    of it is of another tone than what lies as the example's ink does."""
    seen = crops(sharp, _scaled(poses, sharp, frame), verify.SHARP) * prepared.sharp_shown
    strange = sheet.foreign(_scaled(poses, sheet.inked, frame), prepared.sharp[0] * prepared.sharp_mask)
    return torch.stack([seen, seen * strange], 1)


def unhidden(example: Tensor, level: Level, affines: Tensor) -> Tensor:
    """(n, ..., S, S) of an example's inks (..., S, S) what nothing hides of a candidate under each of affines (n, 2, 3) to a
    level's frame; (1, ..., S, S) where nothing hides any."""
    if level.over is None:
        return example[None]
    hidden = crops(level.over, affines, example.shape[-1], level.frame) > VEILED
    return example * ~hidden.reshape(len(affines), *[1] * (example.dim() - 2), *example.shape[-2:])


def sharper(poses: Tensor) -> Tensor:
    """(n, 2, 3) affines from sharp pictures to the frame of poses (n, 6)."""
    there = poses.clone()
    there[:, 4] /= verify.SHARPER
    return matrices(there)


def _scaled(poses: Tensor, page: Tensor, frame: Sequence[int]) -> Tensor:
    """(n, 2, 3) affines from sharp pictures to a page (H, W) at another size, of poses (n, 6) in a frame."""
    right, down = page.shape[1] / frame[1], page.shape[0] / frame[0]
    there = poses.clone()
    there[:, 0] *= right
    there[:, 1] *= down
    there[:, 4] *= right / verify.SHARPER
    return matrices(there)
