"""`python -m training train`: encoder and verifier, together, on drawings made as they are needed.

    python -m training train --out runs/weights

Every step draws fresh pages and learns from a pool of the latest. The data of a step are a function of the seed and the step
alone, so that a run resumed from a checkpoint goes on as if it had never stopped.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Module
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from app.engine.encoder import Encoder
from app.engine.fuse import on_device
from app.engine.verify import MEMBERS, Verifier, compared
from app.engine.weights import load_networks, read_manifest
from training.batches import Lesson, Pool, make_lesson
from training.drawings import VERSION, make_drawing
from training.loss import SupConLoss
from training.pairs import Pairs
from training.tiles import Tiles
from training.views import toned, varied

POSITIVE_WEIGHT = 2.0    # copies are one pair in six
CORRECTION_WEIGHT = 0.5
SIZES = ((448, 448), (576, 576), (640, 640), (768, 640))
CLUTTER, DAMAGED = (0.2, 1.0), 0.8  # of the drawings: clean ones are the most frequent in practice
FIRST = 32               # drawings in the pool before the first step
AVERAGED = 0.998         # share of an average's networks that a step keeps


@dataclass(frozen=True)
class Recipe:
    """What a run is made from; with the code's version it makes the same weights again."""

    steps: int = 3200
    drawings: int = 2          # fresh ones a step
    pool: int = 160            # latest drawings that a step draws from
    tiles: int = 4             # of them that the encoder sees in a step
    pairs: int = 256           # that each judge sees in a step
    seed: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    temperature: float = 0.1
    workers: int = 1
    device: str = "cpu"
    mixed: bool = True         # bfloat16 where the device has it
    checkpoint_every: int = 200
    watch_every: int = 500


class Drawings(Dataset[Lesson]):
    """Lesson of the n-th drawing of a seed."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Lesson:
        rng = np.random.default_rng([self.seed, index])
        width, height = SIZES[int(rng.integers(len(SIZES)))]
        clutter, damaged = float(rng.uniform(*CLUTTER)), bool(rng.random() < DAMAGED)
        return make_lesson(make_drawing(rng, width, height, clutter=clutter, damaged=damaged), rng)


@dataclass
class State:
    """All that a checkpoint holds. `averages` are the networks' weights and statistics averaged over the latest steps, which
    is what ships (Izmailov et al. 2018, arXiv 1803.05407): from one step to the next the networks themselves change their
    mind about drawings unlike those of training."""

    encoder: Encoder
    verifier: Verifier
    averages: tuple[Encoder, Verifier]
    optimizer: AdamW
    schedule: LambdaLR
    step: int = 0

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        held = {name: getattr(self, name).state_dict() for name in ("optimizer", "schedule")}
        networks = {"encoder": self.averages[0].state_dict(), "verifier": self.averages[1].state_dict(),
                    "live_encoder": self.encoder.state_dict(), "live_verifier": self.verifier.state_dict()}
        torch.save(networks | held | {"step": self.step}, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        held = torch.load(path, map_location="cpu", weights_only=True)
        for network, name in ((self.averages[0], "encoder"), (self.averages[1], "verifier"), (self.encoder, "live_encoder"),
                              (self.verifier, "live_verifier")):
            network.load_state_dict(held[name])
        self.optimizer.load_state_dict(held["optimizer"])
        self.schedule.load_state_dict(held["schedule"])
        self.step = held["step"]

    @torch.no_grad()
    def average(self) -> None:
        """Brings the averages up to date after a step."""
        kept = min(AVERAGED, (1 + self.step) / (10 + self.step))
        for network, average in zip((self.encoder, self.verifier), self.averages, strict=True):
            for value, mean in zip(network.state_dict().values(), average.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - kept)


def start(recipe: Recipe, weights: Path | None = None) -> State:
    """Fresh networks from the recipe's seed, or those of a folder of weights."""
    torch.manual_seed(recipe.seed)
    networks = load_networks(weights)[:2] if weights else (Encoder(), Verifier())
    encoder, verifier = on_device(networks[0], recipe.device), on_device(networks[1], recipe.device)
    averages = copy.deepcopy(encoder).eval(), copy.deepcopy(verifier).eval()
    optimizer = AdamW([*encoder.parameters(), *verifier.parameters()], recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = LambdaLR(optimizer, lambda step: rate(step, recipe.steps))
    return State(encoder, verifier, averages, optimizer, schedule)


def rate(step: int, steps: int) -> float:
    """The learning rate's share of its peak: up over 100 steps, level, down over the last 40 % of the run."""
    fall = max(1.0, 0.4 * steps)
    return min((step + 1) / 100, 1.0, max(0.01, (steps - step) / fall))


Watch = Callable[[Encoder, Verifier], dict[str, float]]


def train(recipe: Recipe, out: Path, resume: bool = False, until: int | None = None, watch: Watch | None = None,
          weights: Path | None = None) -> State:
    """Runs a recipe to its end (or to step `until`), with checkpoints and a log of losses (JSON lines) in `out`.

    `watch`, which learns nothing from it, measures the averages now and then; its figures go to `unseen.jsonl`.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = start(recipe, weights)
    if resume:
        state.load(out / "checkpoint.pt")
    before = {"began_from": dict(read_manifest(weights).training)} if weights else {}
    (out / "recipe.json").write_text(json.dumps(asdict(recipe) | {"generator": VERSION} | before, indent=1))
    criterion = SupConLoss(recipe.temperature)
    stop = min(recipe.steps, until or recipe.steps)
    began = time.monotonic()
    with (out / "losses.jsonl").open("a" if resume else "w") as log, tqdm(total=stop, initial=state.step, unit="step") as bar:
        for tiles, pairs in _batches(recipe, state.step, stop):
            figures = _step(state, tiles, pairs, criterion, recipe)
            bar.set_postfix({k: f"{v:.3f}" for k, v in figures.items()})
            bar.update()
            log.write(json.dumps({"step": state.step, "seconds": round(time.monotonic() - began, 1)} | figures) + "\n")
            if state.step % recipe.checkpoint_every == 0 or state.step == stop:
                log.flush()
                state.save(out / "checkpoint.pt")
            if watch and (state.step % recipe.watch_every == 0 or state.step == stop):
                _note(out / "unseen.jsonl", {"step": state.step} | watch(*state.averages))
    return state


def _note(path: Path, figures: dict[str, float]) -> None:
    with path.open("a") as log:
        log.write(json.dumps(figures) + "\n")
    tqdm.write("unseen symbols: " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


def _batches(recipe: Recipe, first: int, stop: int) -> Iterator[tuple[Tiles, list[Pairs]]]:
    """Of each step the encoder's tiles and every judge's pairs: a function of the seed and the step alone."""
    drawings = Drawings(recipe.seed, FIRST + stop * recipe.drawings)
    begin = FIRST + first * recipe.drawings
    lessons = iter(_loader(drawings, range(max(0, begin - recipe.pool), len(drawings)), recipe))
    pool = Pool(recipe.pool)
    for _ in range(min(begin, recipe.pool)):
        pool.add(next(lessons))
    for step in range(first, stop):
        for _ in range(recipe.drawings):
            pool.add(next(lessons))
        rng = np.random.default_rng([recipe.seed, step, 0])
        yield pool.tiles(recipe.tiles, rng), [varied(pool.pairs(recipe.pairs, rng), rng) for _ in range(MEMBERS)]


def _loader(drawings: Drawings, indices: range, recipe: Recipe) -> DataLoader[Lesson]:
    if not recipe.workers:
        return DataLoader(drawings, batch_size=None, sampler=indices)
    # a forked worker hangs in the threads of a torch that has computed already
    return DataLoader(drawings, batch_size=None, sampler=indices, num_workers=recipe.workers, worker_init_fn=_one_thread,
                      prefetch_factor=8, multiprocessing_context="spawn")


def _one_thread(_: int) -> None:
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _step(state: State, tiles: Tiles, pairs: Sequence[Pairs], criterion: SupConLoss, recipe: Recipe) -> dict[str, float]:
    state.encoder.train()
    state.verifier.train()
    state.optimizer.zero_grad(set_to_none=True)
    rng = np.random.default_rng([recipe.seed, state.step, 1])
    with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.mixed):
        supcon = criterion(*embedded(state.encoder, tiles, recipe.device))
        learnt = [judged(judge, part, recipe.device, rng) for judge, part in zip(state.verifier.judges, pairs, strict=True)]
    decision, correction = (torch.stack(losses).sum() for losses in list(zip(*learnt, strict=True))[:2])
    loss: Tensor = supcon + decision + CORRECTION_WEIGHT * correction
    loss.backward()  # type: ignore[no-untyped-call]
    for network in (state.encoder, *state.verifier.judges):
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    state.optimizer.step()
    state.schedule.step()
    state.step += 1
    state.average()
    return {"supcon": float(supcon.detach()), "decision": float(decision.detach()) / len(learnt),
            "correction": float(correction.detach()) / len(learnt), "right": sum(each[2] for each in learnt) / len(learnt)}


def embedded(encoder: Encoder, batch: Tiles, device: str) -> tuple[Tensor, Tensor]:
    """Codes (N, D) of all windows of a batch and their labels (N,)."""
    dense = encoder(_ink(batch.tiles, device)).float()
    tile, row, column = batch.cells.to(device).unbind(1)
    codes = torch.cat([dense[tile, :, row, column], encoder.crops(_ink(batch.windows, device)).float()])
    return codes, torch.cat([batch.cell_labels, batch.window_labels]).to(device)


def judged(judge: Module, pairs: Pairs, device: str, rng: np.random.Generator) -> tuple[Tensor, Tensor, float]:
    """Losses of decision and correction, and the share of decisions that are right, copies and others alike."""
    verdict = judge(compared(toned(_ink(pairs.pictures, device), rng)))
    targets, known = pairs.targets.to(device), pairs.known.to(device)
    weight = torch.where(targets > 0.5, POSITIVE_WEIGHT, 1.0)
    decision = F.binary_cross_entropy_with_logits(verdict.logit, targets, weight)
    off = F.smooth_l1_loss(verdict.correction, pairs.corrections.to(device).clamp(-1.4, 1.4), reduction="none", beta=0.1)
    right = (verdict.logit > 0) == (targets > 0.5)
    share = [float(right[targets == t].float().mean()) for t in (0, 1)]
    return decision, (off * known).sum() / known.sum().clamp(min=1), sum(share) / 2


def _ink(values: Tensor, device: str) -> Tensor:
    return values.to(device).float().div_(255).contiguous(memory_format=torch.channels_last)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--drawings", type=int, default=Recipe.drawings, help="fresh drawings a step")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--workers", type=int, default=Recipe.workers)
    parser.add_argument("--weights", type=Path, help="folder of weights to go on from")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")


def run(args: argparse.Namespace) -> None:
    from training.monitor import Monitor, draw

    recipe = Recipe(args.steps, args.drawings, seed=args.seed, learning_rate=args.learning_rate, workers=args.workers,
                    device=args.device)
    state = train(recipe, args.out, args.resume, watch=Monitor(), weights=args.weights)
    draw(args.out, start(recipe, args.weights).encoder, state.averages[0])
