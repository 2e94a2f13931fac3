"""Examples of a drawing's symbols, boxed as users box them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from app.engine import verify
from app.engine.cover import painted_out
from app.engine.example import Prepared, prepare
from app.engine.geometry import Box
from app.engine.ink import Colour, background, body_box, ink
from app.engine.inspect import place
from training.agreement import agreement
from training.canvas import Canvas, affine
from training.degrade import degrade
from training.drawings import Drawing, Instance, Symbol, draw_alone
from training.likeness import render
from training.styles import of_size, random_style

ALONE, ELSEWHERE = 0.13, 0.17  # of examples, drawn alone as a legend shows them, and taken from other drawings
RESIZED, STRETCH = (-0.8, 0.8), 0.04  # log, bounds of the size of these to its size here, and how much wider they are drawn
TRIED, CHOSEN = 3, 0.8  # copies of which the clearest is boxed, and how often it is chosen so
COVERED = 0.08      # of examples, with a spot on the edge painted out, as the detector paints out what lies on one,
SPOT = (0.1, 0.25)  # of so much of its longer side in radius
FAINT, SPOILT = 0.3, 0.7  # share of an example's ink that may be missing, and of missing and foreign ink together

Matrix = NDArray[np.float64]  # (3, 3)


@dataclass(frozen=True)
class Shot:
    """An example of a class; `to_page` takes its picture's pixels to the drawing's at the copy it was taken from."""

    label: int
    prepared: Prepared
    own: int               # index of the copy it was cut from, -1 for one drawn alone
    to_symbol: Matrix      # picture's pixels → the symbol's own frame


def take_shot(drawing: Drawing[Symbol], paper: Colour, rng: np.random.Generator) -> Shot | None:
    """A copy boxed as a user boxes it, mostly a clear one, or its symbol as a legend or another drawing shows it; None where
    no copy tried is clear."""
    if not drawing.instances:
        return None
    label = int(rng.choice(sorted({i.label for i in drawing.instances})))
    copies = [k for k, i in enumerate(drawing.instances) if i.label == label]
    kind = rng.random()
    if kind < ALONE + ELSEWHERE:
        return (_alone if kind < ALONE else from_another_drawing)(drawing, drawing.instances[int(rng.choice(copies))], rng)
    tried = rng.permutation(copies)[: TRIED if rng.random() < CHOSEN else 1].tolist()
    return clearest(drawing, tried, paper, rng, covered=bool(rng.random() < COVERED))


def clearest(drawing: Drawing[Symbol], copies: Sequence[int], paper: Colour, rng: np.random.Generator,
             covered: bool = False) -> Shot | None:
    """Of some copies of a class the one least crossed and faded, boxed; None where none is fit for an example. One that is
    `covered` has a spot painted out."""
    shots = [shot for k in copies if (shot := _boxed(drawing, k, paper, rng, covered)) is not None]
    judged = [(missing + extra, shot) for shot in shots for missing, extra in [faults(drawing, shot)] if missing <= FAINT]
    fault, best = min(judged, key=lambda pair: pair[0], default=(math.inf, None))
    return best if fault <= SPOILT else None


def _boxed(drawing: Drawing[Symbol], own: int, paper: Colour, rng: np.random.Generator, covered: bool) -> Shot | None:
    instance = drawing.instances[own]
    box = _user_box(instance.box, rng).clipped(drawing.pixels.shape[1], drawing.pixels.shape[0])
    if box is None or min(box.width, box.height) < 5:
        return None
    top, left, bottom, right = place(drawing.pixels, box, paper)
    pixels, known = drawing.pixels[top:bottom, left:right], paper if rng.random() < 0.8 else None
    over = _spot(pixels, paper, rng) if covered else None
    prepared = prepare(pixels, known) if over is None else prepare(painted_out(pixels, over, paper), paper, over)
    to_page = _from_picture(prepared, left, top)
    return Shot(instance.label, prepared, own, np.linalg.inv(pose_matrix(instance)) @ to_page)


def _spot(pixels: NDArray[np.uint8], paper: Colour, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(h, w) a disc over the edge of the ink in an example's (h, w, 3) RGB pixels."""
    inked = ink(pixels, paper)
    box = body_box(inked) or Box(0, 0, inked.shape[1], inked.shape[0])
    along, side = float(rng.uniform()), int(rng.integers(4))
    x, y = ((along, 0.0), (1.0, along), (along, 1.0), (0.0, along))[side]
    radius = max(box.width, box.height) * float(rng.uniform(*SPOT))
    rows, columns = np.indices(inked.shape) + 0.5
    spot: NDArray[np.bool_] = np.hypot(columns - box.x - x * box.width, rows - box.y - y * box.height) <= radius
    return spot


def faults(drawing: Drawing[Symbol], shot: Shot) -> tuple[float, float]:
    """Of an example the share of its symbol's ink that is missing, and what is too much as a share of it."""
    clean = torch.from_numpy(bare(drawing, shot))
    _, missing, extra = agreement(clean, shot.prepared.mask, shot.prepared.picture[None])[0].tolist()
    return missing, extra


def bare(drawing: Drawing[Symbol], shot: Shot) -> NDArray[np.float32]:
    """(SIZE, SIZE) ink of an example's symbol as its picture shows it, without the page around it and what is painted out."""
    unit = next(max(i.width, i.height) for i in drawing.instances if i.label == shot.label)
    to_picture = np.linalg.inv(shot.to_symbol) @ square(affine(scale=unit))
    to_picture[:2, 2] += verify.SIZE / 2
    clean: NDArray[np.float32] = render(drawing.symbols[shot.label], verify.SIZE, to_picture[:2]) * shot.prepared.shown.numpy()
    return clean


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
    from_canvas = np.linalg.inv(square(affine(side / 2, side / 2, size / unit)))
    return Shot(instance.label, prepared, -1, from_canvas @ to_canvas)


def from_another_drawing(drawing: Drawing[Symbol], instance: Instance, rng: np.random.Generator) -> Shot | None:
    """The symbol boxed on another drawing, of a style, size and proportions of its own."""
    unit = max(instance.width, instance.height)
    style = of_size(random_style(rng), unit * float(np.exp(rng.uniform(*RESIZED))))
    pixels, own = draw_alone(drawing.symbols[instance.label], style, math.exp(rng.normal(0, STRETCH)), rng)
    pixels, (own,) = degrade(pixels, (own,), style.background, rng)
    box = _user_box(own.box, rng).clipped(pixels.shape[1], pixels.shape[0])
    if box is None or min(box.width, box.height) < 5:
        return None
    top, left, bottom, right = place(pixels, box, style.background)
    prepared = prepare(pixels[top:bottom, left:right], background(pixels) if rng.random() < 0.8 else None)
    to_own = np.linalg.inv(pose_matrix(own)) @ _from_picture(prepared, left, top)
    return Shot(instance.label, prepared, -1, square(affine(scale=unit / max(own.width, own.height))) @ to_own)


def _from_picture(prepared: Prepared, left: float, top: float) -> Matrix:
    """An example's picture → the pixels of the page it was cut from at left, top."""
    x, y = prepared.ink_box.centre
    scale = prepared.longer / verify.SYMBOL
    return np.array([[scale, 0, left + x], [0, scale, top + y], [0, 0, 1.0]])


def square(matrix: NDArray[np.float64]) -> Matrix:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def pose_matrix(instance: Instance) -> Matrix:
    """The symbol's frame (pixels at pose scale 1) → the page."""
    return square(instance.matrix)
