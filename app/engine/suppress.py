"""One find a place: the best claims it, over the symbols of a request and over the negative examples among them. A place is as
large as the ink of the example: of neighbours in a dense row, none lies in the margin of one that was boxed loosely.

A symbol that is part of another lies as well on that one's copies. So a find that is likely itself and explains much more ink
claims the place of one with better odds: the more ink, the less likely all of it is there by chance. Of two that differ by a
detail the odds know better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Box, iou
from app.engine.poses import laid

OVERLAP = 0.3     # IoU of boxes from which two finds claim the same place
CONTAINED = 0.7   # share of the smaller box inside the larger from which they do
PLAY = 1.02       # a find may lie this factor outside the sizes looked for
SHOWN = 0.5       # score from which a find shows a copy, as if the example were cut from the page
HOLDS = 0.5       # times its squared ratio of ink, the odds by which a find may be worse than one that it holds

Rows = NDArray[np.float64]


def within(scales: Rows, band: tuple[float, float]) -> NDArray[np.bool_]:
    """Which of some scales (...) belong to a band of sizes looked for."""
    result: NDArray[np.bool_] = (scales >= band[0] / PLAY) & (scales <= band[1] * PLAY)
    return result


@dataclass(frozen=True)
class Found:
    """Finds of one example of `size` width and height, its ink in an `extent`, of which the symbol's own is `longer` px and
    so much `ink`: poses (N, 6) on the page, scores (N,) and evidence (N, E)."""

    symbol: int
    positive: bool
    size: tuple[int, int]
    extent: Box
    longer: float
    ink: float
    poses: Rows
    scores: Rows
    evidence: Rows

    def polygons(self) -> Rows:
        """(N, 4, 2) corners of the whole."""
        return self._placed(Box(0, 0, *self.size))

    def extents(self) -> Rows:
        """(N, 4) upright boxes around their ink."""
        corners = self._placed(self.extent)
        low, high = corners.min(axis=1), corners.max(axis=1)
        return np.concatenate([low, high - low], axis=1)

    def _placed(self, box: Box) -> Rows:
        """(N, 4, 2) corners of a box of the example's."""
        return laid(self.poses, box.corners() - np.array(self.size) / 2)

    def sized(self, scale_min: float, scale_max: float) -> Found:
        """Those of such sizes."""
        return self.only(within(self.poses[:, 4], (scale_min, scale_max)))

    def likely(self, score: float) -> Found:
        """Those of such a score at least."""
        return self.only(self.scores >= score)

    def only(self, rows: NDArray[np.bool_]) -> Found:
        """Some (N,) of them."""
        return replace(self, poses=self.poses[rows], scores=self.scores[rows], evidence=self.evidence[rows])


@dataclass(frozen=True)
class Kept:
    """A find that keeps its place: pose (6,), polygon (4, 2), evidence (E,)."""

    symbol: int
    score: float
    pose: Rows
    polygon: Rows
    evidence: Rows


def suppressed(found: Sequence[Found]) -> list[Kept]:
    """The finds that keep their place, best first."""
    polygons = np.concatenate([f.polygons() for f in found])
    poses, scores = np.concatenate([f.poses for f in found]), np.concatenate([f.scores for f in found])
    evidence = np.concatenate([f.evidence for f in found])
    symbols = np.concatenate([np.full(len(f.scores), f.symbol) for f in found])
    positive = np.concatenate([np.full(len(f.scores), f.positive) for f in found])
    inks = np.concatenate([f.ink * f.poses[:, 4] ** 2 for f in found])
    odds = scores / np.clip(1 - scores, 1e-6, None)
    boxes = np.concatenate([f.extents() for f in found])
    order = np.lexsort((boxes[:, 1], boxes[:, 0], symbols, positive, -odds))  # of equals, a look-alike goes first
    free = np.ones(len(order), dtype=bool)
    kept = []
    for n in order:
        if not free[n]:
            continue
        claimed = _claimed(boxes[n], boxes)
        other = (symbols != symbols[n]) | (positive != positive[n])
        more = inks / max(inks[n], 1e-6)
        richer = claimed & free & other & (more > 1) & (odds >= 1) & (odds * HOLDS * more**2 >= odds[n])
        best = int(np.argmax(np.where(richer, odds, -1))) if richer.any() else n
        free[claimed | _claimed(boxes[best], boxes)] = False
        if positive[best]:
            kept.append(Kept(int(symbols[best]), float(scores[best]), poses[best], polygons[best], evidence[best]))
    return sorted(kept, key=lambda one: -one.score)


def copies(found: Sequence[Found]) -> int:
    """How many copies some finds of an example show."""
    likely = [one.likely(SHOWN) for one in found]
    return len(suppressed(likely)) if likely else 0


def shows(found: Found, before: Found | None = None) -> bool:
    """Whether some finds of an example show a copy; with earlier ones, whether they show one where these do not."""
    places, known = (each.poses[each.scores >= SHOWN, None, :2] if each else np.zeros((0, 1, 2)) for each in (found, before))
    apart = np.linalg.norm(places - known.swapaxes(0, 1), axis=2)  # (n, m)
    return bool((apart > found.longer / 2).all(axis=1).any())


def _claimed(box: Rows, boxes: Rows) -> NDArray[np.bool_]:
    """Which of boxes (N, 4) lie on the place of a box (4,)."""
    overlap = iou(box[None], boxes)[0]
    area, areas = box[2:].prod(), boxes[:, 2:].prod(axis=1)
    shared = overlap * (area + areas) / (1 + overlap)
    result: NDArray[np.bool_] = (overlap >= OVERLAP) | (shared >= CONTAINED * np.minimum(area, areas))
    return result
