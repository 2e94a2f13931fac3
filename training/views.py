"""Pairs changed as drawings differ: turned and flipped as one, their inks paler, darker or softer one by one."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.batches import PairsT, joined

TONED, SOFTENED = 0.4, 0.15  # parts of the pictures
TONES = (0.55, 1.7)          # exponents of the ink


def varied(pairs: PairsT, rng: np.random.Generator) -> PairsT:
    """Pairs in random order, each turned by quarters and flipped at random."""
    order = torch.from_numpy(rng.permutation(len(pairs))).to(pairs.targets.device)
    parts = torch.tensor_split(order, 8)
    return joined([pairs[part].turned(n % 4, n > 3) for n, part in enumerate(parts)])


def toned(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Ink (p, P, S, S) in [0, 1], example and candidate of some made paler or darker, or softer, apart from each other."""
    count = len(pictures)
    low, high = np.log(TONES)
    exponents = np.where(rng.random((count, 2)) < TONED, np.exp(rng.uniform(low, high, (count, 2))), 1.0)
    inks = pictures[:, :2] ** torch.from_numpy(exponents).to(pictures)[:, :, None, None]
    soft = torch.from_numpy(rng.random((count, 2)) < SOFTENED).to(pictures.device)
    inks = torch.where(soft[:, :, None, None], F.avg_pool2d(inks, 3, 1, 1), inks)
    return torch.cat([inks, pictures[:, 2:]], 1)
