"""How a run does on symbols it never draws, while it trains, and the plots of it when it is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.engine import encoder as scale
from app.engine.detector import Detector
from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.example import placed, prepare
from app.engine.ink import ink
from app.engine.verify import Verifier
from training import plots
from training.evaluate import Case, cases, figures, unseen_families
from training.examples import cut
from training.knn import embed, one_shot

SEED = 1_234_567   # of the drawings looked at
SYMBOLS = 12       # drawings whose symbols are to be recognised
DETECTIONS = 3     # drawings searched, for CLASSES symbols each
CLASSES = 2


@dataclass(frozen=True)
class Symbols:
    """Copies of unseen symbols, cut out and in their surroundings: (N, 1, 112, 112) uint8 ink each, and N names."""

    examples: Tensor
    copies: Tensor
    names: tuple[str, ...]


def unseen_symbols(drawings: int = SYMBOLS, seed: int = SEED) -> Symbols:
    """The copies on so many mixed drawings."""
    examples, copies, names = [], [], []
    for n in range(drawings):
        drawing = unseen_families()["mixed"](np.random.default_rng([seed, n]))
        inked = torch.from_numpy(ink(drawing.pixels))
        for instance in drawing.instances:
            pixels = cut(drawing.pixels, instance)
            if pixels is None:
                continue
            longer = max(instance.box.width, instance.box.height)
            examples.append(prepare(pixels).window)
            copies.append(placed(inked, instance.box, scale.SYMBOL / longer, scale.WINDOW + 2 * scale.MARGIN))
            names.append(f"{n + 1}.{instance.label + 1}")
    crops = [(torch.stack(group)[:, None] * 255).round().to(torch.uint8) for group in (examples, copies)]
    return Symbols(crops[0], crops[1], tuple(names))


class Monitor:
    """One-shot recognition and detection on the same unseen symbols, as often as asked."""

    def __init__(self) -> None:
        self.symbols = unseen_symbols()

    def __call__(self, encoder: Encoder, verifier: Verifier | None = None) -> dict[str, float]:
        """Top-1 accuracy of one-shot kNN and, of detection with a verifier, AP and F1."""
        found = one_shot(embed(encoder, self.symbols.examples), embed(encoder, self.symbols.copies), self.symbols.names)
        if verifier is None:
            return {"knn": found.top1.mean}
        device = next(encoder.parameters()).device.type
        detector = Detector(encoder, verifier, Calibration(), "monitor", device)
        results: list[Case] = []
        for n in range(DETECTIONS):
            rng = np.random.default_rng([SEED, n])
            results += cases(detector, unseen_families()["mixed"](rng), rng, most=CLASSES)
        reached = figures(results)
        return {"knn": found.top1.mean, "ap": reached["ap"], "f1": reached["f1"]}


def draw(out: Path, before: Encoder, after: Encoder) -> None:
    """Plots of a run beside its log: losses.png, tsne.png before and after, similarity.png between symbols."""
    rows = [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]
    log = out / "unseen.jsonl"
    seen = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    plots.losses(out / "losses.png", [r["step"] for r in rows], [r["supcon"] for r in rows],
                 {r["step"]: r["knn"] for r in seen})
    symbols = unseen_symbols(4)
    pairs = {title: (embed(encoder, symbols.examples), embed(encoder, symbols.copies))
             for title, encoder in (("before", before), ("after", after))}
    plots.tsne(out / "tsne.png", {title: copies for title, (_, copies) in pairs.items()}, symbols.names)
    plots.similarity(out / "similarity.png", pairs, symbols.names)
