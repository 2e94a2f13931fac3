"""The symbols the product ships with: common fire-alarm, electrical and plumbing signs, drawn for it."""

from __future__ import annotations

import math

from training.canvas import Canvas, Pixels, affine
from training.references.electrical import ELECTRICAL
from training.references.fire import FIRE
from training.references.plumbing import PLUMBING
from training.references.symbol import ReferenceSymbol

REFERENCES: tuple[ReferenceSymbol, ...] = FIRE + ELECTRICAL + PLUMBING


def render(symbol: ReferenceSymbol, size: int = 64) -> Pixels:
    """The symbol in black on white, cropped to its ink with a small margin.

    `size` is the longer side in pixels; returns (h, w, 3) uint8. Raises ValueError below 16.
    """
    if size < 16:
        raise ValueError(f"A reference symbol needs 16 pixels or more. Received: {size}")
    line_width, margin = max(1.0, size / 28), max(2.0, size / 20)
    left, top, right, bottom = symbol.shape.extent()
    scale = (size - 2 * margin - line_width) / max(right - left, bottom - top)
    around = 2 * margin + line_width
    canvas = Canvas(math.ceil(scale * (right - left) + around), math.ceil(scale * (bottom - top) + around))
    centre = affine(canvas.width / 2 - scale * (left + right) / 2, canvas.height / 2 - scale * (top + bottom) / 2, scale)
    canvas.draw(symbol.shape, centre, (0, 0, 0), line_width)
    return canvas.pixels()


__all__ = ["REFERENCES", "ReferenceSymbol", "render"]
