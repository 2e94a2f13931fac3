"""Examples are copies that show, of the page searched or of another drawing of the same symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.ink import ink
from app.engine.query import Pixels
from training import examples
from training.drawings import Drawing, Symbol, make_drawing
from training.examples import clear_copy, cut, from_afar, from_here
from training.styles import Style, exactly, of_size, random_style


def drawn(seed: int) -> tuple[Drawing[Symbol], Style, np.random.Generator]:
    rng = np.random.default_rng(seed)
    style = exactly(random_style(rng))
    return make_drawing(rng, 448, 448, clutter=0, damaged=False, style=style), style, rng


def test_a_clear_copy_is_one_that_shows() -> None:
    drawing, _, rng = drawn(4)
    copies = [one for one in drawing.instances if one.label == drawing.instances[0].label]
    assert clear_copy(drawing, copies, rng) in copies
    blank = replace(drawing, pixels=np.full_like(drawing.pixels, 255))
    assert clear_copy(blank, copies, rng) is None


def solid(pixels: Pixels) -> NDArray[np.float64]:
    inked = ink(pixels)
    found: NDArray[np.float64] = np.median(pixels[inked >= 0.9 * inked.max()], axis=0)
    return found


def sizes(drawing: Drawing[Symbol], style: Style, rng: np.random.Generator) -> Iterator[float]:
    """How large examples from other drawings are to what the drawing shows of their classes, longer or shorter side."""
    for label, pixels, *_ in from_afar(drawing, style, True, rng, 10):
        copy = next(one for one in drawing.instances if one.label == label)
        sides = [max(pixels.shape[:2]) - 5, max(copy.width, copy.height)]
        yield sides[0] / sides[1]


def test_examples_of_the_same_set_have_the_size_and_colour_that_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "SAME_SET", 1.0)
    coloured = []
    for seed in range(8):
        drawing, style, rng = drawn(seed)
        assert all(0.8 < size < 1.25 for size in sizes(drawing, replace(style, rotation="upright"), rng))
        for label, pixels, *_ in from_afar(drawing, style, True, rng, 2) if style.coloured else ():
            copy = cut(drawing.pixels, next(one for one in drawing.instances if one.label == label))
            coloured.append(copy is not None and np.abs(solid(pixels) - solid(copy)).max() < 60)
    assert np.mean(coloured) > 0.8, "some are two-toned"


def test_examples_of_other_sets_have_other_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "SAME_SET", 0.0)
    found = [size for seed in range(3) for size in sizes(*drawn(seed))]
    assert min(found) < 0.7
    assert max(found) > 1.4


def test_examples_know_how_large_the_symbol_is_in_them() -> None:
    drawing, style, rng = drawn(2)
    here, afar = from_here(drawing, rng, 10), from_afar(drawing, replace(style, rotation="upright"), True, rng, 10)
    assert len(here) > 1
    assert all(one.own in drawing.instances for one in here)
    assert len({one.label for one in here}) == len(here)
    assert {one.own for one in afar} == {None}
    assert all(0.75 < (max(one.pixels.shape[:2]) - 5) / one.side < 1.45 for one in afar), "a square turned is wider"


def test_some_classes_may_be_left_out() -> None:
    drawing, style, rng = drawn(1)
    labels = {one.label for one in drawing.instances}
    but = sorted(labels)[1:]
    assert {one.label for one in from_afar(drawing, style, True, rng, 10, but)} <= labels - set(but)


def test_a_style_of_another_size_keeps_its_proportions() -> None:
    style = replace(random_style(np.random.default_rng(0)), size=30.0, line_width=1.5, text_height=10.0)
    twice = of_size(style, 60.0)
    assert (twice.size, twice.line_width, twice.text_height) == (60.0, 3.0, 20.0)
    assert of_size(style, 300.0).line_width == 5.0, "within bounds"
