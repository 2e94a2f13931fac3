"""The second look: example and candidate laid over each other, one network that sees both, a score and a correction.

Two pictures as channels of one input tell small differences better than two embeddings (Zagoruyko and Komodakis 2015,
arXiv 1504.03641). A scout sees candidates as the coarse search lays them, turns most away and says how the rest lie off;
a jury sees these once they are settled, when what still differs is ink and not pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.engine.encoder import BasicBlock

SIZE = 64            # pixels of the pictures compared
SYMBOL = 128 / 3     # longer side of the example in them: the encoder's window, a third finer
SPREADS = (5, 3)     # pixels of a picture over which a stroke may lie off: for the scout, and closer for the jury
CHANNELS = 5         # example's ink, candidate's ink, the example's box, ink missing, ink too much
CLOSER = CHANNELS + 2  # missing and too much again, by the closer measure

SHIFT, TURN, GROWTH = 8.0, 20.0, 0.25  # one unit of a correction: pixels, degrees, natural log of the scale


class Verdict(NamedTuple):
    logit: Tensor       # (B,) that the candidate is a copy under the pose
    correction: Tensor  # (B, 4) right, down, counter-clockwise, larger; in units of SHIFT, SHIFT, TURN, GROWTH


class Verifier(nn.Module):
    """A scout and a jury of `members`; the jury's word is the mean of its judges', which err apart."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 160), members: int = 1) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.scout = Judge(widths, CHANNELS)
        self.jury = nn.ModuleList(Judge(widths, CLOSER) for _ in range(members))

    def decide(self, pictures: Tensor) -> Tensor:
        """Logits (B,) of settled pictures (B, 3, 64, 64)."""
        seen = compared(pictures)
        return torch.stack([judge(seen).logit for judge in self.jury]).mean(0)


def compared(pictures: Tensor, spreads: Sequence[int] = SPREADS) -> Tensor:
    """(B, 3 + 2 S, 64, 64): pictures (B, 3, 64, 64) of example, candidate and box, and for each of S spreads the example's ink
    far from any of the candidate's, and the other way round."""
    example, candidate = pictures[:, :1], pictures[:, 1:2]
    apart = [one * (1 - spread(other, by)) for by in spreads for one, other in ((example, candidate), (candidate, example))]
    return torch.cat([pictures, *apart], 1).contiguous(memory_format=torch.channels_last)


def spread(pictures: Tensor, by: int = SPREADS[0]) -> Tensor:
    """Ink (..., H, W) grown by the distance that a stroke may lie off."""
    return F.max_pool2d(pictures, by, 1, by // 2)


class Judge(nn.Module):
    """What `compared` gives → Verdict."""

    def __init__(self, widths: Sequence[int], channels: int) -> None:
        super().__init__()
        self.widths = tuple(widths)
        a, b, c, d = widths
        self.stem = nn.Sequential(nn.Conv2d(channels, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True))
        self.trunk = nn.Sequential(BasicBlock(a, a), BasicBlock(a, b, 2), BasicBlock(b, c, 2), BasicBlock(c, c),
                                   BasicBlock(c, d, 2))
        cells = SIZE // 16
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(d * cells * cells, 128), nn.ReLU(inplace=True), nn.Linear(128, 5))

    def forward(self, seen: Tensor) -> Verdict:
        out = self.head(self.trunk(self.stem(seen))).float()
        return Verdict(out[:, 0], torch.tanh(out[:, 1:]) * 1.5)
