"""A worn copy of an annotated set: what scanning, copying and compressing do to its drawings, one kind of wear at a time.

    python -m benchmarks.wear SET OUT --kind jpeg [--seed 0]

SET is a folder with coco.json and the drawings that it names. The copy in OUT has everything else that SET has, and is scored
as SET is; a drawing that is `small` has its boxes made smaller with it. The same seed gives the same copy.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (H, W, 3) BGR
Worn = Callable[[Pixels, Generator], Pixels]

SMALL = 0.7  # of a side


def jpeg(pixels: Pixels, _: Generator, quality: int = 45) -> Pixels:
    """Compressed at a quality usual for pictures on web pages, with halos around strokes."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a drawing must be an image. Received: {pixels.shape}")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def noise(pixels: Pixels, rng: Generator, deviation: float = 9.0) -> Pixels:
    """With a sensor's grain."""
    return _bytes(pixels + rng.normal(0, deviation, (*pixels.shape[:2], 1)))


def faint(pixels: Pixels, _: Generator) -> Pixels:
    """Printed with a toner that is running out: three tenths of the contrast."""
    paper = np.median(pixels.reshape(-1, 3), axis=0)
    return _bytes(paper + 0.3 * (pixels - paper))


def blur(pixels: Pixels, _: Generator, deviation: float = 1.0) -> Pixels:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)


def uneven(pixels: Pixels, _: Generator) -> Pixels:
    """Photographed beside a lamp: from one side to the other a third of the light is lost."""
    return _bytes(pixels * np.linspace(1.0, 0.65, pixels.shape[1])[None, :, None])


def dark(pixels: Pixels, _: Generator) -> Pixels:
    """Light on dark, as on a CAD screen."""
    return np.asarray(255 - pixels, np.uint8)


def scan(pixels: Pixels, rng: Generator) -> Pixels:
    """A bad scan: a little of blur, paper tone, grain and compression."""
    toned = _bytes(20 + blur(pixels, rng, 0.8) * np.array([0.78, 0.84, 0.86]))
    return jpeg(noise(toned, rng, 5.0), rng, 40)


def small(pixels: Pixels, _: Generator) -> Pixels:
    """Scanned at a lower resolution."""
    return np.asarray(cv2.resize(pixels, None, fx=SMALL, fy=SMALL, interpolation=cv2.INTER_AREA), np.uint8)


KINDS: dict[str, Worn] = {one.__name__: one for one in (jpeg, noise, faint, blur, uneven, dark, scan, small)}


def _bytes(levels: NDArray[np.float64]) -> Pixels:
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def wear(source: Path, out: Path, kind: str, seed: int = 0) -> int:
    """Writes the copy, returns how many drawings it has. Raises ValueError where a drawing that is named cannot be read."""
    truth = json.loads((source / "coco.json").read_text())
    shutil.copytree(source, out, ignore=lambda folder, names: [name for name in names if Path(folder, name).is_dir()])
    for number, image in enumerate(truth["images"]):
        pixels = cv2.imread(str(source / image["file_name"]), cv2.IMREAD_COLOR)
        if pixels is None:
            raise ValueError(f"a drawing that coco.json names must be an image. Received: {image['file_name']}")
        worn = KINDS[kind](np.asarray(pixels, np.uint8), np.random.default_rng([seed, number]))
        image["file_name"] += ".png"  # a.jpg and a.png may lie side by side
        image["height"], image["width"] = worn.shape[:2]
        path = out / image["file_name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), worn)
    if kind == small.__name__:
        for annotation in truth["annotations"]:
            annotation["bbox"] = [SMALL * side for side in annotation["bbox"]]
    (out / "coco.json").write_text(json.dumps(truth))
    return len(truth["images"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(f"{wear(args.set, args.out, args.kind, args.seed)} drawings in {args.out}")


if __name__ == "__main__":
    main()
