"""Writes the sample sheet and its truth: python -m training.sample --out docs/sample"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.engine.geometry import Box
from training.canvas import Pixels
from training.sample import LOOK_ALIKES, SEED, Sample, make_sample
from training.sample.paper import DPI

PICTURE, TRUTH = "floor-plan.png", "floor-plan.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws the sheet and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/sample"))
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    sample = make_sample()
    with_palette(sample.drawing.pixels).save(out / PICTURE, optimize=True, dpi=(DPI, DPI))
    (out / TRUTH).write_text(json.dumps(truth(sample), indent=1) + "\n")
    print(f"{len(sample.drawing.instances)} copies of {len(sample.drawing.symbols)} symbols in {out}")


def truth(sample: Sample) -> dict[str, Any]:
    """What is on the sheet, by symbol: the legend's example and every other copy."""
    height, width = sample.drawing.pixels.shape[:2]
    symbols = [{"name": device.name, "example": _box(sample.examples[label]), "copies": _copies(sample, label)}
               for label, device in enumerate(sample.drawing.symbols)]
    return {"image": PICTURE, "width": width, "height": height, "dpi": DPI, "seed": SEED,
            "note": "An example is the symbol in the legend; it is not counted among the copies. Boxes are x, y, width, height "
                    "in pixels; angle is in degrees counter-clockwise, applied after the flip from left to right.",
            "look_alikes": [list(pair) for pair in LOOK_ALIKES], "symbols": symbols}


def with_palette(pixels: Pixels) -> Image.Image:
    """A palette image of pixels that have at most 256 colours."""
    codes = pixels.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    colours, indices = np.unique(codes, return_inverse=True)
    image = Image.fromarray(indices.reshape(codes.shape).astype(np.uint8), "P")
    image.putpalette([int(code) >> shift & 255 for code in colours for shift in (16, 8, 0)])
    return image


def _copies(sample: Sample, label: int) -> list[dict[str, Any]]:
    found = [(copy, instance) for copy, instance in zip(sample.copies, sample.drawing.instances, strict=True)
             if instance.label == label]
    return [{"box": _box(instance.box), "centre": [round(instance.pose.x, 1), round(instance.pose.y, 1)],
             "angle": round(instance.pose.angle % 360, 1), "mirrored": instance.pose.mirrored, "scale": instance.pose.scale,
             "zone": ZONES[copy.part], "room": copy.room} for copy, instance in found]


def _box(box: Box) -> list[float]:
    return [round(side, 1) for side in (box.x, box.y, box.width, box.height)]


ZONES = {0: "MAIN", 1: "WING", -1: "LINK"}

if __name__ == "__main__":
    main()
