"""Training: the same recipe gives the same weights, stopped or not; what it learns from is what the drawing says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from training import loop
from training.batches import collate, make_batch
from training.drawings import make_drawing
from training.loop import Drawings, Recipe, train

SMALL = Recipe(steps=4, drawings=1, workers=0, mixed=False, checkpoint_every=2)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SIZES", ((320, 320),))
    monkeypatch.setattr(loop, "BATCHES", 1)


def test_a_run_resumed_from_its_checkpoint_ends_the_same(tmp_path: Path) -> None:
    whole = train(SMALL, tmp_path / "whole")
    train(SMALL, tmp_path / "parts", until=2)
    parts = train(SMALL, tmp_path / "parts", resume=True)
    assert parts.step == whole.step == 4
    for one, other in ((whole.encoder, parts.encoder), (whole.verifier, parts.verifier)):
        for key, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[key]), key
    assert [json.loads(line)["step"] for line in (tmp_path / "parts" / "losses.jsonl").read_text().splitlines()] == [1, 2, 3, 4]


def test_the_learning_rate_rises_stays_and_falls() -> None:
    rates = [loop.rate(step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert set(rates[100:600]) == {1.0}
    assert rates[-1] <= 0.01


def test_the_order_of_the_data_is_a_function_of_the_seed() -> None:
    first, again, other = Drawings(3, 2)[1], Drawings(3, 2)[1], Drawings(4, 2)[1]
    assert torch.equal(first.pictures, again.pictures)
    assert first.pictures.shape != other.pictures.shape or not torch.equal(first.pictures, other.pictures)


def test_copies_and_others_are_both_shown_and_corrections_are_small() -> None:
    rng = np.random.default_rng(5)
    batch = collate([make_batch(make_drawing(rng, 448, 448), rng) for _ in range(2)])
    assert {0.0, 1.0} == set(batch.targets.tolist())
    assert batch.pictures.shape[1:] == (3, 64, 64)
    assert float(batch.corrections.abs().max()) <= 1.5
    assert not batch.known[batch.targets == 0].any()
    assert len(set(batch.cell_labels.tolist()) & set(batch.window_labels.tolist())) > 0


def test_an_exact_copy_looks_like_its_example() -> None:
    """Pictures of copies under their true poses agree better than those of other places."""
    rng = np.random.default_rng(8)
    batch = collate([make_batch(make_drawing(rng, 448, 448, damaged=False, clutter=0), rng) for _ in range(3)])
    example, seen = batch.pictures[:, 0].float().flatten(1), batch.pictures[:, 1].float().flatten(1)
    likeness = torch.nn.functional.cosine_similarity(example - example.mean(1, True), seen - seen.mean(1, True))
    assert float(likeness[batch.targets == 1].mean()) > float(likeness[batch.targets == 0].mean()) + 0.1
