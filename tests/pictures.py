"""Pictures for tests: symbols, pages with copies of them, and files of every accepted type."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.engine.ink import Colour
from tests.stub import ring

Pixels = NDArray[np.uint8]

SIDE = 40
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "PDF")


def page(places: Sequence[tuple[int, int]], gap: int = 12, width: int = 400, height: int = 300) -> Pixels:
    """(height, width, 3) white with a ring at each (x, y)."""
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    for x, y in places:
        pixels[y : y + SIDE, x : x + SIDE] = ring(SIDE, gap)
    return pixels


def gate(paper: Colour, ink: Colour, width: int = 64, height: int = 64) -> Image.Image:
    """A D of 26 by 32 px in the middle, wires left and right."""
    picture = Image.new("RGB", (width, height), paper)
    pen, x, y = ImageDraw.Draw(picture), width // 2, height // 2
    pen.line([(x - 13, y - 16), (x - 13, y + 16)], ink, 2)
    for side in (-16, 15):
        pen.line([(x - 13, y + side), (x, y + side)], ink, 2)
    pen.arc([x - 15, y - 16, x + 15, y + 16], -90, 90, ink, 2)
    pen.line([(0, y), (x - 14, y)], ink, 1)
    pen.line([(x + 15, y), (width, y)], ink, 1)
    return picture


def file(pixels: Pixels, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file of this type."""
    buffer = BytesIO()
    if kind == "WEBP":
        options = {"lossless": True} | options
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def symbol(gap: int = 12) -> bytes:
    """A PNG of one ring."""
    return file(ring(SIDE, gap))


def pages(pictures: Sequence[Pixels], kind: str = "PDF", **options: Any) -> bytes:
    """A file of many pages: PDF or TIFF. A PDF has a pixel a point at 72 dpi."""
    buffer = BytesIO()
    first, *rest = (Image.fromarray(pixels) for pixels in pictures)
    first.save(buffer, kind, save_all=True, append_images=rest, **options)
    return buffer.getvalue()
