"""Raster files to RGB by Pillow: PNG, JPEG, TIFF, WebP, BMP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.errors import BrokenDrawing, PlanspotError, TooLarge

Pixels = NDArray[np.uint8]

# Pillow would refuse at 179 megapixels and warn at half of that; drawings are larger, and every caller checks
# the size from the header against its own limit before anything is decoded
Image.MAX_IMAGE_PIXELS = None

_MAX_FRAMES = 10_000
_BAND = 64  # rows
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SCREEN_DPI = 96.0  # what programs write when they do not know


class Picture:
    """A raster file. Pages are numbered from 1: the frames of a TIFF, one for any other type; `pages` says how many.

    Every method may raise BrokenDrawing.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        """Raises TooLarge for more pages than any drawing has."""
        self._kind = kind
        if kind == "PNG" and b"IEND" not in data:
            raise BrokenDrawing("The PNG file is truncated: its end is missing.")
        with _broken_if_it_fails(kind):
            self.pages = _count_frames(data) if kind == "TIFF" else 1
            self._image = Image.open(BytesIO(data), formats=[kind.upper()])

    def close(self) -> None:
        self._image.close()

    def size(self, number: int, dpi: int) -> tuple[int, int, float | None]:
        """(width, height, dpi) of a page as it will be decoded, from its header; it has its own pixels whatever `dpi`."""
        with _broken_if_it_fails(self._kind):
            self._image.seek(number - 1)
            return (*_upright_size(self._image), _dpi(self._image))

    def draw(self, number: int, dpi: int) -> tuple[int, int, Iterator[Pixels]]:
        """(width, height, bands of (h, width, 3) RGB), upright, transparent parts white, deep grey brought to 8 bits."""
        with _broken_if_it_fails(self._kind):
            self._image.seek(number - 1)
            turn = _TURNS.get(_orientation(self._image))
            self._image.load()
            image = self._image if turn is None else self._image.transpose(turn)
            return image.width, image.height, _to_rgb(image)


def _count_frames(data: bytes) -> int:
    """How many directories a TIFF has. Read here: Pillow takes a chain that bites its tail for one that ends.

    Raises BrokenDrawing, TooLarge.
    """
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
    big = data[2:4] in (b"+\0", b"\0+")
    start, wide, count_size, entry = (8, 8, 8, 20) if big else (4, 4, 2, 12)

    def number(at: int, size: int) -> int:
        if at + size > len(data):
            raise BrokenDrawing("The TIFF file is broken or truncated: a directory lies outside the file.")
        return int.from_bytes(data[at : at + size], order)

    seen = set[int]()
    at = number(start, wide)
    while at:
        if at in seen:
            raise BrokenDrawing("The TIFF file is broken: its directories form a circle.")
        seen.add(at)
        if len(seen) > _MAX_FRAMES:
            raise TooLarge(f"The file has more than {_MAX_FRAMES} pages.", _MAX_FRAMES)
        at = number(at + count_size + entry * number(at, count_size), wide)
    return len(seen)


def _to_rgb(image: Image.Image) -> Iterator[Pixels]:
    """Bands of (h, W, 3) RGB uint8 of a decoded Pillow image in any mode; beside it only a band is in memory."""
    bands = [(0, top, image.width, min(top + _BAND, image.height)) for top in range(0, image.height, _BAND)]
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        low, high = _range(np.asarray(image.crop(band)) for band in bands)
        return (_to_8_bits(np.asarray(image.crop(band)), low, high) for band in bands)
    transparent = image.has_transparency_data
    return (np.asarray(_on_white(image.crop(band), transparent)) for band in bands)


def _on_white(image: Image.Image, transparent: bool) -> Image.Image:
    if not transparent:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _range(bands: Iterable[NDArray[Any]]) -> tuple[float, float]:
    ends = [(float(band.min()), float(band.max())) for band in map(_finite, bands)]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _finite(grey: NDArray[Any]) -> NDArray[Any]:
    return np.nan_to_num(grey.astype(np.float32)) if grey.dtype.kind == "f" else grey


def _to_8_bits(deep: NDArray[Any], low: float, high: float) -> Pixels:
    """(h, W, 3) grey. Scanners store 10 or 12 bits in 16, so the depth is told from the brightest pixel."""
    if deep.dtype.kind == "f":
        grey = (_finite(deep) - low) * (255.0 / max(high - low, 1e-9))
    else:
        shift = next((bits for bits in (0, 2, 4, 8) if int(high) >> bits <= 255), 24)
        grey = np.right_shift(np.maximum(deep, 0), shift)
    return np.repeat(np.asarray(grey, dtype=np.uint8)[:, :, None], 3, axis=2)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) >= 5 else (width, height)


def _orientation(image: Image.Image) -> int:
    """How the picture must be turned, told without decoding it. Pillow turns a TIFF itself, its size too."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1  # asked for the Exif of a PNG, Pillow would decode all of it in search of a late one
    found = image.getexif().get(_ORIENTATION)
    return found if found in _TURNS else 1


def _dpi(image: Image.Image) -> float | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError):
        return None
    believable = _SCREEN_DPI + 0.5 < across <= 2400 and abs(across - down) < 1
    return across if believable else None


@contextmanager
def _broken_if_it_fails(kind: str) -> Iterator[None]:
    """Decoders raise nearly anything on hostile bytes, so everything but lack of memory counts as a broken file."""
    try:
        yield
    except (PlanspotError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise BrokenDrawing(f"The {kind} file is broken or truncated: its header cannot be read.") from error
    except Exception as error:
        raise BrokenDrawing(f"The {kind} file is broken or truncated: {error or type(error).__name__}.") from error
