"""`python -m training calibrate`: what a score means, fitted on generated drawings of classes that training never drew.

    python -m training calibrate --weights runs/jury/weights --out model_weights

The detector runs whole, down to scores of nearly nothing, and a logistic curve (Platt 1999) takes the evidence for each find,
the verifier's logit first, to the share of finds that are right. Near siblings and clutter are as frequent on these drawings
as on ordinary ones, and the example is a clear copy, of the drawing or of another, of the same set mostly, as users choose;
training shows harder ones. What was collected stays in `evidence.npz` beside the weights.
`certain_from` is the lowest score from which 95 of 100 are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from app.engine import memory
from app.engine.detector import Detector
from app.engine.evidence import ASKED, ELSEWHERE, NAMES, SMALL, Calibration
from app.engine.geometry import Detection
from app.engine.places import Places
from app.engine.query import Options
from app.engine.weights import load_networks, write_weights
from training.drawings import VERSION, Drawing, Instance, Kinship, Symbol, make_drawing
from training.evaluate import LOWEST, Case, figures, find, search
from training.examples import CLUTTER, Shown, from_afar, from_here, longer_side, strangers
from training.styles import Style, exactly, random_style

SEED = 90_210       # apart from every seed of training
CERTAIN = 0.95      # share of right finds above `certain_from`
CLASSES = 5         # of each drawing, so that many drawings count,
AFAR = 2            # and of so many more with an example from another drawing
ORDINARY = Kinship((0.05, 0.3), again=0.0, strangers=0.2)  # near-identical classes, as far as ordinary drawings have them
EXACT = 0.5         # of the drawings are as CAD writes them
LEGEND = 0.5        # of them are searched for a whole legend too,
SHOWN, OTHERS = (1, 8), (2, 14)  # of whose symbols they show so many, and so many not
FEW = (7.0, 11.0)   # px of a usual symbol on a coarse drawing,
SMALL_ONES = 2      # of whose classes so many are searched for
CENTRED, SIZED = 0.35, 1.5  # of a copy's longer side that a find may lie off its middle, and ratio of their sizes
ROUNDS = 60         # of Newton's steps, of which a handful is enough
# what weighs otherwise among many symbols, and where the example is from elsewhere, which may draw in other colours
JUDGED = ("logit", "outdone", "runner_up", "behind", "recoloured", "nearer")
RIDGE = 10.0        # holds back weights, of evidence in its standard deviations, that the finds do not settle


def fit(evidence: NDArray[np.float64], right: NDArray[np.bool_], base: NDArray[np.float64] | float = 0.0,
        along: NDArray[np.float64] | float = 1.0) -> tuple[NDArray[np.float64], float]:
    """Weights (E,) and offset of greatest likelihood, by Newton, of a logistic curve: `base` (N,), plus `along` (N,) times
    what weights and offset make of evidence (N, E). Needs finds of both kinds."""
    if right.all() or not right.any():
        raise ValueError("Calibration needs right and wrong finds.")
    middle, spread = evidence.mean(axis=0), evidence.std(axis=0)
    spread[spread == 0] = 1.0  # what is the same for all says nothing
    design = np.concatenate([(evidence - middle) / spread, np.ones((len(evidence), 1))], axis=1) * np.reshape(along, (-1, 1))
    # Platt's targets keep the curve finite where the two kinds part cleanly
    target = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    curve, ridge = np.zeros(design.shape[1]), np.array([RIDGE] * len(spread) + [0.0])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(base + design @ curve, -30, 30)))
        slope = design.T @ (chance - target) + ridge * curve
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        curve = curve - np.linalg.solve(bend, slope)
    weights = curve[:-1] / spread
    return weights, float(curve[-1] - weights @ middle)


def certain_from(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest score, in hundredths from 0.5, above which at least CERTAIN of the finds are right; 0.99 where none is."""
    for level in np.arange(0.5, 0.995, 0.01):
        kept = scores >= level
        if kept.sum() >= 50 and right[kept].mean() >= CERTAIN:
            return round(float(level), 2)
    return 0.99


def collect(detector: Detector, seed: int, number: int) -> list[Case]:
    """Cases of some classes of one fresh drawing, of some whose example is from another drawing, and of a symbol that it does
    not show; often those of a whole legend; and some of the drawing at few pixels."""
    rng = np.random.default_rng([seed, number])
    style, exact = random_style(rng), bool(rng.random() < EXACT)
    style = exactly(style) if exact else style
    drawing = make_drawing(rng, 960, 800, clutter=float(rng.uniform(*CLUTTER)), damaged=not exact, kinship=ORDINARY,
                           style=style)
    options = Options(min_score=LOWEST, other_sizes=True)
    shown = [*from_here(drawing, rng, CLASSES), *from_afar(drawing, style, exact, rng, AFAR)]
    return [*(judged(drawing, one, find(detector, drawing.pixels, one.pixels, options)) for one in shown),
            *(_all_wrong(find(detector, drawing.pixels, pixels, options)) for pixels in strangers(1, rng)),
            *(legend(detector, drawing, style, exact, rng, options) if rng.random() < LEGEND else ()),
            *coarse(detector, drawing, style, rng, options)]


def coarse(detector: Detector, drawing: Drawing[Symbol], style: Style, rng: np.random.Generator,
           options: Options) -> list[Case]:
    """Cases of some classes of a drawing in a style, at so few pixels that symbols are small."""
    part = float(rng.uniform(*FEW)) / style.size
    height, width = drawing.pixels.shape[:2]
    pixels = cv2.resize(drawing.pixels, (round(part * width), round(part * height)), interpolation=cv2.INTER_AREA)
    poses = [replace(i.pose, x=i.pose.x * part, y=i.pose.y * part, scale=i.pose.scale * part) for i in drawing.instances]
    small = replace(drawing, pixels=np.asarray(pixels, dtype=np.uint8),
                    instances=tuple(replace(i, pose=pose) for i, pose in zip(drawing.instances, poses, strict=True)))
    return [judged(small, one, find(detector, small.pixels, one.pixels, options)) for one in from_here(small, rng, SMALL_ONES)]


def legend(detector: Detector, drawing: Drawing[Symbol], style: Style, exact: bool, rng: np.random.Generator,
           options: Options) -> list[Case]:
    """Cases of one request for many symbols, most of which a drawing, in a style, exact or not, does not show."""
    most = int(rng.integers(SHOWN[0], SHOWN[1] + 1))
    shown = from_here(drawing, rng, int(rng.binomial(most, 0.5)))
    shown += from_afar(drawing, style, exact, rng, most - len(shown), [one.label for one in shown])
    others = strangers(int(rng.integers(OTHERS[0], OTHERS[1] + 1)), rng)
    found = search(detector, drawing.pixels, [*(one.pixels for one in shown), *others], options)
    return [*map(_all_wrong, found[len(shown) :]),
            *(judged(drawing, one, finds) for one, finds in zip(shown, found, strict=False))]


def _all_wrong(finds: Sequence[Detection]) -> Case:
    return Case(tuple(finds), (None,) * len(finds), 0)


def judged(drawing: Drawing[Symbol], shown: Shown, finds: Sequence[Detection]) -> Case:
    """What was found of a class, but for the copy that its example was cut out of."""
    copies = [i for i in drawing.instances if i.label == shown.label]
    pairs = [(find, on) for find, on in zip(finds, lying_on(finds, copies, shown.side), strict=True)
             if on is None or on is not shown.own]
    return Case(tuple(find for find, _ in pairs), tuple(on for _, on in pairs), len(copies) - (shown.own is not None))


def lying_on(found: Sequence[Detection], copies: Sequence[Instance], side: float) -> list[Instance | None]:
    """The copy that each find, best first, lies on: the nearest free one whose middle and size it has; the symbol's longer side
    has `side` px in the example. Boxes say less: an example's has margins, which small symbols are lost in, and a turned one's
    is larger than an upright one's."""
    free, matches = list(copies), list[Instance | None]()
    for detection in found:
        on = [(math.dist(detection.box.centre, copy.box.centre) / max(copy.box.width, copy.box.height), n)
              for n, copy in enumerate(free)
              if abs(math.log(detection.pose.scale * side / longer_side(copy))) <= math.log(SIZED)]
        off, best = min(on, default=(math.inf, -1))
        matches.append(free.pop(best) if off <= CENTRED else None)
    return matches


class Thrifty(Detector):
    """Goes over a drawing's windows once for all its searches, at quarters of a level."""

    _inked: Tensor | None = None  # the drawing's ink,
    _known: dict[float, Places]   # and its windows by level

    def _places(self, inked: Tensor, number: float, cancelled: Callable[[], bool]) -> Places:
        if self._inked is None or not torch.equal(self._inked, inked):
            self._inked, self._known = inked, {}
        near = round(number * 4) / 4
        if near not in self._known:
            self._known[near] = super()._places(inked, near, cancelled)
        return self._known[near]


def collect_all(weights: Path, drawings: int, seed: int, device: str, workers: int) -> list[Case]:
    """Cases of so many drawings, by processes of one thread each."""
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (weights, device)) as pool:
        parts = pool.map(_collect, [seed] * drawings, range(drawings))
        return [case for part in tqdm(parts, total=drawings, unit="drawing") for case in part]


_detector: Thrifty  # of a process that collects


def _begin(weights: Path, device: str) -> None:
    global _detector
    torch.set_num_threads(1)
    memory.reuse()
    encoder, verifier, _ = load_networks(weights)
    _detector = Thrifty(encoder, verifier, Calibration(), "calibration", device)


def _collect(seed: int, number: int) -> list[Case]:
    return collect(_detector, seed, number)


def flat(results: list[Case]) -> tuple[list[Detection], NDArray[np.bool_]]:
    """All finds and whether they are right."""
    pairs = [(d, m is not None) for c in results for d, m in zip(c.detections, c.matches, strict=True)]
    return [d for d, _ in pairs], np.array([r for _, r in pairs], dtype=bool)


def calibrate(results: list[Case]) -> tuple[Calibration, dict[str, float]]:
    """The calibration that cases give, and the detector's figures under it on these. The page that an example was cut from says
    what weighs; other pages, how that changes where nobody knows whether the symbol is shown at all; requests for many
    symbols, how it changes with their number; and small symbols, how much less likely their finds are."""
    found, right = flat(results)
    evidence = np.array([d.evidence for d in found])
    asked, judged = evidence[:, ASKED].copy(), np.isin(NAMES, JUDGED)
    evidence[:, ASKED] = 0.0
    alone, afar, small = asked == 0, evidence[:, ELSEWHERE] > 0, evidence[:, SMALL] > 0
    weights, offset = fit(evidence[alone & ~afar & ~small], right[alone & ~afar & ~small])
    change, among = np.zeros(len(NAMES)), np.zeros(len(NAMES))

    def logits(rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        part: NDArray[np.float64] = evidence[rows] @ weights + offset + afar[rows] * (evidence[rows] @ change)
        return part

    if (rows := alone & afar & ~small).any():
        change, weights[ELSEWHERE] = fit(evidence[rows] * judged, right[rows], logits(rows))
    if (rows := alone & small).any():
        _, weights[SMALL] = fit(evidence[rows, :0], right[rows], logits(rows), evidence[rows, SMALL])  # an offset alone
    if (rows := ~alone).any():
        among, weights[ASKED] = fit(evidence[rows] * judged, right[rows], logits(rows), asked[rows])
    curve = Calibration(tuple(map(float, weights)), offset, among=tuple(map(float, among)), afar=tuple(map(float, change)))
    results = [rescored(case, curve) for case in results]
    found, right = flat(results)
    return replace(curve, certain_from=certain_from(np.array([d.score for d in found]), right)), figures(results)


def rescored(case: Case, calibration: Calibration) -> Case:
    """A case under another calibration; which find keeps a place that several claim is left as it was."""
    scores = calibration.score(torch.tensor([d.evidence for d in case.detections]).reshape(-1, len(NAMES))).tolist()
    return replace(case, detections=tuple(replace(d, score=s) for d, s in zip(case.detections, scores, strict=True)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, required=True, help="folder of weights to calibrate, runs/jury/weights say")
    parser.add_argument("--out", type=Path, default=Path("model_weights"), help="folder to write")
    parser.add_argument("--drawings", type=int, default=150)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def run(args: argparse.Namespace) -> None:
    encoder, verifier, manifest = load_networks(args.weights)
    record = dict(manifest.training)
    write_weights(args.out, encoder, verifier, Calibration(), record)
    results = collect_all(args.out, args.drawings, args.seed, args.device, args.workers)
    found, right = flat(results)
    np.savez_compressed(args.weights.with_name("evidence.npz"), evidence=np.array([d.evidence for d in found]),
                        right=right, case=np.repeat(np.arange(len(results)), [len(c.detections) for c in results]),
                        truths=[c.truths for c in results])
    calibration, reached = calibrate(results)
    fitted = {"drawings": args.drawings, "seed": args.seed, "generator": VERSION, "figures": reached}
    write_weights(args.out, encoder, verifier, calibration, {**record, "calibration": fitted})
    print(json.dumps({"calibration": asdict(calibration), "figures": reached}))
