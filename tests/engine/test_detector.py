"""The detector that ships, whole, on small pages; and what each of its parts is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.engine import detector as module
from app.engine.detector import FEWEST, Detector
from app.engine.evidence import ELSEWHERE, NAMES
from app.engine.geometry import Box, Detection, angle_between
from app.engine.index import SymbolIndex
from app.engine.look import SecondLook
from app.engine.poses import make_bank
from app.engine.query import Example, Options, PageResult, Pixels, Query
from app.engine.suppress import SHOWN, Found, shows
from app.engine.weights import golden_picture
from app.errors import Cancelled

POSES = [(90, 90, 0, False), (250, 95, 90, False), (420, 100, 37, False), (100, 260, 0, True), (260, 270, 200, True),
         (420, 265, 315, False)]


def page(poses: list[tuple[int, int, int, bool]], picture: Pixels | None = None) -> Pixels:
    """A white page with a picture at x, y, turned counter-clockwise and mirrored, a wire through some, and a line of text."""
    sheet = Image.new("RGB", (520, 360), "white")
    for x, y, angle, mirrored in poses:
        stamp = Image.fromarray(golden_picture() if picture is None else picture)
        if mirrored:
            stamp = stamp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        stamp = stamp.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
        sheet.paste(stamp, (x - stamp.width // 2, y - stamp.height // 2))
    pixels = np.asarray(sheet).copy()
    pixels[94:96, 20:500] = 0
    return pixels


def search(detector: Detector, sheet: Pixels, options: Options | None = None, *more: Example) -> PageResult:
    example = Example(1, golden_picture())
    index = SymbolIndex(detector.dimension, detector.stamp)
    index.add([1], detector.embed(example.pixels)[None])
    return detector.detect(sheet, [Query("golden", (example, *more))], index, options or Options())


def near(found: Detection, x: float, y: float) -> bool:
    return abs(found.pose.x - x) < 5 and abs(found.pose.y - y) < 5


def test_finds_every_copy_at_any_angle_mirrored_and_crossed_by_a_wire(shipped: Detector) -> None:
    found = search(shipped, page(POSES)).detections
    assert len(found) == len(POSES)
    for x, y, angle, mirrored in POSES:
        (one,) = [d for d in found if near(d, x, y)]
        assert one.pose.mirrored == mirrored
        assert angle_between(one.pose.angle, angle) <= 5
        assert one.pose.scale == pytest.approx(1, abs=0.1)


def test_a_box_and_a_polygon_bound_the_find(shipped: Detector) -> None:
    (one,) = search(shipped, page([(250, 200, 0, False)])).detections
    assert np.allclose([one.box.x, one.box.y, one.box.width, one.box.height], [230, 180, 40, 40], atol=3)
    assert np.array(one.polygon).min(0) == pytest.approx([one.box.x, one.box.y])


def test_dark_pages_are_searched_as_light_ones(shipped: Detector) -> None:
    assert len(search(shipped, 255 - page(POSES)).detections) == len(POSES)


def test_a_page_without_the_symbol_and_a_blank_page_have_none(shipped: Detector) -> None:
    assert search(shipped, page([])).detections == ()
    assert search(shipped, np.full((300, 300, 3), 255, np.uint8)).detections == ()


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (30, 30)])
def test_tiny_pages_do_not_break(shipped: Detector, size: tuple[int, int]) -> None:
    assert search(shipped, np.full((*size, 3), 255, np.uint8)).detections == ()


def test_a_higher_threshold_gives_the_same_answer_less_the_lower_scores(shipped: Detector) -> None:
    low = search(shipped, page(POSES), Options(min_score=0.02)).detections
    high = search(shipped, page(POSES), Options(min_score=0.6)).detections
    assert high == tuple(d for d in low if d.score >= 0.6)


def test_the_options_are_kept(shipped: Detector) -> None:
    sheet = page(POSES)
    upright = search(shipped, sheet, Options(rotation="none", mirror=False)).detections
    assert [near(d, 90, 90) for d in upright] == [True]
    assert {d.pose.mirrored for d in search(shipped, sheet, Options(mirror=False)).detections} == {False}
    left = Box(0, 0, 180, 360)
    assert all(d.pose.x < 180 for d in search(shipped, sheet, Options(regions=(left,))).detections)
    assert all(d.pose.x > 180 for d in search(shipped, sheet, Options(exclude=(left,))).detections)
    few = search(shipped, sheet, Options(max_detections=2))
    assert few.truncated
    assert len(few.detections) == 2


def enlarged(factor: float) -> Pixels:
    picture = Image.fromarray(golden_picture())
    return np.asarray(picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("factor", [0.42, 0.6, 1.7, 2.5])
def test_copies_of_another_size_are_found_where_a_page_has_a_scale_of_its_own(shipped: Detector, factor: float) -> None:
    sheet = page(POSES[3:], enlarged(factor))
    assert not search(shipped, sheet).detections
    found = search(shipped, sheet, Options(other_sizes=True)).detections
    assert len(found) == len(POSES[3:])
    assert all(one.pose.scale == pytest.approx(factor, rel=0.1) for one in found)
    assert all(one.evidence[ELSEWHERE] == 1 for one in found)
    assert all(one.evidence[NAMES.index("same_size")] > 0.8 for one in found), "all searches told"


def test_copies_on_both_sides_of_a_bands_end_are_found(shipped: Detector) -> None:
    sheet = np.minimum(page(POSES[3:4], enlarged(0.53)), page(POSES[4:], enlarged(0.45)))
    found = search(shipped, sheet, Options(other_sizes=True)).detections
    assert len(found) == len(POSES[3:])


def test_on_the_page_that_an_example_was_cut_from_its_size_is_known(shipped: Detector) -> None:
    sheet = page(POSES[:2], enlarged(1.7))
    picture = golden_picture()
    sheet[250 : 250 + picture.shape[0], 300 : 300 + picture.shape[1]] = picture
    (found,) = search(shipped, sheet, Options(other_sizes=True)).detections
    assert near(found, 300 + picture.shape[1] / 2, 250 + picture.shape[0] / 2)
    assert found.evidence[ELSEWHERE] == 0


def test_a_page_that_one_example_was_cut_from_shows_the_symbol_of_the_others(shipped: Detector) -> None:
    sheet, picture, nowhere = page(POSES[3:], enlarged(1.7)), golden_picture(), SymbolIndex(shipped.dimension, shipped.stamp)
    both = [Query("golden", (Example(1, picture), Example(2, enlarged(1.7))))]

    def elsewhere() -> list[float]:
        found = shipped.detect(sheet, both, nowhere, Options()).detections
        return [one.evidence[ELSEWHERE] for one in found if one.box.width > 50]

    assert elsewhere() == [1.0] * len(POSES[3:])
    sheet[250 : 250 + picture.shape[0], 300 : 300 + picture.shape[1]] = picture
    assert elsewhere() == [0.0] * len(POSES[3:])


def test_groups_say_nothing_where_no_example_was_cut_from_the_page(shipped: Detector) -> None:
    rows = np.zeros((2, len(NAMES)))
    rows[1, NAMES.index("group_behind")], rows[:, NAMES.index("asked")] = 2.0, 3.0
    found = Found(0, True, (20, 20), Box(0, 0, 20, 20), 20.0, 50.0, np.zeros((2, 6)), np.zeros(2), rows)
    plain, behind = shipped.look.elsewhere(found).scores
    assert plain == behind


def test_a_negative_example_takes_its_places(shipped: Detector) -> None:
    assert search(shipped, page(POSES), None, Example(2, golden_picture(), positive=False)).detections == ()


def test_an_example_that_the_index_no_longer_holds_is_searched_all_the_same(shipped: Detector) -> None:
    queries = [Query("golden", (Example(1, golden_picture()),))]
    found = shipped.detect(page(POSES), queries, SymbolIndex(shipped.dimension, shipped.stamp), Options()).detections
    assert found == search(shipped, page(POSES)).detections


def test_the_same_request_gives_the_same_answer(shipped: Detector) -> None:
    assert search(shipped, page(POSES)).detections == search(shipped, page(POSES)).detections


def test_whoever_hangs_up_stops_the_work(shipped: Detector) -> None:
    example = Example(1, golden_picture())
    index = SymbolIndex(shipped.dimension, shipped.stamp)
    index.add([1], shipped.embed(example.pixels)[None])
    with pytest.raises(Cancelled):
        shipped.detect(page(POSES), [Query("golden", (example,))], index, Options(), lambda: True)


def test_without_turns_copies_are_lost(shipped: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "make_bank", lambda picture, core, _turns, _mirror, scales: make_bank(picture, core, "none",
                                                                                                      False, scales))
    assert len(search(shipped, page(POSES)).detections) < len(POSES)


def test_without_the_second_look_background_is_found(shipped: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    def agrees(*given: torch.Tensor) -> torch.Tensor:
        return torch.full_like(given[-1][:, 0], 99.0)

    monkeypatch.setattr(SecondLook, "look", agrees)
    monkeypatch.setattr(SecondLook, "glance", lambda *given: (agrees(*given), torch.zeros_like(given[-1][:, :4])))
    assert len(search(shipped, page(POSES)).detections) > len(POSES)


def test_without_suppression_copies_are_found_twice(shipped: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(min_score=0.05)
    before = len(search(shipped, page(POSES), options).detections)
    monkeypatch.setattr("app.engine.suppress._claimed", lambda _box, boxes: np.zeros(len(boxes), dtype=bool))
    assert len(search(shipped, page(POSES), options).detections) > before


@pytest.mark.parametrize("more", [1, 30])
def test_among_others_a_symbol_finds_its_copies_as_alone(shipped: Detector, more: int) -> None:
    rng = np.random.default_rng(3)
    others = [np.where(rng.random((40, 40, 1)) < 0.2, 0, 255).astype(np.uint8).repeat(3, 2) for _ in range(more)]
    index, queries = SymbolIndex(shipped.dimension, shipped.stamp), []
    for n, pixels in enumerate([golden_picture(), *others], 1):
        index.add([n], shipped.embed(pixels)[None])
        queries.append(Query(str(n), (Example(n, pixels),)))
    found = shipped.detect(page(POSES), queries, index, Options()).detections
    assert {d.symbol_id for d in found} == {"1"}
    assert len(found) == len(POSES)


def test_a_symbol_that_a_page_does_not_show_is_given_up_after_a_few_places(
        shipped: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, candidates = list[int](), SecondLook.candidates

    def counted(self: SecondLook, *given: Any) -> tuple[torch.Tensor, torch.Tensor]:
        looked.append(len(given[-1]))
        return candidates(self, *given)

    monkeypatch.setattr(SecondLook, "candidates", counted)
    rng = np.random.default_rng(4)
    strange = np.where(rng.random((40, 40, 1)) < 0.2, 0, 255).astype(np.uint8).repeat(3, 2)
    index = SymbolIndex(shipped.dimension, shipped.stamp)
    index.add(range(1, 201), np.repeat(shipped.embed(strange)[None], 200, 0))
    shipped.detect(page(POSES), [Query(str(n), (Example(n, strange),)) for n in range(1, 201)], index, Options())
    assert len(looked) <= 400  # a ring each, in two parts at most
    assert max(looked) <= 2 * FEWEST


def finds(*rows: tuple[float, float]) -> Found:
    """Finds at x, with scores."""
    poses = np.array([[x, 50, 0, 0, 1, 1] for x, _ in rows]).reshape(-1, 6)
    scores = np.array([score for _, score in rows])
    return Found(0, True, (40, 20), Box(0, 0, 40, 20), 40.0, 100.0, poses, scores, np.zeros((len(rows), 1)))


def test_a_page_shows_a_symbol_from_a_score_on() -> None:
    assert not shows(finds())
    assert not shows(finds((10, SHOWN - 0.01)))
    assert shows(finds((10, SHOWN)))


def test_a_page_shows_more_of_a_symbol_where_none_was_found_before() -> None:
    before = finds((10, 0.9), (200, 0.1))
    assert not shows(finds((15, 0.95)), before)
    assert shows(finds((15, 0.95), (31, 0.6)), before)
    assert shows(finds((200, 0.6)), before)
    assert shows(finds((200, 0.6)), finds())
