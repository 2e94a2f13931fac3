"""PDF to RGB by pdfium, which is not thread-safe, and which a small file can make fill the memory or crash."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from app.errors import BrokenDrawing

_POINTS_PER_INCH = 72
_TAIL = 4096  # a whole file ends with %%EOF; some programs append a little after it
_BAND = 64  # rows


class Document:
    """An open PDF. Pages are numbered from 1; `pages` says how many there are. Every method may raise BrokenDrawing."""

    def __init__(self, data: bytes) -> None:
        if b"%%EOF" not in data[-_TAIL:] and b"startxref" not in data[-_TAIL:]:
            raise BrokenDrawing("The PDF file is truncated: its end is missing.")
        with _broken_if_it_fails():
            self._document = pdfium.PdfDocument(data)
            self._document.init_forms()
            self.pages = len(self._document)
        if not self.pages:
            self.close()
            raise BrokenDrawing("The PDF file has no pages.")

    def close(self) -> None:
        self._document.close()

    def size(self, number: int, dpi: int) -> tuple[int, int, float]:
        """(width, height, dpi) of a page in pixels, as `draw` will make it."""
        with _broken_if_it_fails():
            width, height = self._document.get_page_size(number - 1)
            scale = dpi / _POINTS_PER_INCH
            found = math.ceil(width * scale), math.ceil(height * scale)
        if min(found) < 1:
            raise BrokenDrawing(f"A page of the PDF file has no size. Received: {width} x {height} points.")
        return (*found, float(dpi))

    def draw(self, number: int, dpi: int) -> tuple[int, int, Iterator[NDArray[np.uint8]]]:
        """(width, height, bands of (h, width, 3) RGB) of a page on white, annotations and filled forms drawn."""
        with _broken_if_it_fails():
            page = self._document[number - 1]
            how = {"rev_byteorder": True, "force_bitmap_format": pdfium.raw.FPDFBitmap_BGR}
            bitmap = page.render(scale=dpi / _POINTS_PER_INCH, **how)
            page.close()
        return bitmap.width, bitmap.height, _bands(bitmap)


def _bands(bitmap: pdfium.PdfBitmap) -> Iterator[NDArray[np.uint8]]:
    pixels = bitmap.to_numpy()
    for top in range(0, bitmap.height, _BAND):
        yield np.ascontiguousarray(pixels[top : top + _BAND])
    bitmap.close()


@contextmanager
def _broken_if_it_fails() -> Iterator[None]:
    try:
        yield
    except (pdfium.PdfiumError, RuntimeError, ValueError, IndexError, OverflowError) as error:
        if "password" in str(error).lower():
            raise BrokenDrawing("The PDF file is encrypted: remove its password first.") from error
        raise BrokenDrawing(f"The PDF file is broken: {error}") from error
