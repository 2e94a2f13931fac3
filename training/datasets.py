"""From annotated drawings to batches of views: patches around symbols and background, and balanced draws from them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from app.engine.encoder import SYMBOL
from app.engine.example import placed, prepare
from app.engine.geometry import Box, Pose
from app.engine.ink import VISIBLE, ink, tight_box
from app.errors import BadInput
from training import augment
from training.annotations import Record, read_image
from training.augment import PATCH, Augmentation

BACKGROUNDS = 24  # places without a symbol taken from each drawing
CLEAR = 0.4       # of a symbol's longer side: how far off its centre a background's has to lie
TRIES = 8         # places tried for each background
SHOTS = 4         # views of a class in a batch, more where there are few classes

Ink = NDArray[np.float32]


@dataclass(frozen=True)
class Patch:
    """A place on a drawing at the encoder's scale, the longer side of its ink SYMBOL px, with all that is around it.

    `pixels` (PATCH, PATCH) uint8 ink; `box` is the symbol's box on it; `name` is empty for background.
    """

    pixels: NDArray[np.uint8]
    box: Box
    name: str

    @property
    def ink(self) -> Ink:
        """(PATCH, PATCH) in [0, 1]."""
        return self.pixels.astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class Pairs:
    """Symbols seen both ways: cut out as an example is, and on their drawing as the search meets them."""

    examples: Tensor  # (N, 1, 112, 112) uint8 ink
    copies: Tensor    # (N, 1, 112, 112) uint8 ink
    names: tuple[str, ...]


class Draw(NamedTuple):
    """The n-th view that a run takes, and the place of the patch that it is taken of."""

    place: int
    number: int


def read_patches(records: Sequence[Record], seed: int = 0, backgrounds: int = BACKGROUNDS) -> tuple[Patch, ...]:
    """A patch of every symbol, then some of the background of each drawing. Raises BadInput for a broken image."""
    symbols, others = [], []
    for number, (_, inked, on_page) in enumerate(_pages(records)):
        symbols += [_patch(inked, record.box, record.name) for record in on_page if not record.ignored]
        others += _backgrounds(inked, on_page, backgrounds, np.random.default_rng([seed, number]))
    return (*symbols, *others)


def read_pairs(records: Sequence[Record]) -> Pairs:
    """Every symbol as an example and as a copy. Raises BadInput for a broken image."""
    examples, copies, names = [], [], []
    for pixels, inked, on_page in _pages(records):
        for record in (record for record in on_page if not record.ignored):
            examples.append(_bytes(prepare(pixels[_pixels(record.box)]).window.numpy()))
            copies.append(_bytes(augment.placed(_patch(inked, record.box, record.name).ink, Pose(0, 0))))
            names.append(record.name)
    return Pairs(_stacked(examples), _stacked(copies), tuple(names))


class SymbolDataset(Dataset[tuple[Tensor, int]]):
    """SimCLR views of patches: item Draw(place, number) is a view (1, 112, 112) float32 ink and the label of its class.

    A view is a function of the seed and the draw alone. Labels are the places of `names`; a background's is its own.
    """

    def __init__(self, patches: Sequence[Patch], how: Augmentation | None = None, seed: int = 0) -> None:
        self.patches, self.how, self.seed = tuple(patches), how or Augmentation(), seed
        self.names = tuple(sorted({patch.name for patch in patches} - {""}))
        places = {name: place for place, name in enumerate(self.names)}
        self.labels = tuple(places.get(patch.name, len(places) + n) for n, patch in enumerate(patches))

    def __len__(self) -> int:
        return len(self.patches)

    def __getitem__(self, draw: Draw) -> tuple[Tensor, int]:
        patch = self.patches[draw.place]
        rng = np.random.default_rng([self.seed, draw.number])
        view = augment.view(patch.ink, patch.box, rng, self.how)
        return torch.from_numpy(view)[None], self.labels[draw.place]


class BalancedBatches(Sampler[list[Draw]]):
    """Batches of P classes with K views each, as equal as can be, and backgrounds for a third; steps `first` to `stop`.

    The batch of a step is a function of the seed and the step alone. Raises BadInput below two classes.
    """

    def __init__(self, dataset: SymbolDataset, size: int, seed: int, first: int, stop: int) -> None:
        count = len(dataset.names)
        if count < 2 or size < 6:
            raise BadInput(f"A batch needs 2 classes and 6 views or more. Received: {count} classes, {size} views")
        self.members = [np.flatnonzero(np.array(dataset.labels) == label) for label in range(count)]
        self.others = np.flatnonzero(np.array(dataset.labels) >= count)
        self.backgrounds = min(size // 3, len(self.others))
        self.classes = min(count, max(2, (size - self.backgrounds) // SHOTS))
        self.shots = (size - self.backgrounds) // self.classes
        self.size = self.classes * self.shots + self.backgrounds
        self.seed, self.first, self.stop = seed, first, stop

    def __len__(self) -> int:
        return self.stop - self.first

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in range(self.first, self.stop):
            yield [Draw(int(index), step * self.size + n) for n, index in enumerate(self._indices(step))]

    def _indices(self, step: int) -> list[np.int64]:
        rng = np.random.default_rng([self.seed, step])
        chosen = rng.permutation(len(self.members))[: self.classes]
        views = [index for label in chosen for index in _draws(self.members[label], self.shots, rng)]
        return [*views, *rng.permutation(self.others)[: self.backgrounds]]


def _draws(members: NDArray[np.int64], count: int, rng: np.random.Generator) -> Iterator[np.int64]:
    """That many members, none again before all others had their turn."""
    rounds = itertools.chain.from_iterable(rng.permutation(members) for _ in itertools.count())
    return itertools.islice(rounds, count)


def _pages(records: Sequence[Record]) -> Iterator[tuple[NDArray[np.uint8], Ink, list[Record]]]:
    """Each drawing's pixels and ink, with its records; one drawing is held at a time."""
    def image(record: Record) -> Path:
        return record.image

    for path, group in itertools.groupby(sorted(records, key=image), key=image):
        pixels = read_image(path)
        yield pixels, ink(pixels), list(group)


def _pixels(box: Box) -> tuple[slice, slice]:
    """Rows and columns of all pixels that a box touches."""
    return (slice(math.floor(box.y), math.ceil(box.y + box.height)), slice(math.floor(box.x), math.ceil(box.x + box.width)))


def _patch(inked: Ink, box: Box, name: str) -> Patch:
    """The surroundings of a box, centred on the ink in it and scaled by that ink's longer side."""
    rows, columns = _pixels(box)
    found = tight_box(inked[rows, columns])
    tight = Box(found.x + columns.start, found.y + rows.start, found.width, found.height) if found else box
    factor = SYMBOL / max(tight.width, tight.height)
    return Patch(_surroundings(inked, tight, factor), _on_patch(box, tight.centre, factor), name)


def _on_patch(box: Box, centre: tuple[float, float], factor: float) -> Box:
    x, y = ((corner - middle) * factor + PATCH / 2 for corner, middle in zip((box.x, box.y), centre, strict=True))
    return Box(x, y, box.width * factor, box.height * factor)


def _surroundings(inked: Ink, box: Box, factor: float) -> NDArray[np.uint8]:
    """(PATCH, PATCH) around a box; only the part of the page that will be seen is resized."""
    reach = PATCH / 2 / factor + 2 / min(1.0, factor)
    (x, y), (height, width) = box.centre, inked.shape
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    part = inked[top : min(height, math.ceil(y + reach)), left : min(width, math.ceil(x + reach))]
    moved = Box(box.x - left, box.y - top, box.width, box.height)
    return _bytes(placed(torch.from_numpy(np.ascontiguousarray(part)), moved, factor, PATCH).numpy())


def _backgrounds(inked: Ink, records: Sequence[Record], count: int, rng: np.random.Generator) -> list[Patch]:
    """Places with ink near their middle, at the scales of the drawing's symbols, none on a symbol's centre."""
    strokes = np.argwhere(inked >= VISIBLE)
    sizes = [max(record.box.width, record.box.height) for record in records if not record.ignored]
    found: list[Patch] = []
    for _ in range(count * TRIES if len(strokes) and sizes else 0):
        longer = float(rng.choice(sizes))
        y, x = np.clip(rng.choice(strokes) + rng.uniform(-0.4, 0.4, 2) * longer, 0, np.array(inked.shape) - 1).tolist()
        if all(_clear(x, y, record) for record in records) and len(found) < count:
            place = Box(x - longer / 2, y - longer / 2, longer, longer)
            found.append(Patch(_surroundings(inked, place, SYMBOL / longer), _on_patch(place, (x, y), SYMBOL / longer), ""))
    return found


def _clear(x: float, y: float, record: Record) -> bool:
    """Whether a place is off a symbol's centre, or all of an ignored box."""
    box, middle = record.box, record.box.centre
    if record.ignored:
        return abs(x - middle[0]) > box.width / 2 or abs(y - middle[1]) > box.height / 2
    return max(abs(x - middle[0]), abs(y - middle[1])) > CLEAR * max(box.width, box.height)


def _bytes(values: Ink) -> NDArray[np.uint8]:
    return np.round(values * 255).astype(np.uint8)


def _stacked(pictures: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures).astype(np.uint8))[:, None]
