"""Text as shapes: a single-stroke CAD font of our own, pseudo-ideographs, and the outline fonts matplotlib ships."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.random import Generator

from training.canvas import Fill, Part, Points, Shape, Stroke
from training.glyphs import GLYPHS

STROKED = "stroke"
OUTLINE_FONTS = (
    "DejaVu Sans",
    "DejaVu Sans:bold",
    "DejaVu Sans:italic",
    "DejaVu Sans Mono",
    "DejaVu Serif",
    "STIXGeneral",
    "STIXGeneral:italic",
    "STIXGeneral:bold",
    "cmss10",
    "cmr10",
    "cmtt10",
)
GRID_WIDTH, GRID_CAPITAL, GRID_BASELINE = 4.0, 6.0, 2.0
FIRST_IDEOGRAPH, LAST_IDEOGRAPH = 0x4E00, 0x4F00
PRINTABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-+.:()%=*#,")


@dataclass(frozen=True)
class Lettering:
    """How text is drawn. `width` stretches glyphs, `slant` is dx per dy, `weight` multiplies the line width."""

    font: str = STROKED
    width: float = 0.8
    slant: float = 0.0
    rounded: bool = False
    spacing: float = 0.3  # gap between glyphs as a part of the capitals' height
    weight: float = 1.0


def random_lettering(rng: Generator) -> Lettering:
    """One drawing's style of text; two in three are stroked as in CAD."""
    font = STROKED if rng.random() < 0.62 else OUTLINE_FONTS[rng.integers(len(OUTLINE_FONTS))]
    slant = 0.25 if font == STROKED and rng.random() < 0.12 else 0.0
    return Lettering(
        font,
        float(rng.uniform(0.65, 1.15)),
        slant,
        bool(rng.random() < 0.4),
        float(rng.uniform(0.18, 0.4)),
        float(rng.choice([0.7, 1.0, 1.0, 1.4])),
    )


def text(string: str, height: float, style: Lettering = Lettering()) -> Shape:
    """The string on one line, its box centred at the origin; `height` is that of the capitals. Empty for blank text."""
    glyphs, at = list[Points](), 0.0
    for character in string:
        if character == " ":
            at += 0.5 * style.width
            continue
        contours, advance = _glyph(character, style)
        glyphs.extend(contours + np.array([at, 0.0]) for contours in contours)
        at += advance
    if not glyphs:
        return Shape(())
    stacked = np.concatenate(glyphs)
    low, high = stacked.min(axis=0), stacked.max(axis=0)
    middle = np.array([(low[0] + high[0]) / 2, -0.5])
    placed = [(points - middle) * height for points in glyphs]
    if style.font == STROKED or _has_ideograph(string):
        parts: tuple[Part, ...] = tuple(Stroke(points, False, style.weight) for points in placed)
    else:
        parts = (Fill(tuple(placed)),)
    return Shape(parts)


def extent(string: str, height: float, style: Lettering) -> tuple[float, float]:
    """Width and height of the text's box."""
    shape = text(string, height, style)
    if not shape.parts:
        return 0.0, height
    left, top, right, bottom = shape.extent()
    return right - left, max(height, bottom - top)


def _has_ideograph(string: str) -> bool:
    return any(ord(character) >= FIRST_IDEOGRAPH for character in string)


@functools.lru_cache(maxsize=20_000)
def _glyph(character: str, style: Lettering) -> tuple[list[Points], float]:
    """Contours for capitals of height 1, baseline at y = 0, y down, and how far to go on."""
    if ord(character) >= FIRST_IDEOGRAPH:
        return _ideograph(ord(character), style)
    if style.font == STROKED:
        return _stroked(character, style)
    contours, advance = _outlined(character, style.font)
    shear = np.array([style.width, 1.0])
    return [points * shear for points in contours], advance * style.width


def _stroked(character: str, style: Lettering) -> tuple[list[Points], float]:
    strokes = [_pairs(word) for word in GLYPHS.get(character, GLYPHS["?"]).split()]
    if style.rounded:
        strokes = [_rounded(points) for points in strokes]
    scale = np.array([style.width / GRID_CAPITAL, -1.0 / GRID_CAPITAL])
    moved = [(points - np.array([0.0, GRID_BASELINE])) * scale for points in strokes]
    left = min(float(points[:, 0].min()) for points in moved)
    right = max(float(points[:, 0].max()) for points in moved)
    sheared = [np.stack([points[:, 0] - left - style.slant * points[:, 1], points[:, 1]], axis=1) for points in moved]
    return sheared, right - left + style.spacing


def _pairs(word: str) -> Points:
    return np.array([[int(x), int(y)] for x, y in zip(word[::2], word[1::2], strict=True)], dtype=np.float64)


def _rounded(points: Points) -> Points:
    """Corner cutting after Chaikin, twice, the ends kept."""
    for _ in range(2):
        if len(points) < 3:
            return points
        cut = np.stack([0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


@functools.lru_cache(maxsize=4_000)
def _outlined(character: str, font: str) -> tuple[list[Points], float]:
    family, _, variant = font.partition(":")
    properties = FontProperties(
        family=family, weight="bold" if variant == "bold" else "normal", style="italic" if variant == "italic" else "normal"
    )
    shown = character if character in PRINTABLE else "-"
    capital = TextPath((0, 0), "H", size=100, prop=properties).get_extents().height
    # an H behind the glyph tells its advance, whatever its own side bearings are
    alone = TextPath((0, 0), "H", size=100, prop=properties).get_extents().x0
    behind = TextPath((0, 0), shown + "H", size=100, prop=properties).get_extents().x1
    advance = behind - alone - TextPath((0, 0), "H", size=100, prop=properties).get_extents().width
    contours = TextPath((0, 0), shown, size=100, prop=properties).to_polygons(closed_only=True)
    scale = np.array([1.0, -1.0]) / capital
    return [np.asarray(points, dtype=np.float64) * scale for points in contours], float(advance / capital)


def _ideograph(code: int, style: Lettering) -> tuple[list[Points], float]:
    """A block of strokes that looks like an ideograph and means nothing; the same code gives the same block."""
    rng = np.random.default_rng(code)
    strokes: list[Points] = []
    for _ in range(int(rng.integers(2, 5))):
        y, x0, x1 = rng.uniform(-1.0, 0.05), rng.uniform(0.0, 0.35), rng.uniform(0.6, 1.0)
        strokes.append(np.array([[x0, y], [x1, y]]))
    for _ in range(int(rng.integers(1, 4))):
        x, y0, y1 = rng.uniform(0.05, 0.95), rng.uniform(-1.05, -0.6), rng.uniform(-0.45, 0.1)
        strokes.append(np.array([[x, y0], [x + rng.choice([0.0, 0.0, -0.3, 0.3]), y1]]))
    if rng.random() < 0.5:
        x, y, w, h = rng.uniform(0, 0.5), rng.uniform(-0.9, -0.4), rng.uniform(0.3, 0.5), rng.uniform(0.25, 0.45)
        strokes.append(np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]))
    return [points * np.array([style.width, 1.0]) for points in strokes], style.width + style.spacing * 0.6
