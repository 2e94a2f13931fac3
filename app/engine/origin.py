"""Whether a page is the one that an example was cut from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.engine.ink import background, ink
from app.engine.query import Example, Pixels
from app.engine.suppress import Found

REACH = 4  # pixels that the example's own place may be off: found turned by half, it may lie shifted a little too


def is_cut_from(page: Pixels, example: Example, found: Sequence[Found]) -> bool:
    """Whether (H, W, 3) RGB pixels show an example, pixel for pixel, where it was found, under whatever pose."""
    if not found:
        return False
    height, width = example.pixels.shape[:2]
    over = np.zeros((height, width), bool) if example.over is None else example.over
    inked = ink(example.pixels, example.paper or background(example.pixels)) * ~over
    row, column = np.unravel_index(int(inked.argmax()), inked.shape)  # one pixel tells most places apart
    poses, scores = (np.concatenate(rows) for rows in ([each.poses for each in found], [each.scores for each in found]))
    corners = np.rint(poses[np.argsort(-scores, kind="stable"), 1::-1] - np.array([height, width]) / 2).astype(int).tolist()
    for top, left in dict.fromkeys(map(tuple, corners)):
        first = max(top - REACH, 0), max(left - REACH, 0)
        end = max(min(top + REACH, page.shape[0] - height) + 1, 0), max(min(left + REACH, page.shape[1] - width) + 1, 0)
        near = page[first[0] + row : end[0] + row, first[1] + column : end[1] + column]
        for down, right in np.argwhere((near == example.pixels[row, column]).all(axis=2)) + first:
            same = page[down : down + height, right : right + width] == example.pixels
            if (same | over[:, :, None]).all():
                return True
    return False
