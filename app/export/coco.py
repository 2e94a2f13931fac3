"""COCO: images, categories and annotations, with the score beside each; https://cocodataset.org/#format-data."""

from __future__ import annotations

import json
from typing import Any

from app.engine.drawing import PageSize
from app.export.report import Find, Report
from app.export.rows import DIGITS


def to_coco(report: Report) -> bytes:
    """The file: an image a page, whose `file_name` is the drawing's and whose `page` tells which of it."""
    places = [(n, page.number) for n, drawing in enumerate(report.drawings) for page in drawing.pages]
    ids = {place: number for number, place in enumerate(places, start=1)}
    categories = {symbol.id: number for number, symbol in enumerate(report.symbols, start=1)}
    found = [
        _annotation(find, ids[n, find.page], categories[find.symbol.id])
        for n, drawing in enumerate(report.drawings)
        for find in drawing.finds
    ]
    content = {
        "images": [
            {"id": ids[n, page.number], "file_name": drawing.name} | _size(page)
            for n, drawing in enumerate(report.drawings)
            for page in drawing.pages
        ],
        "categories": [{"id": categories[each.id], "name": each.name, "symbol_id": each.id} for each in report.symbols],
        "annotations": [{"id": number} | each for number, each in enumerate(found, start=1)],
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _size(page: PageSize) -> dict[str, int]:
    return {"page": page.number, "width": page.width, "height": page.height}


def _annotation(find: Find, image: int, category: int) -> dict[str, Any]:
    box = find.detection.box
    corners = [round(value, DIGITS) for corner in find.detection.polygon for value in corner]
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [round(value, DIGITS) for value in (box.x, box.y, box.width, box.height)],
        "area": round(_area(find.detection.polygon), DIGITS),
        "segmentation": [corners],
        "iscrowd": 0,
        "score": find.detection.score,
        "mark": find.mark,
    }


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    """By the shoelace formula."""
    following = (*polygon[1:], polygon[0])
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(polygon, following, strict=True))) / 2
