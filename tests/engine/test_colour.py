"""Hues of ink, whatever the paper."""

from __future__ import annotations

import numpy as np
import pytest

from app.engine.colour import Rows, apart, hues, ink_points
from app.engine.detector import Detector
from app.engine.index import SymbolIndex
from app.engine.ink import ink
from app.engine.query import Example, Options, Pixels, Query
from app.engine.weights import golden_picture

RED, BLUE, BLACK = (220, 0, 0), (0, 0, 220), (0, 0, 0)


def drawn(colour: tuple[int, int, int], paper: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    dark = golden_picture()[..., 0] < 128
    return np.where(dark[..., None], np.array(colour, np.uint8), np.array(paper, np.uint8))


def hue(pixels: Pixels) -> Rows:
    inked = ink(pixels)
    (only,) = hues(pixels, inked, ink_points(inked)[None])
    result: Rows = only
    return result


def test_black_on_white_and_white_on_black_have_no_hue() -> None:
    assert hue(drawn(BLACK)) == pytest.approx(np.zeros(3), abs=1e-6)
    assert hue(drawn((255, 255, 255), BLACK)) == pytest.approx(np.zeros(3), abs=1e-6)


def test_red_is_far_from_blue_and_near_a_darker_red() -> None:
    red = hue(drawn(RED))
    assert apart(hue(drawn(BLUE))[None], red)[0] > 0.8
    assert apart(hue(drawn((180, 0, 0)))[None], red)[0] < 0.2


def test_a_place_without_ink_has_no_hue() -> None:
    page = np.full((50, 50, 3), 255, np.uint8)
    assert hues(page, ink(page), np.array([[[10.5, 10.5], [400.0, -3.0]]])) == pytest.approx(np.zeros((1, 3)))


def test_symbols_that_differ_by_colour_only_are_told_apart(shipped: Detector) -> None:
    page = np.full((200, 420, 3), 255, np.uint8)
    for n, colour in enumerate((RED, BLUE, RED, BLUE)):
        page[80:120, 40 + 100 * n : 80 + 100 * n] = drawn(colour)
    examples = [Example(1, drawn(RED)), Example(2, drawn(BLUE))]
    index = SymbolIndex(shipped.dimension, shipped.model)
    index.add([1, 2], np.stack([shipped.embed(each.pixels) for each in examples]))
    both = [Query(name, (each,)) for name, each in zip(("red", "blue"), examples, strict=True)]
    found = shipped.detect(page, both, index, Options()).detections
    assert [d.symbol_id for d in sorted(found, key=lambda d: d.pose.x)] == ["red", "blue", "red", "blue"]
    alone = shipped.detect(page, both[:1], index, Options()).detections
    assert len(alone) == 4, "the same symbol in another colour is found when nothing contradicts it"
