"""Variants: other symbols of a page that differ from the example by a detail, such as an arrow the other way round.

One of them beside the example may pass for a copy. All of a page's candidates beside each other fall into groups, whose means
show what each alone leaves in doubt.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.evidence import FAR_BEHIND, best_of_places
from app.engine.verify import SYMBOL

GROUPS = (2, 4)      # into which candidates are parted, once and once more
LIKELY = -1.0        # logit from which a candidate counts,
MOST = 128           # and places that do, at most,
FEWEST = 3           # and beside each of which there must be so many
SOFT, SPARSE = 8, 4  # pixels of the jury's picture over which inks are softened, and between their points
ROUNDS = 10          # of Lloyd's steps, at most
NOTHING = 1e-6


def group_behind(example: Tensor, mask: Tensor, own: Tensor, seen: Tensor, poses: Tensor, logit: Tensor,
                 jury: Callable[[Tensor], Tensor]) -> Tensor:
    """(n,) by how much the jury, which gives logits (g,) of pictures (g, 2, S, S) beside the example, says less of the mean of
    a candidate's group than of that of the example's, as far as it takes the candidate for a copy. Candidates are at poses
    (n, 6), with logits (n,), pictures seen (n, 2, S, S) and their own ink (n, S, S); they are parted by what tells them apart
    inside the box (S, S). Nought where a page shows too few, and for one that is a group of its own."""
    places = _places(poses, logit)
    if len(places) <= FEWEST:
        return torch.zeros_like(logit)
    elsewhere = (torch.cdist(poses[:, :2], poses[places, :2]) > SYMBOL / 2).to(own)  # (n, k)
    softer = F.avg_pool2d(torch.cat([own, example[None], mask[None]])[:, None] * mask, SOFT, SPARSE, (SOFT - SPARSE) // 2)[:, 0]
    points = softer[:-1, softer[-1] > 0.5]
    behind = list[Tensor]()
    for count in GROUPS:
        members = _parted(points[places], torch.sigmoid(logit[places]), count)
        total = members.sum(0)
        means = members.T @ points[places] / total[:, None]
        said = jury((members.T @ seen[places].flatten(1) / total[:, None]).reshape(-1, *seen.shape[1:]))
        usual = said[(means - points[-1]).square().sum(1).argmin()]
        group = torch.cdist(points[:-1], means).argmin(1)
        fellows = (elsewhere @ members).gather(1, group[:, None])[:, 0] > 0
        behind.append((usual - said[group]).clamp(0, FAR_BEHIND) * fellows)
    told = torch.stack(behind).mean(0) * (elsewhere.sum(1) >= FEWEST)
    return torch.minimum(told, logit.clamp(min=0))


def _places(poses: Tensor, logit: Tensor) -> Tensor:
    """(k,) indices of the likeliest pose of each place that counts."""
    counts = torch.nonzero(logit > LIKELY)[:, 0]
    centres, sure = (rows[counts].double().cpu().numpy() for rows in (poses[:, :2], logit))
    return counts[best_of_places(centres, np.full(len(counts), SYMBOL / 2), sure, MOST)]


def _parted(held: Tensor, sure: Tensor, count: int) -> Tensor:
    """(k, g) how much of each of g groups, `count` at most, places with points held (k, P), as sure (k,), are: k-means (Lloyd
    1982) from those farthest apart."""
    apart = torch.cdist(held, held)
    seeds = list(divmod(int(apart.argmax()), len(held)))
    while len(seeds) < min(count, len(held)):
        seeds.append(int(apart[:, seeds].amin(1).argmax()))
    group = apart[:, seeds].argmin(1)
    for _ in range(ROUNDS):
        members = F.one_hot(group, len(seeds)).to(held) * sure[:, None]
        means = members.T @ held / members.sum(0).clamp(min=NOTHING)[:, None]
        before, group = group, torch.cdist(held, means).masked_fill(members.sum(0) == 0, torch.inf).argmin(1)
        if torch.equal(group, before):
            break
    members = F.one_hot(group, len(seeds)).to(held) * sure[:, None]
    return members[:, members.sum(0) > 0]
