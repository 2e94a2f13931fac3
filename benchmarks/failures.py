"""Contact sheets of what a benchmark run got wrong, the worst first.

    score.py --dump run.jsonl --url http://127.0.0.1:8000 SET...
    python -m benchmarks.failures run.jsonl --sets FOLDER_OF_SETS [--out contact-sheets]

Writes SET-missed.png (copies found below the threshold or not at all, those found worst first) and SET-wrong.png (false
finds above it, the surest first) for each set of the run: the example left, the place right, the score above.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from app.engine.geometry import iou

THRESHOLD = 0.5
SIDE, COLUMNS, LINE = 96, 8, 14  # px of a picture, pairs in a row, px of the score's line
AROUND = 0.15  # of a box's longer side, shown around it
GREY = (90, 90, 90)

Quad = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Failure:
    """A copy missed, or a find that is none; `score` is None where there was no find at all."""

    drawing: str
    example: tuple[str, Quad]
    place: Quad
    score: float | None


def failures(case: Mapping[str, Any], overlap: float) -> tuple[list[Failure], list[Failure]]:
    """The missed copies and the false finds of one line of a dump."""
    example = (case["example"][0], tuple(case["example"][1]))
    free = [tuple(box) for box in case["truth"]]
    false_scores = [score for score, right in case["judged"] if not right]
    missed, wrong = [], []
    for place, score in sorted(case["found"], key=lambda found: -found[1]):
        overlaps = iou(np.array([place]), np.array(free).reshape(-1, 4))[0]
        if len(free) and overlaps.max() >= overlap:
            copy = free.pop(int(overlaps.argmax()))
            if score < THRESHOLD:
                missed.append(Failure(case["drawing"], example, copy, score))
        elif score >= THRESHOLD and score in false_scores:
            wrong.append(Failure(case["drawing"], example, tuple(place), score))
    return missed + [Failure(case["drawing"], example, copy, None) for copy in free], wrong


def sheet(failed: Sequence[Failure], folder: Path) -> Image.Image:
    """Example and place of each, in rows."""
    rows = -(-len(failed) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (2 * SIDE + 8), max(1, rows) * (SIDE + LINE)), GREY)
    pen = ImageDraw.Draw(page)
    for number, one in enumerate(failed):
        x, y = number % COLUMNS * (2 * SIDE + 8), number // COLUMNS * (SIDE + LINE)
        for step, (file, box) in enumerate((one.example, (one.drawing, one.place))):
            page.paste(cut(folder / file, box), (x + step * (SIDE + 2), y + LINE))
        pen.text((x + 2, y), "not found" if one.score is None else f"{one.score:.2f}", fill=(255, 255, 0))
    return page


def cut(file: Path, box: Quad) -> Image.Image:
    """The square around a box."""
    x, y, width, height = box
    half = max(width, height) * (0.5 + AROUND)
    middle = x + width / 2, y + height / 2
    with Image.open(file) as drawing:
        square = drawing.convert("RGB").crop((round(middle[0] - half), round(middle[1] - half),
                                              round(middle[0] + half), round(middle[1] + half)))
    return square.resize((SIDE, SIDE))


def draw(lines: Iterable[str], sets: Path, out: Path, most: int) -> dict[str, dict[str, int]]:
    """Writes the sheets of a dump; how many failures each set has."""
    missed: dict[str, list[Failure]] = defaultdict(list)
    wrong: dict[str, list[Failure]] = defaultdict(list)
    for line in lines:
        case = json.loads(line)
        spec = json.loads((sets / case["set"] / "set.json").read_text(encoding="utf-8"))
        lost, false = failures(case, spec.get("iou", 0.5))
        missed[case["set"]] += lost
        wrong[case["set"]] += false
    out.mkdir(parents=True, exist_ok=True)
    for name in missed:
        missed[name].sort(key=lambda one: one.score or 0.0)
        wrong[name].sort(key=lambda one: -(one.score or 0.0))
        for kind, found in (("missed", missed[name]), ("wrong", wrong[name])):
            sheet(found[:most], sets / name).save(out / f"{name}-{kind}.png")
    return {name: {"missed": len(missed[name]), "wrong": len(wrong[name])} for name in missed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path, help="what score.py --dump wrote")
    parser.add_argument("--sets", type=Path, required=True, help="the folder that holds the sets")
    parser.add_argument("--out", type=Path, default=Path("contact-sheets"))
    parser.add_argument("--most", type=int, default=96, help="failures on a sheet")
    args = parser.parse_args()
    counts = draw(args.dump.read_text(encoding="utf-8").splitlines(), args.sets, args.out, args.most)
    for name, count in counts.items():
        print(f"{name}: {count['missed']} missed, {count['wrong']} wrong")
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
