"""`python -m training train`: encoder and scout, together, on drawings made as they are needed.

    python -m training train --out runs/first

Every step draws fresh pages and learns from a pool of the latest. With `--weights FOLDER --pairs 0` that folder's encoder goes
on alone, and all else stays as it is there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.verify import SPREADS, Scout, Verifier, compared
from app.engine.weights import load_networks, read_manifest, write_weights
from app.errors import BadInput
from training import loop
from training.batches import Lesson, make_lesson, random_drawing, some_pairs, some_tiles
from training.loop import State
from training.loss import SupConLoss
from training.pairs import Pairs
from training.tiles import Tiles
from training.views import toned, varied

POSITIVE_WEIGHT = 2.0    # copies are one pair in six
CORRECTION_WEIGHT = 0.5


@dataclass(frozen=True)
class Recipe(loop.Recipe):
    """Of encoder and scout."""

    steps: int = 6000
    seed: int = 1
    learning_rate: float = 2e-3
    tiles: int = 4             # of them that the encoder sees in a step
    pairs: int = 256           # that the scout sees in a step; with none the encoder learns alone
    temperature: float = 0.07


class Drawings(Dataset[Lesson]):
    """Lesson of the n-th drawing of a seed."""

    def __init__(self, seed: int, count: int, paired: bool = True) -> None:
        self.seed, self.count, self.paired = seed, count, paired

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Lesson:
        rng = np.random.default_rng([self.seed, index])
        return make_lesson(random_drawing(rng), rng, self.paired)


def start(recipe: Recipe, weights: Path | None = None) -> State:
    """Fresh networks from the recipe's seed, or those of a folder of weights. Raises BadInput where the encoder is to learn
    alone and there is no folder."""
    if not recipe.pairs and not weights:
        raise BadInput("An encoder that learns alone needs --weights, for the rest.", "weights")
    torch.manual_seed(recipe.seed)
    encoder, verifier = load_networks(weights)[:2] if weights else (Encoder(), Verifier())
    return loop.begin({"encoder": encoder, **({"scout": verifier.scout} if recipe.pairs else {})}, recipe)


def train(recipe: Recipe, out: Path, resume: bool = False, until: int | None = None,
          watch: Callable[[nn.ModuleDict], Mapping[str, float]] | None = None, weights: Path | None = None) -> State:
    """Runs a recipe to its end (or to step `until`)."""
    state = start(recipe, weights)
    loop.open_run(state, recipe, out, resume)
    stop = min(recipe.steps, until or recipe.steps)
    criterion = SupConLoss(recipe.temperature)

    def learn(state: State, lesson: tuple[Tiles, Pairs]) -> dict[str, float]:
        rng = np.random.default_rng([recipe.seed, state.step, 1])
        with loop.mixed(recipe.device):
            supcon = criterion(*embedded(encoder_of(state.networks), lesson[0], recipe.device))
            if not recipe.pairs:
                state.learn(supcon)
                return {"supcon": float(supcon.detach())}
            pictures = toned(ink_of(lesson[1].pictures, recipe.device), rng)
            decision, correction, right = judged(state.networks["scout"], compared(pictures, SPREADS[:1]), lesson[1])
        state.learn(supcon + decision + CORRECTION_WEIGHT * correction)
        return {"supcon": float(supcon.detach()), "decision": float(decision.detach()),
                "correction": float(correction.detach()), "right": right}

    loop.follow(state, recipe, out, stop, _lessons(recipe, state.step, stop), learn, watch)
    return state


def _lessons(recipe: Recipe, first: int, stop: int) -> Iterator[tuple[Tiles, Pairs]]:
    """Of each step the encoder's tiles and the scout's pairs."""
    for step, pool in loop.pooled(lambda count: Drawings(recipe.seed, count, recipe.pairs > 0), recipe, first, stop):
        rng = np.random.default_rng([recipe.seed, step, 0])
        tiles = some_tiles([lesson.tiles for lesson in pool], recipe.tiles, rng)
        yield tiles, varied(some_pairs([lesson.pairs for lesson in pool], recipe.pairs, rng), rng)


def embedded(encoder: Encoder, batch: Tiles, device: str) -> tuple[Tensor, Tensor]:
    """Codes (N, D) of all windows of a batch and their labels (N,)."""
    dense = encoder(ink_of(batch.tiles, device)).float()
    tile, row, column = batch.cells.to(device).unbind(1)
    codes = torch.cat([dense[tile, :, row, column], encoder.crops(ink_of(batch.windows, device)).float()])
    return codes, torch.cat([batch.cell_labels, batch.window_labels]).to(device)


def decided(logits: Tensor, targets: Tensor) -> tuple[Tensor, float]:
    """Loss of logits (p,), and the share of decisions that are right, copies and others alike."""
    loss = F.binary_cross_entropy_with_logits(logits, targets, torch.where(targets > 0.5, POSITIVE_WEIGHT, 1.0))
    right = (logits > 0) == (targets > 0.5)
    share = [float(right[targets == t].float().mean()) for t in (0, 1)]
    return loss, sum(share) / 2


def judged(scout: nn.Module, seen: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor, float]:
    """Losses of decision and correction of a scout that sees (p, 5, 64, 64), and the share of decisions that are right."""
    assert isinstance(scout, Scout)
    verdict = scout(seen)
    known = pairs.known.to(seen.device)
    decision, share = decided(verdict.logit, pairs.targets.to(seen.device))
    off = F.smooth_l1_loss(verdict.correction, pairs.corrections.to(seen.device).clamp(-1.4, 1.4), reduction="none", beta=0.1)
    return decision, (off * known).sum() / known.sum().clamp(min=1), share


def ink_of(values: Tensor, device: str) -> Tensor:
    """uint8 pictures as ink in [0, 1] on a device."""
    return values.to(device).float().div_(255)


def verifier_of(scout: nn.Module) -> Verifier:
    """A verifier of this scout; its jury has not learnt yet."""
    assert isinstance(scout, Scout)
    verifier = Verifier(scout.widths)
    verifier.scout.load_state_dict(scout.state_dict())
    return verifier.eval()


def encoder_of(networks: nn.ModuleDict) -> Encoder:
    encoder = networks["encoder"]
    assert isinstance(encoder, Encoder)
    return encoder


def write(recipe: Recipe, averages: nn.ModuleDict, out: Path, weights: Path | None) -> None:
    """A complete folder of what a run made, from nothing or going on from a folder of weights."""
    encoder = encoder_of(averages).cpu().eval()
    if weights and not recipe.pairs:
        _, verifier, manifest = load_networks(weights)
        write_weights(out, encoder, verifier, manifest.calibration, {**manifest.training, "encoder": loop.record(recipe)})
        return
    record = {"train": loop.record(recipe), **({"before": read_manifest(weights).training} if weights else {})}
    write_weights(out, encoder, verifier_of(averages["scout"].cpu()), Calibration(), record)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loop.add_arguments(parser, Recipe())
    parser.add_argument("--weights", type=Path, help="folder of weights to go on from")
    parser.add_argument("--tiles", type=int, default=Recipe.tiles, help="that the encoder sees in a step")
    parser.add_argument("--pairs", type=int, default=Recipe.pairs, help="that the scout sees in a step; 0 for none")


def run(args: argparse.Namespace) -> None:
    from training.monitor import Monitor, draw

    recipe, monitor = Recipe(**loop.chosen(args), tiles=args.tiles, pairs=args.pairs), Monitor()
    state = train(recipe, args.out, args.resume, weights=args.weights,
                  watch=lambda averages: monitor(encoder_of(averages)))
    write(recipe, state.averages, args.out / "weights", args.weights)
    draw(args.out, encoder_of(start(recipe, args.weights).networks), encoder_of(state.averages))
