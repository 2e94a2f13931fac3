"""Annotated folders: what they hold, how they are split, what is said of broken ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.engine.geometry import Box
from app.errors import BadInput
from training.annotations import Record, read_folder, read_image, split


def image(path: Path, width: int = 200, height: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), 255, np.uint8)).save(path)
    return path


def coco(folder: Path, annotations: list[dict[str, Any]], name: str = "coco.json", image_name: str = "images/7-a.png",
         **other: Any) -> Path:
    if "images" not in other:
        image(folder / image_name)
    content = {"images": [{"id": 3, "file_name": image_name}], "categories": [{"id": 5, "name": "door"}]} | other
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content | {"annotations": annotations}))
    return folder


def annotation(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 3, "category_id": 5, "bbox": [10, 20, 30, 40]} | changes


def yolo(folder: Path, labels: str, data: str = "names: [door, valve]\ntrain: images\n") -> Path:
    image(folder / "images" / "7-a.png")
    (folder / "data.yaml").write_text(data)
    (folder / "labels").mkdir()
    (folder / "labels" / "7-a.txt").write_text(labels)
    return folder


def test_coco(tmp_path: Path) -> None:
    coco(tmp_path, [annotation(), annotation(bbox=[1, 2, 3, 4], ignore=1), annotation(iscrowd=1)])
    path = tmp_path / "images" / "7-a.png"
    expected = Record(path, Box(10, 20, 30, 40), "door", "7")
    assert read_folder(tmp_path, r"^(\d+)-") == (
        expected, Record(path, Box(1, 2, 3, 4), "door", "7", True), Record(path, expected.box, "door", "7", True))


def test_roboflow_coco_has_a_file_beside_the_images_of_each_part(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        coco(tmp_path / part, [annotation()], "_annotations.coco.json", f"{part}_png.rf.0a1b.jpg")
    records = read_folder(tmp_path)
    assert [record.group for record in records] == ["train_png", "valid_png"]
    assert records[0].image == tmp_path / "train" / "train_png.rf.0a1b.jpg"


def test_a_box_over_the_edge_keeps_its_part_on_the_image(tmp_path: Path) -> None:
    coco(tmp_path, [annotation(bbox=[-5, 90, 20, 30])])
    assert read_folder(tmp_path)[0].box == Box(0, 90, 15, 10)


def test_yolo_boxes_and_polygons(tmp_path: Path) -> None:
    yolo(tmp_path, "1 0.5 0.5 0.1 0.2\n\n0 0.1 0.1 0.2 0.1 0.15 0.3\n")
    valve, door = read_folder(tmp_path, r"^(\d+)-")
    assert (valve.name, valve.group, valve.image) == ("valve", "7", tmp_path / "images" / "7-a.png")
    assert valve.box == Box(90, 40, 20, 20)
    assert (door.name, door.box.x, door.box.y) == ("door", 20, 10)
    assert (door.box.width, door.box.height) == pytest.approx((20, 20))


@pytest.mark.parametrize("data", [
    "names: {0: door, 1: valve}\nval: ../images\n",       # as Roboflow writes it
    "path: .\nnames: [door, valve]\ntest: [images]\n",
    "names: [door, valve]\n",
    "path: /elsewhere/set\nnames: [door, valve]\ntrain: images\nval: images\n",  # a path of the machine that wrote it
])
def test_yolo_folders(tmp_path: Path, data: str) -> None:
    assert len(read_folder(yolo(tmp_path, "1 0.5 0.5 0.1 0.2\n", data))) == 1


def test_a_yolo_image_without_labels_has_no_symbols(tmp_path: Path) -> None:
    yolo(tmp_path, "1 0.5 0.5 0.1 0.2\n")
    image(tmp_path / "images" / "8-b.png")
    assert len(read_folder(tmp_path)) == 1


def test_reads_an_image(tmp_path: Path) -> None:
    pixels = read_image(image(tmp_path / "a.png"))
    assert pixels.shape == (100, 200, 3)
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(BadInput, match=r"b\.png"):
        read_image(tmp_path / "b.png")


@pytest.mark.parametrize(("changes", "message"), [
    ({"image_id": 9}, "annotation 1: no image has the id 9"),
    ({"category_id": 9}, "annotation 1: no category has the id 9"),
    ({"bbox": [1, 2, 3]}, "bbox needs x, y, width, height"),
    ({"bbox": [1, 2, 0, 4]}, "no area"),
    ({"bbox": [1, 2, -3, 4]}, "no area"),
    ({"bbox": [500, 2, 3, 4]}, "no area on the image of 200 x 100"),
    ({"bbox": [float("nan"), 2, 3, 4]}, "finite"),
    ({"bbox": ["a", 2, 3, 4]}, "annotation 1: could not convert"),
    ({"bbox": None}, "annotation 1"),
])
def test_broken_annotations(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    coco(tmp_path, [annotation(**changes)])
    with pytest.raises(BadInput, match=message):
        read_folder(tmp_path)


def test_broken_coco_files(tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text("{")
    with pytest.raises(BadInput, match=r"coco\.json: Expecting"):
        read_folder(tmp_path)
    (tmp_path / "coco.json").write_text("{}")
    with pytest.raises(BadInput, match="'categories' is missing"):
        read_folder(tmp_path)
    coco(tmp_path, [], images=[{"id": 1, "file_name": "gone.png"}])
    with pytest.raises(BadInput, match=r"the image gone\.png is not in"):
        read_folder(tmp_path)
    coco(tmp_path, [{"id": 1}])
    with pytest.raises(BadInput, match="'image_id' is missing"):
        read_folder(tmp_path)


@pytest.mark.parametrize(("labels", "message"), [
    ("1 0.5 0.5 0.1\n", r"7-a\.txt, line 1: .* Received: 3 numbers"),
    ("\n1 0.1 0.1 0.2 0.1 0.3\n", "line 2"),
    ("2 0.5 0.5 0.1 0.2\n", "no class has the id 2"),
    ("door 0.5 0.5 0.1 0.2\n", "invalid literal"),
    ("1 0.5 0.5 x 0.2\n", "could not convert"),
    ("1 50 50 10 20\n", "shares of the image"),
    ("1 0.5 0.5 nan 0.2\n", "shares of the image"),
    ("1 0.5 0.5 0 0.2\n", "no area"),
])
def test_broken_labels(tmp_path: Path, labels: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_folder(yolo(tmp_path, labels))


@pytest.mark.parametrize(("data", "message"), [
    ("train: images\n", "'names' is missing"),
    ("names: [door, valve]\ntrain: nowhere\n", "the folder nowhere is not in"),
    ("names: [door", "while parsing"),
    ("3", "data.yaml"),
])
def test_broken_yolo_files(tmp_path: Path, data: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_folder(yolo(tmp_path, "1 0.5 0.5 0.1 0.2\n", data))


def test_folders_without_symbols(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no coco\.json"):
        read_folder(tmp_path)
    with pytest.raises(BadInput, match="no annotated symbols"):
        read_folder(coco(tmp_path, [annotation(ignore=1)]))


@pytest.mark.parametrize(("group", "message"), [
    ("(", "no regular expression"), (r"^\d+", "parentheses"), (r"^(x)", "no group by")])
def test_broken_groups(tmp_path: Path, group: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_folder(coco(tmp_path, [annotation()]), group)


def records(groups: list[str]) -> list[Record]:
    return [Record(Path(f"{group}-{n}.png"), Box(0, 0, 9, 9), "door", group) for n, group in enumerate(groups)]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2).filter(lambda groups: len(set(groups)) > 1), st.floats(0, 0.74))
def test_no_group_is_on_both_sides(groups: list[str], share: float) -> None:
    parts = split(records(groups), share)
    seen, unseen = ({record.group for record in part} for part in (parts.seen, parts.unseen))
    assert seen
    assert unseen
    assert not seen & unseen
    assert sorted(parts.seen + parts.unseen, key=str) == sorted(records(groups), key=str)


def test_split_by_name() -> None:
    parts = split(records(["a", "b", "c", "a"]), ["b"])
    assert {record.group for record in parts.seen} == {"a", "c"}
    assert [record.group for record in parts.unseen] == ["b"]


def test_split_does_not_depend_on_order() -> None:
    groups = list("abcdefgh")
    assert {r.group for r in split(records(groups)).unseen} == {r.group for r in split(records(groups[::-1])).unseen}


@pytest.mark.parametrize(("groups", "unseen", "message"), [
    ("aaa", 0.5, "Both sides"), ("ab", ["a", "b"], "Both sides"), ("ab", [], "Both sides"), ("ab", ["z"], "of group z"),
])
def test_impossible_splits(groups: str, unseen: float | list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        split(records(list(groups)), unseen)
