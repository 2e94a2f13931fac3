"""Leads: where they begin, and that copies have them alike."""

from __future__ import annotations

import numpy as np
import pytest

from app.engine.geometry import Pose
from tests.training.test_drawings import plain
from training.canvas import Canvas, Fill, Shape, Stroke, arc, rectangle
from training.leads import draw_leads, terminals
from training.truth import Instance


def test_a_ring_has_one_terminal_a_side() -> None:
    found = terminals(Shape((Stroke(arc(20.0, steps=64), closed=True),)))
    assert sorted((round(float(x)), round(float(y))) for (x, y), _ in found) == [(-20, 0), (0, -20), (0, 20), (20, 0)]
    for at, out in found:
        assert at @ out == pytest.approx(20, abs=0.5)


def test_each_stroke_that_reaches_a_side_has_a_terminal_there() -> None:
    inputs = [Stroke(np.array([[-20.0, y], [-10.0, y]])) for y in (-6.0, 6.0)]
    found = terminals(Shape((*inputs, Stroke(rectangle(20.0, 30.0), closed=True))))
    left = [at.tolist() for at, out in found if out[0] == -1]
    assert left == [[-20, -6], [-20, 6]]


def test_what_is_erased_reaches_nothing() -> None:
    ring = Stroke(arc(20.0), closed=True)
    assert len(terminals(Shape((Fill((rectangle(40.0, 40.0),), erase=True), ring)))) == len(terminals(Shape((ring,))))


def test_copies_have_leads_alike_whatever_their_pose() -> None:
    poses = [Pose(100, 100), Pose(300, 100, 90), Pose(100, 300, 37), Pose(300, 300, 0, True), Pose(200, 200, 200)]
    placed = [Instance(0, pose, 40.0, 30.0) for pose in poses]
    shape = Shape((Stroke(rectangle(40.0, 30.0), closed=True),))
    wired = 0
    for seed in range(12):
        canvas = Canvas(500, 400, (255, 255, 255), 1)
        draw_leads(canvas, placed, [shape], plain(connection="ends"), np.random.default_rng(seed))
        page = canvas.pixels()
        for at, out in terminals(shape):
            has = []
            for one in placed:
                x, y = one.matrix[:, :2] @ (at + 4 * out) + one.matrix[:, 2]
                has.append(bool((page[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] < 128).any()))
            assert sum(has) in {0, 1, 3, 4, 5}  # a lead of another copy may cross
            wired += sum(has) > 2
    assert wired >= 10
