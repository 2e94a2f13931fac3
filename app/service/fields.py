"""Values as people write them: boxes, page numbers, names. Each raises BadInput naming its field."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

from app.engine.geometry import Box
from app.errors import BadInput

MAX_NAME = 100
MAX_FILE_NAME = 200
MAX_PAGE = 100_000


def parse_box(text: str, field: str) -> Box:
    """`x,y,width,height` in pixels, finite, width and height above zero."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BadInput(f"`{field}` must be x,y,width,height in pixels. Received: {text[:100]!r}.", field)
    if numbers[2] <= 0 or numbers[3] <= 0:
        raise BadInput(f"`{field}` is empty: its width and height must be above zero. Received: {text[:100]!r}.", field)
    return Box(*numbers)


def clipped(box: Box, width: int, height: int, field: str) -> Box:
    """The part of the box on a page of this size. Raises BadInput where there is none."""
    part = box.clipped(width, height)
    if part is None:
        received = f"{box.x:g},{box.y:g},{box.width:g},{box.height:g}"
        raise BadInput(f"`{field}` lies outside the page of {width} x {height} pixels. Received: {received}.", field)
    return part


def parse_pages(text: str, field: str = "pages") -> tuple[int, ...]:
    """`1-3,5` to (1, 2, 3, 5), ascending, each once."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not (first.isdecimal() and first.isascii()) or (dash and not (last.isdecimal() and last.isascii())):
            raise BadInput(f"`{field}` must look like 1-3,5. Received: {text[:100]!r}.", field)
        # more digits than any page has; int() would take its time over thousands of them
        ends = [int(end) if len(end) < 10 else MAX_PAGE + 1 for end in (first, last or first)]
        if not 1 <= ends[0] <= ends[1] <= MAX_PAGE:
            raise BadInput(f"`{field}` must rise from 1 to at most {MAX_PAGE}. Received: {text[:100]!r}.", field)
        numbers.update(range(ends[0], ends[1] + 1))
    return tuple(sorted(numbers))


def clean_name(text: str, field: str = "name") -> str:
    """A symbol's name in Unicode's composed form, surrounding spaces dropped."""
    name = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise BadInput(f"`{field}` must have no control characters.", field)
    if not any(unicodedata.category(letter)[0] not in "ZC" for letter in name):
        raise BadInput(f"`{field}` must not be blank.", field)
    if len(name) > MAX_NAME:
        raise BadInput(f"`{field}` must have at most {MAX_NAME} characters. Received: {len(name)}.", field)
    return name


def split_list(values: Iterable[str]) -> tuple[str, ...]:
    """Values that may each be a comma-separated list, one by one, blanks dropped."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def file_name(text: str | None) -> str:
    """What to call a file that was sent: the last part of its path, control characters dropped."""
    last = (text or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C" and letter not in "\u2028\u2029")
    return name.strip()[:MAX_FILE_NAME] or "drawing"
