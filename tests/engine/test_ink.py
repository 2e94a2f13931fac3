"""An example's own ink, told from the wires that leave its box."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.example import prepare
from app.engine.geometry import Box
from app.engine.ink import body_box, ink, tight_box


def ring(width: int = 60, height: int = 40) -> NDArray[np.float32]:
    """A box of strokes in the middle, 20 by 24."""
    inked = np.zeros((height, width), dtype=np.float32)
    inked[8:32, 20:40] = 1
    inked[10:30, 22:38] = 0
    return inked


def test_wires_that_leave_the_box_are_cut_off() -> None:
    inked = ring()
    inked[19:21, :20] = inked[19:21, 40:] = 1
    assert tight_box(inked) == Box(0, 8, 60, 24)
    assert body_box(inked) == Box(20, 8, 20, 24)


def test_two_wires_side_by_side_are_cut_off() -> None:
    inked = ring()
    inked[12:14, :20] = inked[26:28, :20] = inked[19:21, 40:] = 1
    assert body_box(inked) == Box(20, 8, 20, 24)


def test_a_stroke_that_ends_inside_the_box_stays() -> None:
    inked = ring()
    inked[19:21, 6:20] = 1
    assert body_box(inked) == Box(6, 8, 34, 24)


def test_what_is_no_thin_stroke_stays() -> None:
    inked = ring()
    inked[12:28, :20] = 1
    assert body_box(inked) == Box(0, 8, 40, 24)


def test_the_rim_of_a_round_symbol_stays() -> None:
    inked = ring(50)
    inked[17:22, 40] = 1  # as far as the rim goes out, and a wire from there
    inked[18:21, 41:] = 1
    assert body_box(inked) == Box(20, 8, 21, 24)


def test_a_stroke_behind_its_pale_edge_stays() -> None:
    inked = np.zeros((20, 50), dtype=np.float32)
    inked[3:17, 3:49] = 1
    inked[5:15, 5:47] = 0
    inked[9:11, :3] = 1
    inked[[4, 5, 7, 8, 9, 10, 11, 13, 15], 49] = 1  # where it is dark enough to be seen
    assert body_box(inked) == Box(3, 3, 46, 14)


def test_no_side_gives_more_than_a_third() -> None:
    stem = np.zeros((40, 40), dtype=np.float32)
    stem[0:3, :] = stem[:, 18:21] = 1  # a T whose stem reaches the edge
    box = body_box(stem)
    assert box is not None
    assert box.y == 0
    assert box.height == 40 - 14


def test_no_ink_has_no_body() -> None:
    assert body_box(np.zeros((20, 20), dtype=np.float32)) is None


@pytest.mark.parametrize("wired", [False, True])
def test_an_example_is_the_same_with_and_without_its_wires(wired: bool) -> None:
    inked = ring()
    if wired:
        inked[19:21, :20] = inked[19:21, 40:] = 1
    prepared = prepare(np.repeat(255 - (inked * 255).astype(np.uint8)[:, :, None], 3, axis=2), (255, 255, 255))
    assert prepared.ink_box == Box(20, 8, 20, 24)
    assert prepared.extent == (Box(0, 8, 60, 24) if wired else prepared.ink_box)
    assert (prepared.width, prepared.height) == (60, 40)
    columns = np.flatnonzero(prepared.mask.numpy().any(axis=0))
    assert (columns[-1] - columns[0] + 1 < 40) == wired, "the wires are not asked for in a copy"


def sheet(faint: float = 1.0, noise: float = 0.0, dark: bool = False) -> NDArray[np.uint8]:
    """Strokes of three strengths with pale edges, all as faint, on a noisy sheet."""
    strokes = np.zeros((120, 160))
    for n, strength in enumerate((1.0, 0.9, 0.6)):
        strokes[10 + 30 * n : 14 + 30 * n, 10:150] = strength
        strokes[14 + 30 * n, 10:150] = strength / 2
    paper, stroke = (30.0, 250.0) if dark else (250.0, 10.0)
    levels = paper + (stroke - paper) * faint * strokes + np.random.default_rng(0).normal(0, noise, strokes.shape)
    return np.repeat(levels.round().clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("faint", [0.5, 0.3, 0.15])
def test_a_drawing_that_is_faint_all_over_has_the_ink_of_a_strong_one(faint: float, dark: bool) -> None:
    pale, strong = ink(sheet(faint, dark=dark)), ink(sheet(dark=dark))
    assert pale[10:13, 10:150].min() == strong[10:13, 10:150].min() == 1.0
    assert pale.sum() == pytest.approx(strong.sum(), rel=0.08)


def test_a_faint_drawing_is_made_stronger_as_far_as_its_paper_is_quiet() -> None:
    noisy = ink(sheet(0.2, noise=6.0))
    assert noisy[10:13, 10:150].mean() > 0.8
    assert (noisy[100:] > 0.35).mean() < 0.002
    assert ink(sheet(0.0, noise=1.0)).max() < 0.35, "nothing is made of paper alone"


def test_what_is_faint_beside_strong_strokes_stays_faint() -> None:
    page = sheet()
    page[100:104, 10:150] = 225
    assert ink(page)[100:104, 10:150].max() < 0.1


@pytest.mark.parametrize("halo", [35, 50])
def test_halos_around_strokes_are_not_taken_for_strokes(halo: int) -> None:
    page = sheet()
    page[5:10, 10:150] = page[15:20, 10:150] = 250 - halo
    page[35:40, 10:150] = page[45:50, 10:150] = 250 - halo
    with_halos = ink(page)
    assert np.abs(with_halos - ink(sheet()))[74, 10:150].max() < 0.02, "as much ink elsewhere"
    assert with_halos[5:10].max() < 0.2
