"""The page of the generated suite says what was measured."""

from __future__ import annotations

from app.engine.geometry import Box, Detection, Pose
from benchmarks.suite import HARD, SHOWN, page, picture, row, sheet
from training.evaluate import Case
from training.truth import Instance
from training.unseen.drawings import DIFFICULTIES, HEIGHT, WIDTH

FIND = Detection("s", Box(100, 100, 40, 40), ((100, 100), (140, 100), (140, 140), (100, 140)), 0.9, Pose(120, 120), (3.0,))
RIGHT = Case((FIND,), (Instance(0, Pose(120, 120), 40, 40),), 1)
WRONG = Case((FIND,), (None,), 0)


def test_finds_of_what_is_not_there_are_counted_by_area() -> None:
    figures = row([RIGHT, WRONG, Case((), (), 0)])
    assert figures["false_per_10_mp"] == 1 / (2 * WIDTH * HEIGHT / 1e7)
    assert figures["precision"] == 0.5
    assert row([RIGHT])["false_per_10_mp"] == 0


def test_every_family_has_a_row_that_says_what_is_hard() -> None:
    lines = list(page({name: row([RIGHT]) for name in DIFFICULTIES}, 1, 7, "abc"))
    for name in DIFFICULTIES:
        (found,) = [line for line in lines if line.startswith(f"| {name} |")]
        assert HARD[name] in found
        assert "1.000" in found


def test_finds_and_misses_show_on_the_picture() -> None:
    blank, marked = picture("plain", 7, []), picture("plain", 7, [WRONG])
    assert blank.size == SHOWN
    assert marked.getpixel((100, 120)) == (210, 0, 60)
    assert any(colour == (0, 90, 220) for _, colour in blank.getcolors(1 << 20) or []), "all copies are missed"
    assert sheet([blank] * 4).height > 2 * SHOWN[1]
