"""Page → ink map. Dark CAD screens, white paper and grey scans become one domain: how far each pixel is from the paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.engine.batching import each
from app.engine.geometry import Box

Colour = tuple[int, int, int]

SAMPLE = 1_000_000  # pixels looked at to find the background
FLOOR = 0.06        # distances below are paper tone and compression noise
CLEAR = 0.25        # of all ink, distances cubed, that is as strong as clear strokes at most
FAINT, FAINTEST = 0.25, 0.08  # strength below which strokes are stretched no further, on noisy paper and on quiet paper,
LOW = FLOOR / FAINT  # and part of it that is paper, then
PAPER, GRAIN = 0.25, 6  # share of pixels that are paper for sure, and times what they are off by that noise may be
VISIBLE = 0.35      # ink above this belongs to a stroke
STROKE = 0.1        # of an example's longer side, the width of a stroke that may be a wire
STUB = 0.35         # of an example's side, as far as a wire may come in
ROWS = 256          # rows converted at a time, so that memory does not grow with the page


def background(pixels: NDArray[np.uint8]) -> Colour:
    """The most frequent colour of (H, W, 3) RGB pixels, to 8 levels a channel and averaged within."""
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / SAMPLE) ** 0.5))
    flat = pixels[::step, ::step].reshape(-1, 3)
    keys = (flat >> 5).astype(np.int32) @ np.array([64, 8, 1], dtype=np.int32)
    mode = int(np.bincount(keys, minlength=512).argmax())
    red, green, blue = np.median(flat[keys == mode], axis=0)
    return int(red), int(green), int(blue)


def ink(pixels: NDArray[np.uint8], paper: Colour | None = None) -> NDArray[np.float32]:
    """(H, W) ink in [0, 1] of (H, W, 3) RGB pixels; `paper` is the background's colour, found where it is not given."""
    paper = background(pixels) if paper is None else paper
    bands = [slice(top, top + ROWS) for top in range(0, len(pixels), ROWS)]
    parts = list(each(lambda rows: _distance(pixels[rows], paper), bands, "cpu"))
    curve = _curve(np.sum([counts for _, counts in parts], axis=0, dtype=np.int64).reshape(-1))
    inked = np.empty(pixels.shape[:2], dtype=np.float32)
    for _ in each(lambda n: np.take(curve, parts[n][0], out=inked[bands[n]], mode="clip"), range(len(bands)), "cpu"):
        pass
    return inked


def _distance(pixels: NDArray[np.uint8], paper: Colour) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(h, w) how far pixels (h, w, 3) are from the paper in the channel where they are farthest, and (256,) how many are at
    each distance. Channel by channel: numpy is many times slower along an axis of three."""
    result = np.zeros(pixels.shape[:2], dtype=np.uint8)
    for n, level in enumerate(paper):
        channel, own = np.ascontiguousarray(pixels[:, :, n]), np.uint8(level)
        np.maximum(result, np.maximum(channel, own) - np.minimum(channel, own), out=result)
    return result, np.bincount(result.ravel(), minlength=256)


def tight_box(inked: NDArray[np.float32]) -> Box | None:
    """The bound of the visible ink in an (H, W) map, None where there is none."""
    seen = inked >= VISIBLE
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def body_box(inked: NDArray[np.float32]) -> Box | None:
    """The bound of the visible ink in an (H, W) map of an example, without the wires that leave it over its edges; None where
    there is no ink.

    A wire is as far as lines parallel to the edge show nothing but thin strokes, the same that cross the edge.
    """
    box = tight_box(inked)
    if box is None:
        return None
    top, left = int(box.y), int(box.x)
    seen = (inked >= VISIBLE)[top : top + int(box.height), left : left + int(box.width)]
    cuts = [_stub(np.rot90(seen, quarters)) if open_ else 0 for quarters, open_ in (
        (0, top == 0), (1, left + seen.shape[1] == inked.shape[1]), (2, top + seen.shape[0] == inked.shape[0]), (3, left == 0))]
    up, right, down, back = cuts
    body = inked[top + up : top + seen.shape[0] - down, left + back : left + seen.shape[1] - right]
    inner = tight_box(body) or Box(0, 0, body.shape[1], body.shape[0])
    return Box(left + back + inner.x, top + up + inner.y, inner.width, inner.height)


def _stub(seen: NDArray[np.bool_]) -> int:
    """How many rows of (h, w) ink, from the first, show only thin strokes that come in over the first."""
    height, width = seen.shape
    thin = max(3.0, STROKE * max(height, width))
    near = seen[0].copy()
    near[1:] |= seen[0, :-1]
    near[:-1] |= seen[0, 1:]
    for n, row in enumerate(seen[: int(STUB * height)]):
        if not row.any() or row.sum() > 2 * thin or _longest(row) > thin or (row & ~near).any():
            return n
    return int(STUB * height)


def _longest(line: NDArray[np.bool_]) -> int:
    """The longest run of True."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
    return int((ends[1::2] - ends[::2]).max(initial=0))


def _curve(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """(256,) ink of each distance, which so many pixels have: stretched so that the drawing's clear strokes reach 1. These are
    told by distances cubed, of which noise and the halos that compression leaves around strokes, however wide, make next to
    nothing. Where all of a drawing is faint and its paper quiet, the floor is lower too."""
    levels = np.arange(256) / 255
    grain = GRAIN * _up_to(counts, PAPER) / 255
    strokes = np.where(levels > np.clip(grain, FAINTEST / 4, 2 * FLOOR), counts * levels**3, 0)
    strong = _up_to(strokes, CLEAR) / 255 if strokes.any() else 1.0
    contrast = max(strong, float(np.clip(grain / LOW, FAINTEST, FAINT)))
    floor = min(FLOOR, LOW * contrast)
    curve: NDArray[np.float32] = np.clip((levels - floor) / (contrast - floor), 0.0, 1.0).astype(np.float32)
    return curve


def _up_to(amounts: NDArray[np.int64] | NDArray[np.float64], share: float) -> int:
    """The distance up to which such a share of amounts (256,) at each lies."""
    return int(np.searchsorted(np.cumsum(amounts), share * amounts.sum()))
