"""What the verifier learns from: examples beside the places that the coarse search proposes for them.

So its negatives are the ones it will meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine import verify
from app.engine.poses import COARSE, TURN_STEP, align, crops, make_bank, matrices, resized, self_similarity
from app.engine.verify import spread, viewed
from training.agreement import agreement, tolerance
from training.drawings import Drawing, Symbol
from training.shots import Matrix, Shot, bare, pose_matrix

HARDEST = 14           # places without a copy, the most alike, kept for each example
EASIER = 6             # and of the rest
OTHERS = 30            # other symbols it is tried at
PLACES = 60            # random places on ink that the coarse search is tried at
COPIES = 12            # places with one kept for each example
SIZES = (0.86, 1.0, 1.16)
NEAR, GROWN, TURNED = 10.0, 0.3, 25.0  # picture pixels, log scale, degrees within which a pose counts as right
LEAST = 0.06           # share of an example's ink by which another symbol must differ from it on the page
FADED, LEGIBLE = 0.25, 0.45  # share of its ink, and correlation with its clean symbol, up to which a copy is legible
NEARBY = 7             # picture pixels around a clean symbol's strokes in which ink may be its own
GONE = 0.5             # share of a copy's ink without which nobody would count it
SAME, OTHER = 0.9, 0.65  # self-similarity from which a turned example is the same, below which it is another


@dataclass(frozen=True)
class Pairs:
    """Examples beside candidates."""

    pictures: Tensor     # (p, 3, 64, 64) uint8: example, candidate, box
    targets: Tensor      # (p,) 1 for a copy
    corrections: Tensor  # (p, 4) in units of the verifier
    known: Tensor        # (p, 4) 1 where the correction is known

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: Tensor) -> Pairs:
        return Pairs(self.pictures[rows], self.targets[rows], self.corrections[rows], self.known[rows])


    def turned(self, quarters: int, flipped: bool) -> Pairs:
        """Both pictures turned counter-clockwise by quarters, then flipped left to right, and the corrections with them."""
        right, down, turn, growth = self.corrections.unbind(1)
        for _ in range(quarters):
            right, down = down, -right
        if flipped:
            right, turn = -right, -turn
        known = self.known.clone()
        if quarters % 2:
            known[:, :2] = known[:, :2].flip(1)
        return Pairs(viewed(self.pictures, quarters, flipped), self.targets, torch.stack([right, down, turn, growth], 1), known)

    @staticmethod
    def none() -> Pairs:
        return Pairs(torch.zeros(0, 3, verify.SIZE, verify.SIZE, dtype=torch.uint8), torch.zeros(0), torch.zeros(0, 4),
                     torch.zeros(0, 4))


@dataclass(frozen=True)
class Copy:
    """A copy of the example's class, or itself: its picture's pixels → the level's; whether its ink is mostly gone."""

    motion: Matrix
    gone: bool
    blurred: bool = False  # whether what shows of it is not what its symbol looks like, closely seen


@dataclass(frozen=True)
class Scene:
    """A drawing at an example's scale: level (H, W), the copies on it, poses (n, 6) that the coarse search proposes and their
    correlation (n,)."""

    level: Tensor
    truths: list[Copy]
    poses: Tensor
    fits: Tensor


def make_scene(drawing: Drawing[Symbol], inked: Tensor, shot: Shot, rng: np.random.Generator) -> Scene | None:
    """None where the drawing cannot be brought to the example's scale."""
    level = resized(inked, verify.SYMBOL / shot.prepared.longer * float(np.exp(rng.uniform(-0.1, 0.1)))) \
        if shot.own >= 0 else resized(inked, _fitting(drawing, shot, rng))
    if level.numel() > 6e6 or min(level.shape) < verify.SIZE:
        return None
    factor = np.diag([level.shape[1] / inked.shape[1], level.shape[0] / inked.shape[0], 1.0])
    return Scene(level, _copies(drawing, level, factor, shot), *_proposed(drawing, level, factor, shot, rng))


def make_pairs(drawing: Drawing[Symbol], inked: Tensor, shot: Shot, rng: np.random.Generator) -> Pairs | None:
    """The pairs of one example; None where the drawing cannot be brought to its scale, or no pose is sure."""
    scene = make_scene(drawing, inked, shot, rng)
    if scene is None:
        return None
    level, truths, poses, fits = scene.level, scene.truths, scene.poses, scene.fits
    exact = perturbed(truths, rng)
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
    seen = crops(level, matrices(poses), verify.SIZE) * shot.prepared.shown
    distinct = (targets > 0) | ~_indistinct(shot, seen)
    targets, corrections, known, seen = targets[distinct], corrections[distinct], known[distinct], seen[distinct]
    example = torch.stack([shot.prepared.picture, shot.prepared.mask])[None].expand(len(seen), -1, -1, -1)
    pictures = torch.stack([example[:, 0], seen, example[:, 1]], 1)
    return Pairs((pictures * 255).round().to(torch.uint8), targets, corrections, known)


def _indistinct(shot: Shot, seen: Tensor) -> Tensor:
    """Which of the pictures (n, S, S) nobody could tell from the example on this page, whatever they are."""
    correlation, missing, extra = agreement(shot.prepared.picture, shot.prepared.mask, seen).unbind(1)
    return (correlation > 0.9) & (missing < LEAST) & (extra < LEAST)


def _copies(drawing: Drawing[Symbol], level: Tensor, factor: Matrix, shot: Shot) -> list[Copy]:
    motions = [factor @ pose_matrix(i) @ shot.to_symbol for i in drawing.instances if i.label == shot.label]
    if not motions:
        return []
    clean = torch.from_numpy(bare(drawing, shot))
    poses = torch.from_numpy(rows(np.array(motions))).float()
    seen = crops(level, matrices(poses), verify.SIZE)
    gone = agreement(clean, torch.ones_like(clean), seen)[:, 1] > GONE
    blurred = ~legible(clean, seen, shot.prepared.longer)
    return [Copy(motion, *map(bool, faults)) for motion, *faults in zip(motions, gone, blurred, strict=True)]


def legible(clean: Tensor, seen: Tensor, longer: float) -> Tensor:
    """(n,) whether what pictures (n, 64, 64) show of a symbol is what its clean picture (64, 64) looks like,
    for an example of `longer` px."""
    near = spread(clean[None], NEARBY)[0] > 0.3
    fit, missing, _ = agreement(clean, torch.ones_like(clean), seen * near, tolerance(longer)).unbind(1)
    return (missing <= FADED) & (fit >= LEGIBLE)


def _fitting(drawing: Drawing[Symbol], shot: Shot, rng: np.random.Generator) -> float:
    """The factor at which the drawing's copies are as large as an example that was drawn elsewhere."""
    scale = math.sqrt(abs(np.linalg.det(shot.to_symbol[:2, :2])))
    return float(np.exp(rng.uniform(-0.1, 0.1)) / scale)


def _proposed(drawing: Drawing[Symbol], level: Tensor, factor: Matrix, shot: Shot,
              rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Poses (n, 6) on the level that the coarse search finds around symbols and random ink, and their correlation (n,)."""
    coarse = resized(level, COARSE)
    ratio = torch.tensor([level.shape[1] / coarse.shape[1], level.shape[0] / coarse.shape[0]])
    others = rng.permutation([k for k in range(len(drawing.instances)) if drawing.instances[k].label != shot.label])[:OTHERS]
    same = [k for k, i in enumerate(drawing.instances) if i.label == shot.label]
    chosen = [drawing.instances[k] for k in [*same, *others]]
    centres = np.array([[i.pose.x * factor[0, 0], i.pose.y * factor[1, 1]] for i in chosen]).reshape(-1, 2)
    inky = np.argwhere(coarse.numpy() > 0.35)[:, ::-1] + 0.5
    random = inky[rng.integers(0, len(inky), PLACES)] * ratio.numpy() if len(inky) else np.zeros((0, 2))
    places = np.concatenate([centres + rng.uniform(-6, 6, centres.shape), random])
    if not len(places):
        return torch.zeros(0, 6), torch.zeros(0)
    bank = make_bank(shot.prepared.picture, shot.prepared.core * shot.prepared.shown, "any", True, list(SIZES))
    poses, fits = align(coarse, torch.from_numpy(places).float() / ratio, bank, 2)
    poses, fits = poses.flatten(0, 1), fits.flatten()
    poses[:, :2] *= ratio
    return poses, fits


def perturbed(truths: Sequence[Copy], rng: np.random.Generator) -> Tensor:
    """(n, 6) poses a little off the true ones."""
    if not truths:
        return torch.zeros(0, 6)
    poses = rows(np.array([copy.motion for copy in truths[:6]]))
    size = len(poses)
    wide = rng.uniform(0.2, 1.0, (size, 1))
    poses[:, :2] += rng.normal(0, 4, (size, 2)) * wide
    poses[:, 2] += rng.normal(0, 8, size) * wide[:, 0]
    poses[:, 4] *= np.exp(rng.normal(0, 0.08, size) * wide[:, 0])
    poses[:, 5] *= np.exp(rng.normal(0, 0.05, size) * wide[:, 0])
    return torch.from_numpy(poses).float()


def rows(motions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 6) poses of motions (..., 3, 3); what they shear is lost."""
    a, b, c, d = (motions[..., i, j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    determinant = a * d - b * c
    angle = np.degrees(np.arctan2(b, d)) % 360
    x, y, scale = motions[..., 0, 2], motions[..., 1, 2], np.sqrt(np.abs(determinant))
    return np.stack([x, y, angle, determinant < 0, scale, np.hypot(a, c) / np.hypot(b, d)], -1)


def _likeness(shot: Shot) -> NDArray[np.float64]:
    """(2, 24) how like itself an example is when mirrored or not and turned by each step."""
    values, kinds = self_similarity(shot.prepared.picture, shot.prepared.core)
    table = np.zeros((2, 360 // TURN_STEP))
    table[kinds[:, 1].long().numpy(), (kinds[:, 0] / TURN_STEP).long().numpy()] = values.numpy()
    return table


def _judged(poses: Tensor, truths: Sequence[Copy], alike: NDArray[np.float64]) -> tuple[Tensor, Tensor, Tensor]:
    """Target (1 a copy, 0 none, -1 unsure), correction and which of it is known, of each pose."""
    if not truths or not len(poses):
        return torch.zeros(len(poses)), torch.zeros(len(poses), 4), torch.zeros(len(poses), 4)
    nearest, motions = apart(poses, truths)
    right, down, angle, mirrored, scale, _ = motions.T
    growth, off, turn = np.log(scale), np.hypot(right, down), (angle + 180) % 360 - 180
    plain = (mirrored < 0.5) & (np.abs(turn) <= TURNED)
    likeness = alike[mirrored.astype(int), np.round(angle / TURN_STEP).astype(int) % (360 // TURN_STEP)]
    targets = np.where(plain | (likeness >= SAME), 1.0, np.where(likeness < OTHER, 0.0, -1.0))
    targets[(off > NEAR) | (np.abs(growth) > GROWN) | np.array([copy.gone for copy in truths])[nearest]] = -1.0
    targets[(off > 1.8 * NEAR) | (np.abs(growth) > 1.5 * GROWN)] = 0.0
    corrections = np.stack([right / verify.SHIFT, down / verify.SHIFT, np.where(plain, turn, 0) / verify.TURN,
                            growth / verify.GROWTH], 1) * (targets == 1)[:, None]
    known = np.repeat((targets == 1)[:, None], 4, axis=1)
    known[:, 2] &= plain  # a turn that only symmetry allows says nothing of the angle
    return single(targets), single(corrections), single(known)


def apart(poses: Tensor, truths: Sequence[Copy]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of poses (n, 6) which copy is nearest (n,), and the motion (n, 6) in the example's frame that takes the pose to it."""
    square = np.tile(np.eye(3), (len(poses), 1, 1))
    square[:, :2] = matrices(poses).double().numpy()
    between = rows(np.linalg.inv(square)[:, None] @ np.array([copy.motion for copy in truths])[None])  # (n, m, 6)
    nearest = np.hypot(between[..., 0], between[..., 1]).argmin(axis=1)
    return nearest, between[np.arange(len(poses)), nearest]


def single(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
