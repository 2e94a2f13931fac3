"""What is exported: the symbols searched for, and of each drawing its pages and finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.engine.drawing import PageSize
from app.engine.geometry import Detection


@dataclass(frozen=True)
class Symbol:
    """A symbol searched for. `letters` stands for it on a drawing: A to Z, then AA and so on."""

    id: str
    name: str
    letters: str


@dataclass(frozen=True)
class Find:
    """A detection on a page. `mark` names it on the drawing and in tables alike: A1, A2, B1."""

    page: int
    mark: str
    symbol: Symbol
    detection: Detection
    band: str


@dataclass(frozen=True)
class Drawing:
    """A file's pages and what was found on them, by page and then score."""

    name: str
    pages: tuple[PageSize, ...]
    finds: tuple[Find, ...]

    def on(self, page: int) -> list[Find]:
        return self._by_page.get(page, [])

    @cached_property
    def _by_page(self) -> dict[int, list[Find]]:
        found: dict[int, list[Find]] = {}
        for find in self.finds:
            found.setdefault(find.page, []).append(find)
        return found


@dataclass(frozen=True)
class Report:
    """All that is exported. The last mark of a symbol is its count."""

    symbols: tuple[Symbol, ...]
    drawings: tuple[Drawing, ...]

    def finds(self) -> list[tuple[Drawing, Find]]:
        return [(drawing, find) for drawing in self.drawings for find in drawing.finds]

    @cached_property
    def totals(self) -> Counter[str]:
        """The count of each symbol, by its id."""
        return Counter(find.symbol.id for _, find in self.finds())

    def pages(self) -> list[tuple[Drawing, PageSize]]:
        return [(drawing, page) for drawing in self.drawings for page in drawing.pages]


@dataclass(frozen=True)
class Searched:
    """A drawing as searched: `found` has (page, detection, band) by page and then score."""

    name: str
    pages: tuple[PageSize, ...]
    found: tuple[tuple[int, Detection, str], ...]


def make_report(symbols: Iterable[tuple[str, str]], searched: Sequence[Searched]) -> Report:
    """Give each symbol, as (id, name), its letters and each find its mark; marks run on from drawing to drawing."""
    lettered = {identity: Symbol(identity, name, letters(place)) for place, (identity, name) in enumerate(symbols)}
    counted: Counter[str] = Counter()
    drawings = []
    for each in searched:
        finds = []
        for page, detection, band in each.found:
            symbol = lettered[detection.symbol_id]
            counted[symbol.id] += 1
            finds.append(Find(page, f"{symbol.letters}{counted[symbol.id]}", symbol, detection, band))
        drawings.append(Drawing(each.name, each.pages, tuple(finds)))
    return Report(tuple(lettered.values()), tuple(drawings))


def letters(place: int) -> str:
    """0 to A, 25 to Z, 26 to AA."""
    found = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        found = chr(ord("A") + digit) + found
    return found
