"""An example made ready for search: its ink laid in the encoder's window and in the verifier's picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder, verify
from app.engine.colour import foreign
from app.engine.geometry import Box
from app.engine.ink import Colour, background, body_box, ink, tight_box
from app.engine.poses import crops, resized

VEILED = 0.2  # share of a picture's pixel from which something hides it


@dataclass(frozen=True)
class Prepared:
    """What the search needs of an example of `width` × `height` pixels; `extent` bounds its ink, `ink_box` that without the
    wires that leave it.

    `picture` and `mask`, the box, (64, 64) are the scout's, `sharp` (2, 96, 96), ink and what of it is of another tone, and
    `sharp_mask` (96, 96) the jury's, `core` (64, 64) is the box of the ink alone, `window` (112, 112) the encoder's crop with
    its margin. `shown` (64, 64) and `sharp_shown` (96, 96) are nought where nobody knows what it looks like, for something
    lies on it.
    """

    width: int
    height: int
    extent: Box
    ink_box: Box
    picture: Tensor
    mask: Tensor
    sharp: Tensor
    sharp_mask: Tensor
    core: Tensor
    window: Tensor
    shown: Tensor
    sharp_shown: Tensor

    @property
    def ink(self) -> float:
        """Its ink in pixels of the example."""
        return float((self.picture * self.mask).sum()) * (self.longer / verify.SYMBOL) ** 2

    @property
    def longer(self) -> float:
        return max(self.ink_box.width, self.ink_box.height)


def prepare(pixels: NDArray[np.uint8], paper: Colour | None = None, over: NDArray[np.bool_] | None = None) -> Prepared:
    """An example from (h, w, 3) RGB pixels; an example without ink is taken whole. `over` (h, w) is where something that was
    painted out lay on it."""
    inked = ink(pixels, paper)
    height, width = inked.shape
    whole = Box(0, 0, width, height)
    extent, box = tight_box(inked) or whole, body_box(inked) or whole
    longer = max(box.width, box.height)
    source = torch.from_numpy(inked)
    own, fine = _own(inked, extent, box), verify.SYMBOL / longer
    picture, mask = (placed(part, box, fine, verify.SIZE) for part in (source, own))
    sharp, sharp_mask = (placed(part, box, fine * verify.SHARPER, verify.SHARP) for part in (source, own))
    sharp = torch.stack([sharp, sharp * _foreign(pixels, inked, paper or background(pixels), box, sharp * sharp_mask)])
    window = placed(source, box, encoder.SYMBOL / longer, encoder.WINDOW + 2 * encoder.MARGIN)
    shown, sharp_shown = (_shown(over, box, factor, size)
                          for factor, size in ((fine, verify.SIZE), (fine * verify.SHARPER, verify.SHARP)))
    return Prepared(width, height, extent, box, picture * shown, (mask > 0.5).float(), sharp * sharp_shown,
                    (sharp_mask > 0.5).float(), _core(box), window, shown, sharp_shown)


def _foreign(pixels: NDArray[np.uint8], inked: NDArray[np.float32], paper: Colour, box: Box, own: Tensor) -> Tensor:
    """(S, S) how far each pixel of an example's sharp picture is in tone from its own ink (S, S)."""
    x, y = box.centre
    scale = max(box.width, box.height) / verify.SYMBOL / verify.SHARPER
    affine = torch.tensor([[[scale, 0.0, x], [0.0, scale, y]]])
    return foreign(torch.from_numpy(pixels.copy()), torch.from_numpy(inked), paper, affine, own)[0]


def _shown(over: NDArray[np.bool_] | None, box: Box, factor: float, size: int) -> Tensor:
    """(size, size) 1 where a picture shows the example, 0 where something (h, w) lies over it."""
    if over is None:
        return torch.ones(size, size)
    return (placed(torch.from_numpy(over.astype(np.float32)), box, factor, size) < VEILED).float()


def _own(inked: NDArray[np.float32], whole: Box, box: Box) -> Tensor:
    """(H, W) 1 in the user's box, 0 where a wire that leaves it was cut off: from the bound of all ink to that of the rest."""
    own = torch.ones(inked.shape)
    if box.x > whole.x:
        own[:, : int(box.x)] = 0
    if box.y > whole.y:
        own[: int(box.y)] = 0
    own[:, int(box.x + box.width) if box.x + box.width < whole.x + whole.width else inked.shape[1] :] = 0
    own[int(box.y + box.height) if box.y + box.height < whole.y + whole.height else inked.shape[0] :] = 0
    return own


def _core(box: Box) -> Tensor:
    """(SIZE, SIZE) mask of the ink's box, which the picture has in its middle."""
    factor = verify.SYMBOL / max(box.width, box.height) / 2
    steps = (torch.arange(verify.SIZE) + 0.5 - verify.SIZE / 2).abs()
    return ((steps <= box.height * factor)[:, None] & (steps <= box.width * factor)[None]).float()


def placed(source: Tensor, box: Box, factor: float, size: int) -> Tensor:
    """(size, size) picture of source (H, W) resized by a factor, the box's centre at its own, zero around the source."""
    level = resized(source, factor)
    x, y = box.centre
    at = torch.tensor([[[1.0, 0.0, x * level.shape[1] / source.shape[1]], [0.0, 1.0, y * level.shape[0] / source.shape[0]]]])
    return crops(level, at, size)[0]
