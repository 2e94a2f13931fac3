"""The index against a search written out by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.index import NONE, SymbolIndex
from app.errors import WeightsError

DIMENSION = 8


def codes(count: int, seed: int = 0) -> NDArray[np.float32]:
    raw = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype=np.float32)


def filled(ids: list[int]) -> SymbolIndex:
    index = SymbolIndex(DIMENSION, "stamp")
    index.add(ids, codes(len(ids)))
    return index


@given(
    ids=st.lists(st.integers(-50, 2**40).filter(lambda i: i != NONE), unique=True, max_size=20),
    k=st.integers(1, 25),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_search_equals_the_slow_one(ids: list[int], k: int, seed: int, data: st.DataObject) -> None:
    index = filled(ids)
    among = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    queries = codes(3, seed + 1)
    similar, found = index.search(queries, k, among)
    every = dict(zip(ids, codes(len(ids)), strict=True))
    assert similar.shape == found.shape == (3, k)
    for row, query in enumerate(queries):
        expected = sorted((float(query @ every[i]) for i in among), reverse=True)[:k]
        count = len(expected)
        np.testing.assert_allclose(similar[row, :count], expected, atol=1e-5)
        assert set(found[row, :count].tolist()) <= set(among)
        assert (found[row, count:] == -1).all()
        assert np.isneginf(similar[row, count:]).all()


def test_adding_an_id_again_replaces_its_code() -> None:
    index = filled([1, 2, 3])
    fresh = codes(1, 7)
    index.add([2], fresh)
    assert index.ids() == [1, 2, 3]
    np.testing.assert_array_equal(index.codes([2]), fresh)


def test_what_is_removed_is_not_found() -> None:
    index = filled([1, 2, 3])
    index.remove([2, 99])
    assert index.ids() == [1, 3]
    assert 2 not in index.search(codes(1), 3, [1, 2, 3])[1]
    with pytest.raises(KeyError):
        index.codes([2])


def test_a_copy_is_apart() -> None:
    index = filled([1, 2])
    other = index.copy()
    other.remove([1])
    assert index.ids() == [1, 2]
    assert other.ids() == [2]


@pytest.mark.parametrize(
    ("ids", "shape"), [([1, 2], (1, DIMENSION)), ([1], (1, 3)), ([1, 1], (2, DIMENSION)), ([NONE], (1, DIMENSION))]
)
def test_codes_that_do_not_fit_are_refused(ids: list[int], shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="Received"):
        SymbolIndex(DIMENSION, "stamp").add(ids, np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("ids", [[], [3, 1, -4]])
def test_a_saved_index_comes_back_and_is_a_faiss_file(ids: list[int], tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    filled(ids).save(path)
    loaded = SymbolIndex.load(path, "stamp")
    assert loaded.ids() == sorted(ids)
    np.testing.assert_array_equal(loaded.codes(ids), codes(len(ids)))
    assert faiss.read_index(str(path)).ntotal == len(ids)
    loaded.add([77], codes(1, 5))
    assert 77 in loaded.ids()


def test_an_index_of_another_encoder_is_refused(tmp_path: Path) -> None:
    filled([1]).save(tmp_path / "index.faiss")
    with pytest.raises(WeightsError, match="another encoder"):
        SymbolIndex.load(tmp_path / "index.faiss", "other")


@pytest.mark.parametrize("content", [b"", b"noise", b"noise\nplanspot-stamp:stamp", None])
def test_a_broken_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError):
        SymbolIndex.load(path, "stamp")


def test_the_index_leaves_torch_its_threads() -> None:
    """faiss and torch may share one OpenMP: what one is told, the other does."""
    script = "import torch, app.engine.index; print(torch.get_num_threads())"
    told = subprocess.run([sys.executable, "-c", script], env=os.environ | {"OMP_NUM_THREADS": "2"}, capture_output=True,
                          text=True, check=True)
    assert told.stdout.strip() == "2"
