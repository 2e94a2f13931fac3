"""Whether a page is the one that an example was cut from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.engine.ink import background, ink
from app.engine.query import Example, Pixels
from app.engine.suppress import Found

MOST = 256  # best finds, one of which may be the example itself, under whatever pose
REACH = 4   # pixels that its middle may be off: turned by half, it may be shifted a little too


def is_cut_from(page: Pixels, example: Example, found: Sequence[Found]) -> bool:
    """Whether (H, W, 3) RGB pixels show an example, pixel for pixel, where it was found."""
    if not found:
        return False
    height, width = example.pixels.shape[:2]
    own = np.ones((height, width), bool) if example.over is None else ~example.over
    darkest = ink(example.pixels, example.paper or background(example.pixels)) * own
    row, column = np.unravel_index(int(darkest.argmax()), darkest.shape)
    poses, scores = (np.concatenate(rows) for rows in ([each.poses for each in found], [each.scores for each in found]))
    for x, y in poses[np.argsort(-scores, kind="stable")[:MOST], :2]:
        top, left = max(round(y - height / 2) - REACH, 0), max(round(x - width / 2) - REACH, 0)
        near = page[top : top + height + 2 * REACH, left : left + width + 2 * REACH]
        if near.shape[0] < height or near.shape[1] < width:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(near, (height, width), axis=(0, 1))  # (down, right, 3, h, w)
        for down, right in np.argwhere((windows[:, :, :, row, column] == example.pixels[row, column]).all(axis=2)):
            if np.array_equal(near[down : down + height, right : right + width][own], example.pixels[own]):
                return True
    return False
