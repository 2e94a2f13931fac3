"""What each part of the detector is worth: the generated suite with one part left out at a time.

    python -m benchmarks.ablation [--drawings 3] [--seed 7] [--families mixed …] [--out docs]

Nothing is fitted anew for the parts that are left, so F1 suffers from scores that are off as well as from what is found; AP
does not. A kind of evidence is left out of the scores of what was found with all of them. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from app.engine import detector as engine
from app.engine import look, pictures, poses, suppress
from app.engine.detector import Detector
from app.engine.evidence import NAMES, Calibration
from app.engine.look import SecondLook
from app.engine.weights import load_networks, read_manifest
from training.calibrate import rescored
from training.evaluate import Case, cases, figures
from training.unseen.drawings import FAMILIES

SEARCHED = ("mirror", "scale", "wires", "hatch", "overlap", "spots", "text_in_circle", "look_alikes", "absent", "scan", "mixed")
Part = AbstractContextManager[Any]


def _turns_missing(picture: Tensor, core: Tensor, _turns: object, mirror: bool, scales: list[float]) -> poses.Bank:
    return poses.make_bank(picture, core, "none", mirror, scales)


def _mirror_missing(picture: Tensor, core: Tensor, turns: Any, _mirror: bool, scales: list[float]) -> poses.Bank:
    return poses.make_bank(picture, core, turns, False, scales)


def _one_size(picture: Tensor, core: Tensor, turns: Any, mirror: bool, scales: list[float]) -> poses.Bank:
    return poses.make_bank(picture, core, turns, mirror, [float(np.exp(np.mean(np.log(scales))))])


def _unsettled(_soft: Tensor, _picture: Tensor, _mask: Tensor, _given: Tensor, moved: Tensor,
               frame: Sequence[int]) -> tuple[Tensor, None]:
    return moved, None


def _unjudged(second: SecondLook, _sheet: pictures.Sheet, level: pictures.Level, prepared: Any, given: Tensor) -> Tensor:
    return second.glance(level, prepared, given)[0]


def _untypical(example: Tensor, _seen: Tensor, _logit: Tensor) -> Tensor:
    return example


# what is left out, and the patches that leave it out
PARTS: dict[str, Callable[[], list[Part]]] = {
    "nothing": lambda: [],
    "turns": lambda: [patch.object(engine, "make_bank", _turns_missing)],
    "mirror images": lambda: [patch.object(engine, "make_bank", _mirror_missing)],
    "other sizes": lambda: [patch.object(engine, "make_bank", _one_size)],
    "second pose of a place": lambda: [patch.object(engine, "POSES", 1)],
    "settling of poses": lambda: [patch.object(look, "settled", _unsettled)],
    "jury (the scout decides)": lambda: [patch.object(SecondLook, "look", _unjudged)],
    "views but the first": lambda: [patch.object(look, "VIEWS", look.VIEWS[:1])],
    "mean of the best finds": lambda: [patch.object(look, "typical", _untypical)],
    "looking under spots": lambda: [patch.object(engine, "uncovered", lambda _: None),
                                    patch.object(engine, "unspotted", lambda *_: ())],
    "what is of another tone": lambda: [patch.object(pictures.Sheet, "coloured", False)],
    "suppression": lambda: [patch.object(suppress, "_claimed", lambda _, boxes: np.zeros(len(boxes), dtype=bool))],
}
ALWAYS = ("elsewhere", "asked")  # the same for all finds of one symbol
EVIDENCE = {f"evidence: {name}": name for name in NAMES if name not in ALWAYS}

_networks: tuple[Any, Any, Calibration, str]  # of a process that measures


def _begin(weights: Path) -> None:
    global _networks
    torch.set_num_threads(1)
    encoder, verifier, manifest = load_networks(weights)
    _networks = encoder, verifier, manifest.calibration, manifest.model


def without(calibration: Calibration, left_out: str, usual: float = 0.0) -> Calibration:
    """The calibration, one kind of evidence weighing nothing, as if it were as usual for each find of an example that is drawn
    apart and searched alone."""
    weights, among, afar = (tuple(0.0 if name == left_out else weight for name, weight in zip(NAMES, held, strict=True))
                            for held in (calibration.weights, calibration.among, calibration.afar))
    n = NAMES.index(left_out)
    offset = calibration.offset + (calibration.weights[n] + calibration.afar[n]) * usual
    return replace(calibration, weights=weights, among=among, afar=afar, offset=offset)


def usual(results: Sequence[Case], name: str) -> float:
    """The mean of one kind of evidence over the right finds."""
    return float(np.mean([d.evidence[NAMES.index(name)] for case in results
                          for d, match in zip(case.detections, case.matches, strict=True) if match is not None]))


def measure(part: str, family: str, seed: int, number: int) -> list[Case]:
    """The cases of one drawing, searched without a part."""
    encoder, verifier, calibration, model = _networks
    rng = np.random.default_rng([seed, number])
    with ExitStack() as stack, torch.inference_mode():
        for one in PARTS[part]():
            stack.enter_context(one)
        detector = Detector(encoder, verifier, calibration, model, "cpu")
        return list(cases(detector, FAMILIES[family](rng), rng))


def page(table: dict[str, dict[str, float]], drawings: int, seed: int, families: Sequence[str], model: str) -> Iterator[str]:
    """The lines of docs/ablation.md."""
    yield from ("# What each part is worth", "", __doc__.split("\n\n")[0], "",
                f"`python -m benchmarks.ablation --drawings {drawings} --seed {seed} --families {' '.join(families)}`, model "
                f"`{model}`. Nothing is fitted anew for the parts that are left; "
                "evidence left out is taken to be what right finds have in the mean.", "",
                "| left out | F1 | precision | recall | AP | exact counts |", "| --- | --- | --- | --- | --- | --- |")
    for name, f in table.items():
        yield f"| {name} | {f['f1']:.3f} | {f['precision']:.3f} | {f['recall']:.3f} | {f['ap']:.3f} | {f['exact']:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("model_weights"))
    parser.add_argument("--drawings", type=int, default=3, help="drawings a family")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--families", nargs="*", default=list(SEARCHED), choices=FAMILIES)
    parser.add_argument("--parts", nargs="*", default=[*PARTS, *EVIDENCE], choices=[*PARTS, *EVIDENCE])
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder for ablation.md")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    args = parser.parse_args()
    manifest, found = read_manifest(args.weights), dict[str, list[Case]]()
    searches = [part for part in PARTS if part in args.parts or part == "nothing"]
    with ProcessPoolExecutor(args.workers, get_context("spawn"), partial(_begin, args.weights)) as pool:
        jobs = {part: [pool.submit(measure, part, family, args.seed, n)
                       for family in args.families for n in range(args.drawings)] for part in searches}
        for part, drawn in tqdm(jobs.items(), unit="part"):
            found[part] = [case for job in drawn for case in job.result()]
    for part, name in EVIDENCE.items():
        told = without(manifest.calibration, name, usual(found["nothing"], name))
        found[part] = [rescored(case, told) for case in found["nothing"]]
    table = {part: figures(found[part]) for part in args.parts}
    lines = page(table, args.drawings, args.seed, args.families, manifest.model)
    (args.out / "ablation.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(table))


if __name__ == "__main__":
    main()
