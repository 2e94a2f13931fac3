"""The soak's own arithmetic: it must be able to fail."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak import Tally, children, growth, resident, same

ANSWER: dict[str, Any] = {
    "pages": [{"page": 1, "width": 240, "height": 180}],
    "counts": [{"symbol": "valve", "count": 1, "expected": 0.9}],
    "detections": [{"symbol": "valve", "box": {"x": 1, "y": 2, "width": 3, "height": 4}, "score": 0.9}],
    "timings_ms": {"total": 3.0},
}


def test_answers_are_the_same_but_for_timings_and_the_last_digits_of_scores() -> None:
    other = copy.deepcopy(ANSWER)
    other["timings_ms"]["total"] = 4.0
    other["detections"][0]["score"] += 0.00009
    other["counts"][0]["expected"] += 0.00009
    assert same(other, ANSWER)


@pytest.mark.parametrize(("name", "value"), [("score", 0.9002), ("box", {"x": 1.5, "y": 2, "width": 3, "height": 4})])
def test_another_find_is_another_answer(name: str, value: object) -> None:
    other = copy.deepcopy(ANSWER)
    other["detections"][0][name] = value
    assert not same(other, ANSWER)


def test_a_find_less_is_another_answer() -> None:
    assert not same(ANSWER | {"detections": []}, ANSWER)


def test_growth_is_of_the_last_quarter_over_the_second() -> None:
    assert growth([50, 100, 100, 100, 100, 104, 104, 104]) == pytest.approx(0.04)
    assert growth([100, 100, 50, *[100] * 5]) == pytest.approx(1 / 3)


def test_every_request_is_handed_out_once() -> None:
    tally = Tally(3)
    assert [tally.next() for _ in range(5)] == [0, 1, 2, None, None]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc to read a process's memory")
def test_memory_is_counted_with_the_children() -> None:
    before = resident(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "kept = b'x' * 50_000_000; print(); input()"], stdin=-1, stdout=-1)
    assert child.stdout is not None
    child.stdout.readline()
    assert resident(os.getpid()) - before > 50_000_000
    child.communicate(b"\n")


def test_a_thread_that_has_ended_has_no_children(tmp_path: Path) -> None:
    assert children(tmp_path / "task") == []
