"""Examples cut out of drawings, and kept as PNG."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.engine.cover import painted_out
from app.engine.drawing import Drawings, Page, PageSize
from app.engine.geometry import Box
from app.engine.ink import Colour, background
from app.engine.inspect import ExampleWarning, inspect, place, span
from app.engine.strays import strays
from app.errors import TooLarge
from app.service.fields import clipped


@dataclass(frozen=True)
class Upload:
    """A file and where in it the example is: the whole page if there is no box."""

    data: bytes = field(repr=False)
    box: Box | None = None
    page: int = 1
    dpi: int = 200


@dataclass(frozen=True)
class Picture:
    """An example cut out: (h, w, 3) RGB uint8, what reached into its box from beside it painted `over` (h, w); and the
    resolution where the file says it."""

    pixels: NDArray[np.uint8] = field(repr=False)
    over: NDArray[np.bool_] | None = field(repr=False)
    warnings: tuple[ExampleWarning, ...]
    dpi: float | None
    paper: Colour | None  # the drawing's background, where the example is a part of one


def check(upload: Upload, drawings: Drawings, max_pixels: int) -> None:
    """Look at the headers alone and raise what `cut` would raise, but for a file that breaks further in."""
    (size,) = drawings.survey(upload.data, [upload.page], upload.dpi, "page")
    _, (top, left, bottom, right) = _place(upload.box, size)
    if (bottom - top) * (right - left) > max_pixels:
        raise TooLarge(
            f"The example is {right - left} x {bottom - top} pixels; at most {max_pixels} pixels are allowed. "
            "Give the symbol's `box` in the drawing.",
            max_pixels,
        )


def cut(upload: Upload, drawings: Drawings) -> Picture:
    """Decode the page and cut the example out."""
    page = drawings.page(upload.data, upload.page, upload.dpi)
    size = PageSize(page.number, page.pixels.shape[1], page.pixels.shape[0], page.dpi)
    return _picture(page, _place(upload.box, size)[0])


def _picture(page: Page, box: Box | None) -> Picture:
    paper = background(page.pixels) if box else None
    top, left, bottom, right = place(page.pixels, box, paper) if box else span(page.pixels.shape, None)
    # a copy, or the example would keep the whole page in memory
    pixels = page.pixels[top:bottom, left:right].copy()
    over = strays(page.pixels, (top, left, bottom, right), paper) if paper else None
    if paper and over is not None:
        pixels = painted_out(pixels, over, paper)
    return Picture(pixels, over, tuple(inspect(page.pixels, box, paper)), page.dpi, paper)


def _place(box: Box | None, size: PageSize) -> tuple[Box | None, tuple[int, int, int, int]]:
    inside = clipped(box, size.width, size.height, "box") if box else None
    return inside, span((size.height, size.width), inside)


def to_png(pixels: NDArray[np.uint8], over: NDArray[np.bool_] | None = None) -> bytes:
    """A PNG file of (h, w, 3) RGB uint8, transparent where something was painted `over` (h, w)."""
    buffer = BytesIO()
    image = Image.fromarray(pixels)
    if over is not None:
        image.putalpha(Image.fromarray(np.where(over, 0, 255).astype(np.uint8)))
    image.save(buffer, "PNG")
    return buffer.getvalue()


def from_png(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """(h, w, 3) RGB uint8 of a file that `to_png` made, and where something was painted over them (h, w)."""
    with Image.open(BytesIO(data), formats=["PNG"]) as image:
        pixels = np.asarray(image)
    return (pixels, None) if pixels.shape[2] == 3 else (np.ascontiguousarray(pixels[:, :, :3]), pixels[:, :, 3] == 0)
