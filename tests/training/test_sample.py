from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.engine.geometry import Box, iou
from training.sample import DEVICES, LOOK_ALIKES, Sample, make_sample
from training.sample.__main__ import PICTURE, TRUTH, truth, with_palette
from training.sample.paper import DPI

SHIPPED = Path(__file__).parents[2] / "docs" / "sample"
REDUCED = 60


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(REDUCED)


def as_row(box: Box) -> list[float]:
    return [box.x, box.y, box.width, box.height]


def test_the_sheet_has_symbols_and_copies_enough(sample: Sample) -> None:
    names = [device.name for device in DEVICES]
    counts = np.bincount([instance.label for instance in sample.drawing.instances], minlength=len(DEVICES))
    assert len(DEVICES) >= 14
    assert len(sample.drawing.instances) >= 220
    assert counts.min() >= 1
    assert {name for pair in LOOK_ALIKES for name in pair} <= set(names)


def test_copies_are_turned_every_way_and_mirrored(sample: Sample) -> None:
    angles = {round(instance.pose.angle % 90, 1) for instance in sample.drawing.instances}
    assert {0.0, 19.0} <= angles
    assert len(angles) >= 4
    assert sum(instance.pose.mirrored for instance in sample.drawing.instances) >= 20


def test_no_copy_covers_another(sample: Sample) -> None:
    boxes = np.array([as_row(instance.box) for instance in sample.drawing.instances] + [as_row(box) for box in sample.examples])
    overlap = iou(boxes, boxes)
    np.fill_diagonal(overlap, 0.0)
    assert overlap.max() == 0.0


def test_every_copy_is_drawn_where_the_truth_says(sample: Sample) -> None:
    pixels = sample.drawing.pixels.astype(int)
    for instance in sample.drawing.instances:
        box, colour = instance.box, np.array(DEVICES[instance.label].layer.colour)
        crop = pixels[int(box.y) : int(box.y + box.height) + 1, int(box.x) : int(box.x + box.width) + 1]
        near = np.abs(crop - colour).max(axis=2) < 160
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        assert near.mean() > 0.03
        assert columns[-1] - columns[0] >= 0.7 * box.width - 2
        assert rows[-1] - rows[0] >= 0.7 * box.height - 2


def test_the_layout_does_not_depend_on_the_resolution(sample: Sample) -> None:
    other = make_sample(REDUCED // 2)
    assert [copy.pose for copy in sample.copies] == [copy.pose for copy in other.copies]


def test_drawing_it_again_gives_the_same_pixels(sample: Sample) -> None:
    assert np.array_equal(make_sample(REDUCED).drawing.pixels, sample.drawing.pixels)


def test_the_palette_keeps_every_pixel(sample: Sample) -> None:
    assert np.array_equal(np.asarray(with_palette(sample.drawing.pixels).convert("RGB")), sample.drawing.pixels)


@pytest.mark.slow
def test_the_shipped_sheet_is_what_the_code_draws() -> None:
    sample = make_sample()
    assert json.loads((SHIPPED / TRUTH).read_text()) == truth(sample)
    with Image.open(SHIPPED / PICTURE) as image:
        shipped = np.asarray(image.convert("RGB")).astype(int)
    assert sample.drawing.pixels.shape == shipped.shape
    # another release of OpenCV may round a pixel at a line's edge otherwise
    assert (np.abs(shipped - sample.drawing.pixels).max(axis=2) > 51).mean() < 1e-4


def test_the_shipped_files_are_small() -> None:
    assert (SHIPPED / PICTURE).stat().st_size < 1_500_000
    assert DPI == 150
