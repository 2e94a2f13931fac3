"""Raster files to RGB by Pillow: PNG, JPEG, TIFF, WebP, BMP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.errors import BrokenDrawing, PlanspotError, TooLarge

Pixels = NDArray[np.uint8]

# Pillow would refuse at 179 megapixels and warn at half of that; drawings are larger, and every caller checks
# the size from the header against its own limit before anything is decoded
Image.MAX_IMAGE_PIXELS = None

_MAX_FRAMES = 10_000  # walking the directory of a TIFF costs time for each frame
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
    """A raster file. Pages are numbered from 1: the frames of a TIFF, one for any other type."""

    def __init__(self, data: bytes, kind: str) -> None:
        self._data = data
        self._kind = kind

    def count(self) -> int:
        """How many pages the file has. Raises BrokenDrawing, TooLarge."""
        with _broken_if_it_fails(self._kind), self._opened() as image:
            if self._kind != "TIFF":
                return 1
            frames = 1
            try:
                while frames <= _MAX_FRAMES:
                    image.seek(frames)
                    frames += 1
            except EOFError:
                return frames
        raise TooLarge(f"The file has more than {_MAX_FRAMES} pages.", _MAX_FRAMES)

    def size(self, number: int) -> tuple[int, int, float | None]:
        """(width, height, dpi) of a page as it will be decoded, from its header. Raises BrokenDrawing."""
        with _broken_if_it_fails(self._kind), self._opened() as image:
            image.seek(number - 1)
            return (*_upright_size(image), _dpi(image))

    def decode(self, number: int) -> Pixels:
        """(H, W, 3) RGB, upright, transparent parts white, deep grey brought to 8 bits. Raises BrokenDrawing."""
        with _broken_if_it_fails(self._kind), self._opened() as image:
            image.seek(number - 1)
            return to_rgb(image)

    def _opened(self) -> Image.Image:
        if self._kind == "PNG" and b"IEND" not in self._data:
            raise BrokenDrawing("The PNG file is truncated: its end is missing.")
        return Image.open(BytesIO(self._data), formats=[self._kind.upper()])


def to_rgb(image: Image.Image) -> Pixels:
    """(H, W, 3) RGB uint8 of a Pillow image in any mode."""
    turn = _TURNS.get(_orientation(image))
    image.load()
    if turn is not None:
        image = image.transpose(turn)
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return np.repeat(_to_8_bits(np.asarray(image))[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    return np.asarray(image.convert("RGB") if image.mode != "RGB" else image)


def _to_8_bits(grey: NDArray[Any]) -> Pixels:
    """Scanners store 10 or 12 bits in 16, so the depth is told from the brightest pixel."""
    if grey.dtype.kind == "f":
        grey = np.nan_to_num(grey.astype(np.float32))
        low, high = float(grey.min()), float(grey.max())
        return np.asarray((grey - low) * (255.0 / max(high - low, 1e-9)), dtype=np.uint8)
    brightest = int(grey.max(initial=0))
    shift = next((bits for bits in (0, 2, 4, 8) if brightest >> bits <= 255), 24)
    return np.asarray(np.right_shift(np.maximum(grey, 0), shift), dtype=np.uint8)


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
