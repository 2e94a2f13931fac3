"""SimCLR views of symbol crops: what happens to a symbol between its example and its copies on a drawing.

Pictures are float32 ink in [0, 1] at the encoder's scale. A patch (PATCH, PATCH) is a symbol in its surroundings, wide
enough to be turned and shrunk; a view (CROP, CROP) is what the encoder's `crops` takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.engine.encoder import MARGIN, WINDOW
from app.engine.geometry import Box, Pose

Picture = NDArray[np.float32]
Random = np.random.Generator

CROP = WINDOW + 2 * MARGIN
PATCH = 208  # a crop shrunk by a fifth, shifted and turned by 45° still lies in it


@dataclass(frozen=True)
class Augmentation:
    """How far and how often a view departs from its patch. Lengths in pixels of the encoder's scale."""

    turn: float = 180.0      # most degrees either way
    mirror: float = 0.5      # share of views
    scale: float = 0.2       # most growth or shrinkage
    shift: float = 4.0       # most pixels along each side
    loosen: float = 0.3      # most margin of an example's box, as a share of its longer side
    alone: float = 0.4       # share of views cut out of their surroundings, as an example is
    often: float = 0.5       # share of views in which each of contrast, thickness, wires happens
    seldom: float = 0.25     # share in which each of blur, JPEG, noise, cut-outs happens


STILL = Augmentation(turn=0, mirror=0, scale=0, shift=0, loosen=0, alone=0, often=0, seldom=0)


def view(patch: Picture, box: Box, rng: Random, how: Augmentation) -> Picture:
    """A random view (CROP, CROP) of a patch (PATCH, PATCH); `box` is the symbol's box on the patch."""
    alone = rng.random() < how.alone
    picture = placed(cut_out(patch, loosened(box, rng, how.loosen)) if alone else patch, random_pose(rng, how))
    changes: tuple[tuple[float, Callable[[Picture, Random], Picture]], ...] = (
        (how.often, thickness), (0.0 if alone else how.often, wires), (how.seldom, holes), (how.often, contrast),
        (how.seldom, blur), (how.seldom, jpeg), (how.seldom, noise))
    for share, change in changes:
        if rng.random() < share:
            picture = change(picture, rng)
    return picture


def loosened(box: Box, rng: Random, most: float) -> Box:
    """A box as drawn by hand: a random margin on each side, up to `most` of the longer side, or a little short."""
    left, top, right, bottom = rng.uniform(-0.05, rng.uniform(0, 1), 4) * most * max(box.width, box.height)
    return Box(box.x - left, box.y - top, box.width + left + right, box.height + top + bottom)


def cut_out(picture: Picture, box: Box) -> Picture:
    """The picture inside the box, paper around it."""
    out = np.zeros_like(picture)
    left, top = max(0, round(box.x)), max(0, round(box.y))
    inside = np.s_[top : max(top, round(box.y + box.height)), left : max(left, round(box.x + box.width))]
    out[inside] = picture[inside]
    return out


def random_pose(rng: Random, how: Augmentation) -> Pose:
    """Where and how the symbol lies, from the middle of the view."""
    x, y = rng.uniform(-how.shift, how.shift, 2)
    scale = math.exp(rng.uniform(-1, 1) * math.log1p(how.scale))
    return Pose(float(x), float(y), rng.uniform(-how.turn, how.turn), bool(rng.random() < how.mirror), scale)


def placed(patch: Picture, pose: Pose) -> Picture:
    """The middle (CROP, CROP) of a patch (PATCH, PATCH) under a pose about its centre."""
    matrix = pose.matrix()
    # the centres of pixels are whole numbers to cv2, so the middle of n pixels lies at (n - 1) / 2
    matrix[:, 2] += (CROP - 1) / 2 - matrix[:, :2] @ np.full(2, (PATCH - 1) / 2)
    return np.asarray(cv2.warpAffine(patch, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR), dtype=np.float32)


def thickness(picture: Picture, rng: Random) -> Picture:
    """Strokes up to a pixel wider on each side or, by half at most, thinner."""
    kernel = np.ones((3, 3) if rng.random() < 0.5 else (2, 2), np.uint8)
    if rng.random() < 0.6:
        return _blend(picture, cv2.dilate(picture, kernel), rng.uniform(0.2, 1.0))
    return _blend(picture, cv2.erode(picture, kernel), rng.uniform(0.1, 0.5))


def wires(picture: Picture, rng: Random) -> Picture:
    """One to three straight lines across the picture, mostly level or upright, as dark as the strokes."""
    lines = np.zeros_like(picture)
    for _ in range(rng.integers(1, 4)):
        angle = float(rng.choice([0, 90])) if rng.random() < 0.8 else rng.uniform(0, 180)
        middle = CROP / 2 + rng.uniform(-WINDOW / 2, WINDOW / 2, 2)
        step = CROP * np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
        start = step * (-1 if rng.random() < 0.7 else 0)  # some end in the symbol
        ends = [tuple(int(v) for v in np.round((middle + part) * 16)) for part in (start, step)]
        cv2.line(lines, ends[0], ends[1], rng.uniform(0.6, 1.0), int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    return np.maximum(picture, lines)


def holes(picture: Picture, rng: Random) -> Picture:
    """Cut-outs: one or two small patches of paper."""
    out = picture.copy()
    for _ in range(rng.integers(1, 3)):
        x, y = (CROP / 2 + rng.uniform(-WINDOW / 2, WINDOW / 2, 2)).astype(int)
        width, height = rng.integers(3, 10, 2)
        out[y : y + height, x : x + width] = 0
    return out


def contrast(picture: Picture, rng: Random) -> Picture:
    """Paler or darker strokes."""
    return _ink(picture ** rng.uniform(0.7, 1.5) * rng.uniform(0.7, 1.3))


def blur(picture: Picture, rng: Random) -> Picture:
    return _ink(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.1)))


def jpeg(picture: Picture, rng: Random) -> Picture:
    """Compressed and read back."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))]
    data = cv2.imencode(".jpg", np.round(picture * 255).astype(np.uint8), quality)[1]
    return _ink(np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.float32) / 255)


def noise(picture: Picture, rng: Random) -> Picture:
    """The grain of a scan, and specks."""
    grain = rng.normal(0, rng.uniform(0.01, 0.08), picture.shape)
    specks = rng.random(picture.shape) < rng.uniform(0, 0.003)
    return _ink(picture + grain + specks * rng.uniform(0.3, 1.0))


def _blend(first: Picture, second: object, share: float) -> Picture:
    return _ink((1 - share) * first + share * np.asarray(second, dtype=np.float32))


def _ink(values: object) -> Picture:
    return np.clip(np.asarray(values, dtype=np.float32), 0.0, 1.0)
