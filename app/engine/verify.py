"""The second look: example and candidate laid over each other, one network that sees both, a score and a correction.

Two pictures as channels of one input tell small differences better than two embeddings (Zagoruyko and Komodakis 2015,
arXiv 1504.03641). A scout sees candidates as the coarse search lays them, turns most away and says how the rest lie off;
a jury sees these once they are settled, when what still differs is ink and not pose, and half again as sharply: an arrow's
head is a tenth of a symbol.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.engine.encoder import BasicBlock, Stem

SIZE = 64            # pixels of the pictures compared
SYMBOL = 128 / 3     # longer side of the example in them: the encoder's window, a third finer
SPREADS = (5, 3)     # pixels of a picture over which a stroke may lie off, loosely and closely judged
CHANNELS = 5         # example's ink, candidate's ink, the example's box, ink missing, ink too much

SHARP = 96           # pixels of the jury's pictures
SHARPER = 1.5        # size of a symbol in them to that in the others
SHARP_SPREADS = (7, 3)
SHARP_PLANES = 5     # example's ink, candidate's ink, the example's box, and of both inks what is of another tone than they
SHARP_CHANNELS = SHARP_PLANES + 5  # missing and too much, twice; the example's size on its page
DETAILS = 24         # planes of what a judge sees before it pools
DEEPER = (2, 3, 6, 8)  # blocks of a judge's trunk that only a deep one has
HOPELESS = -3.0      # logit below which one more judge changes nothing that matters
USUAL = 32.0         # px of that size: of smaller symbols a stroke that the raster moves by a pixel is a larger part

SHIFT, TURN, GROWTH = 8.0, 20.0, 0.25  # one unit of a correction: pixels, degrees, natural log of the scale


class Verdict(NamedTuple):
    logit: Tensor       # (B,) that the candidate is a copy under the pose
    correction: Tensor  # (B, 4) right, down, counter-clockwise, larger; in units of SHIFT, SHIFT, TURN, GROWTH


class Verifier(nn.Module):
    """A scout and a jury, a judge for each of `deep`; the jury's word is the mean of its judges', which err apart. One is not
    asked where the mean of those before it leaves no hope."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 160), jury_widths: Sequence[int] = (32, 64, 128, 192),
                 deep: Sequence[bool] = (True,)) -> None:
        super().__init__()
        self.widths, self.jury_widths, self.deep = tuple(widths), tuple(jury_widths), tuple(deep)
        self.scout = Scout(widths)
        self.jury = nn.ModuleList(Judge(jury_widths, each) for each in deep)

    def decide(self, pictures: Tensor, longer: Tensor) -> Tensor:
        """Logits (B,) of settled pictures (B, 5, 96, 96) and of examples' longer sides (B,) on their pages, px."""
        seen, logit = closely_compared(pictures, longer), torch.zeros_like(longer)
        for before, judge in enumerate(self.jury):
            hopeful = torch.nonzero(logit >= HOPELESS)[:, 0]
            logit[hopeful] += (judge(seen[hopeful]) - logit[hopeful]) / (before + 1)
        return logit


def closely_compared(pictures: Tensor, longer: Tensor) -> Tensor:
    """(B, 10, 96, 96) of pictures (B, 5, 96, 96): as `compared`, and the example's longer side (B,) in px as a plane, log."""
    size = torch.log2(longer / USUAL).clamp(-2, 2)[:, None, None, None].expand(-1, 1, *pictures.shape[2:])
    return torch.cat([compared(pictures, SHARP_SPREADS), size], 1).contiguous(memory_format=torch.channels_last)


def compared(pictures: Tensor, spreads: Sequence[int]) -> Tensor:
    """(B, P + 2 S, H, W): pictures (B, P, H, W), the first planes of which are example and candidate, and for each of S spreads
    the example's ink far from any of the candidate's, and the other way round."""
    example, candidate = pictures[:, :1], pictures[:, 1:2]
    apart = [one * (1 - spread(other, by)) for by in spreads for one, other in ((example, candidate), (candidate, example))]
    return torch.cat([pictures, *apart], 1).contiguous(memory_format=torch.channels_last)


def spread(pictures: Tensor, by: int = SPREADS[0]) -> Tensor:
    """Ink (..., H, W) grown by the distance that a stroke may lie off."""
    grown = pictures.contiguous()
    for axis, padding in ((-1, (by // 2, by // 2)), (-2, (0, 0, by // 2, by // 2))):  # some times faster than max_pool2d
        padded = F.pad(grown, padding)
        grown = padded.narrow(axis, 0, pictures.shape[axis])
        for step in range(1, by):
            grown = torch.maximum(grown, padded.narrow(axis, step, pictures.shape[axis]))
    return grown


def viewed(seen: Tensor, quarters: int, flipped: bool) -> Tensor:
    """Pictures (n, P, S, S) turned counter-clockwise by quarters, then flipped left to right."""
    turned = torch.rot90(seen, quarters, (2, 3))
    return turned.flip(3) if flipped else turned


class Scout(nn.Module):
    """What `compared` gives of pictures of 64 px → Verdict."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = tuple(widths)
        a, b, c, d = widths
        self.stem = Stem(nn.Conv2d(CHANNELS, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True))
        self.trunk = nn.Sequential(BasicBlock(a, a), BasicBlock(a, b, 2), BasicBlock(b, c, 2), BasicBlock(c, c),
                                   BasicBlock(c, d, 2))
        cells = SIZE // 16
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(d * cells * cells, 128), nn.ReLU(inplace=True), nn.Linear(128, 5))

    def forward(self, seen: Tensor) -> Verdict:
        out = self.head(self.trunk(self.stem(seen))).float()
        return Verdict(out[:, 0], torch.tanh(out[:, 1:]) * 1.5)


class Judge(nn.Module):
    """What `closely_compared` gives → logits (B,). Its stem pools, so that fine pictures cost no more than the scout's; beside
    it `detail` looks at them before that, for an arrow's head is a cell or two of what is pooled. It begins with nothing to
    say. One that is `deep` has four blocks more."""

    def __init__(self, widths: Sequence[int], deep: bool = True) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = Stem(nn.Conv2d(SHARP_CHANNELS, a // 2, 5, 2, 2, bias=False), nn.BatchNorm2d(a // 2),
                         nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        silent = nn.Conv2d(a, a, 1)
        for parameter in silent.parameters():
            nn.init.zeros_(parameter)
        self.detail = Stem(nn.Conv2d(SHARP_CHANNELS, DETAILS, 3, 2, 1, bias=False), nn.BatchNorm2d(DETAILS),
                           nn.ReLU(inplace=True), BasicBlock(DETAILS, DETAILS), BasicBlock(DETAILS, a, 2), silent)
        blocks = (BasicBlock(a // 2, a), BasicBlock(a, b, 2), _deeper(b), _deeper(b), BasicBlock(b, c, 2), BasicBlock(c, c),
                  _deeper(c), BasicBlock(c, d, 2), _deeper(d))
        self.trunk = nn.Sequential(*(block for n, block in enumerate(blocks) if deep or n not in DEEPER))
        cells = SHARP // 32
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(d * cells * cells, 128), nn.ReLU(inplace=True), nn.Linear(128, 1))

    def forward(self, seen: Tensor) -> Tensor:
        features = self.trunk[0](self.stem(seen)) + self.detail(seen)
        for block in self.trunk[1:]:
            features = block(features)
        logits: Tensor = self.head(features).float()[:, 0]
        return logits


def _deeper(width: int) -> BasicBlock:
    """A block that begins with nothing to add (Goyal et al. 2017, arXiv 1706.02677)."""
    block = BasicBlock(width, width)
    nn.init.zeros_(block.bn2.weight)
    return block
