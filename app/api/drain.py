"""How the server stops: what runs may go on for a while, then what has no answer yet is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.errors import Stopping

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
