"""A spot of another tone over an example's edge is none of it, if the page says so."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.engine.cover import uncovered
from app.engine.detector import Detector
from app.engine.index import SymbolIndex
from app.engine.ink import Colour
from app.engine.query import Example, Options, Pixels, Query
from tests.pictures import gate

PAPER, INK, SPOT = (33, 40, 48), (200, 30, 110), (250, 240, 20)
PLACES = [(80, 80, 0), (200, 80, 90), (320, 80, 0), (80, 200, 180), (200, 200, 270), (320, 200, 45)]


def spotted(x: int, y: int, colour: Colour = SPOT, radius: int = 5) -> Pixels:
    """The D, cut to its box and a little more, with a spot at x, y from its middle."""
    picture = gate(PAPER, INK)
    ImageDraw.Draw(picture).ellipse([32 + x - radius, 32 + y - radius, 32 + x + radius, 32 + y + radius], colour)
    return np.asarray(picture)[13:51, 12:50]


def sheet(spots: bool) -> Pixels:
    """Copies of the D turned to PLACES, with the spot on all or on the first alone."""
    page = Image.new("RGB", (420, 290), PAPER)
    for n, (x, y, angle) in enumerate(PLACES):
        stamp = gate(PAPER, INK)
        if spots or n == 0:
            ImageDraw.Draw(stamp).ellipse([32 - 18, 32 - 5, 32 - 8, 32 + 5], SPOT)
        turned = stamp.rotate(angle, Image.Resampling.BICUBIC, fillcolor=PAPER)
        page.paste(turned, (x - 32, y - 32))
    return np.asarray(page)


def found(detector: Detector, page: Pixels, pixels: Pixels) -> int:
    index = SymbolIndex(detector.dimension, detector.stamp)
    index.add([1], detector.embed(pixels, PAPER)[None])
    return len(detector.detect(page, [Query("gate", (Example(1, pixels, paper=PAPER),))], index, Options()).detections)


@pytest.mark.parametrize("at", [(-13, 0), (-13, 14), (15, 0), (0, -16)])
def test_a_spot_over_the_edge_is_painted_out_with_the_wire_that_ends_there(at: tuple[int, int]) -> None:
    other = uncovered(Example(7, spotted(*at), paper=PAPER))
    assert other is not None
    assert other.over is not None
    assert other.id == 7
    assert (other.pixels[other.over] == PAPER).all()
    assert not (other.pixels[..., 1] > 150).any()                        # no yellow
    assert (other.pixels[..., 0] > 150).sum() > 100                      # and the D
    assert other.pixels.shape == spotted(*at).shape


def test_a_large_example_is_uncovered_as_a_small_one() -> None:
    small = spotted(-13, 0)
    large = uncovered(Example(1, np.asarray(Image.fromarray(small).resize((760, 760), Image.Resampling.NEAREST)), paper=PAPER))
    other = uncovered(Example(1, small, paper=PAPER))
    assert large is not None
    assert other is not None
    assert large.over is not None
    assert other.over is not None
    assert np.abs(large.over.mean() - other.over.mean()) < 0.03


def test_the_wire_from_a_spot_to_the_edge_goes_with_it() -> None:
    pixels = spotted(0, -16).copy()
    pixels[1:4, 24:] = INK  # from the spot to the right
    other = uncovered(Example(1, pixels, paper=PAPER))
    assert other is not None
    assert other.over is not None
    assert other.over[:, -1].any()
    assert not (other.pixels[:4, 24:] == INK).all(axis=2).any()


@pytest.mark.parametrize("pixels", [
    spotted(2, 0),                  # inside: the symbol's own
    spotted(-13, 0, INK),           # of the same tone
    spotted(-13, 0, radius=14),     # not small
    spotted(-13, 0, radius=1),      # no more than a stroke
    np.asarray(gate(PAPER, INK)),
    np.full((30, 30, 3), PAPER, np.uint8),
])
def test_other_examples_are_covered_by_nothing(pixels: Pixels) -> None:
    assert uncovered(Example(1, pixels, paper=PAPER)) is None


def test_copies_without_the_spot_are_found(shipped: Detector) -> None:
    assert found(shipped, sheet(spots=False), spotted(-13, 0)) == len(PLACES)


def test_where_copies_have_it_the_spot_is_the_symbols_own(shipped: Detector) -> None:
    page = sheet(spots=True)
    assert found(shipped, page, spotted(-13, 0)) == len(PLACES)
    bare = np.asarray(gate(PAPER, INK))
    page = page.copy()
    page[226:290, 0:64] = bare
    assert found(shipped, page, spotted(-13, 0)) == len(PLACES)


def test_a_wire_that_ends_between_the_spot_and_the_symbol_goes_with_the_spot() -> None:
    picture = gate(PAPER, INK, 84)
    pen = ImageDraw.Draw(picture)
    pen.line([(0, 32), (29, 32)], PAPER, 3)
    pen.line([(13, 32), (24, 32)], INK, 1)
    pen.ellipse([4, 26, 16, 38], SPOT)
    pixels = np.asarray(picture)[13:51, 4:62]
    other = uncovered(Example(1, pixels, paper=PAPER))
    assert other is not None
    assert (other.pixels[:, :24] == PAPER).all(), "no spot, no wire"
    assert (other.pixels[:, 24:] == pixels[:, 24:]).all(), "and the D as it was"


def test_the_more_solid_of_two_tones_is_the_spot() -> None:
    small = Image.fromarray(spotted(0, -16, radius=6)).resize((24, 24), Image.Resampling.BILINEAR)
    ImageDraw.Draw(small).rectangle([16, 2, 24, 6], INK)  # a broad wire
    other = uncovered(Example(1, np.asarray(small), paper=PAPER))
    assert other is not None
    assert not (other.pixels[..., 1] > 150).any()
