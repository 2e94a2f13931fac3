"""What every training run has in common: networks that learn and their averages, checkpoints, a schedule, a log of losses.

The data of a step are a function of the seed and the step alone, so that a run resumed from a checkpoint goes on as if it had
never stopped.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from app.engine.fuse import on_device, precision
from training.drawings import VERSION

AVERAGED = 0.998         # share of an average's networks that a step keeps
CHECKPOINT, LOSSES, UNSEEN, RECIPE = "checkpoint.pt", "losses.jsonl", "unseen.jsonl", "recipe.json"

LessonT = TypeVar("LessonT")


@dataclass(frozen=True)
class Recipe:
    """What a run is made from; with the code's version it makes the same weights again."""

    steps: int
    seed: int
    learning_rate: float
    drawings: float = 1.0      # fresh ones a step
    pool: int = 160            # latest drawings that a step draws from
    filled: int = 32           # drawings in the pool before the first step
    weight_decay: float = 0.02
    workers: int = 1
    device: str = "cpu"
    checkpoint_every: int = 100
    watch_every: int = 500


@dataclass
class State:
    """All that a checkpoint holds. `averages` are the networks' weights and statistics averaged over the latest steps, which
    is what ships (Izmailov et al. 2018, arXiv 1803.05407): from one step to the next the networks themselves change their
    mind about drawings unlike those of training."""

    networks: nn.ModuleDict
    averages: nn.ModuleDict
    optimizer: AdamW
    schedule: LambdaLR
    step: int = 0

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save({name: getattr(self, name).state_dict() for name in _HELD} | {"step": self.step}, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        held = torch.load(path, map_location="cpu", weights_only=True)
        for name in _HELD:
            getattr(self, name).load_state_dict(held[name])
        self.step = held["step"]

    def learn(self, loss: torch.Tensor) -> None:
        """One step down a loss, each network's gradient clipped by itself."""
        loss.backward()  # type: ignore[no-untyped-call]
        for network in self.networks.values():
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.schedule.step()
        self.step += 1
        self._average()

    @torch.no_grad()
    def _average(self) -> None:
        kept = min(AVERAGED, (1 + self.step) / (10 + self.step))
        pairs = zip(self.networks.state_dict().values(), self.averages.state_dict().values(), strict=True)
        values, means = zip(*(pair for pair in pairs if pair[1].is_floating_point()), strict=True)
        torch._foreach_lerp_(means, values, 1 - kept)


_HELD = ("networks", "averages", "optimizer", "schedule")


def begin(networks: Mapping[str, nn.Module], recipe: Recipe) -> State:
    """A run's state before its first step."""
    torch.backends.cudnn.benchmark = True  # every step's batches are of the same size
    held = nn.ModuleDict({name: on_device(network, recipe.device) for name, network in networks.items()}).train()
    optimizer = AdamW(held.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = LambdaLR(optimizer, lambda step: rate(step, recipe.steps))
    return State(held, copy.deepcopy(held).eval(), optimizer, schedule)


def rate(step: int, steps: int) -> float:
    """The learning rate's share of its peak: up over 100 steps, level, down over the last 40 % of the run."""
    fall = max(1.0, 0.4 * steps)
    return min((step + 1) / 100, 1.0, max(0.01, (steps - step) / fall))


def mixed(device: str) -> torch.autocast:
    """In which networks learn: bfloat16 for what bears it, where the device multiplies that."""
    return torch.autocast(device.split(":")[0], torch.bfloat16, enabled=precision(device) == torch.bfloat16)


def follow(state: State, recipe: Recipe, out: Path, stop: int, lessons: Iterable[LessonT],
           learn: Callable[[State, LessonT], Mapping[str, float]],
           watch: Callable[[nn.ModuleDict], Mapping[str, float]] | None = None) -> None:
    """Learns from the lessons of the steps from the state's own to `stop`, with checkpoints and a log of losses (JSON lines)
    in `out`. `watch`, which learns nothing from it, measures the averages now and then; its figures go to `unseen.jsonl`."""
    began = time.monotonic()
    with (out / LOSSES).open("a" if state.step else "w") as log, tqdm(total=stop, initial=state.step, unit="step") as bar:
        for lesson in lessons:
            figures = learn(state, lesson)
            bar.set_postfix({k: f"{v:.3f}" for k, v in figures.items()})
            bar.update()
            log.write(json.dumps({"step": state.step, "seconds": round(time.monotonic() - began, 1), **figures}) + "\n")
            if state.step % recipe.checkpoint_every == 0 or state.step == stop:
                log.flush()
                state.save(out / CHECKPOINT)
            if watch and (state.step % recipe.watch_every == 0 or state.step == stop):
                _note(out / UNSEEN, {"step": state.step, **watch(state.averages)})


def open_run(state: State, recipe: Recipe, out: Path, resume: bool) -> None:
    """The folder of a run with its recipe, and the state as its checkpoint left it."""
    out.mkdir(parents=True, exist_ok=True)
    if resume:
        state.load(out / CHECKPOINT)
    (out / RECIPE).write_text(json.dumps(record(recipe), indent=1))


def record(recipe: Recipe) -> dict[str, Any]:
    """What a manifest says of a run."""
    return {**asdict(recipe), "generator": VERSION}


def _note(path: Path, figures: Mapping[str, float]) -> None:
    with path.open("a") as log:
        log.write(json.dumps(figures) + "\n")
    tqdm.write("unseen symbols: " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


def pooled(data: Callable[[int], Dataset[LessonT]], recipe: Recipe, first: int, stop: int,
           held: Callable[[LessonT], LessonT] = lambda lesson: lesson) -> Iterator[tuple[int, Sequence[LessonT]]]:
    """Each step from `first` on, and the latest lessons of the data (of a length) as they are then, each as it is to be
    held."""
    begin, end = (recipe.filled + int(step * recipe.drawings) for step in (first, stop))
    lessons = map(held, loader(data(end), range(max(0, begin - recipe.pool), end), recipe))
    pool: deque[LessonT] = deque(maxlen=recipe.pool)
    pool.extend(next(lessons) for _ in range(min(begin, recipe.pool)))
    for step in range(first, stop):
        pool.extend(next(lessons) for _ in range(int((step + 1) * recipe.drawings) - int(step * recipe.drawings)))
        yield step, pool


def loader(data: Dataset[LessonT], indices: range, recipe: Recipe) -> DataLoader[LessonT]:
    """The lessons of these numbers in order, made by the recipe's workers."""
    if not recipe.workers:
        return DataLoader(data, batch_size=None, sampler=indices)
    # a forked worker hangs in the threads of a torch that has computed already
    return DataLoader(data, batch_size=None, sampler=indices, num_workers=recipe.workers, worker_init_fn=_one_thread,
                      prefetch_factor=8, multiprocessing_context="spawn")


def _one_thread(_: int) -> None:
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def add_arguments(parser: argparse.ArgumentParser, recipe: Recipe) -> None:
    """The options that every run has."""
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; its weights go to OUT/weights")
    parser.add_argument("--steps", type=int, default=recipe.steps)
    parser.add_argument("--drawings", type=float, default=recipe.drawings, help="fresh drawings a step")
    parser.add_argument("--seed", type=int, default=recipe.seed)
    parser.add_argument("--learning-rate", type=float, default=recipe.learning_rate)
    parser.add_argument("--workers", type=int, default=recipe.workers, help="processes that make drawings")
    parser.add_argument("--watch-every", type=int, default=recipe.watch_every, help="steps between looks at unseen symbols")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")


def chosen(args: argparse.Namespace) -> dict[str, Any]:
    """What these options say, by the recipe's names."""
    names = ("steps", "drawings", "seed", "learning_rate", "workers", "watch_every", "device")
    return {name: getattr(args, name) for name in names}
