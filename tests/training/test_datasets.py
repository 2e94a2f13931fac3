"""Patches, pairs and balanced batches from small drawn pages."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from app.engine.example import prepare
from app.engine.geometry import Box
from app.errors import BadInput
from training.annotations import Record
from training.augment import CROP, PATCH, STILL
from training.datasets import BalancedBatches, Draw, SymbolDataset, read_pairs, read_patches


def page(folder: Path, name: str = "1-a.png", factor: int = 1) -> list[Record]:
    """Two circles and a cross of 40 px on white, a wire below; boxes with a margin of 4."""
    pixels = np.full((200 * factor, 300 * factor, 3), 255, np.uint8)
    for x, y in ((50, 60), (150, 60)):
        cv2.circle(pixels, (x * factor, y * factor), 19 * factor, (0, 0, 0), 2 * factor)
    for top, bottom in ((41, 79), (79, 41)):
        cv2.line(pixels, (221 * factor, top * factor), (259 * factor, bottom * factor), (0, 0, 0), 2 * factor)
    cv2.line(pixels, (0, 150 * factor), (300 * factor, 150 * factor), (0, 0, 0), 2 * factor)
    Image.fromarray(pixels).save(folder / name)
    boxes = [Box((x - 24) * factor, 36 * factor, 48 * factor, 48 * factor) for x in (50, 150, 240)]
    return [Record(folder / name, box, kind, "1") for box, kind in zip(boxes, ("circle", "circle", "cross"), strict=True)]


def test_patches_are_centred_on_the_ink_at_the_encoders_scale(tmp_path: Path) -> None:
    circle, *_ = read_patches(page(tmp_path), backgrounds=0)
    assert circle.pixels.shape == (PATCH, PATCH)
    middle = circle.pixels[PATCH // 2 - 24 : PATCH // 2 + 24, PATCH // 2 - 24 : PATCH // 2 + 24]
    rows = np.flatnonzero((middle > 90).any(axis=1))
    assert rows[-1] - rows[0] + 1 == pytest.approx(32, abs=1.5)
    assert rows.mean() == pytest.approx(23.5, abs=1)
    assert circle.box.centre == pytest.approx((PATCH / 2, PATCH / 2), abs=1)
    assert circle.box.width == pytest.approx(48 * 32 / 40.5, rel=0.05)


def test_patches_do_not_depend_on_resolution(tmp_path: Path) -> None:
    small = read_patches(page(tmp_path, "a.png"), backgrounds=0)
    large = read_patches(page(tmp_path, "b.png", 3), backgrounds=0)
    for one, other in zip(small, large, strict=True):
        assert np.abs(one.pixels.astype(float) - other.pixels).mean() < 6


def test_a_symbol_at_the_edge_has_paper_beyond_it(tmp_path: Path) -> None:
    records = page(tmp_path)
    (patch,) = read_patches([Record(records[0].image, Box(0, 140, 20, 20), "wire", "1")], backgrounds=0)
    assert not patch.pixels[:, : PATCH // 2 - 20].any()
    assert patch.pixels[PATCH // 2, PATCH // 2 + 20] > 200


def test_backgrounds_hold_ink_and_lie_off_the_symbols(tmp_path: Path) -> None:
    records = page(tmp_path)
    patches = read_patches(records, backgrounds=10)
    others = [patch for patch in patches if not patch.name]
    assert len(others) == 10
    assert all(patch.pixels[72:-72, 72:-72].max() > 90 for patch in others)
    circle = patches[0].pixels[80:-80, 80:-80].astype(float)
    assert all(np.abs(patch.pixels[80:-80, 80:-80] - circle).mean() > 10 for patch in others)
    again = read_patches(records, backgrounds=10)
    assert all((a.pixels == b.pixels).all() for a, b in zip(patches, again, strict=True))


def test_ignored_places_are_neither_symbol_nor_background(tmp_path: Path) -> None:
    records = page(tmp_path)
    whole = Record(records[0].image, Box(0, 0, 300, 200), "unsure", "1", ignored=True)
    assert [patch.name for patch in read_patches([*records, whole])] == ["circle", "circle", "cross"]
    assert read_pairs([*records, whole]).names == ("circle", "circle", "cross")


def test_a_blank_box_is_taken_whole(tmp_path: Path) -> None:
    record = Record(page(tmp_path)[0].image, Box(100, 160, 30, 20), "blank", "1")
    (patch,) = read_patches([record], backgrounds=0)
    assert patch.box == Box(PATCH / 2 - 16, PATCH / 2 - 32 / 3, 32, 64 / 3)


def test_pairs_show_a_symbol_as_the_engine_does(tmp_path: Path) -> None:
    records = page(tmp_path)
    pairs = read_pairs(records)
    assert pairs.examples.shape == pairs.copies.shape == (3, 1, CROP, CROP)
    pixels = np.asarray(Image.open(records[2].image))[36:84, 216:264]
    np.testing.assert_allclose(pairs.examples[2, 0].numpy(), prepare(pixels).window.numpy() * 255, atol=0.51)
    inside = np.s_[2, 0, 40:72, 40:72]
    assert (pairs.examples[inside].float() - pairs.copies[inside].float()).abs().mean() < 5
    assert pairs.copies[2, 0, :, :20].any()  # the wire around it is on the copy alone
    assert not pairs.examples[2, 0, :, :20].any()


def test_items_are_views_with_the_label_of_their_class(tmp_path: Path) -> None:
    dataset = SymbolDataset(read_patches(page(tmp_path), backgrounds=2), STILL)
    assert len(dataset) == 5
    assert dataset.names == ("circle", "cross")
    views, labels = zip(*(dataset[Draw(index, 0)] for index in range(5)), strict=True)
    assert labels[:3] == (0, 0, 1)
    assert len(set(labels)) == 4
    assert all(view.shape == (1, CROP, CROP) and view.dtype == torch.float32 for view in views)


def test_views_follow_from_seed_and_draw(tmp_path: Path) -> None:
    patches = read_patches(page(tmp_path), backgrounds=2)
    view = SymbolDataset(patches, seed=1)[Draw(0, 7)][0]
    assert torch.equal(view, SymbolDataset(patches, seed=1)[Draw(0, 7)][0])
    assert not torch.equal(view, SymbolDataset(patches, seed=2)[Draw(0, 7)][0])
    assert not torch.equal(view, SymbolDataset(patches, seed=1)[Draw(0, 8)][0])


def dataset(tmp_path: Path, counts: dict[str, int]) -> SymbolDataset:
    template = read_patches(page(tmp_path), backgrounds=1)
    named = [type(template[0])(template[0].pixels, template[0].box, name) for name, n in counts.items() for _ in range(n)]
    return SymbolDataset(named)


def test_batches_are_balanced(tmp_path: Path) -> None:
    symbols = dataset(tmp_path, {"a": 50, "b": 2, "c": 5, "d": 9, "": 30})
    for batch in BalancedBatches(symbols, 24, seed=3, first=0, stop=40):
        names = Counter(symbols.patches[draw.place].name for draw in batch)
        assert names.pop("") == 8
        assert set(names.values()) == {4}
        assert len(names) == 4
        taken = Counter(draw.place for draw in batch)
        assert all(count == 1 for index, count in taken.items() if symbols.patches[index].name != "b")
        assert sorted(count for index, count in taken.items() if symbols.patches[index].name == "b") == [2, 2]
    numbers = [draw.number for batch in BalancedBatches(symbols, 24, 3, 0, 40) for draw in batch]
    assert len(set(numbers)) == len(numbers)


def test_few_classes_get_more_views(tmp_path: Path) -> None:
    batches = BalancedBatches(dataset(tmp_path, {"a": 50, "b": 50, "": 100}), 96, 0, 0, 1)
    assert (batches.classes, batches.shots, batches.backgrounds, batches.size) == (2, 32, 32, 96)


def test_a_batch_follows_from_seed_and_step(tmp_path: Path) -> None:
    symbols = dataset(tmp_path, {"a": 9, "b": 9, "c": 9, "": 9})
    whole = list(BalancedBatches(symbols, 12, 5, 0, 10))
    assert whole[6:] == list(BalancedBatches(symbols, 12, 5, 6, 10))
    assert whole != list(BalancedBatches(symbols, 12, 6, 0, 10))
    assert len(BalancedBatches(symbols, 12, 5, 6, 10)) == 4


def test_batches_need_two_classes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Received: 1 classes"):
        BalancedBatches(dataset(tmp_path, {"a": 9, "": 3}), 12, 0, 0, 1)


def test_loads_in_batches(tmp_path: Path) -> None:
    symbols = SymbolDataset(read_patches(page(tmp_path), backgrounds=4))
    loader = DataLoader(symbols, batch_sampler=BalancedBatches(symbols, 12, 0, 0, 2))
    shapes = [(views.shape, labels.shape) for views, labels in loader]
    assert shapes == [((12, 1, CROP, CROP), (12,))] * 2
