"""Whether a page is the one that an example was cut from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from app.engine.query import Example, Pixels
from app.engine.suppress import Found

LIKELY = 0.3   # score from which a find may be the example itself,
TURN, GROWTH = 3.0, 0.05  # degrees and part by which its pose may be off,
REACH = 3      # and pixels


def is_cut_from(page: Pixels, example: Example, found: Sequence[Found]) -> bool:
    """Whether (H, W, 3) RGB pixels show an example, pixel for pixel, where it was found."""
    height, width = example.pixels.shape[:2]
    own = np.ones((height, width), bool) if example.over is None else ~example.over
    for x, y, angle, mirrored, scale, _ in chain.from_iterable(each.poses[each.scores >= LIKELY] for each in found):
        if mirrored > 0.5 or abs((angle + 180) % 360 - 180) > TURN or abs(scale - 1) > GROWTH:
            continue
        top, left = round(y - height / 2), round(x - width / 2)
        for down in range(max(top - REACH, 0), min(top + REACH, page.shape[0] - height) + 1):
            for right in range(max(left - REACH, 0), min(left + REACH, page.shape[1] - width) + 1):
                if np.array_equal(page[down : down + height, right : right + width][own], example.pixels[own]):
                    return True
    return False
