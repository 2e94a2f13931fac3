"""The second look: example and candidate laid over each other, one network that sees both, a score and a correction.

Two pictures as channels of one input tell small differences better than two embeddings (Zagoruyko and Komodakis 2015,
arXiv 1504.03641). The network also says how the candidate lies off the example, so that a coarse pose is good enough to
start from.
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
CHANNELS = 5         # example's ink, candidate's ink, the example's box, ink missing, ink too much
SPREAD = 5           # pixels of a picture over which a stroke may lie off
MEMBERS = 2          # judges of a verifier

SHIFT, TURN, GROWTH = 8.0, 20.0, 0.25  # one unit of a correction: pixels, degrees, natural log of the scale


class Verdict(NamedTuple):
    logit: Tensor       # (B,) that the candidate is a copy under the pose
    correction: Tensor  # (B, 4) right, down, counter-clockwise, larger; in units of SHIFT, SHIFT, TURN, GROWTH


class Verifier(nn.Module):
    """Pictures (B, 3, 64, 64) example, candidate, box → Verdict: the mean of its judges, which err apart."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 160), members: int = MEMBERS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.judges = nn.ModuleList(Judge(widths) for _ in range(members))

    def forward(self, pictures: Tensor) -> Verdict:
        seen = compared(pictures)
        verdicts = [judge(seen) for judge in self.judges]
        return Verdict(torch.stack([v.logit for v in verdicts]).mean(0), torch.stack([v.correction for v in verdicts]).mean(0))


def compared(pictures: Tensor) -> Tensor:
    """(B, 5, 64, 64): pictures (B, 3, 64, 64), the example's ink far from any of the candidate's, and the other way round."""
    example, candidate = pictures[:, :1], pictures[:, 1:2]
    seen = torch.cat([pictures, example * (1 - spread(candidate)), candidate * (1 - spread(example))], 1)
    return seen.contiguous(memory_format=torch.channels_last)


def spread(pictures: Tensor) -> Tensor:
    """Ink (..., H, W) grown by the distance that a stroke may lie off."""
    return F.max_pool2d(pictures, SPREAD, 1, SPREAD // 2)


class Judge(nn.Module):
    """What `compared` gives → Verdict."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(nn.Conv2d(CHANNELS, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True))
        self.trunk = nn.Sequential(BasicBlock(a, a), BasicBlock(a, b, 2), BasicBlock(b, c, 2), BasicBlock(c, c),
                                   BasicBlock(c, d, 2))
        cells = SIZE // 16
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(d * cells * cells, 128), nn.ReLU(inplace=True), nn.Linear(128, 5))

    def forward(self, seen: Tensor) -> Verdict:
        out = self.head(self.trunk(self.stem(seen))).float()
        return Verdict(out[:, 0], torch.tanh(out[:, 1:]) * 1.5)
