"""The marked drawing, as a picture and as pages of a PDF that pdfium reads."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageFont

from app.export import pdf
from app.export.marks import FONT, PALETTE, mark_page
from app.export.pdf import to_pdf
from app.export.report import Searched, make_report
from tests.export.examples import PAGES, detection, report

PAGE = np.full((300, 400, 3), 255, dtype=np.uint8)


def test_finds_are_outlined_in_their_symbols_colour_and_the_rest_is_left_alone() -> None:
    drawn = report()
    marked = mark_page(PAGE, drawn.drawings[0].on(1), drawn)
    assert marked.width == 400
    assert marked.height > 300
    assert marked.getpixel((120, 98)) == PALETTE[0]
    assert marked.getpixel((220, 98)) == PALETTE[1]
    assert marked.getpixel((50, 50)) == (255, 255, 255)
    inside = marked.getpixel((120, 110))
    assert inside not in ((255, 255, 255), PALETTE[0])


def test_every_find_has_its_mark_beside_it() -> None:
    drawn = report()
    marked = np.asarray(mark_page(PAGE, drawn.drawings[0].on(1), drawn))
    beside = marked[82:98, 146:170].reshape(-1, 3)
    assert (beside.min(axis=1) < 128).any()


def test_a_find_at_the_edge_is_drawn_as_far_as_there_is_page() -> None:
    found = tuple((1, detection("s", x, y), "review") for x, y in ((-30, -10), (390, 290), (-90, 10), (500, 500)))
    drawn = make_report([("s", "S")], [Searched("x", PAGES[:1], found)])
    assert mark_page(PAGE, drawn.drawings[0].on(1), drawn).width == 400


def test_the_legend_takes_the_rows_that_it_needs() -> None:
    few = make_report([("s", "S")], [Searched("x", PAGES[:1], ())])
    many = make_report([(str(n), "a symbol with a long name") for n in range(20)], [Searched("x", PAGES[:1], ())])
    short, tall = (mark_page(PAGE, [], drawn).height for drawn in (few, many))
    assert tall > short + 100


@pytest.mark.parametrize("letter", "üéßłŽЖΩ")
def test_the_legend_can_write_names_of_many_languages(letter: str) -> None:
    font = ImageFont.truetype(FONT, 20)
    missing = font.getmask("\U0010fffd")
    assert bytes(font.getmask(letter)) != bytes(missing)


def test_a_pdf_holds_the_pages_in_order_and_size() -> None:
    pictures = [(Image.new("RGB", (200, 100), colour), 100.0) for colour in ("red", "blue")]
    document = pdfium.PdfDocument(b"".join(to_pdf(pictures)))
    assert len(document) == 2
    assert [document.get_page_size(n) for n in range(2)] == [pytest.approx((144, 72))] * 2
    for number, expected in enumerate([(254, 0, 0), (0, 0, 254)]):
        page = document[number]
        shown = page.render(scale=1).to_pil().convert("RGB").getpixel((70, 30))
        assert np.abs(np.subtract(shown, expected)).max() < 4
        page.close()
    document.close()


def test_a_picture_too_long_for_jpeg_or_for_a_page_is_brought_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LONGEST", 50)
    monkeypatch.setattr(pdf, "LARGEST", 72.0)
    document = pdfium.PdfDocument(b"".join(to_pdf([(Image.new("RGB", (200, 100)), 72.0)])))
    assert document.get_page_size(0) == pytest.approx((72, 36))
    document.close()


def test_pages_are_taken_when_their_turn_comes() -> None:
    taken: list[int] = []

    def pages() -> object:
        for n in range(3):
            taken.append(n)
            yield Image.new("RGB", (10, 10)), 72.0

    parts = to_pdf(pages())  # type: ignore[arg-type]
    next(parts), next(parts)
    assert taken == [0]
