"""`python -m training jury`: the judges that have the last word, on settled candidates of drawings made as they are needed.

    python -m training jury --weights runs/first/weights --out runs/jury

Goes on from a folder of weights, whose encoder and scout stay as they are. With `--beside FOLDER` the judges of that folder
sit beside the ones that this run taught: a jury of several, whose mean counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.verify import Judge, Verifier, closely_compared
from app.engine.weights import load_networks, read_manifest, write_weights
from training import loop
from training.batches import joined, random_drawing, some_pairs, take_shots
from training.loop import State
from training.train import decided, ink_of
from training.trials import Trials, make_trials
from training.views import toned, varied

SWAPPED = 0.15           # of the pairs, candidate for example: on a page its best finds are examples too


@dataclass(frozen=True)
class Recipe(loop.Recipe):
    """Of the jury."""

    steps: int = 2500
    seed: int = 11
    learning_rate: float = 1.5e-3
    pool: int = 240
    filled: int = 48
    pairs: int = 256           # that each judge sees in a step


class Tried(Dataset[Trials]):
    """Trials of the n-th drawing of a seed."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Trials:
        rng = np.random.default_rng([self.seed, index])
        drawing = random_drawing(rng)
        sheet, shots = take_shots(drawing, rng)
        parts = [make_trials(drawing, sheet, shot, rng) for shot in shots]
        return joined([Trials.none(), *(part for part in parts if part is not None)])


def train(recipe: Recipe, weights: Path, out: Path, resume: bool = False, until: int | None = None,
          watch: Callable[[Encoder, Verifier], Mapping[str, float]] | None = None) -> tuple[Encoder, Verifier]:
    """Runs a recipe to its end (or to step `until`). The networks of `weights` with the jury's averages."""
    torch.manual_seed(recipe.seed)
    encoder, verifier, _ = load_networks(weights)
    state = loop.begin({str(n): judge for n, judge in enumerate(verifier.jury)}, recipe)
    loop.open_run(state, recipe, out, resume)
    stop = min(recipe.steps, until or recipe.steps)

    def learn(state: State, lesson: list[Trials]) -> dict[str, float]:
        rng = np.random.default_rng([recipe.seed, state.step, 1])
        with loop.mixed(recipe.device):
            learnt = [_judged(judge, varied(trials, rng), recipe.device, rng)
                      for judge, trials in zip(state.networks.values(), lesson, strict=True)]
        decision = torch.stack([loss for loss, _ in learnt]).sum()
        state.learn(decision)
        return {"decision": float(decision.detach()) / len(learnt), "right": sum(right for _, right in learnt) / len(learnt)}

    loop.follow(state, recipe, out, stop, _lessons(recipe, len(verifier.jury), state.step, stop), learn,
                watch and (lambda averages: watch(encoder, _seated(verifier, averages))))
    return encoder, _seated(verifier, state.averages)


def _lessons(recipe: Recipe, members: int, first: int, stop: int) -> Iterator[list[Trials]]:
    """Of each step every judge's trials."""
    for step, pool in loop.pooled(lambda count: Tried(recipe.seed, count), recipe, first, stop,
                                   lambda trials: trials.to(recipe.device)):
        rng = np.random.default_rng([recipe.seed, step, 0])
        yield [some_pairs(pool, recipe.pairs, rng) for _ in range(members)]


def _judged(judge: nn.Module, trials: Trials, device: str, rng: np.random.Generator) -> tuple[Tensor, float]:
    swapped = torch.from_numpy(rng.random(len(trials)) < SWAPPED).to(device)
    pictures = torch.where(swapped[:, None, None, None], trials.pictures[:, [1, 0, 2, 4, 3]], trials.pictures)
    return decided(judge(closely_compared(toned(ink_of(pictures, device), rng), trials.longer)), trials.targets)


def _seated(verifier: Verifier, averages: nn.ModuleDict) -> Verifier:
    """The verifier, its jury replaced by averages."""
    for judge, average in zip(verifier.jury, averages.values(), strict=True):
        assert isinstance(judge, Judge)
        judge.load_state_dict(average.state_dict())
    return verifier.cpu().eval()


def beside(first: Verifier, second: Verifier) -> Verifier:
    """The first one's scout and judges, and the second one's judges after them."""
    both = Verifier(first.widths, first.jury_widths, [*first.deep, *second.deep])
    both.scout.load_state_dict(first.scout.state_dict())
    for seat, judge in zip(both.jury, [*first.jury, *second.jury], strict=True):
        seat.load_state_dict(judge.state_dict())
    return both.eval()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loop.add_arguments(parser, Recipe())
    parser.add_argument("--pairs", type=int, default=Recipe.pairs, help="that each judge sees in a step")
    parser.add_argument("--weights", type=Path, required=True, help="folder of weights to go on from")
    parser.add_argument("--beside", type=Path, help="folder of weights whose judges sit beside the ones taught")


def run(args: argparse.Namespace) -> None:
    from training.monitor import Monitor

    recipe = Recipe(**loop.chosen(args), pairs=args.pairs)
    encoder, verifier = train(recipe, args.weights, args.out, args.resume, watch=Monitor())
    record = {**read_manifest(args.weights).training, "jury": loop.record(recipe)}
    if args.beside:
        record["jury_beside"] = read_manifest(args.beside).training.get("jury")
        verifier = beside(load_networks(args.beside)[1], verifier)
    write_weights(args.out / "weights", encoder, verifier, Calibration(), record)
