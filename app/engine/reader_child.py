"""Runs the decoders for `reader.py`, in a process of its own: what a hostile file makes them do ends here.

Standard input: a question a line, a file's bytes behind the line that opens it. Standard output: an answer a line, a
page's bytes behind its line. The first line says that all is loaded.

    {"open": "PDF", "bytes": 1234}  1234 bytes      {"pages": n}
    {"sizes": [1, 2], "dpi": 200}                   {"sizes": [[width, height, dpi or null], ...]}
    {"draw": 1, "dpi": 200, "size": [w, h]}         {}  h * w * 3 bytes of RGB
    {"close": true}                                 {}
    any of them that fails                          {"error": "BrokenDrawing", "detail": "...", "limit": null}
"""

from __future__ import annotations

import json
import math
import signal
import sys
from typing import Any, BinaryIO

from app.engine import decoders
from app.errors import BrokenDrawing, TooLarge

try:
    import resource
except ImportError:  # on Windows, where the limits are not kept
    resource = None  # type: ignore[assignment]  # mypy knows no module that may be missing

NO_MEMORY = 3  # exit status


def main(memory: int, seconds: float) -> None:
    """Answer until the input ends. memory: bytes that files may take. seconds: of processor time for a question."""
    for stop in (signal.SIGINT, signal.SIGTERM):  # sent to a whole group; the service lets its requests end first
        signal.signal(stop, signal.SIG_IGN)
    _limit_memory(memory)
    try:
        Child(sys.stdin.buffer, sys.stdout.buffer, seconds).run()
    except MemoryError:
        sys.exit(NO_MEMORY)


class Child:
    """One file is open at a time."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, seconds: float) -> None:
        self._source = source
        self._sink = sink
        self._seconds = seconds
        self._document: decoders.Document | None = None

    def run(self) -> None:
        self._say({})
        for line in self._source:
            _limit_time(self._seconds)
            try:
                self._answer(json.loads(line))
            except (BrokenDrawing, TooLarge) as error:
                limit = getattr(error, "limit", None)
                self._say({"error": type(error).__name__, "detail": str(error), "limit": limit})

    def _answer(self, asked: dict[str, Any]) -> None:
        match asked, self._document:
            case {"open": kind, "bytes": length}, _:
                data = self._source.read(length)
                self._document = decoders.Document(data, kind)
                self._say({"pages": self._document.pages})
            case {"sizes": numbers, "dpi": dpi}, decoders.Document() as document:
                self._say({"sizes": document.sizes(numbers, dpi)})
            case {"draw": number, "dpi": dpi, "size": size}, decoders.Document() as document:
                bands = document.bands(number, dpi, tuple(size))
                self._say({})
                for band in bands:
                    self._sink.write(band.data)
                self._sink.flush()
            case _, document:
                if document is not None:
                    document.close()
                self._document = None  # or what it holds would lie beside the next file
                self._say({})

    def _say(self, content: dict[str, Any]) -> None:
        self._sink.write(json.dumps(content).encode() + b"\n")
        self._sink.flush()


def _limit_memory(more: int) -> None:
    """Let memory grow by so much and no further: there pdfium aborts, and others raise MemoryError."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as facts:
            most = int(facts.read().split()[0]) * resource.getpagesize() + more
    except OSError:  # only Linux tells, and only there does the limit hold
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_time(more: float) -> None:
    """Let it work for so many seconds more, rounded up."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + more), most))
