"""PDF to RGB by pdfium, which is not thread-safe, and which a small file can make fill the memory or crash.

Each open document has a process of its own, with limits on memory and time; see pdf_child.py.
"""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.engine.pdf_child import NO_MEMORY, SECONDS, WORK
from app.errors import BrokenDrawing, TooLarge

_CHILD = Path(__file__).with_name("pdf_child.py")
_POINTS_PER_INCH = 72
_TAIL = 4096  # a whole file ends with %%EOF; some programs append a little after it


class Document:
    """An open PDF. Pages are numbered from 1."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._child = child
        self._to: BinaryIO = child.stdin  # type: ignore[assignment]
        self._from: BinaryIO = child.stdout  # type: ignore[assignment]

    def send(self, data: bytes) -> None:
        """Hand the file over. If that fails, the first question tells why."""
        with suppress(OSError):
            self._to.write(len(data).to_bytes(8, "little"))
            self._to.write(data)
            self._to.flush()

    def close(self) -> None:
        self._to.close()

    def sizes(self, dpi: int) -> list[tuple[int, int]]:
        """(width, height) of every page in pixels, as `draw` will make it. Raises BrokenDrawing, TooLarge."""
        points = self._ask({"ask": "sizes"})["points"]
        if not points:
            raise BrokenDrawing("The PDF file has no pages.")
        return [_pixels(width, height, dpi) for width, height in points]

    def draw(self, number: int, dpi: int) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of a page on white. Raises BrokenDrawing, TooLarge."""
        size = self._ask({"ask": "draw", "page": number - 1, "scale": dpi / _POINTS_PER_INCH})
        pixels = np.empty((size["height"], size["width"], 3), dtype=np.uint8)
        rest = pixels.data.cast("B")
        while rest:
            count = self._from.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                raise self._ended()
            rest = rest[count:]
        return pixels

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        with suppress(OSError):  # it may have ended; what it said before tells why
            self._to.write(json.dumps(question).encode() + b"\n")
            self._to.flush()
        line = self._from.readline()
        if not line:
            raise self._ended()
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise _broken(found["error"])
        return found

    def _ended(self) -> Exception:
        status = self._child.wait()
        if status == -signal.SIGXCPU:
            return BrokenDrawing(f"A page of the PDF file takes more than {SECONDS} s to draw.")
        if status in {-signal.SIGABRT, NO_MEMORY}:  # pdfium aborts where there is no more memory
            return TooLarge(f"The PDF file takes more than {WORK} bytes of memory to draw.", WORK)
        return BrokenDrawing("The PDF file is broken: reading it failed.")


@contextmanager
def opened(data: bytes) -> Iterator[Document]:
    """The document, until the block ends. Raises BrokenDrawing."""
    if b"%%EOF" not in data[-_TAIL:] and b"startxref" not in data[-_TAIL:]:
        raise BrokenDrawing("The PDF file is truncated: its end is missing.")
    # -P: the folder of the script has modules that are named as some of Python's own
    command = [sys.executable, "-P", str(_CHILD)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        document = Document(child)
        try:
            document.send(data)
            yield document
        finally:
            child.kill()
            with suppress(OSError):  # what it did not read any more
                document.close()


def _pixels(width: float, height: float, dpi: int) -> tuple[int, int]:
    scale = dpi / _POINTS_PER_INCH
    found = math.ceil(width * scale), math.ceil(height * scale)
    if min(found) < 1:
        raise BrokenDrawing(f"A page of the PDF file has no size. Received: {width} x {height} points.")
    return found


def _broken(reason: str) -> BrokenDrawing:
    if "password" in reason.lower():
        return BrokenDrawing("The PDF file is encrypted: remove its password first.")
    return BrokenDrawing(f"The PDF file is broken: {reason}")
