"""Searching a drawing: a search is asked, a plan is made from it, the plan is carried out page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from app.catalogue.catalogue import Catalogue
from app.catalogue.records import SymbolRecord
from app.engine.drawing import Drawings, PageSize
from app.engine.index import SymbolIndex
from app.engine.query import Example, Options, PageResult, Query, Timings
from app.engine.suppress import within
from app.errors import BadInput, Cancelled, NotFound, NothingToSearch
from app.service.answer import Answer, Found, Milliseconds, in_order
from app.service.fields import split_list
from app.service.meters import Meters
from app.service.model import Loaded, Model
from app.service.paging import check_options, page_options, scale_band
from app.service.pictures import from_png
from app.service.symbols import Symbols
from app.service.worker import Urgency, Worker


@dataclass(frozen=True)
class Search:
    """What is asked. No symbols named means all of the user's; no pages means all. `options` has the boxes as given."""

    data: bytes = field(repr=False)
    symbols: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    pages: tuple[int, ...] | None = None
    dpi: int = 200


@dataclass(frozen=True)
class Plan:
    """A search that can be done: every name resolved, every size known, the index as it was then."""

    search: Search
    pages: tuple[PageSize, ...]
    symbols: tuple[SymbolRecord, ...]
    queries: tuple[Query, ...]
    index: SymbolIndex
    loaded: Loaded
    began: float  # time.perf_counter()


@dataclass(frozen=True)
class SearchedPage:
    """What one page gave. `decode` is in milliseconds."""

    page: PageSize
    found: tuple[Found, ...]
    result: PageResult
    decode: float


class Detections:
    """The use cases around detection."""

    def __init__(
        self, catalogue: Catalogue, symbols: Symbols, model: Model, worker: Worker, drawings: Drawings, meters: Meters
    ) -> None:
        self._catalogue = catalogue
        self._symbols = symbols
        self._model = model
        self._worker = worker
        self._drawings = drawings
        self._meters = meters

    def plan(self, search: Search) -> Plan:
        """Check all that can be told without decoding, so that a bad request never waits for the device.

        Raises NotFound for an unknown symbol, NothingToSearch, BadInput, Unavailable and what reading a drawing does.
        """
        began = time.perf_counter()
        pages = self._drawings.survey(search.data, search.pages, search.dpi)
        check_options(search.options, pages)
        return self.planned(search, pages, self.chosen(search.symbols), began)

    def planned(
        self, search: Search, pages: tuple[PageSize, ...], symbols: tuple[SymbolRecord, ...], began: float | None = None
    ) -> Plan:
        """A plan for pages and symbols that are known. Raises NotFound for a symbol that is there no more, Unavailable."""
        began = time.perf_counter() if began is None else began
        loaded = self._model.get()
        index = loaded.codes.current()
        return Plan(search, pages, symbols, self._queries(symbols, loaded), index, loaded, began)

    def run(
        self, plan: Plan, cancelled: Callable[[], bool], progress: Callable[[SearchedPage], object] = lambda _: None
    ) -> Answer:
        """Carry the plan out, on the device's thread, and tell `progress` of each page.

        Raises Cancelled, and BrokenDrawing for a page that breaks.
        """
        pages = []
        for page in self.pages(plan, cancelled):
            pages.append(page)
            progress(page)
        return Answer(
            plan.loaded.finder.model,
            plan.pages,
            plan.symbols,
            in_order(found for page in pages for found in page.found),
            _timings(pages, plan.began),
            any(page.result.truncated for page in pages),
        )

    def pages(self, plan: Plan, cancelled: Callable[[], bool], urgency: Urgency = Urgency.DETECTION) -> Iterator[SearchedPage]:
        """Search page after page, each decoded when its turn comes; what is more urgent may go between two."""
        search = plan.search
        options = {page: page_options(search.options, page, plan.symbols) for page in plan.pages}
        numbers = [page.number for page, asked in options.items() if asked is not None]
        with closing(self._drawings.pages(search.data, numbers, search.dpi)) as read:
            for page, asked in options.items():
                if asked is None:
                    yield SearchedPage(page, (), PageResult((), False, Timings()), 0.0)
                    continue
                self._worker.give_way(urgency)
                began = time.perf_counter()
                pixels = next(read).pixels
                decode = 1000 * (time.perf_counter() - began)
                result = plan.loaded.finder.detect(pixels, plan.queries, plan.index, asked, cancelled)
                if cancelled():
                    raise Cancelled("The request was cancelled.")
                searched = SearchedPage(page, _found(plan, page, result), result, decode)
                self._count(searched)
                yield searched

    def _count(self, page: SearchedPage) -> None:
        self._meters.pages.inc()
        for stage, milliseconds in {"decode": page.decode, **vars(page.result.timings)}.items():
            self._meters.stage_seconds.labels(stage).observe(milliseconds / 1000)
        for found in page.found:
            self._meters.detections.labels(found.band).inc()

    def chosen(self, named: Sequence[str]) -> tuple[SymbolRecord, ...]:
        """The symbols of these ids or names, all of the user's if none.

        Raises NotFound, NothingToSearch, BadInput, and Unavailable without a model: references come with it.
        """
        self._model.get()
        chosen = [symbol for value in named for symbol in self._named(value)] if named else self._symbols.own()
        if named and not chosen:
            raise BadInput("`symbols` names no symbol; leave it out to search for all.", "symbols")
        if not chosen:
            raise NothingToSearch("No symbol is registered and none was named. Register one with POST /symbols first.")
        return tuple({symbol.id: symbol for symbol in chosen}.values())

    def _named(self, value: str) -> list[SymbolRecord]:
        """One symbol whose name may have a comma in it, or else a comma-separated list."""
        whole = self._symbols.find(value.strip())
        return [whole] if whole else [self._one(part) for part in split_list([value])]

    def _one(self, id_or_name: str) -> SymbolRecord:
        found = self._symbols.find(id_or_name)
        if found is None:
            raise NotFound(f"There is no symbol with the id or name {id_or_name[:100]!r}.")
        return found

    def _queries(self, symbols: Sequence[SymbolRecord], loaded: Loaded) -> tuple[Query, ...]:
        stored = self._catalogue.examples([each.id for symbol in symbols for each in symbol.examples if each.id > 0])
        examples: dict[str, list[Example]] = {symbol.id: [] for symbol in symbols}
        for each in stored:
            pixels, over = from_png(each.png)
            examples[each.symbol_id].append(Example(each.id, pixels, each.kind == "positive", each.paper, over))
        return tuple(_query(symbol, examples[symbol.id], loaded) for symbol in symbols)


def _query(symbol: SymbolRecord, examples: Sequence[Example], loaded: Loaded) -> Query:
    query = loaded.references.query(symbol) if symbol.origin == "reference" else Query(symbol.id, tuple(examples))
    if query is None or not any(example.positive for example in query.examples):
        raise NotFound(f"Symbol {symbol.name!r} is there no more.")
    return query


def _found(plan: Plan, page: PageSize, result: PageResult) -> tuple[Found, ...]:
    by_id = {symbol.id: symbol for symbol in plan.symbols}
    bands = {symbol.id: scale_band(symbol, page, plan.search.options) for symbol in plan.symbols}
    certain_from = plan.loaded.finder.certain_from
    return tuple(
        Found(page.number, by_id[each.symbol_id], each, "certain" if each.score >= certain_from else "review")
        for each in result.detections
        if within(np.array(each.pose.scale), bands[each.symbol_id])  # symbols of other resolutions widen the search beyond it
    )


def _timings(pages: Sequence[SearchedPage], began: float) -> Milliseconds:
    return Milliseconds(
        sum(page.decode for page in pages),
        sum(page.result.timings.embed for page in pages),
        sum(page.result.timings.search for page in pages),
        sum(page.result.timings.verify for page in pages),
        1000 * (time.perf_counter() - began),
    )
