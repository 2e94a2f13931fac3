"""The formats that an answer may have: which one is asked for, and what writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Query

from app.errors import BadInput, NotAcceptable
from app.export.coco import to_coco
from app.export.csv import to_csv
from app.export.report import Report
from app.export.xlsx import to_xlsx

MEDIA = {
    "json": "application/json",
    "csv": "text/csv",
    "coco": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "pdf": "application/pdf",
}
TABLES: dict[str, Callable[[Report], bytes]] = {"csv": to_csv, "coco": to_coco, "xlsx": to_xlsx}

FormatQuery = Annotated[str | None, Query(description=f"One of {', '.join(MEDIA)}; if not given, by `Accept`.")]
AcceptHeader = Annotated[str, Header(include_in_schema=False)]
CONTENT: dict[str, dict[str, str]] = {media: {} for media in MEDIA.values()}  # for OpenAPI


def wanted_format(asked: str | None, accept: str) -> str:
    """The format by the query, else the one that the Accept header likes best. Raises BadInput, NotAcceptable."""
    if asked is not None:
        return known_format(asked)
    for wish in _wishes(accept):
        for name, media in MEDIA.items():
            if wish in {"*/*", "", media, media.split("/")[0] + "/*"}:
                return name
    served = tuple(dict.fromkeys(MEDIA.values()))
    raise NotAcceptable(f"None of what `Accept` asks for is served. Served: {', '.join(served)}.", served)


def known_format(asked: str) -> str:
    """The format of this name. Raises BadInput."""
    if asked not in MEDIA:
        raise BadInput(f"`format` must be one of {', '.join(MEDIA)}. Received: {asked[:100]!r}.", "format")
    return asked


def _wishes(accept: str) -> list[str]:
    """The media ranges of an Accept header, those liked best first, without those of weight 0."""
    weighed = [(_weight(parts), kind.strip().lower()) for kind, *parts in (part.split(";") for part in accept.split(","))]
    return [kind for weight, kind in sorted(weighed, key=lambda each: -each[0]) if weight > 0]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
