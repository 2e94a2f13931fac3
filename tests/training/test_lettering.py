"""Text: every glyph of every font has ink, in its place and size."""

import numpy as np
import pytest

from training.canvas import Canvas, Fill, Shape, Stroke, affine
from training.glyphs import GLYPHS
from training.lettering import FIRST_IDEOGRAPH, OUTLINE_FONTS, PRINTABLE, STROKED, Lettering, extent, random_lettering, text

FONTS = (STROKED, *OUTLINE_FONTS)


def picture(shape: Shape) -> np.ndarray:
    canvas = Canvas(60, 60)
    canvas.draw(shape, affine(30, 30), (0, 0, 0), 2)
    return 255 - canvas.pixels()[..., 0]


def test_the_stroke_font_has_all_that_drawings_use() -> None:
    assert set(GLYPHS) >= PRINTABLE | {"°"}


@pytest.mark.parametrize("font", FONTS)
def test_every_glyph_has_ink(font: str) -> None:
    for character in sorted(PRINTABLE):
        assert picture(text(character, 20, Lettering(font))).max() == 255, character


@pytest.mark.parametrize("font", FONTS)
def test_glyphs_are_told_apart(font: str) -> None:
    style = Lettering(font)
    seen = {character: picture(text(character, 24, style)).tobytes() for character in "ABCDEFGHIJKLMNPQRSTUVWXYZ123456789"}
    assert len(set(seen.values())) == len(seen)


@pytest.mark.parametrize("font", FONTS)
def test_capitals_have_the_height_asked_for_and_stand_centred(font: str) -> None:
    left, top, right, bottom = text("HEH", 10, Lettering(font, slant=0.0)).extent()
    assert bottom - top == pytest.approx(10, rel=0.05)
    assert (left + right) / 2 == pytest.approx(0, abs=0.01)
    assert (top + bottom) / 2 == pytest.approx(0, abs=0.3)


def test_a_wider_style_is_wider() -> None:
    for font in FONTS:
        narrow, wide = (extent("TIC-105", 10, Lettering(font, width=w))[0] for w in (0.6, 1.2))
        assert wide > 1.5 * narrow


def test_stroked_text_is_strokes_and_outlined_text_one_fill() -> None:
    assert all(isinstance(part, Stroke) and part.width == 1.4 for part in text("AB", 10, Lettering(weight=1.4)).parts)
    (part,) = text("A8", 10, Lettering("DejaVu Sans")).parts
    assert isinstance(part, Fill)
    assert len(part.contours) == 2 + 3


def test_slant_leans_to_the_right_going_up() -> None:
    (stroke,) = (part for part in text("l", 10, Lettering(slant=0.3)).parts if isinstance(part, Stroke))
    upper, lower = sorted(stroke.points.tolist(), key=lambda point: point[1])
    assert upper[0] > lower[0]


def test_rounding_keeps_ends() -> None:
    plain, rounded = (text("S", 10, Lettering(rounded=flag)).parts[0] for flag in (False, True))
    assert isinstance(plain, Stroke)
    assert isinstance(rounded, Stroke)
    assert len(rounded.points) > len(plain.points)
    np.testing.assert_allclose(rounded.points[-1] - rounded.points[0], plain.points[-1] - plain.points[0], atol=0.6)


def test_blank_text_is_empty_and_unknown_glyphs_are_question_marks() -> None:
    assert text("  ", 10).parts == ()
    assert extent(" ", 10, Lettering()) == (0.0, 10)
    np.testing.assert_array_equal(picture(text("ж", 20)), picture(text("?", 20)))


def test_ideographs_are_stable_and_differ() -> None:
    one, same, other = (picture(text(chr(FIRST_IDEOGRAPH + code), 24, Lettering("DejaVu Sans"))) for code in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_random_styles_use_both_kinds_of_font() -> None:
    rng = np.random.default_rng(0)
    fonts = [random_lettering(rng).font for _ in range(200)]
    assert 80 < fonts.count(STROKED) < 170
    assert len(set(fonts)) > 8
