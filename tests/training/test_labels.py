"""Names, values and tags at copies."""

import numpy as np
import pytest

from app.engine.geometry import Box
from tests.training.test_drawings import plain
from training import labels
from training.canvas import Colour, polyline
from training.clutter import Clutter
from training.drawings import make_drawing
from training.elements import mark, shape
from training.layout import Taken
from training.lettering import extent
from training.symbols import Symbol, normalised

Written = list[tuple[str, Box, bool]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """All strings written, where, and whether there was ink."""
    found, write = Written(), Clutter.write

    def noted(things: Clutter, string: str, x: float, y: float, height: float, colour: Colour | None = None,
              turn: float = 0.0) -> None:
        w, h = extent(string, height, things.style.lettering)
        box = Box(x - w / 2, y - h / 2, w, h)
        inked = (things.canvas.patch(box.x, box.y, box.x + w, box.y + h) < 255).any()
        found.append((string, box, bool(inked)))
        write(things, string, x, y, height, colour, turn)

    monkeypatch.setattr(Clutter, "write", noted)
    return found


def test_names_of_a_class_begin_alike_and_stand_in_one_place(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "POCKETED", 0.0)
    style = plain(named=True, tag_side=0, text_height=10.0, rotation="upright", jitter=0.0)
    drawing = make_drawing(np.random.default_rng(2), 900, 900, 4, clutter=0.3, damaged=False, style=style)
    for label in range(4):
        copies = [i for i in drawing.instances if i.label == label]
        below = [string for one in copies for string, box, _ in written
                 if abs(box.centre[0] - one.box.centre[0]) < 1
                 and 0 < box.centre[1] - one.box.centre[1] < one.box.height / 2 + 14]
        names = [string for string in below if string.rstrip("0123456789").isalpha()]
        assert len(names) > len(copies) / 2
        assert len({name.rstrip("0123456789") for name in names}) == 1
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("side", range(4))
def test_names_stand_in_open_sides_and_touch_nothing(side: int, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "POCKETED", 1.0)
    style = plain(named=True, tag_side=side, text_height=14.0, rotation="right_angles", size=60.0)
    drawing = make_drawing(np.random.default_rng(side), 900, 900, clutter=0.3, damaged=False, style=style, given=[fork()])
    within = 0
    for one in drawing.instances:
        own = Taken()
        own.add(one.box)
        for string, box, inked in written:
            if string[-1].isdigit() and (lying := own.overlap(box)) > 0.1:
                within += 1
                assert lying < 1
                assert not inked
    assert within > len(drawing.instances) / 2


def fork() -> Symbol:
    """Three sides of a square."""
    return normalised([mark(shape(polyline((0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5))))], 1.0, (), None)
