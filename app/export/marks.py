"""The drawing with marks: an outline and a mark for each find, coloured by symbol, a legend with the counts below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.export.report import Find, Report

Rgb = tuple[int, int, int]
Font = ImageFont.FreeTypeFont

# told apart by people with any colour vision, and from black ink (Okabe and Ito 2008, the yellow and black left out);
# where there are more symbols than colours, the letters tell
PALETTE: tuple[Rgb, ...] = ((213, 94, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233))
FONT = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"  # Pillow's own has no letters beyond ASCII
AROUND = 4.0  # px between a symbol and its outline
PALE = 60  # of 255, the wash over a symbol


def mark_page(pixels: NDArray[np.uint8], finds: Sequence[Find], report: Report) -> Image.Image:
    """(H, W, 3) RGB with these finds marked and the legend below; as wide as the page, and higher."""
    height, width = pixels.shape[:2]
    size = max(12, round(max(width, height) / 250))
    font = ImageFont.truetype(FONT, size)
    rows = _wrapped(_legend(finds, report), font, size, width)
    marked = Image.new("RGB", (width, height + round(size * (1.8 * len(rows) + 1))), "white")
    marked.paste(Image.fromarray(pixels), (0, 0))
    for find in finds:
        _outline(marked, find, _colour(report, find), max(2, round(size / 7)))
    for find in finds:  # after every outline, so that none lies over a mark
        _write_mark(marked, find, _colour(report, find), font)
    _draw_legend(marked, rows, font, size, height)
    return marked


def _colour(report: Report, find: Find) -> Rgb:
    return PALETTE[report.symbols.index(find.symbol) % len(PALETTE)]


def _outline(page: Image.Image, find: Find, colour: Rgb, line: int) -> None:
    outline = _grown(find.detection.polygon, AROUND)
    _wash(page, outline, colour)
    ImageDraw.Draw(page).line([*outline, outline[0], outline[1]], fill=colour, width=line, joint="curve")


def _write_mark(page: Image.Image, find: Find, colour: Rgb, font: Font) -> None:
    outline = _grown(find.detection.polygon, AROUND)
    corner = max(x for x, _ in outline) + 2, min(y for _, y in outline)
    pen = ImageDraw.Draw(page)
    pen.text(corner, find.mark, fill=colour, font=font, anchor="ls", stroke_width=2, stroke_fill="white")


def _wash(page: Image.Image, outline: Sequence[tuple[float, float]], colour: Rgb) -> None:
    """Tint the inside. Only that part is blended: a large page has no room for a second layer."""
    left, top = (max(0, int(min(corner[axis] for corner in outline))) for axis in (0, 1))
    right, bottom = (min(page.size[axis], int(max(corner[axis] for corner in outline)) + 1) for axis in (0, 1))
    if right <= left or bottom <= top:
        return
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=PALE)
    page.paste(colour, (left, top, right, bottom), mask)


def _grown(polygon: Sequence[tuple[float, float]], by: float) -> list[tuple[float, float]]:
    """Its corners moved away from the centre by some pixels, so that no stroke is covered."""
    x, y = (sum(corner[axis] for corner in polygon) / len(polygon) for axis in (0, 1))
    reach = max(max(abs(cx - x), abs(cy - y)) for cx, cy in polygon) or 1.0
    factor = 1 + by / reach
    return [(x + (cx - x) * factor, y + (cy - y) * factor) for cx, cy in polygon]


def _legend(finds: Sequence[Find], report: Report) -> list[tuple[str, Rgb]]:
    """What each colour stands for: the count on this page, and that of all where there are more pages."""
    here = Counter(find.symbol.id for find in finds)
    several = len(report.pages()) > 1
    entries = []
    for place, symbol in enumerate(report.symbols):
        more = f" ({report.totals[symbol.id]} on all pages)" if several else ""
        entries.append((f"{symbol.letters}  {symbol.name}: {here[symbol.id]}{more}", PALETTE[place % len(PALETTE)]))
    return entries


Entry = tuple[str, Rgb, int]  # text, colour, x


def _wrapped(entries: Sequence[tuple[str, Rgb]], font: Font, size: int, width: int) -> list[list[Entry]]:
    """The entries in rows that fit the width."""
    rows: list[list[Entry]] = [[]]
    x = size
    for text, shade in entries:
        wide = round(font.getlength(text)) + 3 * size
        if rows[-1] and x + wide > width:
            rows.append([])
            x = size
        rows[-1].append((text, shade, x))
        x += wide
    return rows


def _draw_legend(page: Image.Image, rows: Sequence[Sequence[Entry]], font: Font, size: int, top: int) -> None:
    pen = ImageDraw.Draw(page)
    for number, entries in enumerate(rows):
        y = top + round(size * (0.8 + 1.8 * number))
        for text, shade, x in entries:
            pen.rectangle((x, y, x + size, y + size), fill=shade)
            pen.text((x + 1.4 * size, y + size / 2), text, fill="black", font=font, anchor="lm")
