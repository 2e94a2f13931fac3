"""Leaving a part of the detector out changes it, and only while it is left out."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import torch

from app.engine import detector, look, pictures, suppress
from app.engine.evidence import ASKED, ELSEWHERE, NAMES, Calibration
from app.engine.geometry import Box, Detection, Pose
from app.engine.look import SecondLook
from benchmarks.ablation import ALWAYS, EVIDENCE, PARTS, page, usual, without
from training.evaluate import Case
from training.truth import Instance

PLACES = (detector, look, suppress, SecondLook, pictures.Sheet)


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
    rising = tuple(0.1 * (n + 1) for n in range(len(NAMES)))
    whole = Calibration(rising, -1.0, afar=rising)
    for n, name in enumerate(NAMES):
        weights = without(whole, name).weights
        assert weights == (*whole.weights[:n], 0.0, *whole.weights[n + 1 :])
        find = torch.full((1, len(NAMES)), 0.2)
        find[0, ELSEWHERE], find[0, ASKED] = 1, 0
        if name not in ALWAYS:
            assert without(whole, name, 0.2).score(find).item() == pytest.approx(whole.score(find).item()), "what is usual"
            assert without(whole, name, 0.3).score(find).item() > whole.score(find).item()


def test_the_page_has_a_row_for_each_part() -> None:
    table = {name: dict.fromkeys(("f1", "precision", "recall", "ap", "exact"), 0.5) for name in (*PARTS, *EVIDENCE)}
    lines = list(page(table, 1, 7, ["mixed", "scan"], "abc"))
    assert sum(line.startswith("| ") for line in lines) == len(table) + 2
    assert "--families mixed scan" in "\n".join(lines)


def test_what_is_usual_is_what_right_finds_have() -> None:
    def find(logit: float) -> Detection:
        return Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.5, Pose(4, 4), (logit, *[0.0] * (len(NAMES) - 1)))

    copy = Instance(0, Pose(4, 4), 9, 9)
    assert usual([Case((find(3.0), find(-5.0)), (copy, None), 1), Case((find(1.0),), (copy,), 1)], "logit") == 2.0
