"""How the server stops: answers that go on for long are told, what runs may go on for a while, and what has no answer then is
given back."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from app.errors import Stopping

SIGNALS = (signal.SIGTERM, signal.SIGINT)
T = TypeVar("T")


class Drain:
    """For use on the event loop. `seconds`: how long requests may go on once the server was told to stop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = asyncio.Event()

    def begin(self) -> None:
        """The server was told to stop."""
        asyncio.get_running_loop().call_later(self._seconds, self._over.set)

    async def bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result. When the time is over first, the work is cancelled; raises Stopping then."""
        task, over = asyncio.create_task(work), asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            if task.cancelled():
                raise Stopping("The service is stopping. Ask again.")
            return task.result()
        finally:
            task.cancel()
            over.cancel()


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
