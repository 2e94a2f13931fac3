"""Plots are written, whatever the number of classes; the similarity of classes is what it says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from training import plots


def codes(count: int, seed: int = 0) -> NDArray[np.float32]:
    values = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    unit: NDArray[np.float32] = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit


def is_picture(path: Path) -> bool:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")).std() > 5 and min(image.size) > 200


@pytest.mark.parametrize("accuracy", [{}, {0: 0.5, 40: 0.8}])
def test_losses(tmp_path: Path, accuracy: dict[int, float]) -> None:
    plots.losses(tmp_path / "new" / "loss.png", range(1, 41), np.linspace(4, 1, 40).tolist(), accuracy)
    assert is_picture(tmp_path / "new" / "loss.png")


@pytest.mark.parametrize(("classes", "each"), [(2, 2), (3, 12), (30, 3)])
def test_tsne_and_similarity(tmp_path: Path, classes: int, each: int) -> None:
    names = [f"class of symbols with a long name, number {n}" for n in range(classes) for _ in range(each)]
    before, after = codes(len(names)), codes(len(names), 1)
    plots.tsne(tmp_path / "tsne.png", {"before": before, "after": after}, names)
    plots.similarity(tmp_path / "similarity.png", {"before": (before, before), "after": (after, before)}, names)
    assert is_picture(tmp_path / "tsne.png")
    assert is_picture(tmp_path / "similarity.png")


def test_class_similarity_is_the_mean_over_pairs_of_different_symbols() -> None:
    examples, copies, names = codes(5, 1), codes(5, 2), list("babac")
    measured = plots.class_similarity(examples, copies, names)
    for row, one in enumerate("abc"):
        for column, other in enumerate("abc"):
            pairs = [float(examples[i] @ copies[j]) for i in range(5) for j in range(5)
                     if i != j and names[i] == one and names[j] == other]
            assert measured[row, column] == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)
    assert np.isnan(measured[2, 2])


def test_the_same_codes_give_the_same_plot(tmp_path: Path) -> None:
    names = [name for name in "abc" for _ in range(9)]
    for path in ("a.png", "b.png"):
        plots.tsne(tmp_path / path, {"codes": codes(27)}, names)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
