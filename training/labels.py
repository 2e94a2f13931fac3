"""What is written at copies: their names and values, as diagrams have them, and tags."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.random import Generator

from app.engine.geometry import Box
from training.clutter import Clutter
from training.layout import Taken
from training.lettering import extent
from training.truth import Instance
from training.wording import initials, label, value

LINE = 1.3        # heights of text from one line to the next
POCKETED = 0.5    # of the drawings with names, those that write them into the open sides of symbols where there is room
WITHIN = (0.95, 0.75, 0.55, 0.4, 0.25)  # of a name there, what lies in the symbol's box; the rest sticks out of its open side
SMALLER = 0.4     # of a symbol's shorter side, the height of a name there, at most,
LEGIBLE = 5.0     # and at least, px


def write_names(things: Clutter, placed: list[Instance], taken: Taken, rng: Generator) -> None:
    """A name at each copy, and on most drawings a value, in the same places of all where these are free; on some drawings names
    in the open sides that copies have."""
    style = things.style
    size, gap = style.text_height * float(rng.choice([0.6, 0.8, 1.0])), float(rng.choice([0.0, 2.0, 4.0, 7.0]))
    sides = (style.tag_side, int(rng.integers(4)))[: 1 if rng.random() < 0.25 else 2]
    pocketed = bool(rng.random() < POCKETED)
    classes = dict[int, tuple[str, list[str]]]()
    for number, one in enumerate(placed, int(rng.integers(1, 30 if pocketed else 300))):
        if one.label not in classes:
            classes[one.label] = initials(rng)[: 1 if pocketed else None], [value(rng) for _ in range(int(rng.integers(1, 4)))]
        first, values = classes[one.label]
        texts = f"{first}{number}", values[int(rng.integers(len(values)))]
        named = pocketed and _write_within(things, one, texts[0], size, sides[0], taken)
        for side, string in list(zip(sides, texts, strict=False))[named:]:
            _write_beside(things, one, string, size, 0.0, gap, [side], taken, lines=2)


def write_tag(things: Clutter, one: Instance, taken: Taken, rng: Generator) -> None:
    """A label on one side of a copy, touching it now and then; on the drawing's usual side where there is room."""
    style = things.style
    string, size = label(rng, style), style.text_height * float(rng.choice([0.8, 1.0, 1.0]))
    turn = 90.0 if rng.random() < 0.12 else 0.0
    gap = float(rng.choice([-2.0, 0.0, 2.0, 4.0, 7.0]))
    usual = style.tag_side if rng.random() < 0.7 else int(rng.integers(4))
    _write_beside(things, one, string, size, turn, gap, range(usual, usual + 4), taken)


def _write_beside(things: Clutter, one: Instance, string: str, size: float, turn: float, gap: float, sides: Sequence[int],
                  taken: Taken, lines: int = 1) -> None:
    """A string on the first side of a copy where there is room, or so many lines further away."""
    w, h = extent(string, size, things.style.lettering)
    w, h = (h, w) if turn else (w, h)
    x, y = one.box.centre
    dx, dy = (one.box.width + w) / 2 + gap, (one.box.height + h) / 2 + gap
    for line, side in product(range(lines), sides):
        further = LINE * size * line
        sx, sy = ((0.0, dy + further), (dx, further), (0.0, -dy - further), (-dx, further))[side % 4]
        box = Box(x + sx - w / 2, y + sy - h / 2, w, h)
        if taken.overlap(box) < 0.2:
            things.write(string, x + sx, y + sy, size, turn=turn)
            taken.add(box)
            return


def _write_within(things: Clutter, one: Instance, string: str, size: float, usual: int, taken: Taken) -> bool:
    """A string partly within a copy's box where it touches no ink, as the open side of a transistor holds its name; deepest
    on the usual side if there is room. Whether there was any."""
    size = min(size, SMALLER * min(one.box.width, one.box.height))
    if size < LEGIBLE:
        return False
    w, h = extent(string, size, things.style.lettering)
    x, y = one.box.centre
    wide, high = one.box.width / 2, one.box.height / 2
    for side, within, along in product((usual, usual + 2, usual + 1, usual + 3), WITHIN, (0.0, -0.5, 0.5, -1.0, 1.0)):
        if side % 2:
            sx, sy = (wide + w / 2 - within * w) * (1 if side % 4 == 1 else -1), along * (high - h / 2)
        else:
            sx, sy = along * (wide - w / 2), (high + h / 2 - within * h) * (1 if side % 4 == 0 else -1)
        box = Box(x + sx - w / 2, y + sy - h / 2, w, h)
        if _blank(things, box):
            things.write(string, x + sx, y + sy, size)
            taken.add(box)
            return True
    return False


def _blank(things: Clutter, box: Box) -> bool:
    """Whether a box lies on the page and shows nothing but paper."""
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    if left < 0 or top < 0 or right > things.width or bottom > things.height:
        return False
    return bool((things.canvas.patch(left, top, right, bottom) == np.array(things.style.background)).all())
