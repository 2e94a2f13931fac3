"""`python -m training calibrate`: what a score means, fitted on generated drawings of classes that training never drew.

    python -m training calibrate --checkpoint runs/shipped/checkpoint.pt --weights model_weights --drawings 120

The detector runs whole, down to scores of nearly nothing, and a logistic curve (Platt 1999) takes the verifier's logits to the
share of finds that are right. `certain_from` is the lowest score from which nine hundred and ninety of a thousand are.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from app.engine.detector import Calibration, Detector
from app.engine.encoder import Encoder
from app.engine.verify import Verifier
from app.engine.weights import write_weights
from training.drawings import VERSION, make_drawing
from training.evaluate import Case, cases, figures

SEED = 90_210       # apart from every seed of training
CERTAIN = 0.99      # share of right finds above `certain_from`
CLASSES = 3         # of each drawing, so that many drawings count
ROUNDS = 60         # Newton steps; a handful is enough


def fit(logits: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the logistic curve of greatest likelihood, Newton's method. Needs finds of both kinds."""
    if right.all() or not right.any():
        raise ValueError("Calibration needs right and wrong finds.")
    design = np.stack([logits, np.ones_like(logits)], axis=1)
    # Platt's targets keep the curve finite where the two kinds part cleanly
    target = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    curve = np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(design @ curve, -30, 30)))
        slope = design.T @ (chance - target) + 1e-6 * curve
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-6 * np.eye(2)
        curve = curve - np.linalg.solve(bend, slope)
    return float(curve[0]), float(curve[1])


def certain_from(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest score, in hundredths from 0.5, above which at least CERTAIN of the finds are right; 0.99 where none is."""
    for level in np.arange(0.5, 0.995, 0.01):
        kept = scores >= level
        if kept.sum() >= 50 and right[kept].mean() >= CERTAIN:
            return round(float(level), 2)
    return 0.99


def collect(detector: Detector, drawings: int, seed: int) -> list[Case]:
    """Cases of some classes of each of so many fresh drawings."""
    results: list[Case] = []
    for n in tqdm(range(drawings), unit="drawing"):
        rng = np.random.default_rng([seed, n])
        drawing = make_drawing(rng, 960, 800)
        results += list(cases(detector, drawing, rng, most=CLASSES))
    return results


def flat(results: list[Case]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores of all finds and whether they are right."""
    pairs = [(d.score, m is not None) for c in results for d, m in zip(c.detections, c.matches, strict=True)]
    return np.array([s for s, _ in pairs]), np.array([r for _, r in pairs], dtype=bool)


def calibrate(encoder: Encoder, verifier: Verifier, drawings: int, seed: int,
              device: str) -> tuple[Calibration, dict[str, float]]:
    """The calibration, and the detector's figures under it on the drawings that fitted it."""
    plain = Detector(encoder, verifier, Calibration(), "calibration", device)
    results = collect(plain, drawings, seed)
    scores, right = flat(results)
    slope, offset = fit(np.log(scores / (1 - scores)), right)
    results = [rescored(case, slope, offset) for case in results]
    scores, right = flat(results)
    return Calibration(slope, offset, certain_from(scores, right)), figures(results)


def rescored(case: Case, slope: float, offset: float) -> Case:
    """A case under another calibration: the order of the finds, and so what they are, stays."""
    logits = [math.log(d.score / (1 - d.score)) for d in case.detections]
    scores = [1 / (1 + math.exp(-slope * logit - offset)) for logit in logits]
    return replace(case, detections=tuple(replace(d, score=s) for d, s in zip(case.detections, scores, strict=True)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint.pt of a run, recipe.json beside it")
    parser.add_argument("--weights", type=Path, default=Path("model_weights"), help="folder to write")
    parser.add_argument("--drawings", type=int, default=120)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def run(args: argparse.Namespace) -> None:
    held = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    encoder, verifier = Encoder(), Verifier()
    encoder.load_state_dict(held["encoder"])
    verifier.load_state_dict(held["verifier"])
    calibration, reached = calibrate(encoder, verifier, args.drawings, args.seed, args.device)
    recipe = json.loads(args.checkpoint.with_name("recipe.json").read_text())
    record = {"recipe": recipe, "step": held["step"], "generator": VERSION,
              "calibration": {"drawings": args.drawings, "seed": args.seed, "figures": reached}}
    write_weights(args.weights, encoder.float(), verifier.float(), calibration, record)
    print(json.dumps({"calibration": asdict(calibration), "figures": reached}))
