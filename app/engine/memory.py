"""How the C library keeps the memory that it is given back."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3)
_SIZES = {_TRIM_THRESHOLD: 256 << 20, _TOP_PAD: 64 << 20, _MMAP_THRESHOLD: 64 << 20}


def reuse() -> None:
    """Have blocks of up to 64 MB, what networks leave between two layers, taken from memory used before.

    By itself glibc fetches each from the system and returns it, page by page; that was a fifth of a search. Nothing happens
    with another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, size in _SIZES.items():
            mallopt(option, size)
