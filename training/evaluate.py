"""`python -m training evaluate`: one-shot detection on generated drawings of classes that training never drew.

    python -m training evaluate --weights model_weights --drawings 10

Each class of a drawing is searched from an example that is drawn apart; the copies are the truth, at IoU 0.5. Prints a row a
family and, last, JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from app.engine.detector import Detector
from app.engine.example import prepare
from app.engine.geometry import Box, Detection, angle_between, iou
from app.engine.index import SymbolIndex
from app.engine.query import Example, Options, Pixels, Query
from app.engine.symmetry import Symmetry, symmetry
from app.engine.weights import load_detector
from training.truth import Drawing, Instance

OVERLAP = 0.5
DEFAULT = 0.5   # the service's default min_score
LOWEST = 0.02   # the lowest score asked for


@dataclass(frozen=True)
class Case:
    """One class searched on one drawing: its finds, best first, whether each is right, and the copies there are."""

    detections: tuple[Detection, ...]
    matches: tuple[Instance | None, ...]
    truths: int
    symmetry: Symmetry | None = None  # of an example drawn upright, so that poses can be judged


def cases(detector: Detector, drawing: Drawing[Any], rng: np.random.Generator, most: int | None = None) -> Iterable[Case]:
    """One case a class (of at most `most` classes), searched by the drawing's example of it. A class without a copy is a case
    as well, in which every find is wrong."""
    for label in rng.permutation(len(drawing.symbols))[:most]:
        truths = [i for i in drawing.instances if i.label == label]
        found = find(detector, drawing.pixels, drawing.examples[label])
        yield Case(found, tuple(matched(found, truths, [t.box for t in truths])), len(truths),
                   _symmetry(drawing.examples[label]))


def together(detector: Detector, drawing: Drawing[Any]) -> list[Case]:
    """One case a class, all of a drawing's examples searched in one request, as siblings of each other."""
    results = []
    for label, own in enumerate(search(detector, drawing.pixels, drawing.examples)):
        truths = [i for i in drawing.instances if i.label == label]
        matches = matched(own, truths, [t.box for t in truths])
        results.append(Case(own, tuple(matches), len(truths), _symmetry(drawing.examples[label])))
    return results


def find(detector: Detector, page: Pixels, example: Pixels, options: Options | None = None) -> tuple[Detection, ...]:
    """Finds of one example on a page, down to the lowest score."""
    return search(detector, page, [example], options)[0]


def search(detector: Detector, page: Pixels, examples: Sequence[Pixels],
           options: Options | None = None) -> list[tuple[Detection, ...]]:
    """Finds of each of several examples, asked for at once, on a page, down to the lowest score."""
    index, queries = SymbolIndex(detector.dimension, detector.stamp), []
    for number, pixels in enumerate(examples):
        index.add([number + 1], detector.embed(pixels)[None])
        queries.append(Query(str(number), (Example(number + 1, pixels),)))
    found = detector.detect(page, queries, index, options or Options(min_score=LOWEST)).detections
    return [tuple(d for d in found if d.symbol_id == query.symbol_id) for query in queries]


def matched(found: Sequence[Detection], truths: Sequence[Instance], boxes: Sequence[Box]) -> list[Instance | None]:
    """The copy that each find, best first, claims: the free one whose box it covers most, None where none is covered
    enough."""
    free = list(zip(truths, boxes, strict=True))
    matches: list[Instance | None] = []
    for detection in found:
        overlaps = iou(_rows([detection.box]), _rows([box for _, box in free]))[0] if free else np.zeros(0)
        best = int(overlaps.argmax()) if len(overlaps) else -1
        matches.append(free.pop(best)[0] if best >= 0 and overlaps[best] >= OVERLAP else None)
    return matches


def figures(results: Sequence[Case]) -> dict[str, float]:
    """Precision, recall and F1 at the default threshold, average precision, calibration error, share of exact counts."""
    scored = sorted(((d.score, m is not None) for c in results for d, m in zip(c.detections, c.matches, strict=True)),
                    key=lambda pair: -pair[0])
    scores, right = np.array([s for s, _ in scored]), np.array([r for _, r in scored], dtype=bool)
    truths = sum(c.truths for c in results)
    kept = scores >= DEFAULT
    precision = float(right[kept].mean()) if kept.any() else 0.0
    recall = float(right[kept].sum() / max(truths, 1))
    exact = [sum(d.score >= DEFAULT for d in c.detections) == c.truths
             and all(m is not None for d, m in zip(c.detections, c.matches, strict=True) if d.score >= DEFAULT)
             for c in results]
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9),
            "ap": average_precision(right, truths), "ece": calibration_error(scores, right),
            "exact": float(np.mean(exact)) if exact else 0.0, "cases": len(results), "truths": truths}


def average_precision(right: NDArray[np.bool_], truths: int) -> float:
    """Area under the precision envelope of finds sorted best first."""
    if not len(right) or not truths:
        return 0.0
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * right).sum() / truths)


def calibration_error(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of the scores from 0.1 up."""
    seen = scores >= 0.1
    scores, right = scores[seen], right[seen]
    bins = np.minimum((scores * 10).astype(int), 9)
    return float(sum(abs((scores[bins == b] - right[bins == b]).sum()) for b in range(10)) / max(len(scores), 1))


def pose_figures(results: Sequence[Case]) -> dict[str, float]:
    """Of right finds whose example was drawn upright: the shares with the angle within 5° and the mirror right (modulo the
    symbol's symmetry), with the scale within 10 %, and with both."""
    judged = [_pose_right(d, m, c.symmetry) for c in results if c.symmetry is not None
              for d, m in zip(c.detections, c.matches, strict=True) if m is not None and d.score >= DEFAULT]
    turned, sized = (float(np.mean([pair[n] for pair in judged])) if judged else 0.0 for n in (0, 1))
    return {"angle_right": turned, "scale_right": sized,
            "pose_right": float(np.mean([all(pair) for pair in judged])) if judged else 0.0, "poses": len(judged)}


def _pose_right(detection: Detection, truth: Instance, symmetry: Symmetry) -> tuple[bool, bool]:
    sized = abs(np.log(detection.pose.scale / truth.pose.scale)) <= np.log(1.1)
    sign = -1 if truth.pose.mirrored else 1
    turned = [angle_between(detection.pose.angle, truth.pose.angle + sign * angle) <= 5
              for angle, mirrored in symmetry.motions if (truth.pose.mirrored + mirrored) % 2 == detection.pose.mirrored]
    return symmetry.round or any(turned), bool(sized)


def _symmetry(example: Pixels) -> Symmetry:
    return symmetry(prepare(example))


def unseen_families() -> Mapping[str, Callable[[np.random.Generator], Drawing[Any]]]:
    """The drawings to evaluate on, by difficulty. No code that trains draws from them."""
    from training.unseen import FAMILIES

    return FAMILIES


def _rows(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([[b.x, b.y, b.width, b.height] for b in boxes], dtype=np.float64).reshape(-1, 4)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=Path("model_weights"))
    parser.add_argument("--drawings", type=int, default=10, help="drawings a family")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--families", nargs="*", help="only these")


def run(args: argparse.Namespace) -> None:
    detector = load_detector(args.weights, args.device)
    table: dict[str, dict[str, float]] = {}
    with torch.inference_mode(), tqdm(total=args.drawings * len(args.families or unseen_families()), unit="drawing") as bar:
        for name in args.families or unseen_families():
            results: list[Case] = []
            for n in range(args.drawings):
                rng = np.random.default_rng([args.seed, n])
                results += cases(detector, unseen_families()[name](rng), rng)
                bar.update()
            table[name] = figures(results) | pose_figures(results)
            print(f"{name:<16}" + "  ".join(f"{k} {v:.3f}" for k, v in table[name].items()), file=sys.stderr)
    print(json.dumps(table))
