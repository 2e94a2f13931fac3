"""A detector without a model: it finds exact copies, upright and at the example's size. For tests of all around it.

python -m tests.stub
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.cli import main
from app.engine.geometry import Box, Detection, Pose
from app.engine.index import SymbolIndex
from app.engine.ink import Colour
from app.engine.query import Example, Options, PageResult, Query, Timings
from app.errors import WeightsError
from app.service.engine import Engine, ReferenceSymbol

GRID = 8
SLOW_WIDTH = 777  # a page of this width is searched until the client hangs up,
SLOW_SECONDS = 20  # or for this long
STEADY_WIDTH = 779  # a page of this width is searched for
STEADY_SECONDS = 3  # so long, come what may
FAILING_WIDTH = 778  # a page of this width makes the detector fail
SECRET = "what the client sent"  # what such a failure quotes
WIDE = "wide"  # weights whose name ends so give codes of twice the length
BROKEN = "broken"  # a weights folder of this name cannot be used


@dataclass(frozen=True)
class StubDetector:
    """Codes are thumbnails; a detection is a place where the page equals the example."""

    model: str = "stub"
    certain_from: float = 0.9
    device: str = "cpu"

    @property
    def stamp(self) -> str:
        return self.model

    @property
    def dimension(self) -> int:
        return GRID * GRID * (2 if self.model.endswith(WIDE) else 1)

    def embed(self, pixels: NDArray[np.uint8], paper: Colour | None = None) -> NDArray[np.float32]:
        ink = 255.0 - pixels.mean(axis=2)
        rows = np.linspace(0, ink.shape[0] - 1, GRID).astype(int)
        columns = np.linspace(0, ink.shape[1] - 1, GRID).astype(int)
        salt = np.frombuffer(hashlib.sha256(pixels.tobytes()).digest() * 2, dtype=np.uint8)
        code = ink[np.ix_(rows, columns)].ravel() + salt / 4.0 + 1.0
        code = np.resize(code, self.dimension)
        return np.asarray(code / np.linalg.norm(code), dtype=np.float32)

    def detect(
        self,
        page: NDArray[np.uint8],
        queries: Sequence[Query],
        index: SymbolIndex,
        options: Options,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> PageResult:
        if page.shape[1] == SLOW_WIDTH:
            _wait(cancelled)
        if page.shape[1] == STEADY_WIDTH:
            time.sleep(STEADY_SECONDS)
        if page.shape[1] == FAILING_WIDTH:
            raise RuntimeError(f"{SECRET} in {__file__}")
        found = [each for query in queries for example in query.examples for each in _copies(page, query, example)]
        kept = [each for each in found if each.score >= options.min_score and _allowed(each.box, options)]
        kept.sort(key=lambda each: -each.score)
        most = options.max_detections
        return PageResult(tuple(kept[:most]), len(kept) > most, Timings(0.1, 0.2, 0.3))

    def warm_up(self) -> None:
        self.embed(np.zeros((GRID, GRID, 3), dtype=np.uint8))


def _wait(cancelled: Callable[[], bool]) -> None:
    end = time.monotonic() + SLOW_SECONDS
    while not cancelled() and time.monotonic() < end:
        time.sleep(0.02)


def _copies(page: NDArray[np.uint8], query: Query, example: Example) -> list[Detection]:
    if not example.positive:
        return []
    height, width = example.pixels.shape[:2]
    if height > page.shape[0] or width > page.shape[1]:
        return []
    difference = _difference(page.astype(np.float64), example.pixels.astype(np.float64))
    places = np.argwhere(difference < 0.5)
    return [_detection(query.symbol_id, float(x), float(y), width, height) for y, x in places]


def _difference(page: NDArray[np.float64], crop: NDArray[np.float64]) -> NDArray[np.float64]:
    """(H - h + 1, W - w + 1) summed squared difference of the crop at each place, by Fourier transforms."""
    height, width = page.shape[0] - crop.shape[0] + 1, page.shape[1] - crop.shape[1] + 1
    total = np.full((height, width), (crop**2).sum())
    ones = np.ones(crop.shape[:2])
    for channel in range(3):
        total += _correlate(page[:, :, channel] ** 2, ones) - 2 * _correlate(page[:, :, channel], crop[:, :, channel])
    return total


def _correlate(page: NDArray[np.float64], crop: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft2(page) * np.conj(np.fft.rfft2(crop, page.shape))
    whole = np.fft.irfft2(spectrum, page.shape)
    return whole[: page.shape[0] - crop.shape[0] + 1, : page.shape[1] - crop.shape[1] + 1]


def _detection(symbol_id: str, x: float, y: float, width: int, height: int) -> Detection:
    pose = Pose(x + width / 2, y + height / 2)
    polygon = tuple((float(a), float(b)) for a, b in pose.polygon(width, height))
    # the further down, the less sure, so that scores differ and orders can be told apart
    return Detection(symbol_id, Box(x, y, width, height), polygon, 1.0 - y / 10_000, pose)


def _allowed(box: Box, options: Options) -> bool:
    inside = [_holds(region, *box.centre) for region in options.regions]
    return (not inside or any(inside)) and not any(_holds(each, *box.centre) for each in options.exclude)


def _holds(box: Box, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height


def ring(size: int, gap: int) -> NDArray[np.uint8]:
    """A (size, size, 3) square outline, black on white, with a bar at `gap`."""
    pixels = np.full((size, size, 3), 255, dtype=np.uint8)
    pixels[2:-2, 2:-2] = 0
    pixels[4:-4, 4:-4] = 255
    pixels[gap : gap + 2, 6:-6] = 0
    return pixels


def load(weights: Path, device: str) -> Engine:
    """A stub engine with two references. The folder's name may ask for other behaviour."""
    if weights.name == BROKEN:
        raise WeightsError(f"There are no weights in {weights.name}.")
    finder = StubDetector(model=weights.name if weights.name.startswith("stub") else "stub")
    references = (ReferenceSymbol("reference ring", ring(30, 10)), ReferenceSymbol("reference bar", ring(30, 18)))
    codes = SymbolIndex(finder.dimension, finder.stamp)
    codes.add([0, 1], np.stack([finder.embed(each.pixels) for each in references]))
    return Engine(finder, references, codes)


if __name__ == "__main__":
    # the whole service around the stub, set up by the environment as the real one is
    sys.exit(main(["serve"], load))
