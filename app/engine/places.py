"""The windows of a page that are worth a look for an example: the likest, ring by ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from app.engine.batching import each

GROWTH = 4        # times as many places after each ring
TOGETHER = 16     # examples compared at once, with so many windows
WINDOWS = 1 << 18
LIKENESS = 0.1    # cosine below which a window is not looked at


@dataclass(frozen=True)
class Places:
    """The inked windows of a level: codes (n, D), in any precision, and their centres (n, 2) x, y on the page."""

    codes: Tensor
    centres: Tensor


def rings(places: Places, code: Tensor, first: Tensor, most: int) -> Iterator[Tensor]:
    """Centres (k, 2) of the `first` windows (rows of places) for a code, then of further ones in growing numbers, up to `most`
    in all, the most like first."""
    yield places.centres[first]
    seen = len(first)
    rest = most_alike(places.codes, code[None], most, str(code.device))[0] if seen < most else first
    rest = rest[~torch.isin(rest, first)]
    while len(rest):
        more = (GROWTH - 1) * max(seen, 1)
        yield places.centres[rest[:more]]
        seen, rest = seen + more, rest[more:]


def most_alike(codes: Tensor, queries: Tensor, count: int, device: str) -> list[Tensor]:
    """Of each query (N, D) the rows of at most `count` codes (n, D), the most like first, exactly.

    A product and not FAISS, whose search is several times slower for so many neighbours and cannot use a device.
    """
    def rows(part: Tensor) -> list[Tensor]:
        likeness, found = torch.cat([part @ some.float().T for some in torch.split(codes, WINDOWS)], 1).topk(count)
        return [row[like > LIKENESS] for row, like in zip(found, likeness, strict=True)]

    return [row for part in each(rows, torch.split(queries, TOGETHER), device) for row in part]
