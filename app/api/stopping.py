"""Telling answers that go on for long that the server stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_of_stop(stopping: threading.Event) -> Iterator[None]:
    """Set `stopping` when the server is told to stop.

    uvicorn tells an application only once every answer has ended, and an answer that waits for that never would.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        before[signal.Signals(number)](number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
