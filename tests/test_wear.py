"""A worn copy of an annotated set is scored as the set is: same places, same names, other pixels."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.wear import KINDS, SMALL, main, wear


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """A set of two drawings, a dark square on light paper in each."""
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    for name in ("a.png", "a.jpg"):
        pixels = np.full((120, 200, 3), 245, np.uint8)
        pixels[40:80, 60:100] = 15
        cv2.imwrite(str(folder / "images" / name), pixels)
    truth = {"images": [{"id": n, "file_name": f"images/{name}", "width": 200, "height": 120}
                        for n, name in enumerate(("a.png", "a.jpg"))],
             "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [60, 40, 40, 40]} for n in range(2)],
             "categories": [{"id": 1, "name": "square"}]}
    (folder / "coco.json").write_text(json.dumps(truth))
    (folder / "set.json").write_text('{"iou": 0.5}')
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_boxes_of_a_worn_copy_hold_what_they_held(kind: str, annotated: Path, tmp_path: Path) -> None:
    assert wear(annotated, tmp_path / "worn", kind) == 2
    assert (tmp_path / "worn/set.json").read_text() == '{"iou": 0.5}'
    truth = json.loads((tmp_path / "worn/coco.json").read_text())
    for image, annotation in zip(truth["images"], truth["annotations"], strict=True):
        pixels = cv2.imread(str(tmp_path / "worn" / image["file_name"]), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None
        assert pixels.shape == (image["height"], image["width"])
        x, y, width, height = (round(side) for side in annotation["bbox"])
        assert width == round(40 * (SMALL if kind == "small" else 1))
        apart = np.abs(pixels.astype(float) - np.median(pixels)) > 35
        assert apart[y : y + height, x : x + width].mean() > 0.9
        apart[y - 3 : y + height + 3, x - 3 : x + width + 3] = False
        assert apart.mean() < (0.5 if kind == "uneven" else 0.01)
        before = cv2.imread(str(annotated / image["file_name"].removesuffix(".png")), cv2.IMREAD_GRAYSCALE)
        assert before is not None
        assert before.shape != pixels.shape or (before != pixels).any()


def test_the_same_seed_gives_the_same_copy(annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    for name, seed in (("first", "3"), ("second", "3"), ("third", "4")):
        monkeypatch.setattr("sys.argv", ["wear", str(annotated), str(tmp_path / name), "--kind", "noise", "--seed", seed])
        main()
    assert "2 drawings in" in capsys.readouterr().out
    first, second, third = ((tmp_path / name / "images/a.png.png").read_bytes() for name in ("first", "second", "third"))
    assert first == second != third


def test_a_drawing_that_is_no_image_is_named(annotated: Path, tmp_path: Path) -> None:
    (annotated / "images/a.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"images/a\.png"):
        wear(annotated, tmp_path / "worn", "faint")
