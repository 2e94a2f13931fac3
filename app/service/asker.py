"""The one who asks, as the work done for him sees it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any


class Asker:
    """Someone who waits for an answer. Once he leaves, what waits for the device on his behalf is withdrawn.

    He leaves when the client hangs up, the deadline passes or the server stops. For use by any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._awaited: Future[Any] | None = None

    def has_left(self) -> bool:
        """Whether nobody waits any more; long work asks this now and then."""
        return self._left

    def leave(self) -> None:
        """Withdraw what has not begun; what has begun sees that nobody waits."""
        with self._lock:
            self._left = True
            awaited = self._awaited
        if awaited:
            awaited.cancel()

    def waits_for(self, future: Future[Any]) -> None:
        """Say what he waits for now; withdrawn at once if he has left already."""
        with self._lock:
            self._awaited = future
            left = self._left
        if left:
            future.cancel()
