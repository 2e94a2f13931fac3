"""Token buckets against the clock."""

from __future__ import annotations

import pytest

from app.service.rates import Buckets


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate() -> None:
    clock = Clock()
    buckets = Buckets(per_minute=30, burst=3, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(2.0)]
    assert buckets.take("b") == 0.0
    clock.now = 1.5
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now = 2.0
    assert buckets.take("a") == 0.0
    clock.now = 1000.0
    assert [buckets.take("a") > 0 for _ in range(4)] == [False, False, False, True]
