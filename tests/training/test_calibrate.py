"""What a score means is fitted, not guessed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import Module

from app.engine.evidence import NAMES, Calibration
from app.engine.geometry import Box, Detection, Pose
from app.engine.verify import MEMBERS
from training.calibrate import certain_from, clear_copy, collect_all, fit, networks, rescored
from training.drawings import make_drawing
from training.evaluate import Case, calibration_error
from training.loop import Recipe, start


def test_a_logistic_curve_is_found_again() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(size=(20_000, len(NAMES)))
    weights, offset = np.array([1.5, -0.7, 0.3, 0.0, 0.0]), -0.4
    right = rng.random(20_000) < 1 / (1 + np.exp(-(evidence @ weights + offset)))
    found, at = fit(evidence, right)
    assert found == pytest.approx(weights, abs=0.1)
    assert at == pytest.approx(offset, abs=0.1)
    scores = Calibration(found, at).score(torch.from_numpy(evidence).float()).numpy()
    assert calibration_error(scores, right) < 0.02


def test_finds_of_one_kind_calibrate_nothing() -> None:
    with pytest.raises(ValueError, match="right and wrong"):
        fit(np.zeros((3, 4)), np.array([True, True, True]))


def test_kinds_that_part_cleanly_do_not_run_away() -> None:
    evidence = np.array([[-2.0, 0, 0, 0, 0]] * 50 + [[2.0, 0, 0, 0, 0]] * 50)
    weights, offset = fit(evidence, np.arange(100) >= 50)
    assert 0 < weights[0] < 10
    assert abs(offset) < 1


def test_certain_is_where_ninety_nine_of_a_hundred_are_right() -> None:
    scores = np.linspace(0, 1, 10_001)
    assert certain_from(scores, scores >= 0.8) == pytest.approx(0.8)
    assert certain_from(scores, np.zeros(len(scores), dtype=bool)) == 0.99


def test_a_case_takes_the_scores_of_its_evidence() -> None:
    find = Detection("s", Box(0, 0, 9, 9), ((0, 0),) * 4, 0.2, Pose(4, 4), (3.0, 0.0, 0.0, 0.0, 0.0))
    case = rescored(Case((find,), (None,), 1), Calibration((1.0, 0, 0, 0, 0), -3.0))
    assert case.detections[0].score == pytest.approx(0.5)


def test_a_checkpoint_gives_its_averages(tmp_path: Path) -> None:
    state = start(Recipe())
    with torch.no_grad():
        for value in state.averages[0].parameters():
            value.fill_(1)
    state.save(tmp_path / "checkpoint.pt")
    encoder, verifier = networks(tmp_path / "checkpoint.pt")
    assert all(bool((value == 1).all()) for value in encoder.parameters())
    assert torch.equal(next(verifier.parameters()), next(state.averages[1].parameters()))


def test_the_example_is_a_copy_that_shows() -> None:
    rng = np.random.default_rng(4)
    drawing = make_drawing(rng, 448, 448, clutter=0, damaged=False)
    copies = [one for one in drawing.instances if one.label == drawing.instances[0].label]
    assert clear_copy(drawing, copies, rng) in copies
    blank = replace(drawing, pixels=np.full_like(drawing.pixels, 255))
    assert clear_copy(blank, copies, rng) is None


def test_processes_collect_what_one_does(tmp_path: Path) -> None:
    state = start(Recipe())
    for judge in state.averages[1].judges:
        nothing_alike(judge)
    state.save(tmp_path / "checkpoint.pt")
    one, two = (collect_all([tmp_path / "checkpoint.pt"], 2, 3, "cpu", workers) for workers in (1, 2))
    assert [case.truths for case in one] == [case.truths for case in two]
    assert len(one) > 2


def nothing_alike(judge: Module) -> None:
    """Lets a judge turn everything down, so that a page is done with quickly."""
    with torch.no_grad():
        dict(judge.named_parameters())["head.3.bias"][0] = -50.0


def test_judges_of_several_runs_sit_together(tmp_path: Path) -> None:
    states = [start(Recipe(seed=seed)) for seed in (1, 2)]
    paths = [tmp_path / "first.pt", tmp_path / "second.pt"]
    for state, path in zip(states, paths, strict=True):
        state.save(path)
    encoder, verifier = networks(*paths)
    assert torch.equal(next(encoder.parameters()), next(states[0].averages[0].parameters()))
    assert len(verifier.judges) == 2 * MEMBERS
    assert torch.equal(next(verifier.judges[MEMBERS].parameters()), next(states[1].averages[1].judges[0].parameters()))
