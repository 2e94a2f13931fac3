"""The supervised contrastive loss against its definition, term by term."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from training.loss import SupConLoss


def oracle(features: Tensor, labels: Tensor, temperature: float) -> float:
    """Equation 2 of arXiv 2004.11362, one exponential at a time."""
    losses = []
    for i in range(len(labels)):
        others = [a for a in range(len(labels)) if a != i]
        positives = [p for p in others if int(labels[p]) == int(labels[i])]
        if not positives:
            continue
        total = sum(math.exp(float(features[i] @ features[a]) / temperature) for a in others)
        terms = [math.log(math.exp(float(features[i] @ features[p]) / temperature) / total) for p in positives]
        losses.append(-sum(terms) / len(positives))
    return sum(losses) / len(losses)


def batch(count: int, dimension: int = 8, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return F.normalize(torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed), dtype=dtype), dim=1)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 0, 0, 1, 1, 2], [5, 5, -1, -2, -3], [3, 3], [0, 1, 2, 0, 1, 2, 0]])
def test_equals_the_definition(labels: list[int], temperature: float) -> None:
    features, truth = batch(len(labels)), torch.tensor(labels)
    assert SupConLoss(temperature)(features, truth).item() == pytest.approx(oracle(features, truth, temperature), rel=1e-10)


def test_two_views_of_every_class_give_nt_xent() -> None:
    """With two views a class it is SimCLR's loss: cross-entropy of the partner among all others."""
    features, labels = batch(8), torch.arange(4).repeat(2)
    logits = (features @ features.T / 0.1).fill_diagonal_(-torch.inf)
    expected = F.cross_entropy(logits, torch.arange(8).roll(4))
    torch.testing.assert_close(SupConLoss(0.1)(features, labels), expected)


def test_gradient() -> None:
    features = torch.randn(7, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 3])
    assert torch.autograd.gradcheck(lambda x: SupConLoss(0.2)(F.normalize(x, dim=1), labels), (features,))


def test_order_does_not_matter() -> None:
    features, labels = batch(12), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7])
    order = torch.randperm(12, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(SupConLoss()(features[order], labels[order]), SupConLoss()(features, labels))


def test_names_of_classes_do_not_matter() -> None:
    features, labels = batch(6), torch.tensor([0, 0, 1, 1, 2, 3])
    renamed = torch.tensor([9, 9, -4, -4, 100, 7])
    assert torch.equal(SupConLoss()(features, labels), SupConLoss()(features, renamed))


def test_a_class_of_one_is_a_negative_only() -> None:
    features = batch(3).requires_grad_()
    with_single = SupConLoss()(features, torch.tensor([0, 0, 1]))
    assert with_single > SupConLoss()(features[:2], torch.tensor([0, 0]))
    assert with_single.item() == pytest.approx(oracle(features.detach(), torch.tensor([0, 0, 1]), 0.1))
    (gradient,) = torch.autograd.grad(with_single, features)
    assert gradient[2].abs().sum() > 0  # and it is pushed away


@pytest.mark.parametrize("count", [0, 1, 4])
def test_nothing_to_pair_gives_zero_with_a_gradient(count: int) -> None:
    features = batch(count).requires_grad_()
    loss = SupConLoss()(features, torch.arange(count))
    loss.backward()
    assert loss.item() == 0
    assert features.grad is not None
    assert not features.grad.any()


def test_stable_at_tiny_temperatures() -> None:
    features = torch.cat([batch(1), batch(1), -batch(1)]).float().requires_grad_()
    loss = SupConLoss(1e-4)(features, torch.tensor([0, 1, 0]))  # exp(20,000) overflows any float
    loss.backward()
    assert loss.item() == pytest.approx((20_000 + math.log(2)) / 2, rel=1e-4)
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_stays_in_float32_under_autocast() -> None:
    features, labels = batch(16, dtype=torch.float32), torch.arange(8).repeat(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = SupConLoss(0.05)(features, labels)
        halved = SupConLoss(0.05)(features.bfloat16(), labels)
    assert loss.dtype == halved.dtype == torch.float32
    assert torch.equal(loss, SupConLoss(0.05)(features, labels))


def test_perfect_classes_cost_the_log_of_their_size() -> None:
    features = torch.eye(3).repeat_interleave(4, dim=0)
    loss = SupConLoss(0.01)(features, torch.arange(3).repeat_interleave(4))
    assert loss.item() == pytest.approx(math.log(3), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_refuses_temperatures(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0"):
        SupConLoss(temperature)


def test_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"Received: \(4, 8\) and \(3,\)"):
        SupConLoss()(batch(4), torch.zeros(3))
    with pytest.raises(ValueError, match="features"):
        SupConLoss()(batch(4)[None], torch.zeros(1))
