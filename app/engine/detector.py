"""Finds copies of examples on a page: dense codes propose places, a coarse search their poses, a second look decides."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder, verify, windows
from app.engine.batching import each
from app.engine.dense import DensePass
from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.example import prepare
from app.engine.geometry import Detection, Pose, bounds
from app.engine.index import SymbolIndex
from app.engine.ink import Colour, background, ink
from app.engine.look import Level, SecondLook, Sheet, Shot
from app.engine.poses import COARSE, Bank, align, make_bank, resized, sizes
from app.engine.query import Example, Options, PageResult, Pixels, Query, Timings
from app.engine.suppress import Found, suppressed
from app.engine.symmetry import symmetry
from app.engine.verify import Verifier
from app.errors import Cancelled

PLACES = 2000       # windows a level looked at more closely for one example, the most alike,
PART = 0.04         # and of all its windows, where there are more
RIVALS = 16         # examples that may share a window
LIKENESS = 0.1      # cosine below which a window is not looked at
LOOKS = 400         # poses an example may put before the verifier on any page,
SHARE = 0.35        # and for each place, where there are more
FIT = 0.2           # correlation below which a pose is not looked at
POSES = 2           # poses tried at a place
LARGEST = 2.5       # a page is not enlarged further: an example smaller than 13 px stays small


class Detector:
    """The model on its device; `model` names it, `stamp` its encoder alone where that has a name. Not thread-safe: one worker
    owns it."""

    def __init__(self, encoder: Encoder, verifier: Verifier, calibration: Calibration, model: str, device: str,
                 stamp: str = "") -> None:
        self.device, self.model, self.stamp, self.calibration = device, model, stamp or model, calibration
        self.dense, self.look = DensePass(encoder, device), SecondLook(verifier, calibration, device)

    @property
    def dimension(self) -> int:
        return int(self.dense.encoder.dimension)

    @property
    def certain_from(self) -> float:
        return self.calibration.certain_from

    @torch.inference_mode()
    def embed(self, pixels: Pixels, paper: Colour | None = None) -> NDArray[np.float32]:
        """(D,) unit code of an example's (h, w, 3) RGB pixels."""
        window = prepare(pixels, paper).window[None, None].to(self.device)
        code: NDArray[np.float32] = self.dense.encoder.crops(window)[0].cpu().numpy()
        return code

    def warm_up(self) -> None:
        """Runs everything once."""
        page = np.full((256, 256, 3), 255, np.uint8)
        page[100:130, 100:104] = page[100:104, 100:130] = page[126:130, 100:130] = 0
        index = SymbolIndex(self.dimension, self.stamp)
        example = Example(1, page[98:132, 98:132])
        index.add([1], self.embed(example.pixels)[None])
        self.detect(page, [Query("warm-up", (example,))], index, Options())

    @torch.inference_mode()
    def detect(self, page: Pixels, queries: Sequence[Query], index: SymbolIndex, options: Options,
               cancelled: Callable[[], bool] = lambda: False) -> PageResult:
        """All copies of the queries' symbols on (H, W, 3) RGB pixels. `index` holds the codes of the positive examples.

        Raises Cancelled as soon as `cancelled()` says so.
        """
        timings = Timings()
        with _timed(timings, "embed"):
            paper = background(page)
            sheet = Sheet(page, ink(page, paper), paper, self.device)
            shots = [self._shot(n, example) for n, query in enumerate(queries) for example in query.examples]
        found: list[Found] = []
        for number, group in _by_level(shots, options).items():
            _check(cancelled)
            with _timed(timings, "embed"):
                level = self._level(sheet.inked, number, cancelled)
            with _timed(timings, "search"):
                places = self._places(level, group, index)
            for shot, centres in zip(group, places, strict=True):
                _check(cancelled)
                with _timed(timings, "search"):
                    poses = self._poses(level, shot, centres, options)
                with _timed(timings, "verify"):
                    found.append(self.look(sheet, level, shot, poses))
        detections = [] if not found else self._detections(page.shape[:2], found, queries, options)
        return PageResult(tuple(detections[: options.max_detections]), len(detections) > options.max_detections, timings)

    def _shot(self, symbol: int, example: Example) -> Shot:
        prepared = prepare(example.pixels, example.paper)
        prepared = replace(prepared, picture=prepared.picture.to(self.device), mask=prepared.mask.to(self.device),
                           core=prepared.core.to(self.device), sharp=prepared.sharp.to(self.device),
                           sharp_mask=prepared.sharp_mask.to(self.device))
        return Shot(symbol, example, prepared, symmetry(prepared.picture, prepared.core))

    def _level(self, inked: Tensor, number: int, cancelled: Callable[[], bool]) -> Level:
        factors = windows.STEP**number * verify.SYMBOL / encoder.SYMBOL, windows.STEP**number
        fine, dense = each(lambda factor: resized(inked, factor), factors, self.device)
        codes, centres = self.dense(dense, lambda: _check(cancelled))
        ratio = torch.tensor([fine.shape[1] / dense.shape[1], fine.shape[0] / dense.shape[0]], device=self.device)
        factor = (fine.shape[1] / inked.shape[1], fine.shape[0] / inked.shape[0])
        return Level(fine, sharp_level(inked, factor[0]), resized(fine, COARSE), factor, centres * ratio, codes)

    def _places(self, level: Level, group: Sequence[Shot], index: SymbolIndex) -> list[Tensor]:
        """Of each shot the centres (k, 2) of the windows most like it."""
        known = [shot.example.id for shot in group if shot.example.positive]
        codes = level.codes.float().cpu().numpy()
        if not len(codes):
            return [level.centres] * len(group)
        likeness, ids = index.search(codes, min(RIVALS, len(known)), known)
        places = []
        for shot in group:
            if shot.example.positive:
                row, column = np.nonzero((ids == shot.example.id) & (likeness > LIKENESS))
                similarity = likeness[row, column]
            else:
                similarity = codes @ self.embed(shot.example.pixels, shot.example.paper)
                row = np.flatnonzero(similarity > LIKENESS)
                similarity = similarity[row]
            best = row[np.argsort(-similarity, kind="stable")[: max(PLACES, round(PART * len(codes)))]]
            places.append(level.centres[torch.from_numpy(best).to(self.device)])
        return places

    def _poses(self, level: Level, shot: Shot, centres: Tensor, options: Options) -> Tensor:
        """(n, 6) poses on the fine level worth a second look."""
        if not len(centres):
            return torch.zeros(0, 6, device=self.device)
        ratio = torch.tensor([level.coarse.shape[1] / level.fine.shape[1], level.coarse.shape[0] / level.fine.shape[0]],
                             device=self.device)
        poses, fits = align(level.coarse, centres * ratio, self._bank(level, shot, options), POSES)
        poses, fits = poses.flatten(0, 1), fits.flatten()
        best = torch.argsort(fits, descending=True, stable=True)
        best = best[fits[best] > FIT]
        poses = poses[best]
        poses = poses[distinct(poses, max(LOOKS, round(SHARE * len(centres))))]
        poses[:, :2] /= ratio
        return poses

    def _bank(self, level: Level, shot: Shot, options: Options) -> Bank:
        own = shot.prepared.longer * level.factor[0] / verify.SYMBOL  # size of an equal copy, in pictures
        scales = [scale * own for scale in sizes(options.scale_min, options.scale_max)]
        return make_bank(shot.prepared.picture, shot.prepared.core, options.rotation, options.mirror, scales)

    def _detections(self, shape: Sequence[int], found: Sequence[Found], queries: Sequence[Query],
                    options: Options) -> list[Detection]:
        detections = []
        for kept in suppressed(found):
            if kept.score < options.min_score or not _wanted(kept.polygon, shape, options):
                continue
            x, y, angle, mirrored, scale = (float(value) for value in kept.pose[:5])
            corners = tuple((float(x), float(y)) for x, y in kept.polygon)
            detections.append(Detection(queries[kept.symbol].symbol_id, bounds(kept.polygon), corners, kept.score,
                                        Pose(x, y, angle % 360, mirrored > 0.5, scale), tuple(map(float, kept.evidence))))
        return detections


def sharp_level(inked: Tensor, factor: float) -> Tensor:
    """The jury's level of a page's ink (H, W), of which `factor` gives the scout's."""
    return inked if factor * verify.SHARPER >= 1 else resized(inked, factor * verify.SHARPER)


def distinct(poses: Tensor, most: int, apart: float = 2.0, turned: float = 40.0) -> Tensor:
    """Indices, in order, of the first `most` poses (n, 6) that are not within `apart` pixels and `turned` degrees of an earlier
    one alike in mirror."""
    kept: list[int] = []
    held: defaultdict[tuple[int, int, float], list[tuple[float, float, float]]] = defaultdict(list)  # by place and mirror
    for n, (x, y, angle, mirrored) in enumerate(poses[:, :4].tolist()):
        column, row = int(x // apart), int(y // apart)
        near = (one for right in (-1, 0, 1) for down in (-1, 0, 1)
                for one in held.get((column + right, row + down, mirrored), ()))
        if any(abs(x - u) <= apart and abs(y - v) <= apart and abs((angle - a + 180) % 360 - 180) <= turned
               for u, v, a in near):
            continue
        kept.append(n)
        held[column, row, mirrored].append((x, y, angle))
        if len(kept) == most:
            break
    return torch.tensor(kept, dtype=torch.int64, device=poses.device)


def _wanted(polygon: NDArray[np.float64], shape: Sequence[int], options: Options) -> bool:
    """Whether a find's centre lies on the page, in a region if any is given, and in no excluded box."""
    x, y = polygon.mean(axis=0)
    inside = [box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.regions]
    outside = any(box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.exclude)
    return bool(0 <= x <= shape[1] and 0 <= y <= shape[0] and (any(inside) or not options.regions) and not outside)


def _by_level(shots: Sequence[Shot], options: Options) -> dict[int, list[Shot]]:
    groups: dict[int, list[Shot]] = {}
    for shot in shots:
        factor = min(encoder.SYMBOL / shot.prepared.longer, LARGEST)
        for number in windows.levels(factor, options.scale_min, options.scale_max):
            groups.setdefault(number, []).append(shot)
    return {number: groups[number] for number in sorted(groups)}


def _check(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("The request was cancelled.")


@contextmanager
def _timed(timings: Timings, stage: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        setattr(timings, stage, getattr(timings, stage) + 1000 * (time.perf_counter() - began))
