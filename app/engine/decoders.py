"""What decodes an accepted type, in the process that calls it: for files of one's own. `reader.py` has it done apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np
from numpy.typing import NDArray

from app.engine import pdf, raster
from app.errors import BrokenDrawing


class Document:
    """An open file: `pages` in all, numbered from 1. Every method may raise BrokenDrawing."""

    def __init__(self, data: bytes, kind: str) -> None:
        """Raises TooLarge for more pages than any drawing has."""
        self._decoder = pdf.Document(data) if kind == "PDF" else raster.Picture(data, kind)
        self.pages = self._decoder.pages

    def close(self) -> None:
        self._decoder.close()

    def sizes(self, numbers: Sequence[int], dpi: int) -> list[tuple[int, int, float | None]]:
        """(width, height, dpi) of these pages, from headers alone."""
        return [self._decoder.size(number, dpi) for number in numbers]

    def draw(self, number: int, dpi: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of a page; `size` is the (width, height) foretold."""
        return np.concatenate(list(self.bands(number, dpi, size)))

    def bands(self, number: int, dpi: int, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
        """(h, W, 3) RGB of a page, from top to bottom; it is decoded when this returns."""
        *found, bands = self._decoder.draw(number, dpi)
        if tuple(found) != size:
            raise BrokenDrawing(f"The file is broken: page {number} is of another size than its header says.")
        return bands


@contextmanager
def opened(data: bytes, kind: str) -> Iterator[Document]:
    """The document, until the block ends. Raises BrokenDrawing, TooLarge."""
    with closing(Document(data, kind)) as document:
        yield document
