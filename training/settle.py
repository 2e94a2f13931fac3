"""Batch normalisation's statistics, taken over many batches.

The pairs of one batch come from a few drawings and are much alike, so that running averages over the last batches are noise:
of two checkpoints a hundred steps apart one found nearly everything and the other hardly anything. The statistics are
therefore measured anew over many batches (Wu and Johnson 2021, arXiv 2105.07576), and training ends with them held still.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from app.engine.encoder import Encoder
from app.engine.verify import Verifier
from training.batches import Batch

BATCHES = 40


def settle(encoder: Encoder, verifier: Verifier, batches: Iterable[Batch], device: str) -> None:
    """Measures the statistics of both networks over batches; leaves the networks in eval mode."""
    norms = [module for network in (encoder, verifier) for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over all batches
    encoder.train()
    verifier.train()
    with torch.no_grad():
        for batch in batches:
            for network, values in ((encoder, batch.tiles), (encoder, batch.windows), (verifier, batch.pictures)):
                network(values.to(device).float().div_(255))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    encoder.eval()
    verifier.eval()
