"""Annotated drawings on disk: COCO and YOLO folders, read into plain records and split by group.

COCO: `coco.json` or Roboflow's `_annotations.coco.json`, in the folder or in its subfolders (train, valid, test).
YOLO: `data.yaml` with `names` and the folders of images; boxes or polygons in `labels/` beside `images/`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from app.engine import decoders
from app.engine.drawing import Drawings, Limits
from app.engine.geometry import Box, bounds
from app.errors import BadInput, PlanspotError

COCO_FILES = ("coco.json", "_annotations.coco.json")
YOLO_FILE = "data.yaml"
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
SAME_SOURCE = r"^(.+?)(?:\.rf\.[0-9A-Za-z]+)?\.[^.]+$"  # Roboflow's variants of one drawing belong together
DPI = 150  # for formats that have no pixels of their own
DRAWINGS = Drawings(Limits(), decoders.opened)  # in this process: one trains on drawings that one trusts


@dataclass(frozen=True)
class Record:
    """One annotated symbol: its box in pixels of the image, the name of its class, the group of its drawing.

    `ignored` marks what may be a symbol or not: neither learnt from nor taken for background.
    """

    image: Path
    box: Box
    name: str
    group: str
    ignored: bool = False


@dataclass(frozen=True)
class Split:
    """Records to learn from and records of drawings that are not learnt from; no group is in both."""

    seen: tuple[Record, ...]
    unseen: tuple[Record, ...]


def read_folder(folder: Path, group: str = SAME_SOURCE) -> tuple[Record, ...]:
    """All symbols of a COCO or YOLO folder. A drawing's group is what the first group of the regex finds in its file name.

    Raises BadInput that names the file and says what is wrong with it.
    """
    pattern = _pattern(group)
    if sources := [path for name in COCO_FILES for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.exists()]:
        records = tuple(record for source in sources for record in _read_coco(source, pattern))
    elif (folder / YOLO_FILE).is_file():
        records = tuple(_read_yolo(folder / YOLO_FILE, pattern))
    else:
        raise BadInput(f"{folder} holds no {', '.join(COCO_FILES)} or {YOLO_FILE}.")
    if all(record.ignored for record in records):
        raise BadInput(f"{folder} has no annotated symbols.")
    return records


def split(records: Sequence[Record], unseen: float | Sequence[str] = 0.3) -> Split:
    """Keeps whole groups apart: the named ones, or about that share of them, chosen by a hash of their names.

    The choice depends on no seed, so that runs can be compared. Raises BadInput where a side would be empty.
    """
    groups = sorted({record.group for record in records}, key=lambda name: hashlib.sha256(name.encode()).digest())
    if isinstance(unseen, float):
        held = set(groups[: max(1, round(unseen * len(groups)))])
    else:
        held = set(unseen)
        if missing := sorted(held - set(groups)):
            raise BadInput(f"No drawing is of group {', '.join(missing)}. Groups: {', '.join(sorted(groups))}.")
    if not held or held == set(groups):
        raise BadInput(f"Both sides of a split need a group. Received: {len(groups)} groups, {len(held)} of them unseen.")
    return Split(tuple(r for r in records if r.group not in held), tuple(r for r in records if r.group in held))


def read_image(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a drawing's first page. Raises BadInput where it cannot be read."""
    with _naming(path):
        return DRAWINGS.page(path.read_bytes(), 1, DPI).pixels


def _image_size(path: Path) -> tuple[int, int]:
    """Width and height of a drawing as `read_image` gives it, from its header."""
    with _naming(path):
        (page,) = DRAWINGS.survey(path.read_bytes(), [1], DPI)
    return page.width, page.height


@contextmanager
def _naming(source: object) -> Iterator[None]:
    """What goes wrong inside becomes BadInput with the source's name in front."""
    try:
        yield
    except KeyError as error:
        raise BadInput(f"{source}: {error} is missing.") from error
    except (PlanspotError, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise BadInput(f"{source}: {error}") from error


def _pattern(group: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise BadInput(f"The group is no regular expression: {error}. Received: {group}", "group") from error
    if not pattern.groups:
        raise BadInput(f"The group's regular expression needs parentheses around the group's name. Received: {group}", "group")
    return pattern


def _group(path: Path, pattern: re.Pattern[str]) -> str:
    found = pattern.search(path.name)
    if found is None or not found.group(1):
        raise BadInput(f"The name {path.name} has no group by {pattern.pattern}.", "group")
    return found.group(1)


def _on_image(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that is on its image."""
    if not all(math.isfinite(value) for value in (box.x, box.y, box.width, box.height)):
        raise ValueError(f"a box needs finite numbers. Received: {box}")
    inside = box.clipped(*size) if min(box.width, box.height) > 0 else None
    if inside is None:
        raise ValueError(f"a box has no area on the image of {size[0]} x {size[1]} pixels. Received: {box}")
    return inside


def _read_coco(source: Path, pattern: re.Pattern[str]) -> Iterator[Record]:
    with _naming(source):
        content = json.loads(source.read_text(encoding="utf-8"))
        names = {category["id"]: str(category["name"]) for category in content["categories"]}
        paths = {image["id"]: _found(source.parent, str(image["file_name"])) for image in content["images"]}
        annotations = list(content["annotations"])
    sizes: dict[Path, tuple[int, int]] = {}
    for annotation in annotations:
        with _naming(f"{source}, annotation {annotation.get('id')}"):
            path = _of(paths, annotation["image_id"], "image")
            name = _of(names, annotation["category_id"], "category")
            size = sizes[path] = sizes.get(path) or _image_size(path)
            box = _on_image(_coco_box(annotation["bbox"]), size)
        yield Record(path, box, name, _group(path, pattern), bool(annotation.get("ignore") or annotation.get("iscrowd")))


def _of(table: dict[Any, Any], key: Any, what: str) -> Any:
    if key not in table:
        raise ValueError(f"no {what} has the id {key}.")
    return table[key]


def _coco_box(values: Sequence[float]) -> Box:
    if len(values) != 4:
        raise ValueError(f"bbox needs x, y, width, height. Received: {values}")
    return Box(*(float(value) for value in values))


def _found(folder: Path, name: str) -> Path:
    """A file that an annotation names, beside it or in `images`."""
    for path in (folder / name, folder / "images" / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"the image {name} is not in {folder}.")


def _read_yolo(source: Path, pattern: re.Pattern[str]) -> Iterator[Record]:
    with _naming(source):
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        names = _yolo_names(content["names"])
        folders = _yolo_folders(source.parent, content)
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGES):
            yield from _read_labels(path, names, pattern)


def _yolo_names(names: Any) -> dict[int, str]:
    pairs = names.items() if isinstance(names, dict) else enumerate(names)
    return {int(key): str(name) for key, name in pairs}


def _yolo_folders(root: Path, content: dict[str, Any]) -> list[Path]:
    """The folders of images that data.yaml names, else `images`."""
    base = root / str(content.get("path") or "")
    base = base if base.is_dir() else root
    named = [entry for part in ("train", "val", "test") if (entry := content.get(part))]
    flat = [str(name) for entry in named for name in (entry if isinstance(entry, list) else [entry])] or ["images"]
    return list(dict.fromkeys(_folder(base, name) for name in flat))


def _folder(base: Path, name: str) -> Path:
    # Roboflow writes ../train/images for the folder that lies beside data.yaml
    for path in (base / name, base / name.removeprefix("../")):
        if path.is_dir():
            return path
    raise FileNotFoundError(f"the folder {name} is not in {base}.")


def _read_labels(image: Path, names: dict[int, str], pattern: re.Pattern[str]) -> Iterator[Record]:
    """Symbols of one image; an image without a file of labels has none."""
    labels = _labels_path(image)
    if not labels.is_file():
        return
    size = _image_size(image)
    for number, line in enumerate(labels.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            with _naming(f"{labels}, line {number}"):
                kind, *values = line.split()
                box = _on_image(_yolo_box([float(value) for value in values], size), size)
                name = _of(names, int(kind), "class")
            yield Record(image, box, name, _group(image, pattern))


def _labels_path(image: Path) -> Path:
    parts = list(image.parts)
    if "images" in parts:
        last = len(parts) - 1 - parts[::-1].index("images")
        parts[last] = "labels"
    return Path(*parts).with_suffix(".txt")


def _yolo_box(values: list[float], size: tuple[int, int]) -> Box:
    """Pixels of a normalised box (centre, size) or of the bound of a polygon."""
    if any(not -0.5 <= value <= 1.5 for value in values):  # a little beyond the edge is common, pixels are a mistake
        raise ValueError(f"coordinates are shares of the image's size, from 0 to 1. Received: {values}")
    width, height = size
    if len(values) == 4:
        x, y, w, h = values
        return Box((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"a line is a class and 4 numbers, or 3 or more points. Received: {len(values)} numbers")
    return bounds(np.array(values, dtype=np.float64).reshape(-1, 2) * size)
