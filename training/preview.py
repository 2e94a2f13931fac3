"""Writes generated drawings as PNG, with and without their boxes.

python -m training.preview --seed 1 --count 12 --out DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.canvas import Pixels
from training.drawings import make_drawing
from training.symbols import Symbol
from training.truth import Drawing


def marked(drawing: Drawing[Symbol]) -> Pixels:
    """The page with every copy's outline and, where it is mirrored, a dot at its first corner."""
    page = drawing.pixels.copy()
    for one in drawing.instances:
        polygon = np.rint(one.polygon).astype(np.int32)
        shade = tuple(int(c) for c in np.random.default_rng(one.label).integers(60, 230, size=3))
        cv2.polylines(page, [polygon.reshape(-1, 1, 2)], True, shade, 1, cv2.LINE_AA)
        cv2.putText(
            page,
            f"{one.label}{'m' if one.pose.mirrored else ''}",
            tuple(polygon[0].tolist()),
            cv2.FONT_HERSHEY_PLAIN,
            0.7,
            shade,
        )
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--size", type=int, default=640, help="side of a page in pixels")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for number in range(options.count):
        drawing = make_drawing(np.random.default_rng([options.seed, number]), options.size, options.size)
        for name, page in (("page", drawing.pixels), ("boxes", marked(drawing))):
            cv2.imwrite(str(options.out / f"{name}-{number:03d}.png"), page[..., ::-1])


if __name__ == "__main__":
    main()
