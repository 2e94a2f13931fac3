"""What the jury learns from: examples beside the candidates that the coarse search proposes, settled as the detector settles.

So it sees what it will meet: candidates that lie as exactly as they can, whose differences are differences of ink.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from app.engine import verify
from app.engine.example import Prepared
from app.engine.levels import reduced
from app.engine.pictures import Sheet, sharp_beside, sharp_crops
from app.engine.poses import crops, distinct, matrices
from app.engine.settle import settled, softened
from app.engine.verify import spread, viewed
from training.agreement import agreement, tolerance
from training.drawings import Drawing, Symbol
from training.pairs import Copy, apart, legible, make_scene, perturbed, rows, single
from training.shots import Shot, bare

COPIES = 12            # places with a copy, settled for each example,
OTHERS = 40            # and places with none, the most alike
HARDEST = 12           # of these kept once they are settled, the most alike,
EASIER = 3             # and of the rest
REPEATED = 1           # times more that another symbol is shown of which all but a detail is the example's
LOOSE = 0.3            # of the candidates, laid a little off
NEAR, GROWN, TURNED = 5.0, 0.13, 12.0  # picture pixels, log scale, degrees within which a settled pose is right,
STRETCHED = 0.13       # and log stretch
FAR, OTHER_SIZE = 18.0, 0.45           # from which it is another place
LEAST, MOST = 0.07, 0.12  # share of ink by which two pictures may differ and be the same; from which they are not
ALIKE = 0.9            # correlation below which they are not
UNSEEN, SEEN = 0.03, 0.055  # ink of one, far from the other's, in a spot of SPOT pixels: up to which nobody sees that they
SPOT = 5               # differ, from which one does; an arrow the other way round is no more
AROUND = 0.2           # share of an example's ink around its box from which a place is not the symbol alone


@dataclass(frozen=True)
class Trials:
    """Examples beside settled candidates."""

    pictures: Tensor  # (p, 5, 96, 96) uint8: example, candidate, box, and what of example and candidate is foreign
    targets: Tensor   # (p,) 1 for a copy
    longer: Tensor    # (p,) px of the example's longer side on its page

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: Tensor) -> Trials:
        return Trials(self.pictures[rows], self.targets[rows], self.longer[rows])

    def turned(self, quarters: int, flipped: bool) -> Trials:
        """Both pictures turned counter-clockwise by quarters, then flipped left to right."""
        return Trials(viewed(self.pictures, quarters, flipped), self.targets, self.longer)

    def to(self, device: str) -> Trials:
        return Trials(self.pictures.to(device), self.targets.to(device), self.longer.to(device))

    @staticmethod
    def none() -> Trials:
        none = torch.zeros(0, verify.SHARP_PLANES, verify.SHARP, verify.SHARP, dtype=torch.uint8)
        return Trials(none, torch.zeros(0), torch.zeros(0))


def make_trials(drawing: Drawing[Symbol], sheet: Sheet, shot: Shot, rng: np.random.Generator) -> Trials | None:
    """The trials of one example; None where it is not legible, or the drawing cannot be brought
    to its scale."""
    inked, prepared, clean = sheet.inked, shot.prepared, torch.from_numpy(bare(drawing, shot))
    if not legible(clean, prepared.picture[None], prepared.longer) or (scene := make_scene(drawing, inked, shot, rng)) is None:
        return None
    order = torch.argsort(scene.fits, descending=True)
    on_copy = torch.from_numpy(_on_copy(scene.poses, scene.truths))[order]
    kept = torch.cat([order[on_copy][:COPIES], order[~on_copy][:OTHERS]])
    poses = torch.cat([scene.poses[kept], perturbed(scene.truths, rng)])
    if not len(poses):
        return None
    poses, fits = settled(softened(scene.level), prepared.picture, prepared.mask * prepared.shown, poses)
    poses = poses[torch.argsort(fits, descending=True)]
    poses = _loosened(poses[distinct(poses, len(poses))], rng)
    targets = _labelled(poses, scene.truths, clean, prepared.longer)
    seen = crops(scene.level, matrices(poses), verify.SIZE) * prepared.shown
    sure = (targets == 1) | ((targets == 0) & ~indistinct(prepared, seen))
    wrong = torch.nonzero(sure & (targets == 0))[:, 0]
    nearly = wrong[_nearly(prepared, seen[wrong])][:HARDEST]
    rest = wrong[HARDEST:][torch.from_numpy(rng.permutation(max(len(wrong) - HARDEST, 0)))[:EASIER]]
    kept = torch.cat([torch.nonzero(targets == 1)[:, 0], wrong[:HARDEST], rest, *[nearly] * REPEATED])
    sharp = reduced(inked, scene.level.shape[1] / inked.shape[1] * verify.SHARPER)
    found = sharp_crops(sheet, scene.level.shape, sharp, prepared, poses[kept])
    shown = sharp_beside(prepared.sharp, found, prepared.sharp_mask)
    return Trials((shown * 255).round().to(torch.uint8), targets[kept], torch.full((len(kept),), prepared.longer))


def _on_copy(poses: Tensor, truths: Sequence[Copy]) -> NDArray[np.bool_]:
    if not truths or not len(poses):
        return np.zeros(len(poses), dtype=bool)
    _, motions = apart(poses, truths)
    near: NDArray[np.bool_] = np.hypot(motions[:, 0], motions[:, 1]) < FAR / 2
    return near


def _loosened(poses: Tensor, rng: np.random.Generator) -> Tensor:
    """Poses (n, 6), some of them a little off, as a settling that had a wire to hold to leaves them."""
    loose = torch.from_numpy((rng.random(len(poses)) < LOOSE).astype(np.float32))
    off = torch.from_numpy(rng.normal(0, 1, (len(poses), 5)).astype(np.float32)) * loose[:, None]
    return torch.stack([poses[:, 0] + 0.7 * off[:, 0], poses[:, 1] + 0.7 * off[:, 1], poses[:, 2] + 1.5 * off[:, 2],
                        poses[:, 3], poses[:, 4] * torch.exp(0.015 * off[:, 3]), poses[:, 5] * torch.exp(0.02 * off[:, 4])], 1)


def _labelled(poses: Tensor, truths: Sequence[Copy], clean: Tensor, longer: float) -> Tensor:
    """Target (1 a copy, 0 none, -1 unsure) of each settled pose. A pose that lies on a copy otherwise than it is counts as the
    copy looks under it, by the clean picture (64, 64) of the symbol, which is `longer` px on the page."""
    if not truths:
        return torch.zeros(len(poses))
    nearest, motions = apart(poses, truths)
    right, down, angle, mirrored, scale, stretch = motions.T
    growth, off, turn = np.log(scale), np.hypot(right, down), (angle + 180) % 360 - 180
    sized = (off <= NEAR) & (np.abs(growth) <= GROWN) & (np.abs(np.log(stretch)) <= STRETCHED)
    plain = sized & (mirrored < 0.5) & (np.abs(turn) <= TURNED)
    same, other = np.zeros((2, len(poses)), dtype=bool)
    if (unclear := sized & ~plain).any():
        same[unclear], other[unclear] = looks(motions[unclear], clean, longer)
    targets = np.where(plain | same, 1.0, np.where(other, 0.0, -1.0))
    targets[(off > FAR) | (np.abs(growth) > OTHER_SIZE)] = 0.0
    targets[np.array([copy.blurred for copy in truths])[nearest] & (off <= FAR)] = -1.0
    return single(targets)


def looks(motions: NDArray[np.float64], clean: Tensor, longer: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a symbol's clean picture looks the same after the turns and mirrorings of motions (n, 6), and whether it looks
    different, laid over itself as exactly as the detector lays it: that a pose is a little off makes no other symbol."""
    square = np.tile(np.eye(3), (len(motions), 1, 1))
    square[:, :2] = matrices(torch.from_numpy(motions)).numpy()
    back = rows(np.linalg.inv(square).astype(np.float64))
    back[:, :2] += verify.SIZE / 2
    back[:, 4:] = 1.0
    poses, _ = settled(softened(clean), clean, torch.ones_like(clean), single(back))
    moved = crops(clean, matrices(poses), verify.SIZE)
    by = 2 * max(1, math.ceil(verify.SYMBOL / longer / 2)) + 1  # half a pixel of the page, which moves strokes by as much
    correlation, missing, extra = agreement(clean, torch.ones_like(clean), moved, by).unbind(1)
    worse, gap = torch.maximum(missing, extra), worst_spot(clean, torch.ones_like(clean), moved, by)
    same = (correlation > ALIKE) & (worse < LEAST) & (gap < UNSEEN)
    return same.numpy(), ((correlation < ALIKE - 0.1) | (worse > MOST) | (gap > SEEN)).numpy()


def _nearly(example: Prepared, seen: Tensor) -> Tensor:
    """Which of the pictures (n, S, S) have all but a little of the example's ink and hardly more."""
    correlation, missing, extra = agreement(example.picture, example.mask, seen).unbind(1)
    return (correlation > ALIKE - 0.05) & (missing < LEAST) & (extra < MOST)


def indistinct(example: Prepared, seen: Tensor) -> Tensor:
    """Which of the pictures (n, S, S) nobody could tell from the example on this page, whatever they are."""
    correlation, missing, extra = agreement(example.picture, example.mask, seen, verify.SPREADS[1]).unbind(1)
    gap = worst_spot(example.picture, example.mask, seen, tolerance(example.longer))
    return (correlation > ALIKE) & (missing < LEAST) & (extra < LEAST) & (gap < UNSEEN) & ~set_apart(example, seen)


def set_apart(example: Prepared, seen: Tensor) -> Tensor:
    """Which of the pictures (n, S, S) hold much ink around the example's box: a frame or a stem makes another symbol."""
    around = (seen * (1 - example.mask)).sum((1, 2))
    return around > AROUND * (example.picture * example.mask).sum()


def worst_spot(picture: Tensor, mask: Tensor, seen: Tensor, by: int = verify.SPREADS[0]) -> Tensor:
    """(n,) of pictures (n, S, S) the most ink in any small spot of the box that the other picture has not within `by` px."""
    ink, found = picture * mask, seen * mask
    gap = torch.maximum(ink * (1 - spread(found, by)), found * (1 - spread(ink[None], by)))
    return F.avg_pool2d(gap[:, None], SPOT, 1, SPOT // 2).amax((1, 2, 3))
