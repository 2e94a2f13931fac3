"""The figures, against slow ways of working them out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.geometry import Detection, Pose, bounds
from training.evaluate import Case, average_precision, calibration_error, figures, matched
from training.truth import Instance


def instance(x: float, y: float) -> Instance:
    return Instance(0, Pose(x, y), 20, 20)


def detection(x: float, y: float, score: float) -> Detection:
    polygon = Pose(x, y).polygon(20, 20)
    corners = tuple((float(a), float(b)) for a, b in polygon)
    return Detection("symbol", bounds(polygon), corners, score, Pose(x, y))


def slow_average_precision(right: list[bool], truths: int) -> float:
    total = 0.0
    for n, ok in enumerate(right):
        if ok:
            total += max(sum(right[: m + 1]) / (m + 1) for m in range(n, len(right)))
    return total / truths


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 5))
def test_average_precision_is_the_area_under_the_envelope(right: list[bool], missed: int) -> None:
    truths = sum(right) + missed
    expected = slow_average_precision(right, truths) if truths else 0.0
    assert average_precision(np.array(right), truths) == pytest.approx(expected)


def test_each_copy_is_claimed_once_best_first() -> None:
    copies = [instance(50, 50), instance(100, 50)]
    found = [detection(52, 50, 0.9), detection(49, 50, 0.8), detection(100, 51, 0.7), detection(300, 300, 0.6)]
    assert matched(found, copies, [c.box for c in copies]) == [copies[0], None, copies[1], None]


def test_figures_count_what_the_default_threshold_keeps() -> None:
    copies = [instance(50, 50), instance(100, 50)]
    found = (detection(50, 50, 0.9), detection(300, 50, 0.8), detection(100, 50, 0.3))
    result = figures([Case(found, tuple(matched(found, copies, [c.box for c in copies])), 2)])
    assert (result["precision"], result["recall"], result["exact"]) == (0.5, 0.5, 0.0)


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    scores = np.repeat([0.25, 0.75], 100)
    right = np.concatenate([np.arange(100) < 25, np.arange(100) < 75])
    assert calibration_error(scores, right) == pytest.approx(0, abs=1e-9)
    assert calibration_error(scores, ~right) == pytest.approx(0.5)
