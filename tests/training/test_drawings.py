"""Generated drawings: the same from the same seed, with truth that holds."""

import hashlib
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.engine.geometry import Box
from training.canvas import Canvas, Pixels, affine
from training.drawings import SMALLEST, Kinship, draw_class, make_drawing, random_classes
from training.handiwork import Hand
from training.layout import Taken
from training.likeness import ANOTHER, SIBLING, Look
from training.styles import Style, exactly, random_style
from training.symbols import Symbol
from training.truth import Drawing
from training.wires import outside


def plain(**changes: object) -> Style:
    """Black on white, without whims."""
    style = replace(
        random_style(np.random.default_rng(0)),
        background=(255, 255, 255),
        colours=((0, 0, 0),),
        coloured=False,
        size=36.0,
        line_width=1.5,
        supersample=3,
        rotation="any",
        mirror=True,
        jitter=0.2,
        connection="isolated",
        pen_jitter=0.0,
        hand=Hand(wobble=0.0, ruled=True, loose=0.0),
    )
    return replace(style, **changes)  # type: ignore[arg-type]


def bare(seed: int, style: Style | None = None) -> Drawing[Symbol]:
    return make_drawing(np.random.default_rng(seed), 400, 400, 6, clutter=0.0, damaged=False, style=style or plain())


def cut(pixels: Pixels, box: Box) -> Pixels:
    return pixels[max(0, int(box.y)) : int(box.y + box.height) + 1, max(0, int(box.x)) : int(box.x + box.width) + 1]


def digest(seed: int) -> str:
    drawing = make_drawing(np.random.default_rng(seed), 320, 256, 6)
    return hashlib.sha256(drawing.pixels.tobytes() + repr(drawing.instances).encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes() -> None:
    for seed in range(5):
        assert digest(seed) == digest(seed)
    assert digest(0) != digest(1)


def test_a_drawing_is_a_page_with_truth() -> None:
    drawing = make_drawing(np.random.default_rng(3), 500, 300, 8)
    assert drawing.pixels.shape == (300, 500, 3)
    assert drawing.pixels.dtype == np.uint8
    assert len(drawing.symbols) == 8
    assert len(drawing.instances) > 8
    assert {one.label for one in drawing.instances} <= set(range(8))
    for one in drawing.instances:
        inside = one.box.clipped(500, 300)
        assert inside is not None
        assert inside.area > 0.6 * one.box.area


@pytest.mark.parametrize(("width", "height", "classes"), [(64, 64, 1), (40, 300, 3), (200, 200, 0)])
def test_small_pages_and_few_classes_are_fine(width: int, height: int, classes: int) -> None:
    for seed in range(5):
        drawing = make_drawing(np.random.default_rng(seed), width, height, classes)
        assert drawing.pixels.shape == (height, width, 3)
        assert len(drawing.symbols) == classes


def test_boxes_hold_the_ink_and_nothing_else_does() -> None:
    for seed in range(6):
        drawing = bare(seed)
        ink = drawing.pixels.min(axis=2) < 128
        covered = np.zeros_like(ink)
        for one in drawing.instances:
            polygon = one.pose.polygon(one.width + 2, one.height + 2)
            mask = cv2.fillPoly(np.zeros(ink.shape, np.uint8), [np.rint(polygon).astype(np.int32)], 1).astype(bool)
            assert (ink & mask).any()
            covered |= mask
        inner = np.s_[50:-50, 50:-50]  # a copy that the page's edge cuts in half is no truth
        assert (ink & ~covered)[inner].sum() <= 0.01 * ink.sum()


def test_boxes_are_tight() -> None:
    symbols = random_classes(np.random.default_rng(1), 12)
    for symbol in symbols:
        one = draw_class(symbol, 60.0, 2.0, (0, 0, 0))
        canvas = Canvas(100, 100)
        canvas.draw(one.shape, affine(50, 50), one.colour, one.line_width)
        y, x = np.nonzero(canvas.pixels().min(axis=2) < 200)
        ends = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
        np.testing.assert_allclose(
            ends, [50 - one.width / 2, 50 - one.height / 2, 50 + one.width / 2, 50 + one.height / 2], atol=1.5
        )


@pytest.mark.parametrize("rotation", ["upright", "right_angles", "any"])
def test_poses_are_right(rotation: str) -> None:
    """The symbol drawn alone under its pose is what the page shows there."""
    drawing = bare(4, plain(rotation=rotation, jitter=0.1))
    likeness = []
    for one in drawing.instances:
        symbol = drawing.symbols[one.label]
        others = Taken()
        for other in drawing.instances:
            if other is not one:
                others.add(other.box)
        if symbol.slots or one.box.clipped(400, 400) != one.box or others.overlap(one.box) > 0.05:
            continue
        alone = draw_class(symbol, max(one.width, one.height) - 1.2, 1.2, (0, 0, 0))
        canvas = Canvas(400, 400)
        canvas.draw(alone.shape, one.matrix, (0, 0, 0), 1.2)
        likeness.append(correlation(canvas.pixels(), drawing.pixels, one.box))
    assert len(likeness) >= 5
    assert min(likeness) > 0.7
    assert np.mean(likeness) > 0.9


def correlation(one: Pixels, other: Pixels, box: Box) -> float:
    window = np.s_[int(box.y) : int(box.y + box.height) + 1, int(box.x) : int(box.x + box.width) + 1]
    a, b = (cv2.GaussianBlur(page[window].min(axis=2).astype(np.float64), (0, 0), 1.5) for page in (one, other))
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_styles_decide_on_turns_mirrors_and_scales() -> None:
    upright = bare(5, plain(rotation="upright", mirror=False, jitter=0.0))
    assert all((one.pose.angle, one.pose.mirrored, one.pose.scale) == (0, False, 1) for one in upright.instances)
    square = bare(5, plain(rotation="right_angles"))
    assert {one.pose.angle % 90 for one in square.instances} == {0}
    assert {one.pose.mirrored for one in square.instances} == {False, True}


def test_classes_of_a_drawing_look_different_and_some_are_siblings() -> None:
    siblings = 0
    for seed in range(6):
        symbols = random_classes(np.random.default_rng(seed), 10)
        looks = [Look(symbol) for symbol in symbols]
        pairs = [(n, m) for n in range(len(looks)) for m in range(n)]
        assert not any(looks[n].like(looks[m], SIBLING if related(symbols[n], symbols[m]) else ANOTHER) for n, m in pairs)
        siblings += sum(symbol.parent is not None for symbol in symbols)
    assert 12 <= siblings <= 36


def related(one: Symbol, other: Symbol) -> bool:
    return one.parent is not None and one.parent in (other, other.parent)


def test_a_class_may_have_several_siblings() -> None:
    kinship = Kinship((1.0, 1.0))
    parents = [symbol.parent for seed in range(6) for symbol in random_classes(np.random.default_rng(seed), 10, kinship)]
    assert any(parents.count(parent) > 1 for parent in parents if parent)


def test_some_parts_of_coloured_drawings_have_a_colour_of_their_own() -> None:
    colours = ((200, 0, 0), (0, 110, 0), (0, 0, 200))
    for coloured in (False, True):
        drawing = make_drawing(np.random.default_rng(6), 1200, 1200, 40, clutter=0.0, damaged=False,
                               style=plain(colours=colours, coloured=coloured))
        tones = [{colour for colour in colours if (part == colour).all(axis=2).sum() > 5}
                 for one in drawing.instances for part in [cut(drawing.pixels, one.box)]]
        assert (max(map(len, tones)) > 1) == coloured
        assert sum(len(tone) <= 1 for tone in tones) > 0.7 * len(tones)


def test_a_sibling_is_drawn_to_its_parents_size() -> None:
    for seed in range(12):
        drawing = bare(seed, plain(jitter=0.0))
        sizes = {one.label: max(one.width, one.height) for one in drawing.instances}
        for label, symbol in enumerate(drawing.symbols):
            parents = [i for i, other in enumerate(drawing.symbols) if other is symbol.parent]
            least = 1.2 * SMALLEST / math.sqrt(min(symbol.ratio, 1 / symbol.ratio, 0.8))  # slim ones are drawn larger
            if parents and label in sizes and parents[0] in sizes and max(20, least) < sizes[label] < 100:
                assert sizes[label] * symbol.unit == pytest.approx(
                    sizes[parents[0]] * drawing.symbols[parents[0]].unit, rel=0.35
                )


def test_symbols_seldom_lie_on_each_other() -> None:
    for seed in range(5):
        taken, close = Taken(), 0
        drawing = make_drawing(np.random.default_rng(seed), damaged=False)
        for one in drawing.instances:
            overlap = taken.overlap(one.box)
            assert overlap <= 0.4
            close += overlap > 0.02
            taken.add(one.box)
        assert close <= 0.15 * len(drawing.instances)


def test_overlap_is_a_part_of_the_smaller_box() -> None:
    taken = Taken()
    assert taken.overlap(Box(0, 0, 10, 10)) == 0
    taken.add(Box(0, 0, 100, 100))
    assert taken.overlap(Box(95, 0, 10, 10)) == pytest.approx(0.5)


def test_wires_end_at_the_boxes_they_meet() -> None:
    boxes = np.array([[20.0, 0, 40, 20], [60.0, 9.5, 80, 40]])
    pieces = outside(np.array([0.0, 10]), np.array([100.0, 10]), boxes)
    # the second box is met near its edge only, so the wire goes on
    assert [piece[:, 0].tolist() for piece in pieces] == [[0, 21], [39, 100]]
    assert all((piece[:, 1] == 10).all() for piece in pieces)


def test_copies_of_an_aligned_drawing_are_equal_to_the_pixel() -> None:
    def alike(aligned: bool) -> float:
        """The share of copies that are equal to the one before that is turned as they are."""
        found = list[bool]()
        for seed in range(8):
            drawing = bare(seed, exactly(plain(rotation="right_angles", aligned=aligned)))
            for label in [n for n, symbol in enumerate(drawing.symbols) if not symbol.slots]:
                before = dict[tuple[float, bool], Pixels]()
                for copy in (one for one in drawing.instances if one.label == label):
                    x, y, half = int(copy.pose.x), int(copy.pose.y), 12
                    core = drawing.pixels[y - half : y + half, x - half : x + half]
                    key = copy.pose.angle, copy.pose.mirrored
                    if core.shape == (2 * half, 2 * half, 3):
                        found += [bool((before[key] == core).all())] if key in before else []
                        before[key] = core
        assert len(found) > 10
        return float(np.mean(found))

    assert alike(True) > 0.75, "but for those that another lies over"
    assert alike(False) < 0.2
