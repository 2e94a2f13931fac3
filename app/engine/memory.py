"""How the C library keeps the memory that it is given back."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3)
_SIZES = {_TRIM_THRESHOLD: 256 << 20, _TOP_PAD: 64 << 20, _MMAP_THRESHOLD: 64 << 20}


def reuse() -> None:
    """Have blocks of up to 64 MB, what networks leave between two layers, taken from memory used before.

    By itself glibc fetches each from the system and returns it, page by page; that was a fifth of a search. Nothing happens
    with another C library.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        for option, size in _SIZES.items():
            mallopt(option, size)


def release() -> None:
    """Return what is kept and not used to the system: at the end of a stage that took much more than the next will."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
