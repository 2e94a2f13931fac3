"""Finds copies of examples on a page: dense codes propose places, a coarse search their poses, a second look decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import memory, verify, windows
from app.engine.batching import each
from app.engine.cover import uncovered
from app.engine.dense import DensePass
from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.example import Prepared, prepare
from app.engine.geometry import Detection, Pose, bounds
from app.engine.index import SymbolIndex
from app.engine.ink import Colour, background, ink
from app.engine.levels import by_level, frame_of, large_enough, level_of, reduced
from app.engine.look import SecondLook, Shot, none
from app.engine.origin import is_cut_from
from app.engine.pictures import Level, Sheet
from app.engine.places import Places, most_alike, rings
from app.engine.poses import COARSE, Bank, align, distinct, make_bank, sizes
from app.engine.query import BANDS, Example, Options, PageResult, Pixels, Query, Timings
from app.engine.spots import hidden, unspotted
from app.engine.suppress import Found, copies, shows, suppressed
from app.engine.verify import Verifier
from app.errors import Cancelled

PLACES = 1000       # windows of a level looked at more closely for one example that shows copies, the most alike,
PART = 0.04         # and of all its windows, where there are more and these show new copies:
FIRST = 3000        # so many first, shared by the examples of a request,
FEWEST = 30         # but of each at least
LIKELY = 0.0        # a jury's logit from which a candidate's score is asked for
LOOKS = 1800        # poses put before the verifier at first, shared in the same way,
SHARE = 0.35        # but so many of each place at least;
THOROUGH = 2000     # and so many of all places in a ring once these show new copies
OFTENER = 2         # times as many copies that an example finds without what is none of it
EDGE = 1.1          # so far within the sizes looked for copies are all there are: one at their end may have others past it
FIT = 0.2           # correlation below which a pose is not looked at
POSES = 2           # poses tried at a place
BESIDE = 2 / COARSE  # fine pixels by which these differ, or by their turn


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
        return self._embedded(prepare(pixels, paper))

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
            asked = [(n, example) for n, query in enumerate(queries) for example in query.examples]
            shots = list(each(lambda one: self._shot(*one, len(queries)), asked, self.device))
            bare = {n: self._shot(shot.symbol, other, shot.asked) for n, shot in enumerate(shots)
                    if shot.example.positive and (other := uncovered(shot.example))}
        found = self._searched(sheet, shots, index, options, timings, cancelled)
        for n, finds in zip(bare, self._searched(sheet, list(bare.values()), index, options, timings, cancelled), strict=True):
            if copies(finds) >= max(1, OFTENER * copies(found[n])):
                found[n] = finds
        cut = [is_cut_from(page, shot.example, finds) for shot, finds in zip(shots, found, strict=True)]
        shown = {shot.symbol for shot, own in zip(shots, cut, strict=True) if own}
        found = [finds if shot.symbol in shown else list(map(self.look.elsewhere, finds))
                 for shot, finds in zip(shots, found, strict=True)]
        if options.other_sizes:
            found = [[one.sized(options.scale_min, options.scale_max) for one in finds] if own else finds
                     for own, finds in zip(cut, found, strict=True)]
            unsized = {n: replace(shot, elsewhere=shot.symbol not in shown)
                       for n, (shot, own) in enumerate(zip(shots, cut, strict=True)) if not own}
            for away in range(1, BANDS + 1):
                smaller, larger = options.beside(away)
                for band in (smaller, larger):
                    wanted = {n: shot for n, shot in unsized.items() if large_enough(shot, band)}
                    further = self._searched(sheet, list(wanted.values()), index, band, timings, cancelled)
                    for n, more in zip(wanted, further, strict=True):
                        found[n] += more
                well_within = smaller.scale_min * EDGE, larger.scale_max / EDGE
                unsized = {n: shot for n, shot in unsized.items() if not copies([one.sized(*well_within) for one in found[n]])}
        kept = list(chain(*(self.look.together(finds) for finds in found if finds)))
        detections = self._detections(page.shape[:2], kept, queries, options) if kept else []
        return PageResult(tuple(detections[: options.max_detections]), len(detections) > options.max_detections, timings)

    def _searched(self, sheet: Sheet, shots: Sequence[Shot], index: SymbolIndex, options: Options, timings: Timings,
                  cancelled: Callable[[], bool]) -> list[list[Found]]:
        """What each of some examples finds on its levels, and if that shows copies, which others are under spots."""
        found = self._seen(sheet, shots, index, options, timings, cancelled)
        shown = [n for n, finds in enumerate(found) if any(map(shows, finds))]
        for bare, group in unspotted(sheet, [shots[n] for n in shown]):
            some = [shown[n] for n in group]
            partly = self._seen(bare, [shots[n] for n in some], index, options, timings, cancelled)
            for n, finds in zip(some, partly, strict=True):
                found[n] += [hidden(bare, shots[n], one) for one in finds]
        return found

    def _seen(self, sheet: Sheet, shots: Sequence[Shot], index: SymbolIndex, options: Options, timings: Timings,
              cancelled: Callable[[], bool]) -> list[list[Found]]:
        """What each of some examples finds on its levels."""
        found = [list[Found]() for _ in shots]
        for serving, levels in by_level(shots, options):
            with _timed(timings, "embed"):
                places = self._places(sheet.inked, serving, cancelled)
                memory.release()
            for number, group in levels.items():
                finds = self._found(sheet, number, [shots[n] for n in group], places, index, options, len(shots), timings,
                                    cancelled)
                for n, one in zip(group, finds, strict=True):
                    found[n].append(one)
        return found

    def _found(self, sheet: Sheet, number: int, group: Sequence[Shot], places: Places, index: SymbolIndex, options: Options,
               sharing: int, timings: Timings, cancelled: Callable[[], bool]) -> list[Found]:
        """What each of a group of examples finds on a level."""
        _check(cancelled)
        with _timed(timings, "embed"):
            level = level_of(sheet.inked, number, sheet.over)
        most = min(max(PLACES, round(PART * len(places.codes))), len(places.codes))
        with _timed(timings, "search"):
            codes = torch.from_numpy(np.stack([self._code(shot, index) for shot in group])).to(self.device)
            first = min(max(FIRST // sharing, FEWEST), most)
            likest = most_alike(places.codes, codes, first, self.device)
        began, spent = time.perf_counter(), list[Timings]()

        def work(n: int) -> tuple[Found, Timings]:
            own, centres = Timings(), rings(places, codes[n], likest[n], most)
            return self._copies(sheet, level, group[n], centres, sharing, options, own), own

        found = []
        for one, own in each(work, range(len(group)), self.device, lambda: _check(cancelled)):
            found.append(one)
            spent.append(own)
        _share(timings, spent, 1000 * (time.perf_counter() - began))
        return found

    def _copies(self, sheet: Sheet, level: Level, shot: Shot, centres: Iterator[Tensor], sharing: int, options: Options,
                timings: Timings) -> Found:
        """What one of `sharing` examples finds at the places most like it, at further ones if the page shows it, and at all as
        long as it finds more."""
        with _timed(timings, "search"):
            bank = self._bank(level, shot, options)
        seen, found, stale = 0, none(shot), False
        tried, poses, logit = (torch.zeros(0, *shape, device=self.device) for shape in ((6,), (6,), ()))
        for ring in centres:
            with _timed(timings, "search"):
                fresh = self._poses(level, bank, ring, tried)
                tried = torch.cat([tried, fresh])
            seen, few = seen + len(ring), max(min(LOOKS // sharing, THOROUGH), round(SHARE * len(ring)))
            with _timed(timings, "verify"):
                if stale and seen >= PLACES:
                    found, stale = self.look.found(sheet, level, shot, poses, logit), False
                before = found
                for part in (fresh[:few], fresh[few:]):
                    more, sure = self.look.candidates(sheet, level, shot.prepared, part)
                    poses, logit, stale = torch.cat([poses, more]), torch.cat([logit, sure]), stale or len(more) > 0
                    if bool((sure > LIKELY).any()) and (seen >= PLACES or not shows(found)):
                        found, stale = self.look.found(sheet, level, shot, poses, logit), False
                    if not shows(found):
                        break
            if not shows(found, before if seen >= PLACES else None):
                break
        with _timed(timings, "verify"):
            return self.look.found(sheet, level, shot, poses, logit) if stale else found

    def _shot(self, symbol: int, example: Example, asked: int) -> Shot:
        prepared = prepare(example.pixels, example.paper, example.over)
        prepared = replace(prepared, picture=prepared.picture.to(self.device), mask=prepared.mask.to(self.device),
                           core=prepared.core.to(self.device), sharp=prepared.sharp.to(self.device),
                           sharp_mask=prepared.sharp_mask.to(self.device), shown=prepared.shown.to(self.device),
                           sharp_shown=prepared.sharp_shown.to(self.device))
        return Shot(symbol, example, prepared, asked=asked)

    def _places(self, inked: Tensor, number: float, cancelled: Callable[[], bool]) -> Places:
        by = windows.STEP**number
        frame = frame_of(inked, by)
        codes, centres = self.dense(reduced(inked, by), lambda: _check(cancelled), frame if by > 1 else None)
        return Places(codes, centres * torch.tensor([inked.shape[1] / frame[1], inked.shape[0] / frame[0]], device=self.device))

    def _code(self, shot: Shot, index: SymbolIndex) -> NDArray[np.float32]:
        """(D,) of an example: the index holds those of positive ones, but for one deleted since the request was made."""
        example = shot.example
        if example.positive and example.over is None:
            with suppress(KeyError):
                code: NDArray[np.float32] = index.codes([example.id])[0]
                return code
        return self._embedded(shot.prepared)

    def _embedded(self, prepared: Prepared) -> NDArray[np.float32]:
        code: NDArray[np.float32] = self.dense.encoder.crops(prepared.window[None, None].to(self.device))[0].cpu().numpy()
        return code

    def _poses(self, level: Level, bank: Bank, centres: Tensor, tried: Tensor) -> Tensor:
        """(n, 6) poses in a level's frame, at places (k, 2) on the page, that are worth a second look and were not tried, the
        fittest first."""
        if not len(centres):
            return tried[:0]
        ratio = torch.tensor([level.coarse.shape[1] / level.frame[1], level.coarse.shape[0] / level.frame[0]],
                             device=self.device)
        poses, fits = align(level.coarse, centres * torch.tensor(level.factor, device=self.device) * ratio, bank, POSES)
        poses, fits = poses.flatten(0, 1), fits.flatten()
        best = torch.argsort(fits, descending=True, stable=True)
        best = best[fits[best] > FIT]
        poses = poses[best]
        poses[:, :2] /= ratio
        kept = distinct(torch.cat([tried, poses]), len(tried) + max(THOROUGH, round(SHARE * len(centres))), apart=BESIDE)
        return poses[kept[len(tried) :] - len(tried)]

    def _bank(self, level: Level, shot: Shot, options: Options) -> Bank:
        own = shot.prepared.longer * level.factor[0] / verify.SYMBOL  # size of an equal copy, in pictures
        scales = [scale * own for scale in sizes(options.scale_min, options.scale_max)]
        core = shot.prepared.core * shot.prepared.shown
        return make_bank(shot.prepared.picture, core, options.rotation, options.mirror, scales)

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


def _share(timings: Timings, spent: Sequence[Timings], wall: float) -> None:
    """Adds so many milliseconds to the stages of timings in the proportion in which others, side by side, spent them."""
    total = sum(own.search + own.verify for own in spent)
    for own in spent:
        timings.search += wall * own.search / total
        timings.verify += wall * own.verify / total


def _wanted(polygon: NDArray[np.float64], shape: Sequence[int], options: Options) -> bool:
    """Whether a find's centre lies on the page, in a region if any is given, and in no excluded box."""
    x, y = polygon.mean(axis=0)
    inside = [box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.regions]
    outside = any(box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in options.exclude)
    return bool(0 <= x <= shape[1] and 0 <= y <= shape[0] and (any(inside) or not options.regions) and not outside)


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
