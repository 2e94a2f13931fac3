"""Files decoded in processes of their own, with limits on memory and time; see reader_child.py.

A child serves one file after another. One that dies or takes too long is replaced. Where a child dies that has served
other files before, a fresh one gets the file too, so that no file is refused for what another one broke.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from app.engine.reader_child import NO_MEMORY
from app.errors import BrokenDrawing, PlanspotError, Stopping, TooLarge, Unavailable

T = TypeVar("T")

_ROOT = str(Path(__file__).parents[2])
_START = "import sys; sys.path.insert(0, {root!r}); from app.engine.reader_child import main; main({memory}, {seconds})"
_START_SECONDS = 300.0  # a machine that is busy enough takes minutes over it
PATIENCE = 5.0
_PIPE = 2**18  # bytes; a pipe's usual 64 KiB make a large page wait for many more turns of the scheduler


class Reader:
    """The children.

    at_once: files being decoded at the same time; more wait for their turn. memory: bytes that decoding a file may take.
    seconds: of processor time that opening a file or a page may take; a busy machine makes no file too slow. By the clock
    it may take PATIENCE times as long.
    """

    def __init__(self, at_once: int = 2, memory: int = 4 * 2**30, seconds: float = 60.0) -> None:
        self._at_once = at_once
        self._memory = memory
        self._seconds = seconds
        self._lock = threading.RLock()  # a document may be closed by the garbage collector, in the midst of anything
        self._idle = list[_Child]()
        self._lent = set[_Child]()
        self._closed = False
        self.turns = threading.BoundedSemaphore(at_once)  # one is held while a child works

    @contextmanager
    def opened(self, data: bytes, kind: str) -> Iterator[_Document]:
        """The document, until the block ends. Raises BrokenDrawing, TooLarge, Stopping, Unavailable."""
        document = _Document(self, data, kind)
        try:
            document.open()
            yield document
        finally:
            document.close()

    def close(self) -> None:
        """End every child; who waits for one gets Stopping."""
        with self._lock:
            self._closed = True
            for child in self._lent:
                child.kill()  # who has it ends it
            while self._idle:
                self._idle.pop().end()

    def borrow(self, fresh: bool) -> _Child:
        """A child to open a file; a `fresh` one has opened none."""
        with self._lock:
            if self._closed:
                raise Stopping("The service is stopping.")
            child = self._idle.pop() if self._idle and not fresh else _Child(self._memory, self._seconds)
            self._lent.add(child)
            return child

    def give_back(self, child: _Child) -> None:
        with self._lock:
            self._lent.discard(child)
            if child.usable and not self._closed and len(self._idle) < self._at_once:
                self._idle.append(child)
            else:
                child.end()

    def problem(self, child: _Child, kind: str) -> PlanspotError:
        """Why a child ended over a file."""
        status = child.end()
        if self._closed:
            return Stopping("The service is stopping.")
        if child.slow:
            return BrokenDrawing(f"The {kind} file takes more than {self._seconds:g} s to read.")
        if status in {-signal.SIGABRT, NO_MEMORY}:  # pdfium aborts where there is no more memory
            return TooLarge(f"The {kind} file takes more than {self._memory} bytes of memory to read.", self._memory)
        if status == -signal.SIGKILL:
            return BrokenDrawing(f"The {kind} file cannot be read: what read it was killed, perhaps for want of memory.")
        return BrokenDrawing(f"The {kind} file is broken: reading it failed.")


class _Document:
    """An open file, as `drawing.Document` has it."""

    def __init__(self, reader: Reader, data: bytes, kind: str) -> None:
        self._reader, self._data, self._kind = reader, data, kind
        self._child: _Child | None = None
        self.pages = 0

    def open(self) -> None:
        self._ask(lambda _: None)

    def sizes(self, numbers: Sequence[int], dpi: int) -> list[tuple[int, int, float | None]]:
        found = self._ask(lambda child: child.ask({"sizes": list(numbers), "dpi": dpi}))
        return [(width, height, known) for width, height, known in found["sizes"]]

    def draw(self, number: int, dpi: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        return self._ask(lambda child: child.draw(number, dpi, size))

    def close(self) -> None:
        if self._child is None:
            return
        child, self._child = self._child, None
        child.finish()
        self._reader.give_back(child)

    def _ask(self, work: Callable[[_Child], T]) -> T:
        """What comes of the work on a child that has the file open."""
        with self._reader.turns:
            try:
                return work(self._opened())
            except _EndedError:
                if self._child is None or not self._child.seasoned or self._child.slow:
                    raise self._problem() from None
            self.close()
            try:
                return work(self._opened(fresh=True))
            except _EndedError:
                raise self._problem() from None

    def _opened(self, fresh: bool = False) -> _Child:
        if self._child is None:
            self._child = self._reader.borrow(fresh)
            self.pages = self._child.open(self._data, self._kind)
        return self._child

    def _problem(self) -> PlanspotError:
        assert self._child is not None
        return self._reader.problem(self._child, self._kind)


class _EndedError(Exception):
    """A child is no more."""


class _Child:
    """A process that decodes. `seasoned`: it has served a file before this one."""

    def __init__(self, memory: int, seconds: float) -> None:
        """Raises Unavailable."""
        self._seconds = seconds
        self._started = self.seasoned = self.usable = self._overran = False
        start = _START.format(root=_ROOT, memory=memory, seconds=seconds)
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                # -P: what lies in the working folder is not to be taken for a module
                [sys.executable, "-P", "-c", start], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, pipesize=_PIPE
            )
        except OSError as error:
            raise Unavailable(f"Files cannot be read: {error.strerror or error}.") from error
        self._to, self._from = cast(BinaryIO, self._process.stdin), cast(BufferedReader, self._process.stdout)

    def open(self, data: bytes, kind: str) -> int:
        """How many pages the file has."""
        self._start()
        pages: int = self.ask({"open": kind, "bytes": len(data)}, data)["pages"]
        return pages

    def ask(self, question: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        with self._deadline(PATIENCE * self._seconds):
            return self._answer(question, data)

    def draw(self, number: int, dpi: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        with self._deadline(PATIENCE * self._seconds):
            self._answer({"draw": number, "dpi": dpi, "size": size})
            width, height = size
            pixels = np.empty((height, width, 3), dtype=np.uint8)
            rest = pixels.data.cast("B")
            while rest:
                count = self._from.readinto(rest)
                if not count:
                    raise _EndedError
                rest = rest[count:]
            return pixels

    def finish(self) -> None:
        """Close the file, if one can be open."""
        if self.usable:
            with suppress(_EndedError):
                self.ask({"close": True})
                self.seasoned = True

    @property
    def slow(self) -> bool:
        """Whether it was ended, or ended, for taking too long."""
        return self._overran or self.end() == -signal.SIGXCPU

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> int:
        """Kill it if it lives, and let the system forget it. Its exit status."""
        self.kill()
        self._from.close()
        with suppress(OSError):  # what it did not read any more
            self._to.close()
        return self._process.wait()

    def _start(self) -> None:
        """Wait until it is there."""
        if not self._started:
            with self._deadline(_START_SECONDS):
                if not self._from.readline():
                    raise Unavailable("Files cannot be read: a process for it could not be started.")
            self._started = True

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        self.usable = False
        timer = threading.Timer(seconds, self._overrun)
        timer.daemon = True
        timer.start()
        try:
            yield
            self.usable = True
        except (BrokenDrawing, TooLarge):  # as it answered
            self.usable = True
            raise
        finally:
            timer.cancel()

    def _overrun(self) -> None:
        self._overran = True
        self.kill()

    def _answer(self, question: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        with suppress(OSError):  # it may have ended; then it says nothing
            self._to.write(json.dumps(question).encode() + b"\n")
            self._to.write(data)
            self._to.flush()
        line = self._from.readline()
        if not line.endswith(b"\n"):
            raise _EndedError
        found: dict[str, Any] = json.loads(line)
        match found.get("error"):
            case "TooLarge":
                raise TooLarge(found["detail"], found["limit"])
            case "BrokenDrawing":
                raise BrokenDrawing(found["detail"])
        return found
