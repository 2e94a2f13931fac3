"""Values as people write them, with hypothesis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.geometry import Box
from app.errors import BadInput
from app.service.fields import MAX_PAGE, clean_name, clipped, parse_box, parse_pages, split_list

T = TypeVar("T")

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-3, 1e6)


def attempt(parse: Callable[..., T], *arguments: object) -> tuple[T | None, str | None]:
    """The value, or the field that is bad."""
    try:
        return parse(*arguments), None
    except BadInput as error:
        return None, error.field


@given(finite, finite, positive, positive)
def test_a_box_is_read_as_it_is_written(x: float, y: float, width: float, height: float) -> None:
    assert parse_box(f"{x!r}, {y!r},{width!r} ,{height!r}", "box") == Box(x, y, width, height)


@given(st.text(max_size=40))
def test_any_text_is_a_box_or_bad_input(text: str) -> None:
    box, field = attempt(parse_box, text, "region")
    if box is None:
        assert field == "region"
    else:
        assert all(map(math.isfinite, (box.x, box.y, box.width, box.height)))
        assert box.area > 0 or min(box.width, box.height) > 0


@given(finite, finite, positive, positive, st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_clipped_box_lies_on_the_page(x: float, y: float, w: float, h: float, width: int, height: int) -> None:
    part, field = attempt(clipped, Box(x, y, w, h), width, height, "box")
    if part is None:
        assert field == "box"
        assert x >= width or y >= height or x + w <= 0 or y + h <= 0
    else:
        assert part.x >= 0
        assert part.y >= 0
        assert part.x + part.width <= width + 1e-6
        assert part.y + part.height <= height + 1e-6


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 20)), min_size=1, max_size=8))
def test_pages_are_the_union_of_their_ranges(ranges: list[tuple[int, int]]) -> None:
    text = ",".join(str(first) if not more else f"{first}-{first + more}" for first, more in ranges)
    expected = sorted({page for first, more in ranges for page in range(first, first + more + 1)})
    assert list(parse_pages(text)) == expected


@given(st.text(max_size=30) | st.text("0123456789-, ", max_size=30))
def test_any_text_is_pages_or_bad_input(text: str) -> None:
    pages, field = attempt(parse_pages, text)
    if pages is None:
        assert field == "pages"
    else:
        assert list(pages) == sorted(set(pages))
        assert 1 <= pages[0] <= pages[-1] <= MAX_PAGE


@given(st.text(max_size=120))
def test_a_name_is_clean_or_bad_input(text: str) -> None:
    name, field = attempt(clean_name, text)
    if name is None:
        assert field == "name"
    else:
        assert 1 <= len(name) <= 100
        assert name == name.strip() == clean_name(name)


def test_equal_names_are_written_the_same() -> None:
    assert clean_name("e\u0301") == clean_name("\u00e9") == "\u00e9"


@pytest.mark.parametrize(("values", "expected"), [([], ()), (["a,b", "c"], ("a", "b", "c")), ([" a , ,", ","], ("a",))])
def test_lists_are_split(values: list[str], expected: tuple[str, ...]) -> None:
    assert split_list(values) == expected
