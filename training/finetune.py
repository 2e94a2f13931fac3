"""`python -m training finetune`: the encoder, fine-tuned by SupCon on the symbols of annotated drawings.

    python -m training finetune --data DIR --group '^(\\d+)-' --weights model_weights --out runs/mine

DIR is a COCO or YOLO folder. Groups of drawings are held back, and one-shot recognition on them is measured before and
after. `--out` receives checkpoint.pt, report.json, plots/*.png and weights/, a complete folder for the service. A run
that is resumed goes on as if it had never stopped: every view follows from the seed and the step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from tqdm import tqdm

from app.engine.encoder import Encoder
from app.engine.fuse import on_device
from app.engine.weights import load_networks, load_references, write_weights
from app.errors import BadInput
from training import plots
from training.annotations import SAME_SOURCE, Split, read_folder, split
from training.datasets import BalancedBatches, Pairs, SymbolDataset, read_pairs, read_patches
from training.export import export
from training.knn import Codes, OneShot, embed, one_shot
from training.loss import SupConLoss

WARM_UP = 0.05     # share of the steps in which the learning rate rises
MOST_GRADIENT = 5.0
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class Recipe:
    """What a run is made from, with its data and the weights it starts at."""

    epochs: int = 10
    batch_size: int = 96
    learning_rate: float = 5e-4
    weight_decay: float = 0.02
    temperature: float = 0.1
    seed: int = 1

    def __post_init__(self) -> None:
        if self.epochs < 1 or not self.learning_rate > 0 or not self.temperature > 0:
            raise BadInput(f"Epochs, learning rate and temperature must be above 0. Received: {self}")


@dataclass(frozen=True)
class Machine:
    """Where a run takes place; on the CPU the result does not depend on the number of workers."""

    device: str = "cpu"
    workers: int = 0


@dataclass
class State:
    """All that a checkpoint holds. `origin` names recipe and data; `losses` has one value a step, `top1` one an epoch."""

    encoder: Encoder
    optimizer: AdamW
    schedule: LambdaLR
    origin: dict[str, Any]
    losses: list[float] = field(default_factory=list)
    top1: dict[int, float] = field(default_factory=dict)

    @property
    def step(self) -> int:
        return len(self.losses)

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save({"encoder": self.encoder.state_dict(), "optimizer": self.optimizer.state_dict(), "origin": self.origin,
                    "schedule": self.schedule.state_dict(), "losses": self.losses, "top1": self.top1}, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Goes back to a checkpoint. Raises BadInput where there is none, or where it is of another run."""
        if not path.is_file():
            raise BadInput(f"{path} is not there to be resumed.", "resume")
        held = torch.load(path, map_location="cpu", weights_only=True)
        if other := [key for key, value in self.origin.items() if held["origin"].get(key) != value]:
            raise BadInput(f"{path} is of a run with another {', '.join(other)}.", "resume")
        for name in ("encoder", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(held[name])
        self.losses, self.top1 = held["losses"], held["top1"]


@dataclass(frozen=True)
class Measured:
    """Codes of the unseen symbols and what they recognise; `new` asks for classes not trained on alone."""

    examples: Codes
    copies: Codes
    all: OneShot
    new: OneShot | None


def measure(encoder: Encoder, pairs: Pairs, trained: Sequence[str]) -> Measured:
    """One-shot recognition of symbols seen both ways."""
    examples, copies = embed(encoder, pairs.examples), embed(encoder, pairs.copies)
    new = {name for name, count in Counter(pairs.names).items() if count > 1} - set(trained)
    return Measured(examples, copies, one_shot(examples, copies, pairs.names),
                    one_shot(examples, copies, pairs.names, new) if new else None)


def train(encoder: Encoder, dataset: SymbolDataset, pairs: Pairs, recipe: Recipe, out: Path, machine: Machine | None = None,
          *, origin: Mapping[str, Any] | None = None, resume: bool = False, until: int | None = None) -> State:
    """Fine-tunes an encoder in place for a recipe's epochs, or until the end of one, with a checkpoint after each.

    Raises BadInput where the data is too small, or the checkpoint in `out` is of another `origin` or recipe.
    """
    machine = machine or Machine()
    on_device(encoder, machine.device)
    per_epoch = _steps_per_epoch(dataset, recipe)
    state = _start(encoder, recipe, recipe.epochs * per_epoch, dict(origin or {}) | asdict(recipe))
    out.mkdir(parents=True, exist_ok=True)
    if resume:
        state.load(out / CHECKPOINT)
    stop = per_epoch * min(recipe.epochs, until or recipe.epochs)
    criterion = SupConLoss(recipe.temperature)
    with tqdm(total=recipe.epochs * per_epoch, initial=state.step, unit="step", desc="fine-tune") as bar:
        for views, labels in _batches(dataset, recipe, machine, state.step, stop):
            state.losses.append(_step(state, views, labels, criterion, machine.device))
            bar.update()
            bar.set_postfix(loss=f"{state.losses[-1]:.3f}", top1=f"{list(state.top1.values())[-1]:.3f}" if state.top1 else "-")
            if state.step % per_epoch == 0:
                state.top1[state.step] = measure(encoder, pairs, pairs.names).all.top1.mean
                state.save(out / CHECKPOINT)
    return state


def _steps_per_epoch(dataset: SymbolDataset, recipe: Recipe) -> int:
    batches = BalancedBatches(dataset, recipe.batch_size, recipe.seed, 0, 0)
    return max(1, math.ceil(sum(1 for patch in dataset.patches if patch.name) / (batches.classes * batches.shots)))


def _start(encoder: Encoder, recipe: Recipe, steps: int, origin: dict[str, Any]) -> State:
    """Cosine from the recipe's learning rate to zero, after a short rise."""
    rise = max(1, round(WARM_UP * steps))

    def factor(step: int) -> float:
        return min((step + 1) / rise, 0.5 + 0.5 * math.cos(math.pi * max(0, step - rise) / max(1, steps - rise)))

    optimizer = AdamW(encoder.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    return State(encoder, optimizer, LambdaLR(optimizer, factor), origin)


def _batches(dataset: SymbolDataset, recipe: Recipe, machine: Machine, first: int,
             stop: int) -> Iterator[tuple[Tensor, Tensor]]:
    batches = BalancedBatches(dataset, recipe.batch_size, recipe.seed, first, stop)
    # a forked worker hangs in the threads of a torch that has computed already
    yield from DataLoader(dataset, batch_sampler=batches, num_workers=machine.workers, worker_init_fn=_one_thread,
                          multiprocessing_context="spawn" if machine.workers else None)


def _one_thread(_: int) -> None:
    cv2.setNumThreads(1)


def _step(state: State, views: Tensor, labels: Tensor, criterion: SupConLoss, device: str) -> float:
    _learning(state.encoder)
    state.optimizer.zero_grad(set_to_none=True)
    with torch.autocast(device.split(":")[0], torch.bfloat16, enabled=device != "cpu"):
        codes = state.encoder.crops(views.to(device).contiguous(memory_format=torch.channels_last))
    loss: Tensor = criterion(codes, labels.to(device))
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.encoder.parameters(), MOST_GRADIENT)
    state.optimizer.step()
    state.schedule.step()
    return float(loss.detach())


def _learning(encoder: Encoder) -> None:
    """Training mode, but for the statistics of the normalisation: a page has others than batches of crops."""
    encoder.train()
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def finetune(parts: Split, weights: Path, recipe: Recipe, out: Path, machine: Machine,
             resume: bool = False) -> dict[str, Any]:
    """The whole run: measures, trains, measures again, plots, writes `out/weights`. Returns the report."""
    encoder, _, manifest = load_networks(weights)
    dataset = SymbolDataset(read_patches(parts.seen, recipe.seed), seed=recipe.seed)
    pairs = read_pairs(parts.unseen)
    encoder.to(machine.device)
    before = measure(encoder, pairs, dataset.names)
    state = train(encoder, dataset, pairs, recipe, out, machine, resume=resume,
                  origin={"weights": manifest.model, "data": _fingerprint(parts)})
    after = measure(encoder, pairs, dataset.names)
    report = {"recipe": asdict(recipe), "weights": manifest.model, "data": _described(parts),
              "before": _figures(before), "after": _figures(after)}
    _draw(out / "plots", state, before, after, pairs.names)
    _write(weights, out / "weights", encoder, report)
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def _write(weights: Path, out: Path, encoder: Encoder, report: Mapping[str, Any]) -> None:
    """A complete folder of weights: the encoder is new, and with it the codes of the references; the rest is as it was."""
    _, verifier, manifest = load_networks(weights)
    history = [*manifest.training.get("finetune", ()), dict(report)]
    write_weights(out, encoder.cpu().eval(), verifier, manifest.calibration, {**manifest.training, "finetune": history})
    if references := load_references(weights):
        export(out, references)


def _draw(folder: Path, state: State, before: Measured, after: Measured, names: Sequence[str]) -> None:
    plots.losses(folder / "loss.png", range(1, state.step + 1), state.losses, {0: before.all.top1.mean, **state.top1})
    plots.tsne(folder / "tsne.png", {"before": before.copies, "after": after.copies}, names)
    plots.similarity(folder / "similarity.png", {"before": (before.examples, before.copies),
                                                 "after": (after.examples, after.copies)}, names)


def _fingerprint(parts: Split) -> str:
    """Of what is learnt from and what is held back; folders may move."""
    told = [[(r.image.name, r.box, r.name, r.ignored) for r in side] for side in (parts.seen, parts.unseen)]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _described(parts: Split) -> dict[str, Any]:
    sides = {"seen": parts.seen, "unseen": parts.unseen}
    return {name: {"groups": sorted({r.group for r in side}), "drawings": len({r.image for r in side}),
                   "symbols": sum(not r.ignored for r in side), "classes": len({r.name for r in side if not r.ignored})}
            for name, side in sides.items()}


def _figures(measured: Measured) -> dict[str, Any]:
    return {"unseen drawings": asdict(measured.all), "classes not trained on": asdict(measured.new) if measured.new else None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="COCO or YOLO folder of annotated drawings")
    parser.add_argument("--group", default=SAME_SOURCE, help="regular expression; what its first parentheses find in a file's "
                                                             "name is the group that the drawing belongs to")
    parser.add_argument("--unseen", nargs="+", metavar="GROUP", help="groups held back; else a share of them is")
    parser.add_argument("--unseen-share", type=float, default=0.3)
    parser.add_argument("--weights", type=Path, default=Path("model_weights"), help="folder of the weights to start from")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--batch-size", type=int, default=Recipe.batch_size, help="views in a batch, a third background")
    parser.add_argument("--lr", type=float, default=Recipe.learning_rate, help="highest learning rate")
    parser.add_argument("--temperature", type=float, default=Recipe.temperature)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make views")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")


def run(args: argparse.Namespace) -> None:
    records = read_folder(args.data, args.group)
    parts = split(records, args.unseen or args.unseen_share)
    recipe = Recipe(args.epochs, args.batch_size, args.lr, temperature=args.temperature, seed=args.seed)
    report = finetune(parts, args.weights, recipe, args.out, Machine(args.device, args.workers), args.resume)
    for what, before in report["before"].items():
        if before:
            print(f"one-shot top-1, {what}: before {_line(before)}, after {_line(report['after'][what])}")
    print(f"weights written to {args.out / 'weights'}")


def _line(figures: Mapping[str, Any]) -> str:
    top1 = figures["top1"]
    return f"{100 * top1['mean']:.1f} % ({100 * top1['low']:.1f} to {100 * top1['high']:.1f})"
