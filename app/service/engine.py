"""The engine as the service sees it, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.engine.index import SymbolIndex
from app.engine.ink import Colour
from app.engine.query import Options, PageResult, Query

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Cancelled = Callable[[], bool]


class Finder(Protocol):
    """A detector: embeds an example, finds copies on a page."""

    @property
    def model(self) -> str: ...
    @property
    def stamp(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def certain_from(self) -> float: ...
    @property
    def device(self) -> str: ...
    def embed(self, pixels: NDArray[np.uint8], paper: Colour | None = None) -> NDArray[np.float32]: ...
    def detect(
        self,
        page: NDArray[np.uint8],
        queries: Sequence[Query],
        index: SymbolIndex,
        options: Options,
        cancelled: Cancelled = ...,
    ) -> PageResult: ...
    def warm_up(self) -> None: ...


@dataclass(frozen=True)
class ReferenceSymbol:
    """A symbol that came with the weights; `pixels` is (h, w, 3) RGB uint8."""

    name: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Engine:
    """What a folder of weights gives. `codes` holds the code of the n-th reference under the id n, from 0."""

    finder: Finder
    references: tuple[ReferenceSymbol, ...] = ()
    codes: SymbolIndex | None = None
    made_at: datetime = LONG_AGO


Loader = Callable[[Path, str], Engine]


def load_engine(weights: Path, device: str) -> Engine:
    """Read the weights. Raises WeightsError saying why."""
    from app.engine.weights import load_detector, load_references  # torch takes seconds to import; the server answers meanwhile

    finder = load_detector(weights, device)
    references = tuple(ReferenceSymbol(each.name, each.pixels) for each in load_references(weights))
    codes = SymbolIndex.load(weights / "references.faiss", finder.stamp) if references else None
    return Engine(finder, references, codes, datetime.fromtimestamp((weights / "manifest.json").stat().st_mtime, UTC))
