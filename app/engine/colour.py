"""The hue of an example and of its finds: it tells apart symbols that differ by their colour only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.engine.ink import VISIBLE
from app.engine.query import Pixels

POINTS = 200  # of an example that its hue is taken from, at most

Rows = NDArray[np.float64]


def ink_points(inked: NDArray[np.float32]) -> Rows:
    """(k, 2) x, y of inked pixels' centres in an (h, w) map, spread over it."""
    rows, columns = np.nonzero(inked >= VISIBLE)
    chosen = np.linspace(0, len(rows) - 1, min(POINTS, len(rows))).astype(np.int64)
    result: Rows = np.stack([columns[chosen], rows[chosen]], axis=1).astype(np.float64) + 0.5
    return result


def hues(pixels: Pixels, inked: NDArray[np.float32], points: Rows) -> Rows:
    """(n, 3) mean hue of the ink at points (n, k, 2) of (H, W, 3) RGB pixels: red, green and blue less their mean, in [-1, 1].

    Black, white and grey have none, on light paper and on dark; nor has a place without ink.
    """
    height, width = inked.shape
    x, y = (np.clip(points[..., axis].astype(np.int64), 0, extent - 1) for axis, extent in ((0, width), (1, height)))
    weight = np.where(inked[y, x] >= VISIBLE, inked[y, x], 0)[..., None]
    colour = (pixels[y, x].astype(np.float64) * weight).sum(axis=1) / np.clip(weight.sum(axis=1), 1e-6, None) / 255
    result: Rows = colour - colour.mean(axis=1, keepdims=True)
    return result


def apart(one: Rows, other: Rows) -> Rows:
    """(n,) distance in [0, 1] of hues (n, 3) to a hue (3,): 1 from one pure colour to another."""
    result: Rows = np.linalg.norm(one - other, axis=-1) / np.sqrt(2)
    return result
