"""Bytes to pages, within limits. The type is told from the bytes, never from a name."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import BadInput, BrokenDrawing, TooLarge, UnsupportedType

ACCEPTED = ("PNG", "JPEG", "TIFF", "WebP", "BMP", "PDF")

_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}  # sizes that the second header may say; "BM" alone is too common


@dataclass(frozen=True)
class Limits:
    """What a caller may send: bytes of a file, pixels of a page, pages searched in one call."""

    max_bytes: int = 100 * 2**20
    max_pixels: int = 250_000_000
    max_pages: int = 50


@dataclass(frozen=True)
class PageSize:
    """A page's size in pixels, known before it is decoded. `dpi` is None where the file does not say."""

    number: int
    width: int
    height: int
    dpi: float | None = None


@dataclass(frozen=True)
class Page:
    """A decoded page: `number` counts from 1, `pixels` is (H, W, 3) RGB uint8."""

    number: int
    pixels: NDArray[np.uint8]
    dpi: float | None = None


def kind_of(data: bytes) -> str:
    """One of ACCEPTED, by the first bytes. Raises UnsupportedType, or BrokenDrawing for no bytes at all."""
    if not data:
        raise BrokenDrawing("The file is empty: zero bytes were received.")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM") and (len(data) < 18 or int.from_bytes(data[14:18], "little") in _BMP_HEADERS):
        return "BMP"
    if b"%PDF-" in data[:1024]:
        return "PDF"
    raise UnsupportedType(f"The file is of no accepted type. Accepted: {', '.join(ACCEPTED)}.", ACCEPTED)


class Document(Protocol):
    """An open file: `pages` in all, numbered from 1. Every method may raise BrokenDrawing, TooLarge."""

    @property
    def pages(self) -> int: ...

    def sizes(self, numbers: Sequence[int], dpi: int) -> list[tuple[int, int, float | None]]:
        """(width, height, dpi) of these pages, from headers alone."""
        ...

    def draw(self, number: int, dpi: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of a page; `size` is the (width, height) foretold."""
        ...


# bytes and their kind, one of ACCEPTED, to a document that is open until the block ends
Opener = Callable[[bytes, str], AbstractContextManager[Document]]


@dataclass(frozen=True)
class Drawings:
    """Reads drawings, within limits, by what opens them: `Reader.opened` in processes of their own.

    Every method raises UnsupportedType, BrokenDrawing (broken, truncated, encrypted, empty), TooLarge (bytes, pixels,
    pages), BadInput for a page that the file does not have. dpi: resolution at which PDF is rendered; other types have
    their own pixels.
    """

    limits: Limits
    opened: Opener

    def survey(self, data: bytes, numbers: Sequence[int] | None, dpi: int, field: str = "pages") -> tuple[PageSize, ...]:
        """The sizes of these pages (all if None), from headers alone. field: what named the pages."""
        with self._opened(data) as document:
            return self._survey(document, numbers, dpi, field)

    def pages(self, data: bytes, numbers: Sequence[int] | None, dpi: int) -> Generator[Page]:
        """Decode these pages (all if None) in ascending order, one at a time. Every size is checked before the first."""
        with self._opened(data) as document:
            for size in self._survey(document, numbers, dpi):
                yield Page(size.number, document.draw(size.number, dpi, (size.width, size.height)), size.dpi)

    def page(self, data: bytes, number: int, dpi: int) -> Page:
        """Decode one page."""
        (page,) = self.pages(data, [number], dpi)
        return page

    def _opened(self, data: bytes) -> AbstractContextManager[Document]:
        if len(data) > self.limits.max_bytes:
            raise TooLarge(f"The file has more than {self.limits.max_bytes} bytes.", self.limits.max_bytes)
        return self.opened(data, kind_of(data))

    def _survey(
        self, document: Document, numbers: Sequence[int] | None, dpi: int, field: str = "pages"
    ) -> tuple[PageSize, ...]:
        chosen = _chosen(numbers, document.pages, self.limits, field)
        sizes = document.sizes(chosen, dpi)
        pages = tuple(PageSize(number, *size) for number, size in zip(chosen, sizes, strict=True))
        for page in pages:
            _check_size(page, self.limits)
        return pages


def _chosen(numbers: Sequence[int] | None, count: int, limits: Limits, field: str) -> list[int]:
    chosen = list(range(1, count + 1)) if numbers is None else sorted(set(numbers))
    if len(chosen) > limits.max_pages:
        raise TooLarge(
            f"One call may search {limits.max_pages} pages, this one asks for {len(chosen)}. "
            "Choose some with `pages`, or send the file to POST /jobs.",
            limits.max_pages,
        )
    if not chosen or chosen[0] < 1 or chosen[-1] > count:
        wrong = [n for n in chosen if not 1 <= n <= count]
        raise BadInput(f"The file has {count} page(s), numbered from 1. Received: {wrong or 'no page'}.", field)
    return chosen


def _check_size(page: PageSize, limits: Limits) -> None:
    if page.width * page.height > limits.max_pixels:
        raise TooLarge(
            f"Page {page.number} is {page.width} x {page.height} pixels; at most {limits.max_pixels} pixels are allowed.",
            limits.max_pixels,
        )
