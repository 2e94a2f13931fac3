"""What is left of an example that is boxed loosely: how often ink of others stays in it, how often its own is lost.

    python -m benchmarks.boxes [--drawings 300] [--seed 88]

Copies on generated drawings are boxed by hand, as it were: each side lies too far out by up to a part of the symbol's longer
side. Ink that hangs together is the symbol's where most of it lies along its strokes, and another's where little does, but for
what stands within the symbol, as tags do. Prints a row a looseness: of how many boxes ink of others, more than a few hundredths
of the symbol's, lies in them, is left once strays are painted out, and of how many so much of the symbol's own goes. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.engine.geometry import Box
from app.engine.ink import VISIBLE, Colour, background, ink
from app.engine.inspect import place
from app.engine.query import Pixels
from app.engine.strays import Span, strays
from training.batches import random_drawing
from training.canvas import affine
from training.drawings import Drawing, Instance, Symbol
from training.likeness import render
from training.shots import pose_matrix, square

LOOSE = (0.05, 0.12, 0.25)  # of a symbol's longer side, how far out a side of its box lies at most,
TIGHT = -0.01               # and at least
BOXES = 8                   # of a drawing
NEAR = 5                    # px wide that a stroke is taken to be
OWN, ALONG = 0.6, 0.12      # share of a piece near the symbol's strokes, and along their middle, that makes it the symbol's;
FOREIGN = 0.25              # share near them below which it is another's,
WITHIN = 0.7                # unless so much of it lies within the symbol
MUCH = 0.03                 # of the symbol's ink

Mask = NDArray[np.bool_]


class Shares(NamedTuple):
    """As parts of a symbol's ink: others' in its box, others' left there, and its own that is lost."""

    there: float
    left: float
    lost: float


def shares(page: Pixels, span: Span, paper: Colour, strokes: Mask) -> Shares:
    """What becomes of a box at a span of (H, W, 3) RGB pixels, in which the middles of a symbol's strokes (h, w) lie."""
    top, left, bottom, right = span
    seen = ink(page, paper)[top:bottom, left:right] >= VISIBLE
    over = strays(page, span, paper)
    gone = np.zeros_like(seen) if over is None else over
    near, within = cv2.dilate(strokes.astype(np.uint8), np.ones((NEAR, NEAR))) > 0, np.zeros(seen.shape, np.uint8)
    if strokes.any():
        cv2.fillConvexPoly(within, cv2.convexHull(np.argwhere(near)[:, ::-1].astype(np.int32)), 1)
    count, pieces = cv2.connectedComponents(seen.astype(np.uint8), connectivity=8)
    there = kept = lost = 0
    for piece in (pieces == n for n in range(1, count)):
        part = float(near[piece].mean()) if strokes[piece].mean() >= ALONG else 0.0
        if part > OWN:
            lost += int(gone[piece].sum())
        elif part < FOREIGN and within[piece].mean() < WITHIN:
            there, kept = there + int(piece.sum()), kept + int((~gone[piece]).sum())
    total = max(int((seen & near).sum()), 1)
    return Shares(there / total, kept / total, lost / total)


def boxed(drawing: Drawing[Symbol], paper: Colour, rng: np.random.Generator) -> Iterator[tuple[float, Span, Mask]]:
    """Some copies boxed: how loosely, where, and the middles of its strokes (h, w) there."""
    height, width = drawing.pixels.shape[:2]
    for instance in (drawing.instances[k] for k in rng.permutation(len(drawing.instances))[:BOXES]):
        loose, box = float(rng.choice(LOOSE)), instance.box
        left, top, right, bottom = rng.uniform(TIGHT, loose, 4) * max(box.width, box.height)
        grown = Box(box.x - left, box.y - top, box.width + left + right, box.height + top + bottom).clipped(width, height)
        if grown is not None and min(grown.width, grown.height) >= 6:
            span = place(drawing.pixels, grown, paper)
            yield loose, span, _strokes(drawing, instance, span)


def _strokes(drawing: Drawing[Symbol], instance: Instance, span: Span) -> Mask:
    top, left, bottom, right = span
    to_page = pose_matrix(instance) @ square(affine(scale=max(instance.width, instance.height)))
    to_page[:2, 2] -= left, top
    drawn = render(drawing.symbols[instance.label], max(bottom - top, right - left), to_page[:2], line_width=1.0)
    strokes: Mask = drawn[: bottom - top, : right - left] > 0.3
    return strokes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=88)
    args = parser.parse_args()
    found: dict[float, list[Shares]] = {loose: [] for loose in LOOSE}
    for number in tqdm(range(args.drawings), unit="drawing"):
        rng = np.random.default_rng([args.seed, number])
        drawing = random_drawing(rng)
        paper = background(drawing.pixels)
        for loose, span, strokes in boxed(drawing, paper, rng):
            found[loose].append(shares(drawing.pixels, span, paper, strokes))
    table = {}
    for loose, rows in found.items():
        parts = (np.array(rows).reshape(-1, 3) > MUCH).mean(axis=0).tolist() if rows else [0.0] * 3
        table[loose] = {"boxes": len(rows), **dict(zip(Shares._fields, parts, strict=True))}
        print(f"up to {loose:.2f} too far: {len(rows)} boxes, others' ink in {parts[0]:.3f}, left in {parts[1]:.3f}, "
              f"own lost in {parts[2]:.3f}")
    print(json.dumps(table))


if __name__ == "__main__":
    main()
