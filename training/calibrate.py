"""`python -m training calibrate`: what a score means, fitted on generated drawings of classes that training never drew.

    python -m training calibrate --weights runs/jury/weights --out model_weights

The detector runs whole, down to scores of nearly nothing, and a logistic curve (Platt 1999) takes the evidence for each find,
the verifier's logit first, to the share of finds that are right. Near siblings and clutter are as frequent on these drawings
as on ordinary ones, and the example is a clear copy, as users choose; training shows harder ones. What was collected stays in
`evidence.npz` beside the weights.
`certain_from` is the lowest score from which nineteen of twenty are: of near siblings some look the same to anybody, so that
no score makes ninety-nine of a hundred sure.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from app.engine.detector import Detector
from app.engine.evidence import NAMES, Calibration
from app.engine.geometry import Box, Detection
from app.engine.ink import background
from app.engine.query import Options, Pixels
from app.engine.weights import load_networks, write_weights
from training.drawings import VERSION, Drawing, Instance, Kinship, Symbol, make_drawing
from training.evaluate import LOWEST, Case, cases, cut, figures, lies_on, moved, search
from training.shots import TRIED, clearest
from training.styles import exactly, random_style

SEED = 90_210       # apart from every seed of training
CERTAIN = 0.95      # share of right finds above `certain_from`
CLASSES = 3         # of each drawing, so that many drawings count
ORDINARY = Kinship((0.05, 0.3), again=0.0, strangers=0.2)  # near-identical classes, as far as ordinary drawings have them
CLUTTER = (0.0, 0.8)    # of training's, which leaves hardly a copy alone
EXACT = 0.5         # of the drawings are as CAD writes them
LEGEND = 0.5        # of them are searched for a whole legend too,
SHOWN, OTHERS = (1, 5), (4, 16)  # of whose symbols they show so many, and so many not
RESCALED = (0.52, 1.92)  # bounds of the size of an example from another drawing to its copies' on this
CENTRED, SIZED = 0.25, 2.6  # of a copy's longer side that a find may lie off its middle, and ratio of their boxes' areas
ROUNDS = 60         # of Newton's steps, of which a handful is enough, and of halvings
RESIZED, ASKED = NAMES.index("resized"), NAMES.index("asked")
JUDGED = ("logit", "outdone", "runner_up", "behind", "stretch", "resized")  # weighs otherwise among many symbols; ink does not
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


def shift(logits: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """What to add to logits (N,) so that as many are right as they say."""
    share = (right.sum() + 1) / (len(right) + 2)
    low, high = -30.0, 30.0
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        fewer = float((1 / (1 + np.exp(-(logits + middle).clip(-30, 30)))).mean()) < share
        low, high = (middle, high) if fewer else (low, middle)
    return (low + high) / 2


def certain_from(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest score, in hundredths from 0.5, above which at least CERTAIN of the finds are right; 0.99 where none is."""
    for level in np.arange(0.5, 0.995, 0.01):
        kept = scores >= level
        if kept.sum() >= 50 and right[kept].mean() >= CERTAIN:
            return round(float(level), 2)
    return 0.99


def clear_copy(drawing: Drawing[Symbol], copies: Sequence[Instance], rng: np.random.Generator) -> Instance | None:
    """The clearest of some copies, as a user chooses; None where none is fit for an example."""
    numbers = [drawing.instances.index(copies[k]) for k in rng.permutation(len(copies))[:TRIED]]
    shot = clearest(drawing, numbers, background(drawing.pixels), rng)
    return None if shot is None else drawing.instances[shot.own]


def collect(detector: Detector, seed: int, number: int) -> list[Case]:
    """Cases of some classes of one fresh drawing, of one whose example is of another drawing, to a scale of its own, and of a
    symbol that it does not show; and often those of a whole legend."""
    rng = np.random.default_rng([seed, number])
    exact = bool(rng.random() < EXACT)
    drawing = make_drawing(rng, 960, 800, clutter=float(rng.uniform(*CLUTTER)), damaged=not exact, kinship=ORDINARY,
                           style=exactly(random_style(rng)) if exact else None)
    absent = replace(drawing, instances=(), symbols=drawing.symbols[:1], examples=tuple(_strangers(1, rng)))
    options = Options(min_score=LOWEST, other_sizes=True)
    return [*cases(detector, drawing, rng, CLASSES, clear_copy, lying_on, options),
            *cases(detector, drawing, rng, 1, clear_copy, lying_on, options, lambda pixels: _rescaled(pixels, rng)),
            *cases(detector, absent, rng, options=options),
            *(legend(detector, drawing, rng, options) if rng.random() < LEGEND else ())]


def legend(detector: Detector, drawing: Drawing[Symbol], rng: np.random.Generator, options: Options) -> list[Case]:
    """Cases of one request for many symbols, most of which a drawing does not show."""
    shown, most = list[tuple[Instance, Pixels]](), int(rng.integers(SHOWN[0], SHOWN[1] + 1))
    for label in rng.permutation(len(drawing.symbols)):
        copies = [i for i in drawing.instances if i.label == label]
        own = clear_copy(drawing, copies, rng) if len(copies) > 1 and len(shown) < most else None
        pixels = None if own is None else cut(drawing.pixels, own)
        if own is not None and pixels is not None:
            shown.append((own, pixels if rng.random() < 0.5 else _rescaled(pixels, rng)))
    others = _strangers(int(rng.integers(OTHERS[0], OTHERS[1] + 1)), rng)
    found = search(detector, drawing.pixels, [*(pixels for _, pixels in shown), *others], options)
    results = [Case(finds, (None,) * len(finds), 0) for finds in found[len(shown) :]]
    for (own, _), finds in zip(shown, found, strict=False):
        finds = tuple(d for d in finds if not lies_on(d, own))
        truths = [i for i in drawing.instances if i.label == own.label and i is not own]
        results.append(Case(finds, tuple(lying_on(finds, truths, [moved(own, i) for i in truths])), len(truths)))
    return results


def _rescaled(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """An example as a drawing of another scale has it."""
    factor = float(np.exp(rng.uniform(*np.log(RESCALED))))
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    resampled = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    return np.asarray(resampled, dtype=np.uint8)


def _strangers(count: int, rng: np.random.Generator) -> list[Pixels]:
    """So many symbols' copies, cut out of other drawings."""
    found = list[Pixels]()
    while len(found) < count:
        other = make_drawing(rng, 448, 448, clutter=float(rng.uniform(*CLUTTER)))
        for label in rng.permutation(len(other.symbols)):
            copies = [i for i in other.instances if i.label == label]
            own = clear_copy(other, copies, rng) if copies else None
            pixels = None if own is None else cut(other.pixels, own)
            if pixels is not None:
                found.append(pixels)
    return found[:count]


def lying_on(found: Sequence[Detection], truths: Sequence[Instance], boxes: Sequence[Box]) -> list[Instance | None]:
    """The copy that each find, best first, lies on: the nearest free one whose middle it has and whose size. Boxes say less:
    those of a round symbol depend on a turn that nobody sees."""
    free, matches = list(zip(truths, boxes, strict=True)), list[Instance | None]()
    for detection in found:
        on = [(math.dist(detection.box.centre, box.centre) / max(box.width, box.height), n) for n, (_, box) in enumerate(free)
              if abs(math.log(detection.box.area / box.area)) <= math.log(SIZED)]
        off, best = min(on, default=(math.inf, -1))
        matches.append(free.pop(best)[0] if off <= CENTRED else None)
    return matches


def collect_all(weights: Path, drawings: int, seed: int, device: str, workers: int) -> list[Case]:
    """Cases of so many drawings, by processes of one thread each."""
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (weights, device)) as pool:
        parts = pool.map(_collect, [seed] * drawings, range(drawings))
        return [case for part in tqdm(parts, total=drawings, unit="drawing") for case in part]


_detector: Detector  # of a process that collects


def _begin(weights: Path, device: str) -> None:
    global _detector
    torch.set_num_threads(1)
    encoder, verifier, _ = load_networks(weights)
    _detector = Detector(encoder, verifier, Calibration(), "calibration", device)


def _collect(seed: int, number: int) -> list[Case]:
    return collect(_detector, seed, number)


def flat(results: list[Case]) -> tuple[list[Detection], NDArray[np.bool_]]:
    """All finds and whether they are right."""
    pairs = [(d, m is not None) for c in results for d, m in zip(c.detections, c.matches, strict=True)]
    return [d for d, _ in pairs], np.array([r for _, r in pairs], dtype=bool)


def calibrate(results: list[Case]) -> tuple[Calibration, dict[str, float]]:
    """The calibration that cases give, and the detector's figures under it on these. Finds of another size than the example's
    are many, and hardly any is right: they say how much less likely such finds are, and no more. Those of requests for many
    symbols say how what weighs changes with their number."""
    found, right = flat(results)
    evidence = np.array([d.evidence for d in found])
    asked = evidence[:, ASKED].copy()
    evidence[:, ASKED] = 0.0
    alone, resized = asked == 0, evidence[:, RESIZED] > 0
    weights, offset = fit(evidence[alone & ~resized], right[alone & ~resized])
    if (alone & resized).any():
        weights[RESIZED] = shift(evidence[alone & resized] @ weights + offset, right[alone & resized])
    among = np.zeros(len(NAMES))
    if not alone.all():
        many, judged = ~alone, np.isin(NAMES, JUDGED)
        among, weights[ASKED] = fit(evidence[many] * judged, right[many], evidence[many] @ weights + offset, asked[many])
    curve = Calibration(tuple(map(float, weights)), offset, among=tuple(map(float, among)))
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
    parser.add_argument("--drawings", type=int, default=300)
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
