"""PDF to RGB by pdfium, which is not thread-safe, not even across documents: one lock for all of it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from app.errors import BrokenDrawing

# entered again by the same thread when a generator is closed by the collector in the middle of a call
_LOCK = threading.RLock()
_POINTS_PER_INCH = 72
_TAIL = 4096  # a whole file ends with %%EOF; some programs append a little after it


def count(data: bytes) -> int:
    """How many pages the document has. Raises BrokenDrawing."""
    with _LOCK, _opened(data) as document:
        return len(document)


def sizes(data: bytes, numbers: Sequence[int], dpi: int) -> list[tuple[int, int, float | None]]:
    """(width, height, dpi) in pixels of these pages, as `render` will make them."""
    with _LOCK, _opened(data) as document, _broken_if_it_fails():
        return [(*_pixels(document.get_page_size(number - 1), dpi), float(dpi)) for number in numbers]


def render(data: bytes, numbers: Sequence[int], dpi: int) -> Iterator[NDArray[np.uint8]]:
    """Each page as (H, W, 3) RGB on white, annotations and filled forms drawn."""
    with _opened(data) as document:
        for number in numbers:
            with _LOCK, _broken_if_it_fails():
                pixels = _rendered(document, number, dpi)
            yield pixels


def _rendered(document: pdfium.PdfDocument, number: int, dpi: int) -> NDArray[np.uint8]:
    page = document[number - 1]
    try:
        bitmap = page.render(scale=dpi / _POINTS_PER_INCH, rev_byteorder=True, force_bitmap_format=pdfium.raw.FPDFBitmap_BGR)
        try:
            # rows may be padded in the bitmap; the copy is the page's own
            return np.ascontiguousarray(bitmap.to_numpy()).copy()
        finally:
            bitmap.close()
    finally:
        page.close()


def _pixels(points: tuple[float, float], dpi: int) -> tuple[int, int]:
    width, height = (math.ceil(side * dpi / _POINTS_PER_INCH) for side in points)
    if width < 1 or height < 1:
        raise BrokenDrawing(f"A page of the PDF has no size. Received: {points[0]} x {points[1]} points.")
    return width, height


@contextmanager
def _opened(data: bytes) -> Iterator[pdfium.PdfDocument]:
    if b"%%EOF" not in data[-_TAIL:] and b"startxref" not in data[-_TAIL:]:
        raise BrokenDrawing("The PDF file is truncated: its end is missing.")
    with _LOCK:
        document = _document(data)
    try:
        yield document
    finally:
        with _LOCK:
            document.close()


def _document(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
        document.init_forms()
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise BrokenDrawing("The PDF file is encrypted: remove its password first.") from error
        raise BrokenDrawing(f"The PDF file is broken: {error}") from error
    if not len(document):
        document.close()
        raise BrokenDrawing("The PDF file has no pages.")
    return document


@contextmanager
def _broken_if_it_fails() -> Iterator[None]:
    try:
        yield
    except (pdfium.PdfiumError, RuntimeError, ValueError) as error:
        raise BrokenDrawing(f"A page of the PDF file cannot be drawn: {error}") from error
