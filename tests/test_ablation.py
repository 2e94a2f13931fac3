"""Leaving a part of the detector out changes it, and only while it is left out."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from app.engine import detector, look, suppress
from app.engine.evidence import NAMES, Calibration
from app.engine.look import SecondLook
from benchmarks.ablation import EVIDENCE, PARTS, page, without

PLACES = (detector, look, suppress, SecondLook, look.Sheet)


def state() -> dict[tuple[int, str], object]:
    return {(n, name): value for n, place in enumerate(PLACES) for name, value in vars(place).items()}


@pytest.mark.parametrize("part", [name for name in PARTS if name != "nothing"])
def test_a_part_is_left_out_and_put_back(part: str) -> None:
    before = state()
    with ExitStack() as stack:
        for one in PARTS[part]():
            stack.enter_context(one)
        assert state() != before
    assert state() == before


def test_evidence_left_out_weighs_nothing() -> None:
    whole = Calibration(tuple(float(n + 1) for n in range(len(NAMES))), 0.5)
    for n, name in enumerate(NAMES):
        weights = without(whole, name).weights
        assert weights == (*whole.weights[:n], 0.0, *whole.weights[n + 1 :])


def test_the_page_has_a_row_for_each_part() -> None:
    table = {name: dict.fromkeys(("f1", "precision", "recall", "ap", "exact"), 0.5) for name in (*PARTS, *EVIDENCE)}
    lines = list(page(table, 1, 7, "abc"))
    assert sum(line.startswith("| ") for line in lines) == len(table) + 2
