"""A row a detection, for csv and xlsx alike."""

from __future__ import annotations

from app.export.report import Drawing, Find

COLUMNS = (
    *("file", "page", "mark", "symbol", "symbol_id", "x", "y", "width", "height"),
    *("score", "band", "angle", "mirrored", "scale"),
)
DIGITS = 3  # of a pixel or a degree

Cell = str | int | float | bool

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def row(drawing: Drawing, find: Find) -> tuple[Cell, ...]:
    """The cells of one detection, as COLUMNS has them."""
    box, pose = find.detection.box, find.detection.pose
    place = (round(value, DIGITS) for value in (box.x, box.y, box.width, box.height))
    named = (drawing.name, find.page, find.mark, find.symbol.name, find.symbol.id)
    angle = round(pose.angle, DIGITS) % 360.0
    return (*named, *place, find.detection.score, find.band, angle, pose.mirrored, round(pose.scale, DIGITS + 1))


def like_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula and run what a stranger wrote."""
    return text.startswith(_FORMULA)
