"""The windows most like an example: those that FAISS finds, ring by ring."""

from __future__ import annotations

import faiss
import torch

from app.engine.places import GROWTH, LIKENESS, Places, most_alike, rings


def codes(count: int, seed: int) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_the_windows_most_alike_are_those_that_faiss_finds() -> None:
    windows, queries = codes(500, 1), codes(40, 2)
    _, expected = faiss.knn(queries.numpy(), windows.numpy(), 30, metric=faiss.METRIC_INNER_PRODUCT)
    found = most_alike(windows, queries, 30, "cpu")
    assert len(found) == len(queries)
    for rows, best, query in zip(found, expected, queries, strict=True):
        assert rows.tolist() == [n for n in best.tolist() if float(windows[n] @ query) > LIKENESS]


def test_rings_grow_and_show_every_window_once_the_most_alike_first() -> None:
    places = Places(codes(3000, 3), torch.arange(6000.0).reshape(3000, 2))
    query, most = codes(1, 4)[0], 900
    whole = places.centres[most_alike(places.codes, query[None], most, "cpu")[0]]
    shown = list(rings(places, query, most_alike(places.codes, query[None], 50, "cpu")[0], most))
    assert torch.equal(torch.cat(shown), whole)
    assert [len(ring) for ring in shown[:2]] == [50, 50 * (GROWTH - 1)]
