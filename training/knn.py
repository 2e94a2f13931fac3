"""One-shot recognition: how often the nearest of one example a class is the right one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from torch import Tensor

from app.engine.encoder import Encoder
from app.errors import BadInput

GALLERIES = 20
BATCH = 128  # crops embedded at once

Codes = NDArray[np.float32]


@dataclass(frozen=True)
class Accuracy:
    """A share of queries over galleries: the mean and the 95 % interval of the mean (Student's t)."""

    mean: float
    low: float
    high: float
    galleries: tuple[float, ...]


@dataclass(frozen=True)
class OneShot:
    """`top1` counts every query once, `balanced` every class once."""

    top1: Accuracy
    balanced: Accuracy
    classes: int
    queries: int  # in each gallery


def embed(encoder: Encoder, crops: Tensor) -> Codes:
    """(N, D) unit codes of crops (N, 1, 112, 112) uint8 ink, by the encoder as it runs in production."""
    device, was_training = next(encoder.parameters()).device, encoder.training
    encoder.eval()
    with torch.inference_mode():
        parts = [encoder.crops(part.to(device).float().div_(255)).float().cpu() for part in torch.split(crops, BATCH)]
    encoder.train(was_training)
    codes: Codes = torch.cat(parts).numpy()
    return codes


def one_shot(examples: Codes, copies: Codes, names: Sequence[str], asked: Collection[str] | None = None,
             galleries: int = GALLERIES, seed: int = 0) -> OneShot:
    """Accuracy of the nearest neighbour by cosine, over random galleries.

    `examples` and `copies` (N, D) are the unit codes of the same N symbols, cut out and on their drawings. A gallery holds
    one random example a class, the queries are the copies of all other symbols. A class of one is in every gallery and asks
    nothing; where `asked` is given, its classes alone ask. Raises BadInput without two classes and a class of two that asks.
    """
    kinds, labels = np.unique(np.array(names), return_inverse=True)
    members = [np.flatnonzero(labels == label) for label in range(len(kinds))]
    asking = np.flatnonzero([len(members[label]) > 1 and (asked is None or kinds[label] in asked) for label in labels])
    if len(kinds) < 2 or not len(asking):
        raise BadInput(f"One-shot accuracy needs 2 classes, one of them with 2 symbols. Received: {len(names)} symbols of "
                       f"{len(kinds)} classes")
    rng = np.random.default_rng(seed)
    plain, balanced = [], []
    for _ in range(galleries):
        gallery = np.array([rng.choice(of_class) for of_class in members])
        queries = np.setdiff1d(asking, gallery)
        right = (copies[queries] @ examples[gallery].T).argmax(axis=1) == labels[queries]
        plain.append(float(right.mean()))
        balanced.append(float(np.mean([right[labels[queries] == label].mean() for label in np.unique(labels[queries])])))
    return OneShot(_accuracy(plain), _accuracy(balanced), len(kinds), len(queries))


def _accuracy(shares: list[float]) -> Accuracy:
    mean, count = float(np.mean(shares)), len(shares)
    spread = float(np.std(shares, ddof=1) / np.sqrt(count) * student.ppf(0.975, count - 1)) if count > 1 else 0.0
    return Accuracy(mean, max(0.0, mean - spread), min(1.0, mean + spread), tuple(shares))
