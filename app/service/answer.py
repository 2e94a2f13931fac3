"""What a search answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from app.catalogue.records import SymbolRecord
from app.engine.drawing import PageSize
from app.engine.geometry import Detection

Band = Literal["certain", "review"]


@dataclass(frozen=True)
class Found:
    """A detection, its page and how sure it is."""

    page: int
    symbol: SymbolRecord
    detection: Detection
    band: Band


@dataclass(frozen=True)
class Milliseconds:
    """Where the time went; `total` has the waiting for the device in it."""

    decode: float = 0.0
    embed: float = 0.0
    search: float = 0.0
    verify: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class Count:
    """How often a symbol was found; `expected` sums the scores."""

    symbol: SymbolRecord
    count: int
    certain: int
    review: int
    expected: float


@dataclass(frozen=True)
class Answer:
    """What was found, by page and then score, best first. `truncated`: some page had more than asked for."""

    model: str
    pages: tuple[PageSize, ...]
    symbols: tuple[SymbolRecord, ...]
    found: tuple[Found, ...]
    timings: Milliseconds
    truncated: bool

    def counts(self) -> list[Count]:
        """One for every symbol searched, those never found too."""
        by_symbol: dict[str, list[Found]] = {symbol.id: [] for symbol in self.symbols}
        for each in self.found:
            by_symbol[each.symbol.id].append(each)
        return [_count(symbol, by_symbol[symbol.id]) for symbol in self.symbols]


def in_order(found: Iterable[Found]) -> tuple[Found, ...]:
    """By page, then score, best first; equal scores from the top left, so that the order never varies."""
    return tuple(sorted(found, key=lambda f: (f.page, -f.detection.score, f.detection.box.y, f.detection.box.x, f.symbol.id)))


def _count(symbol: SymbolRecord, found: list[Found]) -> Count:
    certain = sum(each.band == "certain" for each in found)
    return Count(symbol, len(found), certain, len(found) - certain, sum(each.detection.score for each in found))
