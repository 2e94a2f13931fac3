"""Copies that a spot of another tone hides in part."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from app.engine.detector import Detector
from app.engine.evidence import NAMES, RECOLOURED
from app.engine.example import prepare
from app.engine.geometry import Box
from app.engine.index import SymbolIndex
from app.engine.ink import Colour, ink
from app.engine.look import Shot
from app.engine.pictures import Sheet
from app.engine.query import Example, Options, Pixels, Query
from app.engine.spots import HIDDEN, hidden, unspotted
from app.engine.suppress import Found
from tests.pictures import gate

PAPER, INK, SPOT = (33, 40, 48), (200, 30, 110), (250, 240, 20)
PLACES = [(80, 80, 0), (200, 80, 90), (320, 80, 0), (80, 200, 180), (200, 200, 270), (320, 200, 45)]
SIDE = 64


def spotted(spot: Colour | None = None, radius: int = 9) -> Image.Image:
    """A D with a spot over its lower right."""
    picture, (x, y) = gate(PAPER, INK, SIDE, SIDE), (SIDE // 2 + 6, SIDE // 2 + 9)
    if spot:
        ImageDraw.Draw(picture).ellipse([x - radius, y - radius, x + radius, y + radius], spot)
    return picture


def page(spot: Colour | None = SPOT, radius: int = 9) -> Pixels:
    """Copies of the D turned to PLACES, a spot on all but the first."""
    sheet = Image.new("RGB", (420, 290), PAPER)
    for n, (x, y, angle) in enumerate(PLACES):
        turned = spotted(spot if n else None, radius=radius).rotate(angle, Image.Resampling.BICUBIC, fillcolor=PAPER)
        sheet.paste(turned, (x - SIDE // 2, y - SIDE // 2))
    return np.asarray(sheet)


def walled() -> Pixels:
    """The page with walls of the spots' tone across the copies."""
    sheet = Image.fromarray(page(None))
    pen = ImageDraw.Draw(sheet)
    for x, y, _ in PLACES:
        pen.line([(x - 60, y + 10), (x + 60, y + 10)], SPOT, 9)
    return np.asarray(sheet)


def apart() -> Pixels:
    """The page with spots beside the copies."""
    sheet = Image.fromarray(page(None))
    pen = ImageDraw.Draw(sheet)
    for x, y, _ in PLACES:
        pen.ellipse([x + 36, y + 36, x + 52, y + 52], SPOT)
    return np.asarray(sheet)


def example(spot: Colour | None = None) -> Pixels:
    return np.asarray(spotted(spot))[13:51, 12:50]


def shot(pixels: Pixels, paper: Colour = PAPER) -> Shot:
    return Shot(0, Example(1, pixels, paper=paper), prepare(pixels, paper))


def sheet(pixels: Pixels) -> Sheet:
    return Sheet(pixels, ink(pixels, PAPER), PAPER)


def find(detector: Detector, pixels: Pixels) -> int:
    own, index = example(), SymbolIndex(detector.dimension, detector.stamp)
    index.add([1], detector.embed(own, PAPER)[None])
    return len(detector.detect(pixels, [Query("gate", (Example(1, own, paper=PAPER),))], index, Options()).detections)


def test_copies_under_spots_are_found(shipped: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(shipped, page()) == len(PLACES)
    monkeypatch.setattr("app.engine.detector.unspotted", lambda *_: ())
    assert find(shipped, page()) < len(PLACES)


def test_spots_are_taken_off_and_what_is_far_from_them_is_left_out() -> None:
    dotted = page()
    (bare, group), = unspotted(sheet(dotted), [shot(example())])
    assert group == [0]
    assert bare.over is not None
    over = bare.over.numpy() > 0
    yellow = dotted[..., 1] > 150
    assert over[yellow].all()
    assert over.sum() < 2 * yellow.sum()
    assert not bare.ink[over].any()
    assert bare.ink[64:96, 310:330].any(), "the D beside its spot"
    alone = np.full((300, 700, 3), PAPER, np.uint8)
    alone[20:84, 20:84], alone[20:84, 600:664] = np.asarray(spotted(SPOT)), np.asarray(spotted())
    (bare, _), = unspotted(sheet(alone), [shot(example())])
    assert bare.ink[:, :150].any()
    assert not bare.ink[:, 500:].any()


@pytest.mark.parametrize("pixels", [
    page(None),
    page(INK),            # of the symbol's tone
    page(radius=1),       # no more than a stroke
    page(radius=19),      # larger than what it may hide
    walled(),
    apart(),
])
def test_other_pages_have_no_spots(pixels: Pixels) -> None:
    assert not list(unspotted(sheet(pixels), [shot(example())]))


def test_an_example_with_a_spot_of_its_own_or_on_other_paper_knows_of_none() -> None:
    assert not list(unspotted(sheet(page()), [shot(example(SPOT))]))
    white = np.where((example() == PAPER).all(axis=2, keepdims=True), 255, example()).astype(np.uint8)
    assert not list(unspotted(sheet(page()), [shot(white, (255, 255, 255))]))


def test_examples_of_one_tone_and_size_are_looked_for_together() -> None:
    small = np.asarray(Image.fromarray(example()).resize((16, 16), Image.Resampling.BOX))
    groups = [group for _, group in unspotted(sheet(page(radius=3)), [shot(example()), shot(example()), shot(small)])]
    assert groups == [[0, 1], [2]]


@pytest.mark.parametrize(("spot", "recoloured", "kept"), [
    ((0, 0, 0, 0), 0.0, False),
    ((0, 0, 8, 40), 0.2, True),
    ((0, 0, 8, 40), 0.9, False),   # all of it is of another tone, the spot too
    ((0, 0, 40, 40), 0.0, False),  # nothing is seen
])
def test_finds_that_are_hidden_in_part_are_kept(spot: tuple[int, int, int, int], recoloured: float, kept: bool) -> None:
    ring = np.full((40, 40, 3), 255, np.uint8)
    ring[2:38, 2:38] = 0
    ring[6:34, 6:34] = 255
    over = torch.zeros(100, 100)
    left, top, width, height = spot
    over[30 + top : 30 + top + height, 30 + left : 30 + left + width] = 1
    blank = np.full((100, 100, 3), 255, np.uint8)
    bare = Sheet(blank, np.zeros((100, 100), np.float32), (255, 255, 255), over=over)
    evidence = np.zeros((1, len(NAMES)))
    evidence[0, RECOLOURED] = recoloured
    found = Found(0, True, (40, 40), Box(2, 2, 36, 36), 36.0, 9.0, np.array([[50.0, 50, 90, 0, 1, 1]]), np.ones(1), evidence)
    assert len(hidden(bare, shot(ring, (255, 255, 255)), found).poses) == kept
    assert 0 < HIDDEN[0] < HIDDEN[1] < 1
