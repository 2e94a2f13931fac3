"""Evaluation drawings, one family a difficulty. Nothing here is known to the training generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from numpy.random import Generator

from app.engine.geometry import Pose
from training.truth import Drawing
from training.unseen.backdrops import draw_backdrop
from training.unseen.finish import Finish, scanned
from training.unseen.page import EDGE, Page
from training.unseen.style import HUES, contrast, random_style
from training.unseen.symbols import GRAMMARS, UnseenSymbol, distinct_symbols, enclosed, random_lettering, sibling

EvaluationDrawing = Drawing[UnseenSymbol]
WIDTH, HEIGHT = 1280, 960


@dataclass(frozen=True)
class Difficulty:
    """What makes a family of drawings hard; parts are probabilities a copy."""

    turn: Literal["none", "right_angles", "any"] = "right_angles"
    mirrored: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    weight: tuple[float, float] = (1.0, 1.0)  # line width against the example's
    wires: float = 0.1
    hatch: float = 0.0
    captions: float = 0.2
    overlap: float = 0.0  # another symbol over its rim
    spots: float = 0.0  # a solid dot of another colour over its rim
    siblings: bool = False  # every symbol has a look-alike, half of these are searched for too
    nested: bool = False  # what only stands about is the symbols in a frame
    coloured: bool = False  # every symbol comes in two colours and is two symbols; all are searched at once
    rows: bool = False
    grammars: tuple[str, ...] = ()
    scan: bool = False
    dark: bool = False
    unit: float | None = None  # pixels of the symbols' unit
    absent: int = 1  # symbols searched for that the sheet has no copy of


def make_evaluation_drawing(rng: Generator, difficulty: Difficulty, width: int = WIDTH,
                            height: int = HEIGHT) -> EvaluationDrawing:
    """A drawing of 3 to 6 symbols, some 4 to 9 copies each, with examples; the same generator state gives the same drawing."""
    style = random_style(rng, difficulty.dark)
    if difficulty.unit:
        style = replace(style, unit=difficulty.unit, line_width=1.0)
    page = Page(width, height, style, rng)
    draw_backdrop(page.canvas, style, rng)
    symbols = distinct_symbols(rng, int(rng.integers(3, 7)) + difficulty.absent, style.lettering, difficulty.grammars)
    searched, strangers = _searched(symbols, difficulty, rng)
    present = len(searched) - difficulty.absent * (2 if difficulty.coloured else 1)
    placed: list[tuple[UnseenSymbol, int | None]] = [(symbol, label) for label, symbol in enumerate(searched[:present])]
    placed += [(symbol, None) for symbol in strangers]
    (_rows if difficulty.rows else _scattered)(page, placed, difficulty)
    _clutter(page, difficulty, strangers)
    finish = scanned(rng) if difficulty.scan else Finish()
    examples = tuple(finish.apply(page.example(symbol), rng) for symbol in searched)
    return Drawing(finish.apply(page.canvas.pixels(), rng), tuple(page.instances), tuple(searched), examples)


def _searched(symbols: list[UnseenSymbol], difficulty: Difficulty, rng: Generator) -> tuple[list[UnseenSymbol],
                                                                                            list[UnseenSymbol]]:
    """What is searched for, the absent ones last, and what only stands about."""
    count = len(symbols) - difficulty.absent
    if difficulty.nested:
        return symbols, [enclosed(symbol, rng) for symbol in symbols[:count]]
    if difficulty.coloured:
        return [replace(one, colour=HUES[hue]) for one in symbols for hue in rng.permutation(len(HUES))[:2]], []
    if not difficulty.siblings:
        return symbols, _strangers(symbols[:count], rng)
    others = list[UnseenSymbol]()
    for symbol in symbols[:count]:
        if (other := sibling(symbol, rng, [*symbols, *others])) is not None:
            others.append(other)
    half = len(others) // 2
    return symbols[:count] + others[:half] + symbols[count:], others[half:]


def _strangers(symbols: list[UnseenSymbol], rng: Generator, count: int = 3) -> list[UnseenSymbol]:
    """Symbols of other families than these."""
    families = sorted(set(GRAMMARS) - {symbol.family for symbol in symbols})
    return distinct_symbols(rng, count, random_lettering(rng), families) if families else []


def _pose(difficulty: Difficulty, rng: Generator) -> Pose:
    angle = {"none": 0.0, "right_angles": 90.0 * rng.integers(4), "any": float(rng.uniform(0, 360))}[difficulty.turn]
    mirrored = bool(rng.random() < difficulty.mirrored)
    return Pose(0.0, 0.0, float(angle), mirrored, float(rng.uniform(*difficulty.scale)))


def _scattered(page: Page, symbols: list[tuple[UnseenSymbol, int | None]], difficulty: Difficulty) -> None:
    for symbol, label in symbols:
        for _ in range(int(page.rng.integers(4, 10))):
            page.scatter(symbol, label, _pose(difficulty, page.rng), float(page.rng.uniform(*difficulty.weight)))


def _rows(page: Page, symbols: list[tuple[UnseenSymbol, int | None]], difficulty: Difficulty) -> None:
    """Rows of copies that nearly touch, mostly of one symbol each."""
    y = 30.0
    for row in range(12):
        main = symbols[row % len(symbols)]
        pitch = page.reach(main[0]) * 2 + float(page.rng.uniform(0.5, 5))
        pose, x = _pose(difficulty, page.rng), 30.0 + float(page.rng.uniform(0, 120))
        y += pitch / 2 if row else page.reach(main[0])
        for _ in range(int(page.rng.integers(8, 18))):
            symbol, label = main if page.rng.random() < 0.8 else symbols[page.rng.integers(len(symbols))]
            if x + pitch / 2 < page.canvas.width - EDGE and page.free(x, y, page.reach(symbol, pose.scale)):
                page.put(symbol, label, replace(pose, x=x, y=y))
            x += pitch
        y += pitch / 2 + float(page.rng.uniform(2, 30))


def _clutter(page: Page, difficulty: Difficulty, strangers: list[UnseenSymbol]) -> None:
    for instance in page.instances:
        if strangers and page.rng.random() < difficulty.overlap:
            page.overlap(instance, strangers[page.rng.integers(len(strangers))])
        if page.rng.random() < difficulty.hatch:
            page.hatch(instance)
        if page.rng.random() < difficulty.wires:
            page.wire(instance, page.style.ink if page.rng.random() < 0.6 else page.style.pale)
        if page.rng.random() < difficulty.captions:
            page.caption(instance)
        if difficulty.spots and page.rng.random() < difficulty.spots:
            page.spot(instance, max(HUES, key=lambda hue: contrast(hue, page.style.ink)))
    page.words(int(page.rng.integers(4, 14)))


DIFFICULTIES: dict[str, Difficulty] = {
    "plain": Difficulty(turn="none", wires=0.0, captions=0.0),
    "angle": Difficulty(turn="any"),
    "mirror": Difficulty(mirrored=0.5),
    "scale": Difficulty(scale=(0.8, 1.25)),
    "weight": Difficulty(weight=(0.6, 1.7)),
    "wires": Difficulty(wires=0.9),
    "hatch": Difficulty(hatch=0.8),
    "overlap": Difficulty(overlap=0.7),
    "spots": Difficulty(spots=0.7),
    "rows": Difficulty(rows=True, captions=0.0),
    "text_in_circle": Difficulty(turn="none", grammars=("instrument",), siblings=True, captions=0.5),
    "look_alikes": Difficulty(siblings=True),
    "nested": Difficulty(nested=True),
    "colour": Difficulty(turn="any", coloured=True),
    "absent": Difficulty(turn="any", siblings=True, absent=4),
    "scan": Difficulty(scan=True),
    "dark": Difficulty(dark=True),
    "tiny": Difficulty(unit=8.0, captions=0.0),
    "mixed": Difficulty(turn="any", mirrored=0.4, scale=(0.85, 1.2), weight=(0.8, 1.3), wires=0.4, hatch=0.15, captions=0.4,
                        siblings=True, scan=True),
}
FAMILIES: dict[str, Callable[[Generator], EvaluationDrawing]] = {
    name: partial(make_evaluation_drawing, difficulty=difficulty) for name, difficulty in DIFFICULTIES.items()
}
