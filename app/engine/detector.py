"""Finds copies of examples on a page: dense codes propose places, a coarse search their poses, a second look decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder, verify, windows
from app.engine.batching import Batches
from app.engine.encoder import Encoder
from app.engine.evidence import NAMES, agreement
from app.engine.example import Prepared, prepare
from app.engine.fuse import fused
from app.engine.geometry import Detection, Pose, bounds
from app.engine.index import SymbolIndex
from app.engine.ink import Colour, background, ink
from app.engine.poses import COARSE, Bank, align, compose, crops, make_bank, matrices, resized, sizes
from app.engine.query import Example, Options, PageResult, Pixels, Query, Timings
from app.engine.suppress import Found, suppressed
from app.engine.symmetry import Symmetry, symmetry
from app.engine.verify import Verifier
from app.errors import Cancelled

FLOOR = 0.01        # scores below are never reported
PLACES = 2000       # windows a level looked at more closely for one example, the most alike
RIVALS = 16         # examples that may share a window
LIKENESS = 0.1      # cosine below which a window is not looked at
LOOKS = 400         # poses an example may put before the verifier
FIT = 0.2           # correlation below which a pose is not looked at
POSES = 2           # poses tried at a place
SECOND = -3.0       # logit from which a place gets another look under its corrected pose
VIEWS = ((0, False), (1, False), (2, True), (3, True))  # quarters and flip of one pair, for the last word
TURNS = ((-8.0, -4.0, 0.0, 4.0, 8.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))  # degrees tried around a find, coarse to fine
INKED = 0.008       # mean ink from which a window is not blank
LARGEST = 2.5       # a page is not enlarged further: an example smaller than 13 px stays small


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid(weights · evidence + offset); `certain_from` is the score from which a find is called certain."""

    weights: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    offset: float = 0.0
    certain_from: float = 0.9

    def score(self, evidence: Tensor) -> Tensor:
        """(n,) of evidence (n, 4)."""
        return torch.sigmoid(evidence @ torch.tensor(self.weights, device=evidence.device) + self.offset)


@dataclass(frozen=True)
class _Shot:
    """An example on its way through one page."""

    symbol: int
    example: Example
    prepared: Prepared
    symmetry: Symmetry


@dataclass(frozen=True)
class _Level:
    """A page at one size: at the verifier's, at the templates', and where its windows are and what they look like."""

    fine: Tensor       # (H, W) ink
    coarse: Tensor     # (H', W') ink
    factor: tuple[float, float]  # fine pixels a page pixel, right and down
    centres: Tensor    # (n, 2) of the windows, fine pixels
    codes: Tensor      # (n, D)


class Detector:
    """The model on its device. Not thread-safe: one worker owns it."""

    def __init__(self, encoder: Encoder, verifier: Verifier, calibration: Calibration, model: str, device: str) -> None:
        self.device, self.model, self.calibration = device, model, calibration
        self.encoder = fused(encoder).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.verifier = fused(verifier).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._tiles, self._pictures = Batches(2 if device == "cpu" else 64), Batches(128 if device == "cpu" else 2048)

    @property
    def dimension(self) -> int:
        return int(self.encoder.dimension)

    @property
    def certain_from(self) -> float:
        return self.calibration.certain_from

    @torch.inference_mode()
    def embed(self, pixels: Pixels, paper: Colour | None = None) -> NDArray[np.float32]:
        """(D,) unit code of an example's (h, w, 3) RGB pixels."""
        window = prepare(pixels, paper).window[None, None].to(self.device)
        code: NDArray[np.float32] = self.encoder.crops(window)[0].cpu().numpy()
        return code

    def warm_up(self) -> None:
        """Runs everything once."""
        page = np.full((256, 256, 3), 255, np.uint8)
        page[100:130, 100:104] = page[100:104, 100:130] = page[126:130, 100:130] = 0
        index = SymbolIndex(self.dimension, self.model)
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
            inked = torch.from_numpy(ink(page, paper)).to(self.device)
            shots = [self._shot(n, example, paper) for n, query in enumerate(queries) for example in query.examples]
        found: list[Found] = []
        for number, group in _by_level(shots, options).items():
            _check(cancelled)
            with _timed(timings, "embed"):
                level = self._level(inked, number, cancelled)
            with _timed(timings, "search"):
                places = self._places(level, group, index)
            for shot, centres in zip(group, places, strict=True):
                _check(cancelled)
                with _timed(timings, "search"):
                    poses = self._poses(level, shot, centres, options)
                with _timed(timings, "verify"):
                    found.append(self._verified(level, shot, poses, options))
        detections = [] if not found else self._detections(page.shape[:2], found, queries, options)
        return PageResult(tuple(detections[: options.max_detections]), len(detections) > options.max_detections, timings)

    def _shot(self, symbol: int, example: Example, paper: Colour) -> _Shot:
        own = example.paper
        prepared = prepare(example.pixels, own)
        prepared = replace(prepared, picture=prepared.picture.to(self.device), mask=prepared.mask.to(self.device),
                           core=prepared.core.to(self.device))
        return _Shot(symbol, example, prepared, symmetry(prepared.picture, prepared.core))

    def _level(self, inked: Tensor, number: int, cancelled: Callable[[], bool]) -> _Level:
        fine = resized(inked, windows.STEP**number * verify.SYMBOL / encoder.SYMBOL)
        dense = resized(inked, windows.STEP**number)
        codes, starts = self._dense(dense, cancelled)
        ratio = torch.tensor([fine.shape[1] / dense.shape[1], fine.shape[0] / dense.shape[0]], device=self.device)
        centres = (starts.flip(1) - windows.BEFORE + encoder.WINDOW / 2) * ratio
        factor = (fine.shape[1] / inked.shape[1], fine.shape[0] / inked.shape[0])
        return _Level(fine, resized(fine, COARSE), factor, centres, codes)

    def _dense(self, level: Tensor, cancelled: Callable[[], bool]) -> tuple[Tensor, Tensor]:
        """Codes (n, D) and starts (n, 2) row, column on the padded level, of all windows that hold ink."""
        tiling = windows.tiling(*level.shape)
        padded = F.pad(level, tiling.padding(*level.shape))
        held = F.avg_pool2d(padded[None, None], encoder.WINDOW, encoder.STRIDE)[0, 0]
        inked = [at for at in tiling.corners() if float(held[_cells(at, tiling)].max()) > INKED]
        codes = [torch.zeros(0, self.dimension, device=self.device)]
        starts = [torch.zeros(0, 2, dtype=torch.int64, device=self.device)]
        for n in range(0, len(inked), self._tiles.size):
            _check(cancelled)
            group = inked[n : n + self._tiles.size]
            batch = torch.stack([padded[r : r + tiling.tile[0], c : c + tiling.tile[1]] for r, c in group])[:, None]
            for at, answer in zip(group, self._tiles.run(self._answers, batch), strict=True):
                kept = torch.nonzero(held[_cells(at, tiling)] > INKED)
                codes.append(answer[:, kept[:, 0], kept[:, 1]].T)
                starts.append(kept * encoder.STRIDE + torch.tensor(at, device=self.device) + windows.HALO)
        return torch.cat(codes), torch.cat(starts)

    def _answers(self, batch: Tensor) -> Tensor:
        """(b, D, h, w) codes of the windows that tiles (b, 1, H, W) answer for."""
        codes: Tensor = self.encoder(batch.contiguous(memory_format=torch.channels_last))
        return codes[:, :, windows.FIRST : -windows.FIRST, windows.FIRST : -windows.FIRST]

    def _places(self, level: _Level, group: Sequence[_Shot], index: SymbolIndex) -> list[Tensor]:
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
            best = row[np.argsort(-similarity, kind="stable")[:PLACES]]
            places.append(level.centres[torch.from_numpy(best).to(self.device)])
        return places

    def _poses(self, level: _Level, shot: _Shot, centres: Tensor, options: Options) -> Tensor:
        """(n, 5) poses on the fine level worth a second look."""
        if not len(centres):
            return torch.zeros(0, 5, device=self.device)
        ratio = torch.tensor([level.coarse.shape[1] / level.fine.shape[1], level.coarse.shape[0] / level.fine.shape[0]],
                             device=self.device)
        poses, fits = align(level.coarse, centres * ratio, self._bank(level, shot, options), POSES)
        poses, fits = poses.flatten(0, 1), fits.flatten()
        best = torch.argsort(fits, descending=True, stable=True)
        best = best[fits[best] > FIT]
        poses = poses[best]
        poses = poses[distinct(poses)][:LOOKS]
        poses[:, :2] /= ratio
        return poses

    def _bank(self, level: _Level, shot: _Shot, options: Options) -> Bank:
        own = shot.prepared.longer * level.factor[0] / verify.SYMBOL  # size of an equal copy, in pictures
        scales = [scale * own for scale in sizes(options.scale_min, options.scale_max)]
        return make_bank(shot.prepared.picture, shot.prepared.core, options.rotation, options.mirror, scales)

    def _verified(self, level: _Level, shot: _Shot, poses: Tensor, options: Options) -> Found:
        """The poses that stood the second look, on the page, with their scores."""
        if len(poses):
            evidence, correction = self._look(level, shot, poses, VIEWS[:1])
            worth = evidence[:, 0] > SECOND
            poses = compose(poses[worth], correction[worth])
        if not len(poses):
            return self._on_page(level, shot, poses, torch.zeros(0, len(NAMES)), torch.zeros(0))
        evidence, correction = self._look(level, shot, poses, VIEWS)
        score = self.calibration.score(evidence)
        kept = score >= FLOOR
        poses = self._turned(level, shot, compose(poses, correction)[kept])
        return self._on_page(level, shot, poses, evidence[kept], score[kept])

    def _look(self, level: _Level, shot: _Shot, poses: Tensor, views: Sequence[tuple[int, bool]]) -> tuple[Tensor, Tensor]:
        """Evidence (n, 4), the logit a mean over views of each pair turned and flipped as one, and corrections (n, 4) in
        pixels, degrees and log scale, of the first view, which is the pair as it is."""
        unit = torch.tensor([verify.SHIFT, verify.SHIFT, verify.TURN, verify.GROWTH], device=self.device)

        def look(part: Tensor) -> Tensor:
            seen = crops(level.fine, matrices(part), verify.SIZE)
            example, mask = (still.expand(len(part), -1, -1) for still in (shot.prepared.picture, shot.prepared.mask))
            pictures = torch.stack([example, seen, mask], 1)
            verdicts = [self.verifier(_viewed(pictures, *view)) for view in views]
            logit = torch.stack([verdict.logit for verdict in verdicts]).mean(0)
            likeness = agreement(shot.prepared.picture, shot.prepared.mask, seen)
            return torch.cat([logit[:, None], likeness, verdicts[0].correction * unit], 1)

        out = self._pictures.run(look, poses)
        return out[:, : len(NAMES)], out[:, len(NAMES) :]

    def _turned(self, level: _Level, shot: _Shot, poses: Tensor) -> Tensor:
        """Poses (n, 5) turned by the few degrees, if any, that lay the example best: the corrections fall short of them."""
        for turns in TURNS if len(poses) else ():
            tried = poses.repeat(len(turns), 1, 1)  # (T, n, 5)
            tried[:, :, 2] += torch.tensor(turns, device=self.device)[:, None]
            seen = crops(level.fine, matrices(tried.flatten(0, 1)), verify.SIZE)
            fit = agreement(shot.prepared.picture, shot.prepared.mask, seen)[:, 0].reshape(len(turns), -1)
            poses = tried[fit.argmax(0), torch.arange(len(poses), device=self.device)]
        return poses

    def _on_page(self, level: _Level, shot: _Shot, poses: Tensor, evidence: Tensor, score: Tensor) -> Found:
        """Poses of the example's own box on the page, from poses of its picture on a level."""
        rows = poses.double().cpu().numpy().reshape(-1, 5).copy()
        rows[:, :2] /= level.factor
        rows[:, 4] *= verify.SYMBOL / shot.prepared.longer / level.factor[0]
        rows = shot.symmetry.smallest(rows)
        off = np.array([shot.prepared.width / 2, shot.prepared.height / 2]) - shot.prepared.ink_box.centre
        rows[:, :2] += np.einsum("nij,j->ni", matrices(torch.from_numpy(rows)).numpy()[:, :, :2], off)
        return Found(shot.symbol, shot.example.positive, (shot.prepared.width, shot.prepared.height), rows,
                     score.double().cpu().numpy(), evidence.double().cpu().numpy())

    def _detections(self, shape: Sequence[int], found: Sequence[Found], queries: Sequence[Query],
                    options: Options) -> list[Detection]:
        detections = []
        for kept in suppressed(found):
            if kept.score < options.min_score or not _wanted(kept.polygon, shape, options):
                continue
            x, y, angle, mirrored, scale = (float(value) for value in kept.pose)
            corners = tuple((float(x), float(y)) for x, y in kept.polygon)
            detections.append(Detection(queries[kept.symbol].symbol_id, bounds(kept.polygon), corners, kept.score,
                                        Pose(x, y, angle % 360, mirrored > 0.5, scale), tuple(map(float, kept.evidence))))
        return detections


def _viewed(pictures: Tensor, quarters: int, flipped: bool) -> Tensor:
    """Pictures (n, 3, S, S) turned by quarters and flipped."""
    turned = torch.rot90(pictures, quarters, (2, 3))
    return (turned.flip(3) if flipped else turned).contiguous(memory_format=torch.channels_last)


def distinct(poses: Tensor, apart: float = 2.0) -> Tensor:
    """Indices, in order, of poses (n, 5) that are not within `apart` pixels and 40° of an earlier one alike in mirror."""
    kept: list[int] = []
    rows = poses.cpu().numpy()
    taken = np.zeros(len(rows), dtype=bool)
    for n, row in enumerate(rows):
        if taken[n]:
            continue
        kept.append(n)
        turn = np.abs((rows[:, 2] - row[2] + 180) % 360 - 180)
        taken |= (np.abs(rows[:, :2] - row[:2]).max(axis=1) <= apart) & (turn <= 40) & (rows[:, 3] == row[3])
    return torch.tensor(kept, dtype=torch.int64, device=poses.device)


def _wanted(polygon: NDArray[np.float64], shape: Sequence[int], options: Options) -> bool:
    """Whether a find's centre lies on the page, in a region if any is given, and in no excluded box."""
    x, y = polygon.mean(axis=0)
    inside = [box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.regions]
    outside = any(box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.exclude)
    return bool(0 <= x <= shape[1] and 0 <= y <= shape[0] and (any(inside) or not options.regions) and not outside)


def _by_level(shots: Sequence[_Shot], options: Options) -> dict[int, list[_Shot]]:
    groups: dict[int, list[_Shot]] = {}
    for shot in shots:
        factor = min(encoder.SYMBOL / shot.prepared.longer, LARGEST)
        for number in windows.levels(factor, options.scale_min, options.scale_max):
            groups.setdefault(number, []).append(shot)
    return {number: groups[number] for number in sorted(groups)}


def _cells(at: tuple[int, int], tiling: windows.Tiling) -> tuple[slice, slice]:
    """Of a map with one value a window, the part that the tile at `at` answers for."""
    row, column = (start // encoder.STRIDE + windows.FIRST for start in at)
    return slice(row, row + tiling.cells[0]), slice(column, column + tiling.cells[1])


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
