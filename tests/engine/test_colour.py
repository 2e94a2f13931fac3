"""Tones of ink, whatever the paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from app.engine.colour import Rows, apart, coloured, foreign, ink_points, tones
from app.engine.detector import Detector
from app.engine.evidence import NAMES
from app.engine.index import SymbolIndex
from app.engine.ink import Colour, ink
from app.engine.query import Example, Options, Pixels, Query
from app.engine.weights import golden_picture

RED, BLUE, BLACK, WHITE = (220, 0, 0), (0, 0, 220), (0, 0, 0), (255, 255, 255)


def drawn(colour: tuple[int, int, int], paper: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    dark = golden_picture()[..., 0] < 128
    return np.where(dark[..., None], np.array(colour, np.uint8), np.array(paper, np.uint8))


def tone(pixels: Pixels, paper: Colour = WHITE) -> Rows:
    inked = ink(pixels, paper)
    (only,) = tones(pixels, inked, ink_points(inked, 100)[None], paper)
    result: Rows = only
    return result


def test_a_tone_is_the_way_from_the_paper() -> None:
    assert tone(drawn(BLACK)) == pytest.approx([-1, -1, -1])
    assert tone(drawn(WHITE, BLACK), BLACK) == pytest.approx([1, 1, 1])
    assert tone(drawn(RED, BLACK), BLACK) == pytest.approx([1, 0, 0])


def strange(pixels: Pixels, at: tuple[float, float] = (20.0, 20.0)) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What is foreign in a 40 px picture of a 40 px page around a place, to the golden symbol."""
    own = torch.from_numpy(ink(golden_picture(), WHITE))
    affine = torch.tensor([[[1.0, 0.0, at[0]], [0.0, 1.0, at[1]]]])
    return foreign(torch.from_numpy(pixels), torch.from_numpy(ink(pixels, WHITE)), WHITE, affine, own)[0].numpy()


@pytest.mark.parametrize("colour", [BLACK, RED, BLUE])
def test_a_symbol_alone_is_not_foreign_to_itself(colour: Colour) -> None:
    assert strange(drawn(colour)).max() < 0.01


def test_what_crosses_a_symbol_in_another_colour_is_foreign() -> None:
    pixels = drawn(RED)
    pixels[18:21] = BLUE
    marked = strange(pixels)
    assert marked[18:21].min() > 0.8
    assert marked[4:16].max() < 0.01
    assert marked[23:36].max() < 0.01


def test_nothing_is_foreign_on_paper_and_off_the_page() -> None:
    pixels = drawn(RED)
    pixels[18:21] = BLUE
    assert strange(pixels, (60.0, 20.0))[:, 20:].max() == 0
    assert strange(np.full_like(pixels, 255)).max() == 0


def test_a_page_of_one_ink_is_not_coloured() -> None:
    grey, two = np.tile([-1.0, -1.0, -1.0], (1000, 1)), np.tile([-1.0, -1.0, -1.0], (1000, 1))
    two[:20] = [0.0, -1.0, -1.0]
    assert [coloured(page) for page in (grey, two, np.zeros((0, 3)))] == [False, True, False]


def test_red_is_far_from_blue_and_from_black_and_near_a_paler_red() -> None:
    red = tone(drawn(RED))
    for other in (BLUE, BLACK):
        assert apart(tone(drawn(other)), red) > 0.8
    assert apart(tone(drawn((240, 150, 150))), red) < 0.2


def test_a_place_without_ink_has_no_tone() -> None:
    page = np.full((50, 50, 3), 255, np.uint8)
    assert tones(page, ink(page), np.array([[[10.5, 10.5], [400.0, -3.0]]]), WHITE) == pytest.approx(np.zeros((1, 3)))


def test_points_are_spread_over_the_ink() -> None:
    inked = np.zeros((100, 80), np.float32)
    inked[10:90, 20:60] = 1
    points = ink_points(inked, 50)
    assert len(points) == 50
    assert points.min(axis=0) == pytest.approx([20.5, 10.5])
    assert points.max(axis=0) == pytest.approx([59.5, 89.5])


def test_symbols_that_differ_by_colour_only_are_told_apart(shipped: Detector) -> None:
    page = np.full((200, 420, 3), 255, np.uint8)
    for n, colour in enumerate((RED, BLUE, RED, BLUE)):
        page[80:120, 40 + 100 * n : 80 + 100 * n] = drawn(colour)
    examples = [Example(1, drawn(RED)), Example(2, drawn(BLUE))]
    index = SymbolIndex(shipped.dimension, shipped.stamp)
    index.add([1, 2], np.stack([shipped.embed(each.pixels) for each in examples]))
    both = [Query(name, (each,)) for name, each in zip(("red", "blue"), examples, strict=True)]
    found = shipped.detect(page, both, index, Options()).detections
    assert [d.symbol_id for d in sorted(found, key=lambda d: d.pose.x)] == ["red", "blue", "red", "blue"]
    alone = shipped.detect(page, both[:1], index, Options()).detections
    assert len(alone) == 4, "the same symbol in another colour is found when nothing contradicts it"


def search(detector: Detector, example: Pixels, page: Pixels) -> list[tuple[float, dict[str, float]]]:
    """Score and evidence of the finds, from left to right."""
    index = SymbolIndex(detector.dimension, detector.stamp)
    index.add([1], detector.embed(example)[None])
    found = detector.detect(page, [Query("one", (Example(1, example),))], index, Options(min_score=0.02)).detections
    return [(d.score, dict(zip(NAMES, d.evidence, strict=True))) for d in sorted(found, key=lambda d: d.pose.x)]


def test_a_find_in_the_example_s_colour_scores_higher(shipped: Detector) -> None:
    page = np.full((200, 320, 3), 255, np.uint8)
    for n, colour in enumerate((RED, RED, BLUE)):
        page[80:120, 40 + 100 * n : 80 + 100 * n] = drawn(colour)
    (first, same), _, (last, other) = search(shipped, drawn(RED), page)
    assert same["recoloured"] < 0.1
    assert other["recoloured"] > 0.8
    assert first > last


def test_on_other_paper_colour_says_nothing(shipped: Detector) -> None:
    page = np.zeros((200, 220, 3), np.uint8)
    page[80:120, 40:80], page[80:120, 140:180] = drawn(WHITE, BLACK), drawn((250, 0, 0), BLACK)
    found = search(shipped, drawn(BLACK), page)
    assert len(found) == 2
    assert {told["recoloured"] for _, told in found} == {0}
