"""Draws what was found onto the drawing: a colour and a number for each symbol, a legend with the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Rgb = tuple[int, int, int]

# told apart by people with any colour vision, and from black ink (Okabe and Ito 2008, the yellow and black left out)
PALETTE: tuple[Rgb, ...] = ((213, 94, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233))
ALL_AROUND = 4  # px between a symbol and its outline
PALE = 60  # of 255, the wash over a symbol
LABEL = 20  # px, the number beside a mark


def draw_marks(drawing: Path, answer: Mapping[str, Any]) -> Image.Image:
    """The first page's detections of an answer of /detect on the picture that was sent."""
    page = Image.open(drawing).convert("RGBA")
    numbers = {count["symbol_id"]: number for number, count in enumerate(answer["counts"], start=1)}
    wash = Image.new("RGBA", page.size, (0, 0, 0, 0))
    pen, line, font = ImageDraw.Draw(wash), max(2, round(page.width / 1600)), ImageFont.load_default(LABEL)
    for found in answer["detections"]:
        if found["page"] == 1:
            number = numbers[found["symbol_id"]]
            outline, colour = grown(found["polygon"], ALL_AROUND), colour_of(number)
            pen.polygon(outline, fill=(*colour, PALE))
            pen.line([*outline, outline[0], outline[1]], fill=(*colour, 255), width=line, joint="curve")
            corner = max(x for x, _ in outline) + 2, min(y for _, y in outline)
            pen.text(corner, str(number), fill=(*colour, 255), font=font, anchor="ls")
    marked = Image.alpha_composite(page, wash).convert("RGB")
    entries = [(f"{n}  {c['symbol']}: {c['count']}", colour_of(n)) for n, c in enumerate(answer["counts"], start=1)]
    return with_legend(marked, entries)


def colour_of(number: int) -> Rgb:
    return PALETTE[(number - 1) % len(PALETTE)]


def grown(polygon: Sequence[Sequence[float]], by: float) -> list[tuple[float, float]]:
    """The polygon's corners moved away from its centre by some pixels in x and in y, so that no stroke is covered."""
    x, y = (sum(corner[axis] for corner in polygon) / len(polygon) for axis in (0, 1))
    reach = max(max(abs(cx - x), abs(cy - y)) for cx, cy in polygon) or 1.0
    factor = 1 + by / reach
    return [(x + (cx - x) * factor, y + (cy - y) * factor) for cx, cy in polygon]


def with_legend(page: Image.Image, entries: Sequence[tuple[str, Rgb]]) -> Image.Image:
    """The page with a strip below it that says what each colour stands for."""
    size = max(14, round(page.width / 110))
    font = ImageFont.load_default(size)
    widths = [round(font.getlength(text)) + 3 * size for text, _ in entries]
    rows = wrapped(widths, page.width - 2 * size)
    result = Image.new("RGB", (page.width, page.height + round(size * (1.8 * len(rows) + 1))), "white")
    result.paste(page, (0, 0))
    pen = ImageDraw.Draw(result)
    for number, row in enumerate(rows):
        x, y = size, page.height + round(size * (0.8 + 1.8 * number))
        for index in row:
            text, colour = entries[index]
            pen.rectangle((x, y, x + size, y + size), fill=colour)
            pen.text((x + 1.4 * size, y + size / 2), text, fill="black", font=font, anchor="lm")
            x += widths[index]
    return result


def wrapped(widths: Sequence[int], room: int) -> list[list[int]]:
    """Indices of things of these widths, in rows that fit the room."""
    rows: list[list[int]] = [[]]
    used = 0
    for index, width in enumerate(widths):
        if rows[-1] and used + width > room:
            rows.append([])
            used = 0
        rows[-1].append(index)
        used += width
    return rows
