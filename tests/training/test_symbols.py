"""The grammar of symbols: frames, near siblings, likeness in any pose, symmetry."""

from dataclasses import replace

import numpy as np
import pytest

from training.attachments import ATTACHMENTS
from training.canvas import Fill, Shape, affine, arc, polyline, rectangle
from training.elements import Element, closed
from training.families import FAMILIES, transistor
from training.likeness import ANGLES, SIBLING, Look, alike, render, symmetry, visible
from training.marks import MARKS
from training.siblings import sibling
from training.symbols import Symbol, instrument, is_bare, make_circuit_part, make_symbol, normalised

SOME = [make_symbol(np.random.default_rng(seed)) for seed in range(40)]


def symbol(*shapes: Shape) -> Symbol:
    return normalised([Element("mark", shape) for shape in shapes], 1.0, (), None)


SQUARE = symbol(closed(rectangle(1, 1)))
CIRCLE = symbol(closed(arc(0.5, steps=72)))
ARROW = symbol(Shape((polyline((-0.5, 0), (0.5, 0)), Fill((np.array([[0.5, 0.0], [0.1, -0.2], [0.1, 0.2]]),)))))
ESS = symbol(Shape((polyline((0.4, -0.5), (-0.4, -0.5), (-0.4, 0), (0.4, 0), (0.4, 0.5), (-0.4, 0.5)),)))


def test_the_longer_side_is_one_and_the_box_is_centred() -> None:
    for each in SOME:
        left, top, right, bottom = each.shape.extent()
        assert max(right - left, bottom - top) == pytest.approx(1)
        assert (left + right, top + bottom) == pytest.approx((0, 0), abs=1e-9)
        assert (right - left) / (bottom - top) == pytest.approx(each.ratio)


def test_the_same_seed_gives_the_same_symbol() -> None:
    for seed in range(20):
        one, other = (render(make_symbol(np.random.default_rng(seed))) for _ in range(2))
        np.testing.assert_array_equal(one, other)


def test_symbols_are_of_many_kinds() -> None:
    rng = np.random.default_rng(1)
    looks = [Look(make_symbol(rng)) for _ in range(80)]
    twice = sum(a.like(b, 0.3) for i, a in enumerate(looks) for b in looks[:i])
    assert twice < 40  # of 3,160 pairs
    assert any(each.slots for each in SOME)
    assert any(each.cover is not None for each in SOME)
    assert any(each.ratio > 2 for each in SOME)


@pytest.mark.parametrize("maker", MARKS, ids=lambda maker: maker.__name__)
def test_marks_keep_to_their_room(maker: object) -> None:
    assert callable(maker)
    for seed in range(12):
        element = maker(np.random.default_rng(seed), 2.0, 1.0)
        left, top, right, bottom = element.shape.extent()
        assert right - left <= 2.3
        assert bottom - top <= 2.0
        assert element.twin is not None


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_families_give_symbols_with_ink(family: object) -> None:
    assert callable(family)
    for seed in range(8):
        elements, _ = family(np.random.default_rng(seed))
        assert render(normalised(elements, 1.0, (), None)).sum() > 10


def test_parts_of_circuits_are_many_and_hold_no_text_that_varies() -> None:
    rng = np.random.default_rng(3)
    parts = [make_circuit_part(rng) for _ in range(40)]
    looks = [Look(each) for each in parts]
    assert sum(a.like(b, 0.3) for i, a in enumerate(looks) for b in looks[:i]) < 80  # of 780 pairs
    assert not any(each.slots or is_bare(each) for each in parts)


@pytest.mark.parametrize("maker", ATTACHMENTS, ids=lambda maker: maker.__name__)
def test_attachments_reach_outwards(maker: object) -> None:
    assert callable(maker)
    assert maker(np.random.default_rng(0), 0.3).extent()[2] > 0.05


def test_siblings_are_near_and_yet_differ() -> None:
    rng = np.random.default_rng(2)
    found = [(each, near) for each in SOME if (near := sibling(each, rng)) is not None]
    assert len(found) > 0.9 * len(SOME)
    for each, near in found:
        assert near.parent is each
        assert not alike(each, near, SIBLING)
        assert not is_bare(near)


def test_no_sibling_differs_by_a_stub_alone() -> None:
    """On a page any wire looks like it."""
    stub = Element("outside", Shape((polyline((0.5, 0), (0.8, 0)),)), Shape((polyline((0, 0.5), (0, 0.8)),)), wirelike=True)
    stubbed = normalised([Element("mark", closed(rectangle(1, 1))), stub], 1.0, (), None)
    found = [near for seed in range(60) if (near := sibling(stubbed, np.random.default_rng(seed))) is not None]
    assert len(found) > 30
    assert all(sum(element.wirelike for element in near.elements) == 1 for near in found)


def test_what_is_drawn_small_differs_by_more() -> None:
    small = visible(16.0)
    assert visible(120.0) == SIBLING < small
    found = [(each, near) for each in SOME if (near := sibling(each, np.random.default_rng(3), small)) is not None]
    assert found
    assert not any(alike(each, near, small) for each, near in found)


def test_a_frame_round_a_symbol_makes_a_sibling() -> None:
    def outermost(each: Symbol) -> Element:
        return max(each.elements, key=lambda element: float(np.ptp(element.shape.extent()[::2])))

    framed = [near for seed in range(60) if (near := sibling(SQUARE, np.random.default_rng(seed))) is not None
              and len(near.elements) == 2 and outermost(near).role == "outline" and near.unit < 0.95]
    assert framed


def test_instruments_are_told_apart_by_their_letters() -> None:
    """Unless these vary from copy to copy, as the number under them does."""
    made = [instrument(np.random.default_rng(seed)) for seed in range(60)]
    assert sum(bool(slots) for _, _, slots in made) > 30
    for elements, contour, slots in made:
        assert contour is not None
        lettered = any(element.role == "letters" and element.twin is not None for element in elements)
        assert lettered or [slot.code for slot in slots] == [True, False]
        assert all(np.abs([slot.x + slot.width / 2, slot.y + slot.height / 2]).max() < np.abs(contour).max() for slot in slots)


def test_an_arrow_the_other_way_round_makes_a_sibling() -> None:
    """All that tells a PNP transistor from an NPN one."""
    turned = 0
    for seed in range(40):
        elements, _ = transistor(np.random.default_rng(seed))
        swapped = [replace(element, shape=element.twin) if element.twin else element for element in elements]
        turned += not alike(normalised(elements, 1.0, (), None), normalised(swapped, 1.0, (), None), SIBLING)
    assert turned >= 28


def test_a_line_is_too_bare_for_a_symbol() -> None:
    assert is_bare(symbol(Shape((polyline((-1, -1), (1, 1)), polyline((2, 2), (3, 3))))))
    assert not is_bare(symbol(Shape((polyline((-1, 0.5), (1, 0.5)), polyline((-1, -0.5), (1, -0.5))))))


@pytest.mark.parametrize(("angle", "mirrored"), [(0.0, True), (90.0, False), (217.0, True)])
def test_a_symbol_is_alike_its_own_copies_in_any_pose(angle: float, mirrored: bool) -> None:
    matrix = affine(angle=angle, mirrored=mirrored, scale=0.7)
    missed = 0
    for each in SOME:
        cover = None if each.cover is None else each.cover @ matrix[:, :2].T
        posed = normalised([element.moved(matrix) for element in each.elements], 1.0, (), cover)
        missed += not alike(each, posed)
    assert missed <= 1


def test_a_missing_stroke_is_not_alike() -> None:
    crossed = symbol(closed(rectangle(1, 1)), Shape((polyline((-0.5, -0.5), (0.5, 0.5)),)))
    assert not alike(SQUARE, crossed)
    assert not alike(CIRCLE, SQUARE)


def test_symmetry_of_known_symbols() -> None:
    assert symmetry(CIRCLE) == (ANGLES, ANGLES)
    assert symmetry(SQUARE) == ((0, 90, 180, 270), (0, 90, 180, 270))
    assert symmetry(ARROW) == ((0,), (180,))
    assert symmetry(ESS) == ((0, 180), ())


def test_symmetry_sees_a_dot_off_the_middle() -> None:
    dotted = replace(SQUARE, elements=(*SQUARE.elements, Element("mark", Shape((Fill((arc(0.12, x=0.28),)),)))))
    assert symmetry(dotted) == ((0,), (180,))


def test_a_symbol_is_always_symmetric_to_itself() -> None:
    for each in SOME:
        assert symmetry(each)[0][0] == 0
