"""What a search costs beside other ways to do it.

    python -m benchmarks.speed [--sheets 5 20 39 70] [--symbols 1 10 100] [--out docs]

    planspot     one dense pass for all symbols, every angle, mirrored, 0.8 to 1.25 times the size
    windows      the first project's way: every window cropped, resized to 224 px, put through ResNet-18, compared with
                 each symbol's code under every pose; from a slice of the windows, times their number
    correlation  OpenCV's matchTemplate on the ink, one call a symbol and pose; from a few calls, times their number
    mtm          Multi-Template-Matching (Thomas and Gehrig 2020) on the ink, its peaks and its suppression included; from a
                 call with a few templates, times their number

All on the same generated sheets in one run, each in a process of its own, so that its peak memory is its own. `floor` is one
matchTemplate of the sheet with one template of 48 px. The table comes first, the last line is JSON; `--out` also takes
speed.md and img/speed.svg. Random weights time ResNet-18 as well as trained ones do.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import MTM
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torchvision.models import resnet18

from app.engine.encoder import STRIDE, WINDOW
from app.engine.fuse import precision
from app.engine.index import SymbolIndex
from app.engine.ink import VISIBLE, ink
from app.engine.poses import TURN_STEP, sizes
from app.engine.query import Example, Options, Pixels, Query, Timings
from app.engine.weights import load_detector
from training.drawings import draw_class, make_drawing, random_classes
from training.styles import random_style

SIDE = 900            # px of the generated pieces that a sheet is laid with
PIECES = 6
SYMBOL = 48           # px of the symbols searched
ASPECT = 4 / 3
INKED = 256           # px of the tiles whose share with ink is told
SLICE = 64            # windows of ResNet-18 timed
CALLS = 6             # of matchTemplate timed
TEMPLATES = 2         # of Multi-Template-Matching timed
HIT = 0.7             # correlation from which it takes a peak for a find
SEED = 31
POSES = 360 // TURN_STEP * 2 * len(sizes(0.8, 1.25))


@dataclass(frozen=True)
class Row:
    way: str
    megapixels: float
    symbols: int
    seconds: float
    measured: bool  # or worked out from a part
    memory: float   # GB at the peak of the process; on a GPU, of its memory
    stages: dict[str, float] = field(default_factory=dict)  # milliseconds of Planspot's


class Cost(NamedTuple):
    seconds: float
    measured: bool
    stages: Timings = Timings()


def sheet(megapixels: float) -> Pixels:
    """(H, W, 3) a dense drawing of so many megapixels."""
    height = round((megapixels * 1e6 / ASPECT) ** 0.5)
    width = round(height * ASPECT)
    rng = np.random.default_rng(SEED)
    pieces = [make_drawing(rng, SIDE, SIDE, damaged=False).pixels for _ in range(PIECES)]
    light = [255 - piece if np.median(piece) < 128 else piece for piece in pieces]  # one paper for one sheet
    page = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, SIDE):
        for left in range(0, width, SIDE):
            part = light[int(rng.integers(PIECES))][: height - top, : width - left]
            page[top : top + part.shape[0], left : left + part.shape[1]] = part
    return page


def examples(count: int) -> list[Pixels]:
    """Symbols of like size, drawn alone."""
    from training.canvas import Canvas, affine

    rng = np.random.default_rng(SEED + 1)
    drawn: list[Pixels] = []
    while len(drawn) < count:
        for symbol in random_classes(rng, min(count, 50)):
            size = SYMBOL * float(rng.uniform(0.85, 1.2))
            one = draw_class(symbol, size, random_style(rng).line_width, (0, 0, 0))
            canvas = Canvas(round(one.width) + 6, round(one.height) + 6)
            canvas.draw(one.shape, affine(canvas.width / 2, canvas.height / 2), one.colour, one.line_width)
            drawn.append(canvas.pixels())
    return drawn[:count]


def inked_share(page: Pixels) -> float:
    """Of a sheet's tiles those that hold ink."""
    inked = ink(page) >= VISIBLE
    rows, columns = (side // INKED for side in inked.shape)
    tiles = inked[: rows * INKED, : columns * INKED].reshape(rows, INKED, columns, INKED)
    return float(tiles.any(axis=(1, 3)).mean())


def planspot(page: Pixels, symbols: Sequence[Pixels], weights: Path, device: str) -> Cost:
    detector = load_detector(weights, device)
    detector.warm_up()
    index = SymbolIndex(detector.dimension, detector.stamp)
    queries = [Query(str(n), (Example(n, pixels),)) for n, pixels in enumerate(symbols, 1)]
    for n, pixels in enumerate(symbols, 1):
        index.add([n], detector.embed(pixels)[None])
    for _ in range(1 if device == "cpu" else 2):  # a GPU chooses its ways on the first page
        began = time.perf_counter()
        timings = detector.detect(page, queries, index, Options()).timings
    return Cost(time.perf_counter() - began, True, timings)


def windows(page: Pixels, symbols: Sequence[Pixels], weights: Path, device: str) -> Cost:
    network = resnet18(weights=None).eval()
    codes = torch.nn.functional.normalize(torch.randn(len(symbols) * POSES, 1000), dim=1)
    count = (page.shape[0] // STRIDE) * (page.shape[1] // STRIDE) * len(sizes(0.8, 1.25))
    rng = np.random.default_rng(0)
    corners = np.stack([rng.integers(0, side - WINDOW, SLICE) for side in page.shape[:2]], axis=1)
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
        began = time.perf_counter()
        crops = [cv2.resize(page[y : y + WINDOW, x : x + WINDOW], (224, 224)) for y, x in corners]
        batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
        (torch.nn.functional.normalize(network(batch), dim=1) @ codes.T).max(1)
    return Cost((time.perf_counter() - began) * count / SLICE, False)


def correlation(page: Pixels, symbols: Sequence[Pixels], weights: Path, device: str) -> Cost:
    inked = ink(page)
    template = _turned(ink(symbols[0]), 0)
    cv2.matchTemplate(inked[:500, :500], template, cv2.TM_CCOEFF_NORMED)
    began = time.perf_counter()
    for n in range(CALLS):
        cv2.matchTemplate(inked, _turned(ink(symbols[0]), n * TURN_STEP), cv2.TM_CCOEFF_NORMED)
    return Cost((time.perf_counter() - began) / CALLS * POSES * len(symbols), False)


def mtm(page: Pixels, symbols: Sequence[Pixels], weights: Path, device: str) -> Cost:
    inked = ink(page)
    templates = [(str(n), _turned(ink(symbols[0]), n * TURN_STEP)) for n in range(TEMPLATES)]
    began = time.perf_counter()
    MTM.matchTemplates(templates, inked, score_threshold=HIT)
    return Cost((time.perf_counter() - began) / TEMPLATES * POSES * len(symbols), False)


def floor(page: Pixels, symbols: Sequence[Pixels], weights: Path, device: str) -> Cost:
    inked = ink(page)
    template = cv2.resize(ink(symbols[0]), (SYMBOL, SYMBOL))
    cv2.matchTemplate(inked[:500, :500], template, cv2.TM_CCOEFF_NORMED)
    began = time.perf_counter()
    cv2.matchTemplate(inked, template, cv2.TM_CCOEFF_NORMED)
    return Cost(time.perf_counter() - began, True)


WAYS: dict[str, Callable[[Pixels, Sequence[Pixels], Path, str], Cost]] = {
    "planspot": planspot, "windows": windows, "correlation": correlation, "mtm": mtm, "floor": floor}


def measure(way: str, megapixels: float, symbols: int, weights: Path, threads: int, device: str) -> Row:
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    cost = WAYS[way](sheet(megapixels), examples(symbols), weights, device)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 if device == "cpu" \
        else torch.cuda.max_memory_allocated() / 1e9
    return Row(way, megapixels, symbols, cost.seconds, cost.measured, memory, asdict(cost.stages))


def _turned(inked: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    height, width = inked.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(inked, turn, (width, height)), dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=float, nargs="+", default=[5, 20, 39, 70], help="megapixels")
    parser.add_argument("--symbols", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--weights", type=Path, default=Path("model_weights"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu", help="of Planspot; the others have the CPU")
    parser.add_argument("--out", type=Path, help="folder for speed.md and img/speed.svg")
    args = parser.parse_args()
    rows: list[Row] = []
    inked = {megapixels: inked_share(sheet(megapixels)) for megapixels in args.sheets}
    print(f"{'MP':>5} {'symbols':>7}  {'way':<12} {'x planspot':>10} {'x floor':>8} {'seconds':>9}  {'peak GB':>7}")
    for megapixels in args.sheets:
        for symbols in args.symbols:
            group = [_alone(way, megapixels, symbols, args) for way in args.ways]
            rows += group
            for row in group:
                beside, above = (ratio(row, group, other) for other in ("planspot", "floor"))
                print(f"{megapixels:>5g} {symbols:>7}  {row.way:<12} {beside:>10} {above:>8} {row.seconds:>8.1f}"
                      f"{' ' if row.measured else '*'}  {row.memory:>7.2f}", flush=True)
    print("* worked out from a measured part")
    if args.out:
        (args.out / "img").mkdir(parents=True, exist_ok=True)
        chart(args.out / "img" / "speed.svg", rows, min(args.symbols))
        (args.out / "speed.md").write_text("\n".join(page(rows, inked, args.threads)) + "\n", encoding="utf-8")
    print(json.dumps({"threads": args.threads, "poses": POSES, "inked": inked, "rows": [asdict(row) for row in rows]}))


def ratio(row: Row, group: Sequence[Row], other: str) -> str:
    """Of a row's time to another way's in the same group; empty where that was not run."""
    beside = next((each for each in group if each.way == other), None)
    return f"{row.seconds / beside.seconds:.3g}" if beside else ""


def page(rows: Sequence[Row], inked: dict[float, float], threads: int) -> Iterator[str]:
    """The lines of docs/speed.md."""
    yield from ("# Speed", "", "What a search costs beside other ways to do it, on the same generated sheets in one run, on "
                f"{threads} CPU threads, Planspot's networks in {str(precision('cpu')).removeprefix('torch.')}; a processor "
                "with AMX or AVX-512 BF16 runs these several times as fast as one without. Symbols of about "
                f"{SYMBOL} px are searched at every angle, mirrored or not, at 0.8 to 1.25 times their size: {POSES} poses for "
                "the ways that try each.", "",
                "| way | what it does |", "| --- | --- |",
                "| planspot | one dense pass for all symbols and poses, second look included |",
                "| windows | every window cropped, resized to 224 px, through ResNet-18, compared by cosine |",
                "| correlation | OpenCV `matchTemplate`, a call a symbol and pose |",
                "| mtm | Multi-Template-Matching 2.0, the same with its peaks and its suppression |",
                "| floor | one `matchTemplate` call: one symbol, one pose |", "",
                "Times with a star are worked out from a measured part. Memory is the peak of a process that does that alone.",
                "", "![Seconds by sheet and way](img/speed.svg)", "",
                "| megapixels | symbols | way | times planspot | times floor | seconds | peak GB |",
                "| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        group = [each for each in rows if (each.megapixels, each.symbols) == (row.megapixels, row.symbols)]
        yield (f"| {row.megapixels:g} | {row.symbols} | {row.way} | {ratio(row, group, 'planspot')} | "
               f"{ratio(row, group, 'floor')} | {row.seconds:.1f}{'' if row.measured else '*'} | {row.memory:.2f} |")
    shares = ", ".join(f"{share:.0%} at {megapixels:g} megapixels" for megapixels, share in inked.items())
    yield from ("", f"Tiles of {INKED} px with ink in them: {shares}.", "",
                "`python -m benchmarks.speed --out docs` makes this page. [What a GPU takes](deploy.md#container).")


def chart(path: Path, rows: Sequence[Row], symbols: int) -> None:
    """Seconds of each way by sheet, for so many symbols, on a logarithmic scale."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for way in dict.fromkeys(row.way for row in rows):
        mine = [row for row in rows if row.way == way and row.symbols == symbols]
        axes.plot([row.megapixels for row in mine], [row.seconds for row in mine], "-" if mine[0].measured else "--",
                  marker="o", markersize=4, linewidth=2.5 if way == "planspot" else 1.2, label=way)
    axes.set_yscale("log")
    axes.set_xlabel(f"megapixels, {symbols} symbol{'s' if symbols > 1 else ''}")
    axes.set_ylabel("seconds")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def _alone(way: str, megapixels: float, symbols: int, args: argparse.Namespace) -> Row:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, way, megapixels, symbols, args.weights, args.threads, args.device).result()


if __name__ == "__main__":
    main()
