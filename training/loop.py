"""`python -m training train`: encoder and verifier, together, on drawings made as they are needed.

    python -m training train --out runs/weights

Every step draws fresh pages. The order of the data is a function of the seed and the step alone, so that a run resumed from
a checkpoint goes on as if it had never stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from app.engine.encoder import Encoder
from app.engine.verify import Verifier
from training.batches import Batch, collate, make_batch
from training.drawings import VERSION, make_drawing
from training.loss import SupConLoss
from training.settle import BATCHES, settle

POSITIVE_WEIGHT = 2.0    # copies are one pair in six
CORRECTION_WEIGHT = 0.5
SIZES = ((448, 448), (576, 576), (640, 640), (768, 640))


@dataclass(frozen=True)
class Recipe:
    """What a run is made from; with the code's version it makes the same weights again."""

    steps: int = 2500
    drawings: int = 4          # a step
    seed: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    temperature: float = 0.1
    workers: int = 1
    device: str = "cpu"
    mixed: bool = True         # bfloat16 where the device has it
    checkpoint_every: int = 200
    watch_every: int = 500
    verifier_only: bool = False  # the encoder and all statistics of normalisations stay as they are


class Drawings(Dataset[Batch]):
    """Batch of the n-th drawing of a seed."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self.seed, index])
        width, height = SIZES[int(rng.integers(len(SIZES)))]
        return make_batch(make_drawing(rng, width, height), rng)


@dataclass
class State:
    """All that a checkpoint holds."""

    encoder: Encoder
    verifier: Verifier
    optimizer: AdamW
    schedule: LambdaLR
    step: int = 0

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save({"encoder": self.encoder.state_dict(), "verifier": self.verifier.state_dict(), "step": self.step,
                    "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}, part)
        part.replace(path)

    def take(self, path: Path) -> None:
        """The networks of another run's checkpoint."""
        held = torch.load(path, map_location="cpu", weights_only=True)
        self.encoder.load_state_dict(held["encoder"])
        self.verifier.load_state_dict(held["verifier"])

    def load(self, path: Path) -> None:
        held = torch.load(path, map_location="cpu", weights_only=True)
        for name in ("encoder", "verifier", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(held[name])
        self.step = held["step"]


def start(recipe: Recipe) -> State:
    """Fresh networks from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    encoder = Encoder().to(recipe.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    verifier = Verifier().to(recipe.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    learning = [*([] if recipe.verifier_only else encoder.parameters()), *verifier.parameters()]
    optimizer = AdamW(learning, recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = LambdaLR(optimizer, lambda step: rate(step, recipe.steps))
    return State(encoder, verifier, optimizer, schedule)


def rate(step: int, steps: int) -> float:
    """The learning rate's share of its peak: up over 100 steps, level, down over the last 40 % of the run."""
    fall = max(1.0, 0.4 * steps)
    return min((step + 1) / 100, 1.0, max(0.01, (steps - step) / fall))


Watch = Callable[[Encoder, Verifier], dict[str, float]]


def train(recipe: Recipe, out: Path, resume: bool = False, until: int | None = None, watch: Watch | None = None,
          earlier: Path | None = None) -> State:
    """Runs a recipe to its end (or to step `until`), with checkpoints and a log of losses (JSON lines) in `out`.

    It begins with the networks of the checkpoint `earlier`, or fresh ones. `watch`, which learns nothing from it, measures
    the networks now and then; its figures go to `unseen.jsonl`.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = start(recipe)
    if earlier and not resume:
        state.take(earlier)
        _settle(state, recipe)
    if resume:
        state.load(out / "checkpoint.pt")
    (out / "recipe.json").write_text(json.dumps(asdict(recipe) | {"generator": VERSION}, indent=1))
    criterion = SupConLoss(recipe.temperature)
    stop = min(recipe.steps, until or recipe.steps)
    began = time.monotonic()
    with (out / "losses.jsonl").open("a" if resume else "w") as log, tqdm(total=stop, initial=state.step, unit="step") as bar:
        for batch in _batches(recipe, state.step, stop):
            figures = _step(state, batch, criterion, recipe)
            state.step += 1
            bar.set_postfix({k: f"{v:.3f}" for k, v in figures.items()})
            bar.update()
            log.write(json.dumps({"step": state.step, "seconds": round(time.monotonic() - began, 1)} | figures) + "\n")
            if state.step == recipe.steps and not recipe.verifier_only:
                _settle(state, recipe)
            if state.step % recipe.checkpoint_every == 0 or state.step == stop:
                log.flush()
                state.save(out / "checkpoint.pt")
            if watch and (state.step % recipe.watch_every == 0 or state.step == stop):
                _note(out / "unseen.jsonl", {"step": state.step} | watch(state.encoder, state.verifier))
    return state


def _note(path: Path, figures: dict[str, float]) -> None:
    with path.open("a") as log:
        log.write(json.dumps(figures) + "\n")
    tqdm.write("unseen symbols: " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


def _batches(recipe: Recipe, first: int, stop: int) -> Iterator[Batch]:
    drawings = Drawings(recipe.seed, stop * recipe.drawings)
    yield from _loader(drawings, range(first * recipe.drawings, len(drawings)), recipe)


def _settle(state: State, recipe: Recipe) -> None:
    """Statistics of the normalisations from drawings that no step of the recipe sees."""
    drawings = Drawings(recipe.seed + 1_000_000, BATCHES * recipe.drawings)
    settle(state.encoder, state.verifier, _loader(drawings, range(len(drawings)), recipe), recipe.device)


def _loader(drawings: Drawings, indices: range, recipe: Recipe) -> DataLoader[Batch]:
    return DataLoader(drawings, recipe.drawings, sampler=indices, collate_fn=collate, num_workers=recipe.workers,
                      worker_init_fn=_one_thread, prefetch_factor=4 if recipe.workers else None)


def _one_thread(_: int) -> None:
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _step(state: State, batch: Batch, criterion: SupConLoss, recipe: Recipe) -> dict[str, float]:
    state.encoder.train(not recipe.verifier_only)
    state.verifier.train(not recipe.verifier_only)
    state.optimizer.zero_grad(set_to_none=True)
    with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.mixed):
        supcon = torch.zeros(()) if recipe.verifier_only else criterion(*embedded(state.encoder, batch, recipe.device))
        decision, correction, right = judged(state.verifier, batch, recipe.device)
    loss: Tensor = supcon + decision + CORRECTION_WEIGHT * correction
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([*state.encoder.parameters(), *state.verifier.parameters()], 5.0)
    state.optimizer.step()
    state.schedule.step()
    return {"supcon": float(supcon.detach()), "decision": float(decision.detach()),
            "correction": float(correction.detach()), "right": right}


def embedded(encoder: Encoder, batch: Batch, device: str) -> tuple[Tensor, Tensor]:
    """Codes (N, D) of all windows of a batch and their labels (N,)."""
    dense = encoder(_ink(batch.tiles, device)).float()
    tile, row, column = batch.cells.to(device).unbind(1)
    codes = torch.cat([dense[tile, :, row, column], encoder.crops(_ink(batch.windows, device)).float()])
    return codes, torch.cat([batch.cell_labels, batch.window_labels]).to(device)


def judged(verifier: Verifier, batch: Batch, device: str) -> tuple[Tensor, Tensor, float]:
    """Losses of decision and correction, and the share of decisions that are right, copies and others alike."""
    verdict = verifier(_ink(batch.pictures, device))
    targets, known = batch.targets.to(device), batch.known.to(device)
    weight = torch.where(targets > 0.5, POSITIVE_WEIGHT, 1.0)
    decision = F.binary_cross_entropy_with_logits(verdict.logit, targets, weight)
    off = F.smooth_l1_loss(verdict.correction, batch.corrections.to(device).clamp(-1.4, 1.4), reduction="none", beta=0.1)
    right = (verdict.logit > 0) == (targets > 0.5)
    share = [float(right[targets == t].float().mean()) for t in (0, 1)]
    return decision, (off * known).sum() / known.sum().clamp(min=1), sum(share) / 2


def _ink(values: Tensor, device: str) -> Tensor:
    return values.to(device).float().div_(255).contiguous(memory_format=torch.channels_last)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--drawings", type=int, default=Recipe.drawings, help="drawings a step")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--workers", type=int, default=Recipe.workers)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--earlier", type=Path, help="checkpoint.pt of another run to begin with")
    parser.add_argument("--verifier-only", action="store_true", help="leave the encoder as it is")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")


def run(args: argparse.Namespace) -> None:
    from training.monitor import Monitor, draw

    recipe = Recipe(args.steps, args.drawings, args.seed, args.learning_rate, workers=args.workers, device=args.device,
                    verifier_only=args.verifier_only)
    state = train(recipe, args.out, args.resume, watch=Monitor(), earlier=args.earlier)
    draw(args.out, start(recipe).encoder, state.encoder)
