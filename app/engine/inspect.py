"""What may go wrong with an example, told when it is registered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Box
from app.engine.ink import VISIBLE, Colour, ink, tight_box

MIN_SIDE = 12  # px; below this a symbol has too few pixels to differ from text and line ends
MIN_INK = 60  # px of visible ink
MIN_SHARE = 0.005  # of the box
CONTEXT = 8  # px looked at around the box

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ExampleWarning:
    """Something that makes an example less useful. `code` is for programs, `detail` for people."""

    code: str
    detail: str


def inspect(pixels: NDArray[np.uint8], box: Box | None = None, paper: Colour | None = None) -> list[ExampleWarning]:
    """Warnings about the example at `box` (all of it if None) in (H, W, 3) RGB pixels.

    paper: the background's colour, found where it is not given.
    Codes: `too_small`, `little_ink`, `crossed`. With a box, what lies around it tells which lines go on outside.
    """
    top, left, bottom, right = span(pixels.shape, box)
    above, before = min(top, CONTEXT), min(left, CONTEXT)
    around = ink(pixels[top - above : bottom + CONTEXT, left - before : right + CONTEXT], paper)
    inside = around[above : above + bottom - top, before : before + right - left]
    warnings = [*_too_small(inside), *_little_ink(inside)]
    visible = around >= VISIBLE
    sides = _left_by(visible, above, before, inside.shape) if box else _spanned(visible)
    return warnings + _crossed(sides)


def place(pixels: NDArray[np.uint8], box: Box, paper: Colour | None = None) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of the example at `box` in (H, W, 3) RGB pixels: the whole pixels it touches, and one more
    on each side where its ink reaches the box and only paper lies beyond, so that a stroke that ends there is seen to end."""
    top, left, bottom, right = span(pixels.shape, box)
    above, before = min(top, 1), min(left, 1)
    around = ink(pixels[top - above : bottom + 1, left - before : right + 1], paper) >= VISIBLE
    below, after = len(around) - above - (bottom - top), around.shape[1] - before - (right - left)
    grown = [bool(beyond and lines[1].any() and not lines[0].any()) for beyond, lines in (
        (above, around), (before, around.T), (below, around[::-1]), (after, around.T[::-1]))]
    return top - grown[0], left - grown[1], bottom + grown[2], right + grown[3]


def span(shape: tuple[int, ...], box: Box | None) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of whole pixels that the box touches in a picture of this shape."""
    if box is None:
        return 0, 0, shape[0], shape[1]
    right, bottom = math.ceil(box.x + box.width), math.ceil(box.y + box.height)
    return max(math.floor(box.y), 0), max(math.floor(box.x), 0), min(bottom, shape[0]), min(right, shape[1])


def _too_small(inside: NDArray[np.float32]) -> list[ExampleWarning]:
    tight = tight_box(inside)
    width, height = (tight.width, tight.height) if tight else (inside.shape[1], inside.shape[0])
    if max(width, height) >= MIN_SIDE:
        return []
    detail = f"The symbol is {width:.0f} x {height:.0f} px; below {MIN_SIDE} px it is easily taken for something else."
    return [ExampleWarning("too_small", f"{detail} Use a higher dpi.")]


def _little_ink(inside: NDArray[np.float32]) -> list[ExampleWarning]:
    amount = int((inside >= VISIBLE).sum())
    if amount >= MIN_INK and amount >= MIN_SHARE * inside.size:
        return []
    detail = f"The example has almost no ink: {amount} of {inside.size} pixels. It may be found where there is nothing."
    return [ExampleWarning("little_ink", detail)]


def _crossed(sides: list[str]) -> list[ExampleWarning]:
    if not sides:
        return []
    detail = f"A line leaves the box ({', '.join(sides)}); copies without it will score lower. Box the symbol alone."
    return [ExampleWarning("crossed", detail)]


def _left_by(visible: Mask, above: int, before: int, shape: tuple[int, ...]) -> list[str]:
    """Sides where ink at the box's edge goes on outside."""
    height, width = shape
    bottom, right = above + height, before + width
    rows, columns = slice(above, bottom), slice(before, right)
    pairs = {
        "left": (visible[rows, before], visible[rows, max(before - 2, 0) : before]),
        "right": (visible[rows, right - 1], visible[rows, right : right + 2]),
        "top": (visible[above, columns], visible[max(above - 2, 0) : above, columns].T),
        "bottom": (visible[bottom - 1, columns], visible[bottom : bottom + 2, columns].T),
    }
    return [side for side, (edge, outside) in pairs.items() if outside.shape[1] == 2 and (edge & outside.all(axis=1)).any()]


def _spanned(visible: Mask) -> list[str]:
    """Sides joined by a straight line; a crop has nothing around it, so a line that ends at its edge says little."""
    across: Mask = np.asarray(visible.all(axis=1))
    down: Mask = np.asarray(visible.all(axis=0))
    # the outline of a symbol that fills the crop runs along its edges, a line through it does not
    depth_y, depth_x = max(2, len(across) // 8), max(2, len(down) // 8)
    sides = ["left", "right"] if across[depth_y:-depth_y].any() and not across.all() else []
    return sides + (["top", "bottom"] if down[depth_x:-depth_x].any() and not down.all() else [])
