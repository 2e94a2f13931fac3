"""Answers as they are exported, and drawings with marks, drawn on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import TypeVar

from PIL import Image

from app.engine.drawing import Drawings
from app.errors import BadInput, Cancelled, NotReady
from app.export.marks import mark_page
from app.export.pdf import to_pdf
from app.export.report import Report, Searched, make_report
from app.service.answer import Answer

T = TypeVar("T")

MARKED = ("png", "pdf")
USUAL_DPI = 200.0  # of a page whose file does not say it

Source = Callable[[], bytes]  # gives a drawing's file; called when its turn comes


def report(named: Sequence[tuple[str, Answer]]) -> Report:
    """Answers to one search, each with its drawing's name, as they are exported."""
    symbols = [(symbol.id, symbol.name) for symbol in named[0][1].symbols]
    searched = [
        Searched(name, answer.pages, tuple((each.page, each.detection, each.band) for each in answer.found))
        for name, answer in named
    ]
    return make_report(symbols, searched)


def check_pages(kind: str, count: int) -> None:
    """Raises BadInput where a format cannot hold so many pages."""
    if kind == "png" and count > 1:
        raise BadInput(
            f"A png shows one page, and {count} are asked for. Ask for `pdf`, or name one page with `pages`.", "format"
        )


def marked(
    kind: str,
    report: Report,
    sources: Sequence[Source],
    dpi: int,
    drawings: Drawings,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[bytes]:
    """The drawings with marks as a png or a pdf, in parts. One page is in memory at a time. Raises Cancelled."""
    pages = _marked_pages(report, sources, dpi, drawings, cancelled)
    if kind == "pdf":
        yield from to_pdf(pages)
        return
    buffer = BytesIO()
    picture, resolution = next(pages)
    picture.save(buffer, "PNG", dpi=(resolution, resolution))
    yield buffer.getvalue()


def _marked_pages(
    report: Report, sources: Sequence[Source], dpi: int, drawings: Drawings, cancelled: Callable[[], bool]
) -> Iterator[tuple[Image.Image, float]]:
    for drawing, source in zip(report.drawings, sources, strict=True):
        numbers = [page.number for page in drawing.pages]
        if not numbers:
            continue
        for page in drawings.pages(source(), numbers, dpi):
            if cancelled():
                raise Cancelled("The request was cancelled.")
            yield mark_page(page.pixels, drawing.on(page.number), report), page.dpi or USUAL_DPI


class Press:
    """One thread that draws: the device has better to do, and a second large page would not fit beside the first."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "press")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue work behind what is being drawn. Raises NotReady once closed."""
        try:
            return self._thread.submit(work)
        except RuntimeError as error:
            raise NotReady("The service is stopping.") from error

    def close(self) -> None:
        """Drop what waits and let the running work end."""
        self._thread.shutdown(cancel_futures=True)
