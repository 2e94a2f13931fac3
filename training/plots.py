"""Plots of a run: losses, how codes lie before and after, how alike symbols are. Figures only, no pictures of drawings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

NAMED = 20   # classes with a colour and a name of their own; the rest are grey
LONGEST = 30  # letters of a class's name
MOST = 2000  # points of a t-SNE

Codes = NDArray[np.float32]


def losses(path: Path, steps: Sequence[int], values: Sequence[float], accuracy: Mapping[int, float]) -> None:
    """Loss by step with its running mean, and below it one-shot accuracy (0 to 1) by step where there is any."""
    figure = Figure(figsize=(8, 6 if accuracy else 4), layout="constrained")
    above, *below = figure.subplots(2 if accuracy else 1, 1, sharex=True, squeeze=False)[:, 0]
    window = max(1, len(values) // 30)
    above.plot(steps, values, color="#9ecae1", linewidth=0.8, label="each step")
    above.plot(steps, [np.mean(values[max(0, n - window + 1) : n + 1]) for n in range(len(values))], color="#08519c",
               label=f"mean of {window}")
    above.set_ylabel("SupCon loss")
    above.legend(frameon=False)
    for axes in below:
        axes.plot(list(accuracy), [100 * value for value in accuracy.values()], "o-", color="#a63603", markersize=4)
        axes.set_ylabel("one-shot top-1 on unseen\ndrawings, %")
    (below[0] if below else above).set_xlabel("step")
    for axes in (above, *below):
        _plain(axes)
        axes.grid(alpha=0.25)
    _saved(figure, path)


def tsne(path: Path, codes: Mapping[str, Codes], names: Sequence[str], seed: int = 0) -> None:
    """t-SNE (van der Maaten and Hinton 2008) of codes (N, D) of the same N symbols under each title, side by side."""
    kept = np.sort(np.random.default_rng(seed).permutation(len(names))[:MOST])
    labels = np.array(names)[kept]
    colours = _colours(labels.tolist())
    figure = Figure(figsize=(6.2 * len(codes) + 3.2, 6), layout="constrained")
    for axes, (title, values) in zip(figure.subplots(1, len(codes), squeeze=False)[0], codes.items(), strict=True):
        points = _flattened(values[kept], seed)
        for name, colour in colours.items():
            of_class = labels == name if name else ~np.isin(labels, list(colours))
            axes.scatter(*points[of_class].T, s=14, color=colour, linewidths=0, alpha=0.85,
                         label=_short(name) or f"{len(set(labels)) - NAMED} more")
        axes.set(title=title, xticks=[], yticks=[])
        _plain(axes, "top", "right", "left", "bottom")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8, markerscale=1.6)
    _saved(figure, path)


def similarity(path: Path, codes: Mapping[str, tuple[Codes, Codes]], names: Sequence[str]) -> None:
    """Mean cosine between the examples (N, D) of each class and the copies (N, D) of each class, under each title."""
    kinds = sorted(set(names))
    side = max(4.5, 0.24 * len(kinds) + 1)
    figure = Figure(figsize=(side * len(codes) + 4, side + 3.5), layout="constrained")
    row = figure.subplots(1, len(codes), sharey=True, squeeze=False)[0]
    for axes, (title, (examples, copies)) in zip(row, codes.items(), strict=True):
        image = axes.imshow(class_similarity(examples, copies, names), cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set(title=title, xlabel="copies of", xticks=range(len(kinds)), yticks=range(len(kinds)))
        axes.set_xticklabels([_short(kind) for kind in kinds], rotation=90, fontsize=8)
        axes.set_yticklabels([_short(kind) for kind in kinds], fontsize=8)
        axes.tick_params(length=0)
        axes.set_facecolor("0.8")  # of a class of one, which has nothing to be compared with
    row[0].set_ylabel("examples of")
    figure.colorbar(image, ax=row.tolist(), label="mean cosine", shrink=0.7)
    _saved(figure, path)


def class_similarity(examples: Codes, copies: Codes, names: Sequence[str]) -> NDArray[np.float64]:
    """(K, K) mean cosine of classes in the order of their names; a symbol is not compared with itself."""
    kinds, labels = np.unique(np.array(names), return_inverse=True)
    member = np.eye(len(kinds))[labels]  # (N, K)
    cosine, compared = (examples @ copies.T).astype(np.float64), np.ones((len(labels), len(labels)))
    np.fill_diagonal(compared, 0)
    pairs = member.T @ compared @ member
    total = member.T @ (cosine * compared) @ member
    return np.divide(total, pairs, out=np.full_like(total, np.nan), where=pairs > 0)


def _flattened(codes: Codes, seed: int) -> NDArray[np.float64]:
    """(N, 2) t-SNE; started from principal components, so that it does not depend on chance."""
    if len(codes) < 5:  # too few for a neighbourhood
        return np.asarray(PCA(2).fit_transform(codes), dtype=np.float64)
    reduce = TSNE(2, perplexity=min(30.0, (len(codes) - 1) / 3), init="pca", metric="euclidean", random_state=seed)
    return np.asarray(reduce.fit_transform(codes), dtype=np.float64)


def _colours(names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """A colour for each of the commonest classes; the empty name is that of all others."""
    common = [name for name, _ in Counter(names).most_common(NAMED)]
    table = colormaps["tab20"]
    colours = {name: tuple(table(n)) for n, name in enumerate(common)}
    return colours | ({"": (0.75, 0.75, 0.75, 1.0)} if len(set(names)) > NAMED else {})


def _short(name: str) -> str:
    """Names differ at either end, so a long one loses its middle."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[1 - half :]}"


def _plain(axes: Axes, *sides: str) -> None:
    for side in sides or ("top", "right"):
        axes.spines[side].set_visible(False)


def _saved(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", dpi=110)
