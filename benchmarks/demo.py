"""The sample drawing from end to end, over HTTP alone.

    python -m benchmarks.demo [--url http://127.0.0.1:8000] [--out out]

Starts a server on a free port with an empty catalogue (or takes the one at --url), registers each symbol of the sample
from its one boxed example, finds all of them in one request, compares with the truth and writes the marked drawing.
The exit code is 1 where a count is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from app.engine.drawing import PageSize
from app.engine.geometry import Box, Detection, Pose, iou
from app.export.marks import mark_page
from app.export.report import Searched, make_report
from benchmarks.server import checked, server

SAMPLE = Path(__file__).parent.parent / "docs" / "sample" / "floor-plan.json"
ANSWER_WITHIN = 600.0
MARGIN = 20.0  # px around the legend's examples
SAME_PLACE = 0.5  # intersection over union from which a find is a copy

Quad = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class SampleSymbol:
    name: str
    example: Quad  # in the legend
    copies: tuple[Quad, ...]  # on the plan


@dataclass(frozen=True)
class Row:
    """One symbol's outcome; `right` finds lie on a copy, `wrong` ones do not."""

    name: str
    true: int
    found: int
    right: int

    @property
    def wrong(self) -> int:
        return self.found - self.right

    @property
    def correct(self) -> bool:
        return self.true == self.found == self.right


def read_sample(path: Path) -> tuple[SampleSymbol, ...]:
    symbols = json.loads(path.read_text(encoding="utf-8"))["symbols"]
    return tuple(SampleSymbol(s["name"], quad(s["example"]), tuple(quad(c["box"]) for c in s["copies"])) for s in symbols)


def quad(box: Sequence[float]) -> Quad:
    x, y, width, height = box
    return x, y, width, height


def legend(sample: Sequence[SampleSymbol]) -> Quad:
    """What is around all examples: the legend is no place to count in."""
    left, top = (min(s.example[axis] for s in sample) - MARGIN for axis in (0, 1))
    right, bottom = (max(s.example[axis] + s.example[axis + 2] for s in sample) + MARGIN for axis in (0, 1))
    return left, top, right - left, bottom - top


def written(box: Quad) -> str:
    """A box as the service reads it."""
    return ",".join(f"{value:g}" for value in box)


def matched(found: Sequence[Quad], true: Sequence[Quad]) -> int:
    """How many finds, best first, lie on a copy that no better one has taken."""
    if not found or not true:
        return 0
    overlaps = iou(np.array(found, dtype=np.float64), np.array(true, dtype=np.float64))
    taken: set[int] = set()
    for row in overlaps:
        free = [j for j in np.argsort(-row) if row[j] >= SAME_PLACE and int(j) not in taken]
        taken.update(int(j) for j in free[:1])
    return len(taken)


def compare(sample: Sequence[SampleSymbol], ids: Sequence[str], detections: Sequence[dict[str, Any]]) -> list[Row]:
    """A row for each symbol of the sample, registered under the id at its place in `ids`."""
    rows = []
    for symbol, identifier in zip(sample, ids, strict=True):
        mine = sorted((d for d in detections if d["symbol_id"] == identifier), key=lambda d: -float(d["score"]))
        right = matched([found_at(d) for d in mine], symbol.copies)
        rows.append(Row(symbol.name, len(symbol.copies), len(mine), right))
    return rows


def found_at(detection: dict[str, Any]) -> Quad:
    box = detection["box"]
    return box["x"], box["y"], box["width"], box["height"]


def register(client: httpx.Client, drawing: Path, symbol: SampleSymbol) -> str:
    data = {"name": symbol.name, "box": written(symbol.example)}
    reply = client.post("/symbols", data=data, files={"file": drawing.read_bytes()})
    identifier: str = checked(reply).json()["id"]
    return identifier


def detect(client: httpx.Client, drawing: Path, symbols: Sequence[str], exclude: Quad) -> dict[str, Any]:
    data = {"symbols": list(symbols), "exclude": written(exclude)}
    reply = client.post("/detect", data=data, files={"file": drawing.read_bytes()})
    answer: dict[str, Any] = checked(reply).json()
    return answer


def run(url: str, out: Path) -> list[Row]:
    sample, drawing = read_sample(SAMPLE), SAMPLE.with_suffix(".png")
    with httpx.Client(base_url=url, timeout=ANSWER_WITHIN) as client:
        start = time.perf_counter()
        ids = [register(client, drawing, symbol) for symbol in sample]
        registered = time.perf_counter()
        answer = detect(client, drawing, ids, legend(sample))
        done = time.perf_counter()
    rows = compare(sample, ids, answer["detections"])
    print_rows(rows)
    print(f"\n{len(rows)} symbols registered in {registered - start:.1f} s, found in {done - registered:.1f} s")
    out.mkdir(parents=True, exist_ok=True)
    marked(drawing, answer).save(out / "demo.png", optimize=True)
    (out / "demo.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    print(f"marked drawing: {out / 'demo.png'}, the service's answer: {out / 'demo.json'}")
    return rows


def marked(drawing: Path, answer: dict[str, Any]) -> Image.Image:
    """The drawing, of one page, with an answer's finds, marked as the service marks them."""
    pixels = np.array(Image.open(drawing).convert("RGB"))
    found = tuple((1, _detection(each), each["band"]) for each in answer["detections"])
    page = PageSize(1, pixels.shape[1], pixels.shape[0])
    symbols = [(count["symbol_id"], count["symbol"]) for count in answer["counts"]]
    report = make_report(symbols, [Searched(drawing.name, (page,), found)])
    return mark_page(pixels, report.drawings[0].finds, report)


def _detection(found: dict[str, Any]) -> Detection:
    box = Box(*found_at(found))
    pose = Pose(*box.centre, found["angle"], found["mirrored"], found["scale"])
    return Detection(found["symbol_id"], box, tuple((x, y) for x, y in found["polygon"]), found["score"], pose)


def print_rows(rows: Sequence[Row]) -> None:
    width = max(len(row.name) for row in rows)
    print(f"{'symbol':{width}}  true  found  right  wrong")
    for row in rows:
        mark = "" if row.correct else "  <-"
        print(f"{row.name:{width}}  {row.true:4}  {row.found:5}  {row.right:5}  {row.wrong:5}{mark}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running server; without it one is started")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the marked drawing")
    args = parser.parse_args()
    start = time.perf_counter()
    if args.url:
        rows = run(args.url, args.out)
    else:
        print("starting a server", flush=True)
        with server() as running:
            print(f"ready after {time.perf_counter() - start:.1f} s\n", flush=True)
            rows = run(running.url, args.out)
    wrong = [row.name for row in rows if not row.correct]
    verdict = f"wrong counts for {', '.join(wrong)}" if wrong else "every count is right"
    print(f"total {time.perf_counter() - start:.1f} s: {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
