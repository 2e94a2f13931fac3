"""The renderer: where ink falls, how wide lines are, and the convention of poses."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.geometry import Pose
from training.canvas import Canvas, Fill, Shape, Stroke, affine, apply, arc, polyline, rectangle, regular_polygon

BLACK = (0, 0, 0)
FLAG = Shape((polyline((-10, 20), (-10, -20)), Fill((np.array([[-10.0, -20.0], [12.0, -12.0], [-10.0, -4.0]]),))))


def ink(canvas: Canvas) -> np.ndarray:
    return 1.0 - canvas.pixels()[..., 0] / 255.0


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(-720, 720), st.booleans(), st.floats(0.1, 10))
def test_affine_and_pose_share_a_convention(x: float, y: float, angle: float, mirrored: bool, scale: float) -> None:
    ours = affine(x, y, scale, angle, mirrored)
    np.testing.assert_allclose(ours, Pose(x, y, angle, mirrored, scale).matrix(), atol=1e-9)


def test_a_quarter_turn_is_counter_clockwise_as_seen() -> None:
    np.testing.assert_allclose(apply(affine(angle=90), np.array([[1.0, 0.0]])), [[0.0, -1.0]], atol=1e-12)


def test_mirroring_comes_before_turning() -> None:
    np.testing.assert_allclose(apply(affine(angle=90, mirrored=True), np.array([[1.0, 0.0]])), [[0.0, 1.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("angle", "mirrored", "scale"), [(0.0, True, 1.0), (90.0, False, 1.0), (37.0, True, 1.2), (200.0, False, 0.8)]
)
def test_drawing_under_a_pose_is_warping_by_it(angle: float, mirrored: bool, scale: float) -> None:
    upright, posed = Canvas(100, 100), Canvas(100, 100)
    upright.draw(FLAG, affine(50, 50), BLACK, 3)
    pose = Pose(53, 48, angle, mirrored, scale)
    posed.draw(FLAG, pose.matrix(), BLACK, 3 * scale)
    move = pose.matrix()
    move[:, 2] += move[:, :2] @ np.array([-50.0, -50.0])
    # from pixel corners to the pixel centres cv2 counts by
    move[:, 2] += move[:, :2] @ np.array([0.5, 0.5]) - 0.5
    warped = cv2.warpAffine(ink(upright), move, (100, 100))
    assert np.corrcoef(warped.ravel(), ink(posed).ravel())[0, 1] > 0.97


@pytest.mark.parametrize("supersample", [1, 2, 3])
def test_shapes_are_centred_where_they_are_drawn(supersample: int) -> None:
    canvas = Canvas(60, 60, supersample=supersample)
    canvas.draw(Shape((Fill((rectangle(20, 20),)),)), affine(30, 20), BLACK, 1)
    y, x = np.nonzero(ink(canvas) > 0.5)
    assert abs(x.mean() + 0.5 - 30) <= 0.5
    assert abs(y.mean() + 0.5 - 20) <= 0.5


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0, 4.0])
def test_lines_have_their_width(width: float) -> None:
    canvas = Canvas(60, 60)
    canvas.line([(5, 30.5), (55, 30.5)], BLACK, width)
    assert ink(canvas)[:, 30].sum() == pytest.approx(width, abs=0.4)


def test_a_stroke_multiplies_the_line_width() -> None:
    canvas = Canvas(60, 60)
    canvas.draw(Shape((polyline((-20, 0), (20, 0), width=3.0),)), affine(30, 30), BLACK, 1)
    assert ink(canvas)[:, 30].sum() == pytest.approx(3, abs=0.4)


def test_contours_of_one_fill_are_even_odd() -> None:
    canvas = Canvas(60, 60)
    canvas.draw(Shape((Fill((rectangle(40, 40), rectangle(20, 20))),)), affine(30, 30), BLACK, 1)
    assert ink(canvas)[30, 30] == 0
    assert ink(canvas)[30, 14] == 1


def test_overlapping_fills_stay_filled() -> None:
    canvas = Canvas(60, 60)
    canvas.draw(Shape((Fill((rectangle(40, 40),)), Fill((rectangle(20, 20),)))), affine(30, 30), BLACK, 1)
    assert ink(canvas)[30, 30] == 1


def test_parts_are_drawn_in_order_and_erasing_takes_the_background() -> None:
    canvas = Canvas(60, 60, background=(10, 20, 30))
    canvas.draw(Shape((Fill((rectangle(40, 40),)), Fill((rectangle(20, 20),), erase=True))), affine(30, 30), (255, 0, 0), 1)
    assert canvas.pixels()[30, 30].tolist() == [10, 20, 30]
    assert canvas.pixels()[30, 14].tolist() == [255, 0, 0]


def test_the_extent_leaves_erasing_out_and_the_ink_extent_adds_line_widths() -> None:
    shape = Shape((Fill((rectangle(40, 40),), erase=True), Stroke(rectangle(20, 10), True, 2.0), polyline((0, 0), (3, 4))))
    assert shape.extent() == (-10, -5, 10, 5)
    assert shape.ink_extent(3) == (-13, -8, 13, 8)


def test_moving_and_thickening_keep_the_parts() -> None:
    shape = (
        Shape((Stroke(rectangle(2, 2), True, 1.5), Fill((rectangle(1, 1),), erase=True))).moved(affine(5, 0, 2)).thickened(2)
    )
    stroke, fill = shape.parts
    assert isinstance(stroke, Stroke)
    assert isinstance(fill, Fill)
    assert (stroke.closed, stroke.width, fill.erase) == (True, 3.0, True)
    assert shape.extent() == (3, -2, 7, 2)


def test_an_empty_shape_draws_nothing() -> None:
    canvas = Canvas(20, 20)
    canvas.draw(Shape(()), affine(), BLACK, 1)
    assert ink(canvas).sum() == 0


def test_a_patch_is_a_clipped_copy_at_drawing_size() -> None:
    canvas = Canvas(20, 20, supersample=3)
    patch = canvas.patch(-5, 10, 4, 30)
    canvas.draw(Shape((Fill((rectangle(40, 40),)),)), affine(), BLACK, 1)
    assert patch.shape == (30, 12, 3)
    assert patch.min() == 255


def test_arcs_run_counter_clockwise_as_seen() -> None:
    np.testing.assert_allclose(arc(2, 0, 90, steps=3)[[0, -1]], [[2, 0], [0, -2]], atol=1e-12)
    assert regular_polygon(3, 1.0)[0].tolist() == pytest.approx([0, -1])
