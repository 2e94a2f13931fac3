"""The SimCLR model: ResNet-18's plan of blocks, narrow and stopped at stride 8, and a projection head.

He et al. 2016 (arXiv 1512.03385), Chen et al. 2020 (arXiv 2002.05709). The four stages of two basic blocks are kept; the
widths are a third of the original's, the stem takes one channel at stride 2 without pooling, and the last stage keeps its
stride: a symbol is 32 px here, and at stride 32 one cell would be all that is left of it. The code of a window pools the
6×6 cells inside it, so one pass over a page yields the code of every window at the price of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 48   # pixels of a level that one code looks at
SYMBOL = 32   # longer side of a symbol in its window: turned by 45° it still fits
STRIDE = 8    # pixels between windows
CELLS = WINDOW // STRIDE
MARGIN = 32   # pixels of context a crop carries on each side, so that its code agrees with the dense pass


class Stem(nn.Sequential):
    """The first layers of a network, its convolution in front, which take input of any precision."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(next(self.parameters()).dtype)
        for layer in self:
            x = layer(x)
        return x


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.shortcut(x)
        return F.relu(y, inplace=True)


class Encoder(nn.Module):
    """Ink (B, 1, H, W) → unit codes of all windows."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 128), dimension: int = 64) -> None:
        super().__init__()
        self.widths, self.dimension = tuple(widths), dimension
        a, b, c, d = widths
        self.stem = Stem(nn.Conv2d(1, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True))
        self.layer1 = nn.Sequential(BasicBlock(a, a), BasicBlock(a, a))
        self.layer2 = nn.Sequential(BasicBlock(a, b, 2), BasicBlock(b, b))
        self.layer3 = nn.Sequential(BasicBlock(b, c, 2), BasicBlock(c, c))
        self.layer4 = nn.Sequential(BasicBlock(c, d), BasicBlock(d, d))
        self.head = nn.Sequential(nn.Conv2d(2 * d, 2 * d, 1), nn.ReLU(inplace=True), nn.Conv2d(2 * d, dimension, 1))

    def features(self, ink: Tensor) -> Tensor:
        """(B, C, H/8, W/8) cells of ink (B, 1, H, W); H and W multiples of 8."""
        out: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(ink)))))
        return out

    def project(self, features: Tensor) -> Tensor:
        """(B, D, h-5, w-5) unit codes of the windows that start at each cell of features (B, C, h, w)."""
        mean = F.avg_pool2d(F.avg_pool2d(features, (CELLS, 1), 1), (1, CELLS), 1)  # an axis at a time, which is faster
        most = F.max_pool2d(F.max_pool2d(features, (CELLS, 1), 1), (1, CELLS), 1)
        pooled = torch.cat([mean, most], dim=1)
        return F.normalize(self.head(pooled).float(), dim=1)

    def forward(self, ink: Tensor) -> Tensor:
        """(B, D, H/8-5, W/8-5): the code at row r, column c is that of the window at 8r, 8c."""
        return self.project(self.features(ink))

    def crops(self, ink: Tensor) -> Tensor:
        """(B, D) codes of the centre windows of crops (B, 1, WINDOW + 2 MARGIN, WINDOW + 2 MARGIN)."""
        cell = MARGIN // STRIDE
        inside = self.features(ink)[:, :, cell : cell + CELLS, cell : cell + CELLS]
        return self.project(inside).flatten(1)
