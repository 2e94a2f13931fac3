"""What reaches into an example's box from beside it is told from what is the symbol's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.engine.query import Pixels
from app.engine.strays import Mask, pieces, strays

PAPER = (255, 255, 255)
SPAN = (60, 60, 120, 120)  # of the box
Pen = ImageDraw.ImageDraw


def drawn(*parts: Callable[[Pen], None]) -> Pixels:
    picture = Image.new("RGB", (180, 180), PAPER)
    for part in parts:
        part(ImageDraw.Draw(picture))
    return np.asarray(picture)


def circle(pen: Pen) -> None:
    pen.ellipse([62, 66, 100, 104], outline=0, width=2)


def plates(pen: Pen) -> None:
    """A capacitor's, on wires that go on outside."""
    for x, end in ((84, 0), (94, 180)):
        pen.line([(x, 64), (x, 116)], 0, 3)
        pen.line([(x, 90), (end, 90)], 0, 2)


def written(string: str, x: int, y: int) -> Callable[[Pen], None]:
    font = ImageFont.load_default(20)
    return lambda pen: pen.text((x, y), string, "black", font)


def left_of(over: Mask | None, page: Pixels) -> Pixels:
    """The page's ink in the box that is none of the strays."""
    top, left, bottom, right = SPAN
    assert over is not None
    inside: Pixels = page[top:bottom, left:right].copy()
    inside[over] = 255
    return inside


@pytest.mark.parametrize("label", [written("M", 108, 74), written("8", 112, 88), written("S", 102, 48), written("Q", 50, 102),
                                   written("1", 82, 108)])
def test_a_label_that_the_box_cuts_is_none_of_the_symbol(label: Callable[[Pen], None]) -> None:
    page, alone = drawn(circle, label), drawn(circle)
    top, left, bottom, right = SPAN
    assert (page[top:bottom, left:right] != alone[top:bottom, left:right]).any(), "the label reaches into the box"
    rest = left_of(strays(page, SPAN, PAPER), page).astype(int) - alone[top:bottom, left:right]
    assert np.abs(rest).max() < 90, "all but the palest of its edges"


def test_letters_beside_a_cut_one_go_with_it() -> None:
    page = drawn(lambda pen: pen.rectangle([62, 62, 112, 90], outline=0, width=2), written("AB", 98, 96))
    assert len(pieces(page[60:120, 60:120, 0] < 128)) == 3, "the frame, A and a part of B"
    left = left_of(strays(page, SPAN, PAPER), page)
    assert len(pieces(left[:, :, 0] < 128)) == 1


def wedge(pen: Pen) -> None:
    """Open to the right, as a transistor is."""
    pen.line([(112, 62), (66, 90), (112, 118)], 0, 2)


def ground(pen: Pen) -> None:
    for y, half in ((70, 26), (80, 16), (90, 8)):
        pen.line([(90 - half, y), (90 + half, y)], 0, 3)


@pytest.mark.parametrize(("letters", "outside"), [("A", "B"), ("AN", "B"), ("I4", "B")])
def test_letters_that_others_outside_go_on_from_go_with_them(letters: str, outside: str) -> None:
    word = written(letters, 119 - round(ImageFont.load_default(20).getlength(letters)), 78)
    page, alone = drawn(wedge, word, written(outside, 121, 78)), drawn(wedge)
    assert (page[60:120, 119:121] == 255).all(), "no letter is cut"
    assert len(pieces(page[60:120, 60:120, 0] < 128)) == 1 + len(letters)
    rest = left_of(strays(page, SPAN, PAPER), page).astype(int) - alone[60:120, 60:120]
    assert np.abs(rest).max() < 90, "all but the palest of its edges"


def test_letters_that_touch_each_other_go_with_those_outside() -> None:
    def word(pen: Pen) -> None:
        pen.rectangle([106, 80, 118, 88], outline=0, width=2)
        pen.line([(110, 80), (110, 88)], 0, 1)
        pen.line([(114, 80), (114, 88)], 0, 1)

    page, alone = drawn(wedge, word, written("2", 121, 74)), drawn(wedge)
    rest = left_of(strays(page, SPAN, PAPER), page).astype(int) - alone[60:120, 60:120]
    assert np.abs(rest).max() < 90


def test_a_label_is_told_among_many_specks() -> None:
    def specks(pen: Pen) -> None:
        pen.point([(x, y) for x in range(0, 180, 6) for y in (*range(0, 57, 6), *range(126, 180, 6))], 0)

    page = drawn(circle, written("M", 108, 74), specks)
    assert pieces(page[:, :, 0] < 128) == [], "too many to be told apart one by one"
    assert (left_of(strays(page, SPAN, PAPER), page) == drawn(circle)[60:120, 60:120]).mean() > 0.98


def test_a_wire_that_ends_before_the_symbol_and_turns_is_none_of_it() -> None:
    page = drawn(circle, lambda pen: pen.line([(106, 84), (124, 84), (124, 20)], 0, 2))
    assert (left_of(strays(page, SPAN, PAPER), page) == drawn(circle)[60:120, 60:120]).all()


def test_a_letter_that_is_hardly_cut_goes_with_its_line() -> None:
    def word(pen: Pen) -> None:
        pen.line([(114, 82), (120, 82)], 0, 1)
        pen.line([(117, 76), (117, 88)], 0, 1)
        pen.line([(124, 76), (130, 76), (126, 88)], 0, 1)

    page = drawn(wedge, word)
    assert page[82, 120, 0] == 0, "a pixel of it lies outside"
    assert page[82, 121, 0] == 255
    left = left_of(strays(page, SPAN, PAPER), page)
    assert (left == drawn(wedge)[60:120, 60:120]).all()


@pytest.mark.parametrize("parts", [
    (plates,),
    (wedge, lambda pen: pen.line([(116, 66), (116, 114)], 0, 3), lambda pen: pen.line([(116, 90), (140, 90)], 0, 2)),
    (circle, lambda pen: pen.line([(112, 66), (112, 104)], 0, 3),
     lambda pen: pen.line([(112, 84), (126, 84), (126, 20)], 0, 2)),
    (wedge, written("A", 104, 78)),                                     # no line of text goes on from this
    (wedge, written("A", 90, 78), lambda pen: pen.line([(114, 70), (114, 110)], 0, 2), written("B", 121, 78)),
    (ground, written("H", 83, 121)),                                    # its shortest bar is as wide as a letter
    (circle, written("S", 74, 74), written("C1", 121, 74)),
    (plates, written("C1", 130, 70)),
    (circle, written("S", 74, 74)),                                     # a symbol with a letter in it
    (circle, lambda pen: pen.line([(112, 64), (112, 110)], 0, 3)),      # with a bar that stands apart
    (circle, lambda pen: pen.line([(120, 60), (120, 121)], 0, 4)),      # with one that the box's edge cuts in two
    (circle, lambda pen: pen.line([(110, 62), (110, 180)], 0, 2)),      # with one on a wire
    (lambda pen: pen.line([(84, 64), (84, 116)], 0, 3), lambda pen: pen.line([(94, 64), (94, 134), (110, 134)], 0, 3)),
    (),
], ids=["plates", "bar on a wire that ends", "bar on a wire that turns", "letter alone", "bar between", "bars over text",
        "letter inside beside text", "beside text", "letter inside", "bar", "cut bar", "bar on a wire", "plate that goes on",
        "nothing"])
def test_what_may_be_the_symbols_stays(parts: tuple[Callable[[Pen], None], ...]) -> None:
    assert strays(drawn(*parts), SPAN, PAPER) is None


def test_a_box_may_lie_over_the_pages_edge() -> None:
    page = drawn(circle, written("M", 108, 74))[60:120, 60:120]
    assert strays(page, (0, 0, 60, 60), PAPER) is None, "nobody sees that the letter goes on"


def test_a_large_box_is_looked_at_coarsely() -> None:
    page = drawn(circle, written("M", 108, 74))
    large = np.asarray(Image.fromarray(page).resize((1440, 1440), Image.Resampling.NEAREST))
    over = strays(large, (480, 480, 960, 960), PAPER)
    assert over is not None
    assert over.shape == (480, 480)
    assert over[:, :320].sum() == 0
    assert over[:, 380:].any()


def test_what_hangs_together_is_one_piece_however_it_winds() -> None:
    seen = np.zeros((80, 80), bool)
    seen[::4] = True
    seen[2::8, -1] = seen[1::8, -1] = seen[3::8, -1] = True
    seen[6::8, 0] = seen[5::8, 0] = seen[7::8, 0] = True
    seen[78:] = False
    (one,) = pieces(seen)
    assert (one.ink == seen).all()
    seen[40, 40] = False
    assert len(pieces(seen)) == 2


def test_a_texture_is_in_no_pieces() -> None:
    assert pieces(np.indices((60, 60)).sum(0) % 3 == 0) != []
    assert pieces((np.indices((60, 60)) % 2 == 0).all(0)) == []
