"""Warnings about examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.geometry import Box
from app.engine.inspect import inspect, place
from tests import pictures
from tests.stub import ring

PLACE = Box(100, 100, 40, 40)


def codes(pixels: NDArray[np.uint8], box: Box | None = None) -> list[str]:
    return [warning.code for warning in inspect(pixels, box)]


def test_a_clear_example_has_no_warnings() -> None:
    assert codes(ring(40, 12)) == []
    assert codes(pictures.page([(100, 100)]), PLACE) == []


def test_a_tight_box_has_no_warnings() -> None:
    assert codes(ring(40, 12)[2:-2, 2:-2]) == []
    assert codes(pictures.page([(100, 100)]), Box(102, 102, 36, 36)) == []


def test_a_dark_drawing_is_as_good() -> None:
    assert codes(255 - pictures.page([(100, 100)]), PLACE) == []


def test_a_small_symbol_is_told_whatever_its_margin() -> None:
    page = np.full((200, 200, 3), 255, dtype=np.uint8)
    page[100:108, 100:108] = 0
    assert codes(page, Box(95, 95, 20, 20)) == ["too_small"]


@pytest.mark.parametrize("value", [0, 255])
def test_an_empty_example_has_little_ink(value: int) -> None:
    assert "little_ink" in codes(np.full((40, 40, 3), value, dtype=np.uint8))


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_line_that_leaves_the_box_is_told_with_its_side(side: str) -> None:
    page = pictures.page([(100, 100)])
    ends: dict[str, Any] = {
        "left": np.s_[120, 60:110],
        "right": np.s_[120, 130:180],
        "top": np.s_[60:110, 120],
        "bottom": np.s_[130:180, 120],
    }
    page[ends[side]] = 0
    (warning,) = inspect(page, PLACE)
    assert warning.code == "crossed"
    assert f"({side})" in warning.detail


def test_a_line_across_a_crop_is_told() -> None:
    crop = ring(40, 12)
    crop[25] = 0
    (warning,) = inspect(crop)
    assert warning.code == "crossed"


def test_a_line_beside_the_box_is_not() -> None:
    page = pictures.page([(100, 100)])
    page[:, 143] = 0
    assert codes(page, PLACE) == []


def test_a_box_at_the_page_edge_is_inspected() -> None:
    assert codes(pictures.page([(0, 0)]), Box(0, 0, 40, 40)) == []


def test_a_stroke_that_ends_at_the_box_is_seen_to_end_there() -> None:
    """One that goes on outside is a wire, and the example ends where the user says."""
    page = np.full((80, 80, 3), 255, dtype=np.uint8)
    page[30:50, 30] = page[30:50, 49] = page[30, 30:50] = page[49, 30:50] = 0
    page[20:30, 40] = 0   # a stub
    page[40, 50:80] = 0   # a wire
    assert place(page, Box(30, 20, 20, 30)) == (19, 29, 51, 50)
    assert place(page, Box(0, 0, 80, 80)) == (0, 0, 80, 80)
    assert place(page, Box(25, 15, 30, 40)) == (15, 25, 55, 55), "a box with a margin stays as it is"
