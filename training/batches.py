"""From a generated drawing to what the two networks learn from, cut the way the detector cuts it.

The encoder sees a tile of the drawing at the scale of one of its examples, and the windows in it that hold a symbol, a part
of one or none. The verifier sees examples beside the places that the coarse search proposes for them, so that its negatives
are the ones it will meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import encoder, verify
from app.engine.example import Prepared, prepare
from app.engine.geometry import Box
from app.engine.ink import Colour, background, ink
from app.engine.poses import COARSE, TURN_STEP, align, crops, make_bank, matrices, resized, self_similarity
from training.canvas import Canvas, affine
from training.drawings import Drawing, Instance, Symbol

TILE = 256             # pixels of a level that the encoder sees at once
EXAMPLES = 7           # examples taken from a drawing
ALONE = 4              # of them that the encoder sees as well
HARDEST = 14           # places without a copy, the most alike, kept for each example
EASIER = 6             # and of the rest
OTHERS = 30            # other symbols it is tried at
PLACES = 60            # random places on ink that the coarse search is tried at
COPIES = 12            # places with one kept for each example
BACKGROUNDS = 40       # windows of a tile without a whole symbol
SIZES = (0.86, 1.0, 1.16)
NEAR, GROWN, TURNED = 10.0, 0.3, 25.0  # picture pixels, log scale, degrees within which a pose counts as right
SAME, OTHER = 0.9, 0.65  # self-similarity from which a turned example is the same, below which it is another

Matrix = NDArray[np.float64]  # (3, 3)


@dataclass(frozen=True)
class Batch:
    """Of B drawings. Labels are equal within a class; a background's is its own."""

    tiles: Tensor         # (B, 1, TILE, TILE) uint8 ink
    cells: Tensor         # (n, 3) tile, row, column of the cell a window starts at
    cell_labels: Tensor   # (n,)
    windows: Tensor       # (m, 1, 112, 112) uint8 ink of examples
    window_labels: Tensor  # (m,)
    pictures: Tensor      # (p, 3, 64, 64) uint8: example, candidate, box
    targets: Tensor       # (p,) 1 for a copy
    corrections: Tensor   # (p, 4) in units of the verifier
    known: Tensor         # (p, 4) 1 where the correction is known


@dataclass(frozen=True)
class Shot:
    """An example of a class; `to_page` takes its picture's pixels to the drawing's at the copy it was taken from."""

    label: int
    prepared: Prepared
    own: int               # index of the copy it was cut from, -1 for one drawn alone
    to_symbol: Matrix      # picture's pixels → the symbol's own frame


def make_batch(drawing: Drawing[Symbol], rng: np.random.Generator) -> Batch:
    """What one drawing teaches."""
    inked = torch.from_numpy(ink(drawing.pixels))
    paper = background(drawing.pixels)
    shots = [shot for _ in range(EXAMPLES) if (shot := _shot(drawing, paper, rng)) is not None]
    tiles, cells, labels = _tile(drawing, inked, shots, rng)
    parts = [_pairs(drawing, inked, shot, rng) for shot in shots]
    parts = [part for part in parts if part is not None]
    empty = (torch.zeros(0, 3, verify.SIZE, verify.SIZE, dtype=torch.uint8), *map(torch.zeros, ((0,), (0, 4), (0, 4))))
    pictures, targets, corrections, known = (torch.cat(column) for column in zip(*([empty, *parts]), strict=True))
    alone = shots[:ALONE]
    windows = torch.stack([shot.prepared.window for shot in alone])[:, None] if alone else torch.zeros(0, 1, 112, 112)
    return Batch(_bytes(tiles), cells, labels, _bytes(windows), torch.tensor([s.label for s in alone], dtype=torch.int64),
                 pictures, targets, corrections, known)


def collate(batches: Sequence[Batch]) -> Batch:
    """Batches joined, classes kept apart."""
    step = 100_000
    cells = [torch.cat([torch.full((len(b.cells), 1), i), b.cells[:, 1:]], 1) for i, b in enumerate(batches)]
    return Batch(torch.cat([b.tiles for b in batches]), torch.cat(cells),
                 torch.cat([b.cell_labels + step * i for i, b in enumerate(batches)]),
                 torch.cat([b.windows for b in batches]),
                 torch.cat([b.window_labels + step * i for i, b in enumerate(batches)]),
                 torch.cat([b.pictures for b in batches]), torch.cat([b.targets for b in batches]),
                 torch.cat([b.corrections for b in batches]), torch.cat([b.known for b in batches]))


def _bytes(values: Tensor) -> Tensor:
    return (values * 255).round().to(torch.uint8)


def _square(matrix: NDArray[np.float64]) -> Matrix:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _pose_matrix(instance: Instance) -> Matrix:
    """The symbol's frame (pixels at pose scale 1) → the page."""
    return _square(instance.pose.matrix())


def _shot(drawing: Drawing[Symbol], paper: Colour, rng: np.random.Generator) -> Shot | None:
    """A random copy boxed as a user boxes it, or its symbol drawn alone."""
    if not drawing.instances:
        return None
    labels = sorted({i.label for i in drawing.instances})
    label = int(rng.choice(labels))
    own = int(rng.choice([k for k, i in enumerate(drawing.instances) if i.label == label]))
    instance = drawing.instances[own]
    if rng.random() < 0.25:
        return _alone(drawing, instance, rng)
    box = _user_box(instance.box, rng).clipped(drawing.pixels.shape[1], drawing.pixels.shape[0])
    if box is None or min(box.width, box.height) < 5:
        return None
    x, y = int(box.x), int(box.y)
    pixels = drawing.pixels[y : math.ceil(box.y + box.height), x : math.ceil(box.x + box.width)]
    prepared = prepare(pixels, paper if rng.random() < 0.8 else None)
    to_page = _from_picture(prepared, x, y)
    return Shot(label, prepared, own, np.linalg.inv(_pose_matrix(instance)) @ to_page)


def _user_box(box: Box, rng: np.random.Generator) -> Box:
    """A box drawn by hand: tight, or loose by up to a third, seldom a little short."""
    longer = max(box.width, box.height)
    most = 0.03 if rng.random() < 0.5 else rng.uniform(0.05, 0.35)
    left, top, right, bottom = rng.uniform(-0.03, most, 4) * longer
    return Box(box.x - left, box.y - top, box.width + left + right, box.height + top + bottom)


def _alone(drawing: Drawing[Symbol], instance: Instance, rng: np.random.Generator) -> Shot | None:
    """The symbol in another size and line width on white paper, as a legend shows it."""
    unit = max(instance.width, instance.height)
    size = unit * float(np.exp(rng.uniform(-0.4, 0.6)))
    side = int(size * 1.3) + 8
    canvas = Canvas(side, side)
    at = affine(side / 2, side / 2, size)
    canvas.draw(drawing.symbols[instance.label].shape, at, (0, 0, 0), float(np.clip(size * rng.uniform(0.02, 0.09), 0.8, 5)))
    pixels = canvas.pixels()
    dark = np.argwhere(pixels.min(axis=2) < 250)
    if len(dark) < 8:
        return None
    margin = int(rng.integers(0, 4))
    top, left = np.maximum(dark.min(axis=0) - margin, 0)
    bottom, right = np.minimum(dark.max(axis=0) + 1 + margin, side)
    prepared = prepare(np.ascontiguousarray(pixels[top:bottom, left:right]))
    to_canvas = _from_picture(prepared, float(left), float(top))
    from_canvas = np.linalg.inv(_square(affine(side / 2, side / 2, size / unit)))
    return Shot(instance.label, prepared, -1, from_canvas @ to_canvas)


def _from_picture(prepared: Prepared, left: float, top: float) -> Matrix:
    """An example's picture → the pixels of the page it was cut from at left, top."""
    x, y = prepared.ink_box.centre
    scale = prepared.longer / verify.SYMBOL
    return np.array([[scale, 0, left + x], [0, scale, top + y], [0, 0, 1.0]])


def _tile(drawing: Drawing[Symbol], inked: Tensor, shots: Sequence[Shot],
          rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """One tile (1, 1, TILE, TILE), the cells of its windows (n, 3) and their labels (n,)."""
    longest = [max(i.width, i.height) * i.pose.scale for i in drawing.instances] or [40.0]
    size = shots[0].prepared.longer if shots and shots[0].own >= 0 else float(rng.choice(longest))
    level = resized(inked, encoder.SYMBOL / size * float(np.exp(rng.uniform(-0.12, 0.12))))
    factor = level.shape[1] / inked.shape[1]
    centres = np.array([[i.pose.x, i.pose.y] for i in drawing.instances]).reshape(-1, 2) * factor
    left, top = (_start(extent, centres[:, axis], rng) for axis, extent in enumerate((level.shape[1], level.shape[0])))
    part = level[top : top + TILE, left : left + TILE]
    tile = torch.zeros(TILE, TILE)
    tile[: part.shape[0], : part.shape[1]] = part
    labels, starts = [], []
    last = TILE // encoder.STRIDE - encoder.CELLS
    taken = np.zeros((last + 1, last + 1), dtype=bool)
    for instance, (x, y), length in zip(drawing.instances, centres, longest, strict=False):
        column, row = (round((v - start - encoder.WINDOW / 2) / encoder.STRIDE) for v, start in ((x, left), (y, top)))
        if 0 <= row <= last and 0 <= column <= last:
            taken[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
            if 0.75 <= length * factor / encoder.SYMBOL <= 1.33:
                labels.append(instance.label)
                starts.append((0, row, column))
    for k, (row, column) in enumerate(_inked_windows(tile, taken, rng)):
        labels.append(50_000 + k)
        starts.append((0, row, column))
    return tile[None, None], torch.tensor(starts, dtype=torch.int64).reshape(-1, 3), torch.tensor(labels, dtype=torch.int64)


def _start(extent: int, centres: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Where a tile starts along one side: anywhere it lies inside."""
    return int(rng.integers(0, extent - TILE + 1)) if extent > TILE else 0


def _inked_windows(tile: Tensor, taken: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """(k, 2) starts of windows off the symbols' centres that hold ink."""
    pooled = torch.nn.functional.avg_pool2d(tile[None, None], encoder.WINDOW, encoder.STRIDE)[0, 0].numpy()
    free = np.argwhere((pooled > 0.01) & ~taken)
    picked: NDArray[np.int64] = free[rng.permutation(len(free))[:BACKGROUNDS]]
    return picked


def _pairs(drawing: Drawing[Symbol], inked: Tensor, shot: Shot,
           rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor] | None:
    """Pictures, targets, corrections and which of these are known, for one example."""
    level = resized(inked, verify.SYMBOL / shot.prepared.longer * float(np.exp(rng.uniform(-0.1, 0.1)))) \
        if shot.own >= 0 else resized(inked, _fitting(drawing, shot, rng))
    if level.numel() > 6e6 or min(level.shape) < verify.SIZE:
        return None
    factor = np.diag([level.shape[1] / inked.shape[1], level.shape[0] / inked.shape[0], 1.0])
    truths = [(k, factor @ _pose_matrix(i) @ shot.to_symbol) for k, i in enumerate(drawing.instances)
              if i.label == shot.label and k != shot.own]
    poses, fits = _proposed(drawing, level, factor, shot, rng)
    exact = _perturbed(truths, rng)
    alike = _likeness(shot)
    targets, corrections, known = _judged(poses, truths, alike)
    order = torch.argsort(fits, descending=True)
    wrong = order[targets[order] == 0]
    rest = wrong[HARDEST:][torch.from_numpy(rng.permutation(max(len(wrong) - HARDEST, 0)))[:EASIER]]
    kept = torch.cat([order[targets[order] == 1][:COPIES], wrong[:HARDEST], rest])
    poses, targets, corrections, known = poses[kept], targets[kept], corrections[kept], known[kept]
    if len(exact):
        more = _judged(exact, truths, alike)
        poses = torch.cat([poses, exact])
        targets, corrections, known = (torch.cat(pair) for pair in zip((targets, corrections, known), more, strict=True))
    sure = targets >= 0
    poses, targets, corrections, known = poses[sure], targets[sure], corrections[sure], known[sure]
    if not len(poses):
        return None
    seen = crops(level, matrices(poses), verify.SIZE)
    example = torch.stack([shot.prepared.picture, shot.prepared.mask])[None].expand(len(seen), -1, -1, -1)
    pictures = torch.stack([example[:, 0], seen, example[:, 1]], 1)
    return _bytes(pictures), targets, corrections, known


def _fitting(drawing: Drawing[Symbol], shot: Shot, rng: np.random.Generator) -> float:
    """The factor at which the drawing's copies are as large as an example that was drawn elsewhere."""
    scale = math.sqrt(abs(np.linalg.det(shot.to_symbol[:2, :2])))
    return float(np.exp(rng.uniform(-0.1, 0.1)) / scale)


def _proposed(drawing: Drawing[Symbol], level: Tensor, factor: Matrix, shot: Shot,
              rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Poses (n, 5) on the level that the coarse search finds around symbols and random ink, and their correlation (n,)."""
    coarse = resized(level, COARSE)
    ratio = torch.tensor([level.shape[1] / coarse.shape[1], level.shape[0] / coarse.shape[0]])
    others = rng.permutation([k for k in range(len(drawing.instances)) if drawing.instances[k].label != shot.label])[:OTHERS]
    same = [k for k, i in enumerate(drawing.instances) if i.label == shot.label and k != shot.own]
    chosen = [drawing.instances[k] for k in [*same, *others]]
    centres = np.array([[i.pose.x * factor[0, 0], i.pose.y * factor[1, 1]] for i in chosen]).reshape(-1, 2)
    inky = np.argwhere(coarse.numpy() > 0.35)[:, ::-1] + 0.5
    random = inky[rng.integers(0, len(inky), PLACES)] * ratio.numpy() if len(inky) else np.zeros((0, 2))
    places = np.concatenate([centres + rng.uniform(-6, 6, centres.shape), random])
    if not len(places):
        return torch.zeros(0, 5), torch.zeros(0)
    bank = make_bank(shot.prepared.picture, shot.prepared.core, "any", True, list(SIZES))
    poses, fits = align(coarse, torch.from_numpy(places).float() / ratio, bank, 2)
    poses, fits = poses.flatten(0, 1), fits.flatten()
    poses[:, :2] *= ratio
    return poses, fits


def _perturbed(truths: Sequence[tuple[int, Matrix]], rng: np.random.Generator) -> Tensor:
    """(n, 5) poses a little off the true ones."""
    rows = [_row(matrix) for _, matrix in truths[:6]]
    if not rows:
        return torch.zeros(0, 5)
    poses = np.array(rows)
    size = len(poses)
    wide = rng.uniform(0.2, 1.0, (size, 1))
    poses[:, :2] += rng.normal(0, 4, (size, 2)) * wide
    poses[:, 2] += rng.normal(0, 8, size) * wide[:, 0]
    poses[:, 4] *= np.exp(rng.normal(0, 0.08, size) * wide[:, 0])
    return torch.from_numpy(poses).float()


def _row(matrix: Matrix) -> list[float]:
    """The pose (x, y, angle, mirrored, scale) of a similarity."""
    return [float(v) for v in _rows(matrix[None])[0]]


def _rows(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 5) poses of similarities (..., 3, 3)."""
    a, b, c, d = (similarities[..., i, j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    determinant = a * d - b * c
    angle = np.degrees(np.arctan2(b, d)) % 360
    x, y, scale = similarities[..., 0, 2], similarities[..., 1, 2], np.sqrt(np.abs(determinant))
    return np.stack([x, y, angle, determinant < 0, scale], -1)


def _likeness(shot: Shot) -> NDArray[np.float64]:
    """(2, 24) how like itself an example is when mirrored or not and turned by each step."""
    values, kinds = self_similarity(shot.prepared.picture, shot.prepared.core)
    table = np.zeros((2, 360 // TURN_STEP))
    table[kinds[:, 1].long().numpy(), (kinds[:, 0] / TURN_STEP).long().numpy()] = values.numpy()
    return table


def _judged(poses: Tensor, truths: Sequence[tuple[int, Matrix]], alike: NDArray[np.float64]) -> tuple[Tensor, Tensor, Tensor]:
    """Target (1 a copy, 0 none, -1 unsure), correction and which of it is known, of each pose."""
    if not truths or not len(poses):
        return torch.zeros(len(poses)), torch.zeros(len(poses), 4), torch.zeros(len(poses), 4)
    square = np.tile(np.eye(3), (len(poses), 1, 1))
    square[:, :2] = matrices(poses).double().numpy()
    between = _rows(np.linalg.inv(square)[:, None] @ np.array([truth for _, truth in truths])[None])  # (n, m, 5)
    nearest = np.hypot(between[..., 0], between[..., 1]).argmin(axis=1)
    right, down, angle, mirrored, scale = between[np.arange(len(poses)), nearest].T
    growth, off, turn = np.log(scale), np.hypot(right, down), (angle + 180) % 360 - 180
    plain = (mirrored < 0.5) & (np.abs(turn) <= TURNED)
    likeness = alike[mirrored.astype(int), np.round(angle / TURN_STEP).astype(int) % (360 // TURN_STEP)]
    targets = np.where(plain | (likeness >= SAME), 1.0, np.where(likeness < OTHER, 0.0, -1.0))
    targets[(off > NEAR) | (np.abs(growth) > GROWN)] = -1.0
    targets[(off > 1.8 * NEAR) | (np.abs(growth) > 1.5 * GROWN)] = 0.0
    corrections = np.stack([right / verify.SHIFT, down / verify.SHIFT, np.where(plain, turn, 0) / verify.TURN,
                            growth / verify.GROWTH], 1) * (targets == 1)[:, None]
    known = np.stack([targets == 1] * 4, 1) & np.stack([plain | True, plain | True, plain, plain | True], 1)
    return tuple(torch.from_numpy(a.astype(np.float32)) for a in (targets, corrections, known))  # type: ignore[return-value]
