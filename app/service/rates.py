"""How often each of many may do something."""

from __future__ import annotations

import time
from collections.abc import Callable


class Buckets:
    """Token buckets: each holds up to `burst` tokens and gains `per_minute` of them in a minute. For use by one thread.

    There is one for each name that was ever asked about, so names must come from a bounded set.
    """

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60.0
        self._burst = float(burst)
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many

    def take(self, name: str) -> float:
        """Take a token: 0.0 if there was one, else the seconds until there is."""
        now = self._clock()
        tokens, then = self._levels.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        taken = tokens >= 1.0
        self._levels[name] = (tokens - taken, now)
        return 0.0 if taken else (1.0 - tokens) / self._per_second
