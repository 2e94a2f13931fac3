"""What a score means is fitted, not guessed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.engine.encoder import Encoder
from app.engine.evidence import NAMES, Calibration
from app.engine.geometry import Box, Detection, Pose
from app.engine.query import Options
from app.engine.verify import Verifier
from app.engine.weights import load_detector, write_weights
from training.calibrate import calibrate, certain_from, clear_copy, collect_all, fit, legend, lying_on, rescored
from training.drawings import Instance, make_drawing
from training.evaluate import Case, calibration_error


def test_a_logistic_curve_is_found_again() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(size=(20_000, len(NAMES)))
    weights, offset = np.array([1.5, -0.7, 0.3, *[0.0] * (len(NAMES) - 3)]), -0.4
    right = rng.random(20_000) < 1 / (1 + np.exp(-(evidence @ weights + offset)))
    found, at = fit(evidence, right)
    assert found == pytest.approx(weights, abs=0.1)
    assert at == pytest.approx(offset, abs=0.1)
    scores = Calibration(tuple(found.tolist()), at).score(torch.from_numpy(evidence).float()).numpy()
    assert calibration_error(scores, right) < 0.02


def test_finds_of_one_kind_calibrate_nothing() -> None:
    with pytest.raises(ValueError, match="right and wrong"):
        fit(np.zeros((3, 4)), np.array([True, True, True]))


def test_kinds_that_part_cleanly_do_not_run_away() -> None:
    evidence = np.array([[-2.0, 0]] * 50 + [[2.0, 0]] * 50)
    weights, offset = fit(evidence, np.arange(100) >= 50)
    assert 0 < weights[0] < 10
    assert abs(offset) < 1


def test_finds_of_another_size_only_lessen_the_score_and_those_among_many_symbols_change_what_weighs() -> None:
    rng = np.random.default_rng(1)
    evidence = np.zeros((20_000, len(NAMES)))
    evidence[:, 0], resized, many = rng.normal(size=20_000), rng.random(20_000) < 0.5, rng.random(20_000) < 0.5
    evidence[resized, NAMES.index("resized")] = 1
    evidence[many, NAMES.index("asked")] = rng.uniform(1, 3, many.sum())
    less = 1.5 * resized + 0.4 * evidence[:, NAMES.index("asked")]
    steeper = 2 + 0.3 * evidence[:, NAMES.index("asked")]
    right = rng.random(20_000) < 1 / (1 + np.exp(-(steeper * evidence[:, 0] - less)))
    finds = [Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.5, Pose(4, 4), tuple(row.tolist())) for row in evidence]
    place = make_drawing(np.random.default_rng(4), 448, 448, clutter=0, damaged=False).instances[0]
    case = Case(tuple(finds), tuple(place if one else None for one in right), int(right.sum()))
    calibration, _ = calibrate([case])
    told = dict(zip(NAMES, calibration.weights, strict=True))
    own, _ = fit(evidence[~resized & ~many], right[~resized & ~many])
    assert [value for name, value in told.items() if name not in ("resized", "asked")] == own[:-2].tolist()
    assert told["resized"] == pytest.approx(-1.5, abs=0.15)
    assert told["asked"] == pytest.approx(-0.4, abs=0.1)
    assert calibration.among[0] == pytest.approx(0.3, abs=0.1), "the jury's word weighs more among many"
    assert np.abs(calibration.among[1:]).max() < 0.1


def test_certain_is_where_nineteen_of_twenty_are_right() -> None:
    scores = np.linspace(0, 1, 10_001)
    assert certain_from(scores, scores >= 0.8) == pytest.approx(0.79), "a few of the wrong ones are within"
    assert certain_from(scores, np.zeros(len(scores), dtype=bool)) == 0.99


def test_a_case_takes_the_scores_of_its_evidence() -> None:
    find = Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.2, Pose(4, 4), (3.0, *[0.0] * (len(NAMES) - 1)))
    case = rescored(Case((find,), (None,), 1), Calibration(offset=-3.0))
    assert case.detections[0].score == pytest.approx(0.5)


def test_the_example_is_a_copy_that_shows() -> None:
    rng = np.random.default_rng(4)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False)
    copies = [one for one in drawing.instances if one.label == drawing.instances[0].label]
    assert clear_copy(drawing, copies, rng) in copies
    blank = replace(drawing, pixels=np.full_like(drawing.pixels, 255))
    assert clear_copy(blank, copies, rng) is None


def test_processes_collect_what_one_does(tmp_path: Path) -> None:
    encoder, verifier = Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8))
    with torch.no_grad():  # the scout turns everything down, so that a page is done with quickly
        dict(verifier.scout.named_parameters())["head.3.bias"][0] = -50.0
    write_weights(tmp_path, encoder, verifier, Calibration(), {})
    one, two = (collect_all(tmp_path, 2, 3, "cpu", workers) for workers in (1, 2))
    assert [case.truths for case in one] == [case.truths for case in two]
    assert len(one) > 2


def test_a_legend_has_symbols_that_the_drawing_shows_and_more_that_it_does_not(tmp_path: Path) -> None:
    encoder, verifier = Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8))
    with torch.no_grad():
        dict(verifier.scout.named_parameters())["head.3.bias"][0] = -50.0
    write_weights(tmp_path, encoder, verifier, Calibration(), {})
    rng = np.random.default_rng(5)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False)
    truths = [case.truths for case in legend(load_detector(tmp_path, "cpu"), drawing, rng, Options(min_score=0.02))]
    shown = [count for count in truths if count]
    assert 1 <= len(shown) <= 5
    assert 4 <= len(truths) - len(shown) <= 16
    assert set(shown) <= {sum(one.label == label for one in drawing.instances) - 1 for label in range(10)}


def test_a_find_is_right_that_lies_on_a_copy() -> None:
    boxes = [Box(100, 100, 40, 20), Box(200, 100, 40, 20)]
    copies = [Instance(0, Pose(*box.centre), box.width, box.height) for box in boxes]

    def find(x: float, y: float, size: float = 1) -> Detection:
        box = Box(x - 20 * size, y - 10 * size, 40 * size, 20 * size)
        return Detection("s", box, ((0, 0),) * 4, 0.5, Pose(x, y))

    found = [find(122, 108), find(121, 111), find(235, 110), find(220, 110, 2)]
    assert lying_on(found, copies, boxes) == [copies[0], None, None, None]
    assert lying_on([*found[:2], find(218, 113)], copies, boxes) == [copies[0], None, copies[1]]
