"""Bytes to pages, within limits. The type is told from the bytes, never from a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine import pdf, raster
from app.errors import BadInput, BrokenDrawing, TooLarge, UnsupportedType

ACCEPTED = ("PNG", "JPEG", "TIFF", "WebP", "BMP", "PDF")

_ANY_DPI = 72
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


def count_pages(data: bytes, limits: Limits) -> int:
    """How many pages the file has. Raises what `read_pages` does."""
    with _opened(data, limits) as drawing:
        return len(drawing.sizes(_ANY_DPI)) if isinstance(drawing, pdf.Document) else drawing.count()


def survey(data: bytes, numbers: Sequence[int] | None, dpi: int, limits: Limits) -> tuple[PageSize, ...]:
    """The sizes of these pages (all if None), from headers alone. Raises what `read_pages` does."""
    with _opened(data, limits) as drawing:
        return _survey(drawing, numbers, dpi, limits)


def read_pages(data: bytes, numbers: Sequence[int] | None, dpi: int, limits: Limits) -> Iterator[Page]:
    """Decode these pages (all if None) in ascending order, one at a time. Every size is checked before the first.

    dpi: resolution at which PDF is rendered; other types have their own pixels.
    Raises UnsupportedType, BrokenDrawing (broken, truncated, encrypted, empty), TooLarge (bytes, pixels, pages),
    BadInput for a page that the file does not have.
    """
    with _opened(data, limits) as drawing:
        for size in _survey(drawing, numbers, dpi, limits):
            pixels = drawing.draw(size.number, dpi) if isinstance(drawing, pdf.Document) else drawing.decode(size.number)
            yield Page(size.number, pixels, size.dpi)


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[pdf.Document | raster.Picture]:
    if len(data) > limits.max_bytes:
        raise TooLarge(f"The file has more than {limits.max_bytes} bytes.", limits.max_bytes)
    kind = kind_of(data)
    if kind != "PDF":
        yield raster.Picture(data, kind)
        return
    with pdf.opened(data) as document:
        yield document


def _survey(
    drawing: pdf.Document | raster.Picture, numbers: Sequence[int] | None, dpi: int, limits: Limits
) -> tuple[PageSize, ...]:
    if isinstance(drawing, pdf.Document):
        every = drawing.sizes(dpi)
        pages = [PageSize(number, *every[number - 1], float(dpi)) for number in _chosen(numbers, len(every), limits)]
    else:
        chosen = _chosen(numbers, drawing.count(), limits)
        pages = [PageSize(number, *drawing.size(number)) for number in chosen]
    for page in pages:
        _check_size(page, limits)
    return tuple(pages)


def _chosen(numbers: Sequence[int] | None, count: int, limits: Limits) -> list[int]:
    chosen = list(range(1, count + 1)) if numbers is None else sorted(set(numbers))
    if len(chosen) > limits.max_pages:
        raise TooLarge(
            f"One call may search {limits.max_pages} pages, this one asks for {len(chosen)}. "
            "Choose some with `pages`, or send the file to POST /jobs.",
            limits.max_pages,
        )
    if not chosen or chosen[0] < 1 or chosen[-1] > count:
        wrong = [n for n in chosen if not 1 <= n <= count]
        raise BadInput(f"The file has {count} page(s), numbered from 1. Received: {wrong or 'no page'}.", "pages")
    return chosen


def _check_size(page: PageSize, limits: Limits) -> None:
    if page.width * page.height > limits.max_pixels:
        raise TooLarge(
            f"Page {page.number} is {page.width} x {page.height} pixels; at most {limits.max_pixels} pixels are allowed.",
            limits.max_pixels,
        )
