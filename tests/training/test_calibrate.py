"""What a score means is fitted, not guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.engine.detector import Detector
from app.engine.encoder import Encoder
from app.engine.evidence import ASKED, ELSEWHERE, NAMES, SMALL, Calibration
from app.engine.geometry import Box, Detection, Pose
from app.engine.places import Places
from app.engine.query import Options, Pixels
from app.engine.verify import Verifier
from app.engine.weights import load_detector, write_weights
from training import calibrate as calibration
from training.calibrate import (
    Thrifty,
    calibrate,
    certain_from,
    coarse,
    collect,
    collect_all,
    fit,
    judged,
    legend,
    lying_on,
    rescored,
)
from training.drawings import Instance, make_drawing
from training.evaluate import Case, calibration_error
from training.examples import Shown, longer_side
from training.styles import random_style


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


def test_other_pages_and_requests_for_many_symbols_change_what_weighs_and_being_small_only_lessens_the_score() -> None:
    rng = np.random.default_rng(1)
    evidence = np.zeros((60_000, len(NAMES)))
    evidence[:, 0], afar, many = rng.normal(size=60_000), rng.random(60_000) < 0.5, rng.random(60_000) < 0.4
    small = ~afar & (rng.random(60_000) < 0.3)
    evidence[afar, ELSEWHERE], evidence[small, SMALL] = 1, rng.uniform(0.1, 0.5, small.sum())
    evidence[many, ASKED] = rng.uniform(1, 3, many.sum())
    less = 3 * evidence[:, SMALL] + 0.7 * afar + 0.4 * evidence[:, ASKED]
    steeper = 2 + 0.5 * afar + 0.3 * evidence[:, ASKED]
    right = rng.random(60_000) < 1 / (1 + np.exp(-(steeper * evidence[:, 0] - less)))
    finds = [Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.5, Pose(4, 4), tuple(row.tolist())) for row in evidence]
    place = make_drawing(np.random.default_rng(4), 448, 448, clutter=0, damaged=False).instances[0]
    case = Case(tuple(finds), tuple(place if one else None for one in right), int(right.sum()))
    curve, _ = calibrate([case])
    own, _ = fit(evidence[~afar & ~many & ~small], right[~afar & ~many & ~small])
    told = np.array(curve.weights)
    assert np.delete(told, [SMALL, ELSEWHERE, ASKED]).tolist() == np.delete(own, [SMALL, ELSEWHERE, ASKED]).tolist()
    assert told[ELSEWHERE] == pytest.approx(-0.7, abs=0.15)
    assert curve.afar[0] == pytest.approx(0.5, abs=0.15), "the jury's word weighs more on other pages"
    assert told[SMALL] == pytest.approx(-3, abs=0.4)
    assert told[ASKED] == pytest.approx(-0.4, abs=0.1)
    assert curve.among[0] == pytest.approx(0.3, abs=0.1), "the jury's word weighs more among many"
    assert np.abs(curve.among[1:]).max() < 0.1


def test_certain_is_where_95_of_100_are_right() -> None:
    scores = np.linspace(0, 1, 10_001)
    assert certain_from(scores, scores >= 0.8) == pytest.approx(0.79), "a few of the wrong ones are within"
    assert certain_from(scores, np.zeros(len(scores), dtype=bool)) == 0.99


def test_a_case_takes_the_scores_of_its_evidence() -> None:
    find = Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.2, Pose(4, 4), (3.0, *[0.0] * (len(NAMES) - 1)))
    case = rescored(Case((find,), (None,), 1), Calibration(offset=-3.0))
    assert case.detections[0].score == pytest.approx(0.5)


def test_processes_collect_what_one_does(tmp_path: Path) -> None:
    encoder, verifier = Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8))
    with torch.no_grad():  # the scout turns everything down, so that a page is done with quickly
        dict(verifier.scout.named_parameters())["head.3.bias"][0] = -50.0
    write_weights(tmp_path, encoder, verifier, Calibration(), {})
    alone = collect(load_detector(tmp_path, "cpu"), 6, 0)
    assert [case.truths for case in collect_all(tmp_path, 1, 6, "cpu", 2)] == [case.truths for case in alone]
    assert {case.truths > 0 for case in alone} == {True, False}


def test_a_drawings_windows_are_gone_over_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gone_over: list[float] = []

    def places(_: Detector, __: torch.Tensor, number: float, ___: Callable[[], bool]) -> Places:
        gone_over.append(number)
        return Places(torch.zeros(0, 16), torch.zeros(0, 2))

    monkeypatch.setattr(Detector, "_places", places)
    detector = Thrifty(Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8)), Calibration(), "", "cpu")
    page, other = torch.zeros(9, 9), torch.ones(9, 9)
    for inked, number in ((page, 0.1), (page, 0.12), (page.clone(), 0.0), (page, 0.3), (other, 0.1)):
        detector._places(inked, number, lambda: False)
    assert gone_over == [0, 0.25, 0]


def test_a_legend_has_symbols_that_the_drawing_shows_and_more_that_it_does_not(tmp_path: Path) -> None:
    encoder, verifier = Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8))
    with torch.no_grad():
        dict(verifier.scout.named_parameters())["head.3.bias"][0] = -50.0
    write_weights(tmp_path, encoder, verifier, Calibration(), {})
    rng = np.random.default_rng(5)
    style = random_style(rng)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False, style=style)
    found = legend(load_detector(tmp_path, "cpu"), drawing, style, True, rng, Options(min_score=0.02))
    truths = [case.truths for case in found]
    shown = [count for count in truths if count]
    assert 1 <= len(shown) <= 8
    assert 2 <= len(truths) - len(shown) <= 14
    copies = {sum(one.label == label for one in drawing.instances) for label in range(10)}
    assert set(shown) <= copies | {count - 1 for count in copies}, "but for one that is the example itself"


def test_a_coarse_drawing_shows_the_same_copies_small(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    style = random_style(rng)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False, style=style)
    searched: list[tuple[Pixels, Pixels]] = []

    def exact(_: Detector, page: Pixels, example: Pixels, __: Options) -> tuple[Detection, ...]:
        searched.append((page, example))
        part = page.shape[0] / 448
        return tuple(find(i.pose.x * part, i.pose.y * part, longer_side(i) / 40 * part) for i in drawing.instances)

    monkeypatch.setattr(calibration, "find", exact)
    cases = coarse(Detector(Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8)), Calibration(), "", "cpu"), drawing, style, rng,
                   Options())
    assert 1 <= len(cases) == len(searched) <= 2
    for case, (page, example) in zip(cases, searched, strict=True):
        assert page.shape[0] == page.shape[1] < 448
        assert max(example.shape) < 30
        assert case.truths >= 1


def copy(x: float, y: float, angle: float = 0.0, scale: float = 1.0) -> Instance:
    return Instance(0, Pose(x, y, angle, scale=scale), 40, 20)


def find(x: float, y: float, scale: float = 1.0) -> Detection:
    box = Box(x - 20 * scale, y - 10 * scale, 40 * scale, 20 * scale)
    return Detection("s", box, ((0, 0),) * 4, 0.5, Pose(x, y, scale=scale))


def test_a_find_is_right_that_lies_on_a_copy() -> None:
    copies = [copy(120, 110), copy(220, 110)]
    found = [find(122, 108), find(121, 111), find(236, 110), find(220, 110, 2)]
    assert lying_on(found, copies, 40) == [copies[0], None, None, None]
    assert lying_on([*found[:2], find(218, 113)], copies, 40) == [copies[0], None, copies[1]]
    assert lying_on([find(220, 110, 2)], copies, 20) == [copies[1]], "of an example half as large"


def test_a_small_symbol_in_a_loose_box_is_where_it_is() -> None:
    tiny = replace(copy(100, 100, 45), width=10.0, height=5.0)
    loose = Detection("s", Box(88, 88, 24, 24), ((0, 0),) * 4, 0.5, Pose(100, 100, 135))
    assert lying_on([loose], [tiny], 10) == [tiny]


def test_the_copy_that_an_example_was_cut_out_of_is_no_find() -> None:
    drawing = make_drawing(np.random.default_rng(4), 448, 448, clutter=0, damaged=False)
    copies = [copy(100, 100), copy(200, 100), copy(300, 100)]
    drawing = replace(drawing, instances=tuple(copies))
    case = judged(drawing, Shown(0, drawing.pixels[:24, :44], 40, copies[1]), [find(200, 100), find(101, 101), find(400, 300)])
    assert case.truths == 2
    assert case.matches == (copies[0], None)
    assert [one.pose.x for one in case.detections] == [101, 400]
