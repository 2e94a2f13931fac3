"""The supervised contrastive loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SupConLoss(nn.Module):
    """Supervised contrastive loss, Khosla et al. 2020 (arXiv 2004.11362), equation 2: L_out.

    For every feature that has others of its class in the batch: the mean over those of -log softmax of the similarities
    to all other features. The loss is the mean over such features; a class of one only pushes the others away.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"The temperature must be above 0. Received: {temperature}")
        self.temperature = temperature

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of unit features (N, D) and integer labels (N,); 0 with a gradient of 0 where nothing pairs.

        Computed in float32 at least, under autocast too. Raises ValueError on other shapes.
        """
        if features.ndim != 2 or labels.shape != features.shape[:1]:
            raise ValueError("The loss takes features (N, D) and labels (N,). "
                             f"Received: {tuple(features.shape)} and {tuple(labels.shape)}")
        with torch.autocast(features.device.type, enabled=False):
            return self._loss(features if features.dtype == torch.float64 else features.float(), labels)

    def _loss(self, features: Tensor, labels: Tensor) -> Tensor:
        _, kinds, shots = torch.unique(labels, return_inverse=True, return_counts=True)
        paired = torch.nonzero(shots[kinds] > 1)[:, 0]
        if not len(paired):
            return features.sum() * 0.0
        itself = paired[:, None] == torch.arange(len(labels), device=labels.device)
        logits = (features[paired] @ features.T / self.temperature).masked_fill(itself, -torch.inf)
        positives = (labels[paired, None] == labels) & ~itself
        log_odds = (logits - logits.logsumexp(1, keepdim=True)).masked_fill(~positives, 0.0)
        return -(log_odds.sum(1) / positives.sum(1)).mean()
