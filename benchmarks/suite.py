"""One-shot detection on generated drawings, one family a difficulty: a table and pictures for docs/suite.md.

    python -m benchmarks.suite [--drawings 10] [--seed 7] [--weights model_weights] [--out docs]

The symbols, their styles and the pages are of another hand than those of training, which may not import them. Each symbol is
searched from one example that is drawn apart; a find is right from an IoU of 0.5 with a copy's box. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from tqdm import tqdm

from app.engine.detector import Detector
from app.engine.weights import load_detector, read_manifest
from training.evaluate import DEFAULT, Case, cases, figures, pose_figures, together
from training.unseen.drawings import DIFFICULTIES, FAMILIES, HEIGHT, WIDTH

HARD = {
    "plain": "upright copies, nothing crosses them", "angle": "any angle", "mirror": "half of the copies mirrored",
    "scale": "0.8 to 1.25 times the example's size", "weight": "0.6 to 1.7 times its line width",
    "wires": "a wire through nearly every copy", "hatch": "hatch over most copies",
    "overlap": "another symbol over the rim of most copies",
    "spots": "a solid dot of another colour over the rim of most copies", "rows": "rows of copies that nearly touch",
    "text_in_circle": "circles that differ by their letters", "look_alikes": "a near sibling of every symbol",
    "nested": "the symbols in frames, which are others",
    "colour": "every symbol in two colours, which are two symbols; all searched at once",
    "absent": "four symbols the sheet does not show",
    "scan": "skewed, blurred, noisy, JPEG", "dark": "light lines on a dark ground", "tiny": "symbols of some 8 px",
    "mixed": "nearly all of it at once",
}
COLOURS = {True: (0, 140, 70), False: (210, 0, 60)}
MISSED = (0, 90, 220)
SHOWN = (480, 360)  # px of a page that its picture shows
COLUMNS = 3

_detector: Detector  # of a process that measures


def _begin(weights: Path) -> None:
    global _detector
    torch.set_num_threads(1)
    _detector = load_detector(weights, "cpu")


def measure(family: str, seed: int, number: int) -> list[Case]:
    """The cases of one drawing."""
    rng = np.random.default_rng([seed, number])
    with torch.inference_mode():
        drawing = FAMILIES[family](rng)
        return list(together(_detector, drawing) if DIFFICULTIES[family].coloured else cases(_detector, drawing, rng))


def row(results: Sequence[Case]) -> dict[str, float]:
    """A family's figures; `false_per_10_mp` counts the finds of symbols that the sheet does not show."""
    absent = [case for case in results if not case.truths]
    false = sum(d.score >= DEFAULT for case in absent for d in case.detections)
    searched = len(absent) * WIDTH * HEIGHT / 1e7
    return figures(results) | pose_figures(results) | {"false_per_10_mp": false / searched if searched else 0.0}


def picture(family: str, seed: int, results: Sequence[Case]) -> Image.Image:
    """The corner of a family's first drawing with its finds (right green, wrong red) and what was missed (blue)."""
    drawing = FAMILIES[family](np.random.default_rng([seed, 0]))
    page = Image.fromarray(drawing.pixels)
    pen = ImageDraw.Draw(page)
    claimed = [m for case in results for d, m in zip(case.detections, case.matches, strict=True) if m and d.score >= DEFAULT]
    for instance in drawing.instances:
        if instance not in claimed:
            box = instance.box
            pen.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline=MISSED, width=2)
    for case in results:
        for detection, match in zip(case.detections, case.matches, strict=True):
            if detection.score >= DEFAULT:
                pen.polygon(detection.polygon, outline=COLOURS[match is not None], width=2)
    return page.crop((0, 0, *SHOWN))


def sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """All pictures, COLUMNS a row."""
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (SHOWN[0] + 6), rows * (SHOWN[1] + 6)), "white")
    for n, one in enumerate(pictures):
        whole.paste(one, (n % COLUMNS * (SHOWN[0] + 6), n // COLUMNS * (SHOWN[1] + 6)))
    return whole


def page(table: dict[str, dict[str, float]], drawings: int, seed: int, model: str) -> Iterator[str]:
    """The lines of docs/suite.md."""
    yield from ("# The generated suite", "", "One-shot detection on generated drawings, one family a difficulty.", "",
                "The symbols, their styles and the pages are of another hand than those of training, which may not import them "
                "(a test keeps it so). Every symbol is searched alone but where the table says otherwise, from one example "
                "that is drawn apart, with the default settings; figures hold at the default threshold of 0.5 but for AP, "
                "which is the area under the whole curve. "
                "A find is right from an IoU of 0.5 with a copy's box. `training.unseen.FAMILIES` gives the drawings to other "
                "tools: pixels, examples and truth.", "",
                f"`python -m benchmarks.suite --drawings {drawings} --seed {seed}`, model `{model}`.", "",
                "| family | what is hard | copies | F1 | precision | recall | AP | exact counts | calibration error |",
                "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, f in table.items():
        yield (f"| {name} | {HARD[name]} | {f['truths']:.0f} | {f['f1']:.3f} | {f['precision']:.3f} | {f['recall']:.3f} | "
               f"{f['ap']:.3f} | {f['exact']:.2f} | {f['ece']:.3f} |")
    absent = table.get("absent")
    if absent:
        yield from ("", f"Of symbols that the sheet does not show, {absent['false_per_10_mp']:.2f} are found in 10 megapixels "
                        "(family `absent`).")
    yield from ("", f"The corner of a drawing of each family, row by row: {', '.join(table)}. Right finds are green, wrong "
                    "ones red, missed copies blue.", "", "![Corners of the drawings with their finds](img/suite.jpg)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("model_weights"))
    parser.add_argument("--drawings", type=int, default=10, help="drawings a family")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--families", nargs="*", default=list(DIFFICULTIES), choices=list(DIFFICULTIES))
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder for suite.md and img/suite.jpg")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    args = parser.parse_args()
    table, pictures = {}, []
    with ProcessPoolExecutor(args.workers, get_context("spawn"), _begin, (args.weights,)) as pool:
        jobs = {f: [pool.submit(measure, f, args.seed, n) for n in range(args.drawings)] for f in args.families}
        for family, parts in tqdm(jobs.items(), unit="family"):
            results = [part.result() for part in parts]
            table[family] = row([case for part in results for case in part])
            pictures.append(picture(family, args.seed, results[0]))
    (args.out / "img").mkdir(parents=True, exist_ok=True)
    sheet(pictures).save(args.out / "img" / "suite.jpg", quality=80)
    lines = page(table, args.drawings, args.seed, read_manifest(args.weights).model)
    (args.out / "suite.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(table))


if __name__ == "__main__":
    main()
