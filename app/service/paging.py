"""A search's options as they hold on one page: boxes clipped to it, scales after its resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.catalogue.records import SymbolRecord
from app.engine.drawing import PageSize
from app.engine.geometry import Box
from app.engine.query import BANDS, Options
from app.errors import BadInput
from app.service.fields import clipped

ASKED = (0.2, 5.0)  # scales that may be asked for
WIDEST = (0.05, 20.0)  # scales that a ratio of resolutions may ask for


def check_options(options: Options, pages: Sequence[PageSize]) -> None:
    """Raises BadInput for a number out of range, and for a box that lies outside every page."""
    _check_range("min_score", options.min_score, 0.0, 1.0)
    _check_range("scale_min", options.scale_min, *ASKED)
    _check_range("scale_max", options.scale_max, *ASKED)
    if options.scale_min > options.scale_max:
        received = f"{options.scale_min:g} and {options.scale_max:g}"
        raise BadInput(f"`scale_min` must not be above `scale_max`. Received: {received}.", "scale_min")
    for name, boxes in (("region", options.regions), ("exclude", options.exclude)):
        for box in boxes:
            if not any(box.clipped(page.width, page.height) for page in pages):
                clipped(box, pages[0].width, pages[0].height, name)


def page_options(options: Options, page: PageSize, symbols: Sequence[SymbolRecord]) -> Options | None:
    """The options for one page; None where the regions lie on other pages, so that there is nothing to search."""
    regions = _on(page, options.regions)
    if options.regions and not regions:
        return None
    bands = [_band(symbol, page, options.scale_min, options.scale_max) for symbol in symbols]
    low, high = min(band[0] for band in bands), max(band[1] for band in bands)
    other = options.other_sizes and not all(_known(symbol, page) for symbol in symbols)
    return replace(options, regions=regions, exclude=_on(page, options.exclude), scale_min=low, scale_max=high,
                   other_sizes=other)


def scale_band(symbol: SymbolRecord, page: PageSize, options: Options) -> tuple[float, float]:
    """The sizes to look for, relative to the examples in pixels: the asked ones, times the ratio of resolutions if known."""
    smaller, larger = options.beside(BANDS) if options.other_sizes and not _known(symbol, page) else (options, options)
    return _band(symbol, page, smaller.scale_min, larger.scale_max)


def _known(symbol: SymbolRecord, page: PageSize) -> bool:
    """Whether the resolutions of a page and of all of a symbol's examples are."""
    return page.dpi is not None and all(each.dpi for each in symbol.examples if each.kind == "positive")


def _band(symbol: SymbolRecord, page: PageSize, low: float, high: float) -> tuple[float, float]:
    known = [page.dpi / each.dpi if page.dpi and each.dpi else 1.0 for each in symbol.examples if each.kind == "positive"]
    least, most = WIDEST
    return max(low * min(known), least), min(high * max(known), most)


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # false for NaN
        raise BadInput(f"`{name}` must be from {low:g} to {high:g}. Received: {value}.", name)


def _on(page: PageSize, boxes: Sequence[Box]) -> tuple[Box, ...]:
    return tuple(part for box in boxes if (part := box.clipped(page.width, page.height)) is not None)
