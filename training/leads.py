"""Leads: wires that go on from the same points of every copy, as from the terminals of a circuit's parts."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from training.canvas import Canvas, Fill, Points, Shape, Stroke, affine
from training.styles import Style
from training.truth import Instance
from training.wires import dot

PAGES = {"ends": 0.6, "through": 0.3, "isolated": 0.15}  # chance that a drawing's symbols have leads, by how wires meet them,
CLASSES, ENDS, COPIES = 0.75, 0.7, 0.92                  # that a class has, that an end has one, and that a copy has it
NEAR = 0.03            # of a symbol's longer side from its edge, where a stroke reaches it
LENGTHS = (0.3, 2.5)   # of a lead, in longer sides
BENT, DOTTED = 0.5, 0.15
SIDES: Points = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def draw_leads(canvas: Canvas, placed: list[Instance], shapes: list[Shape], style: Style, rng: Generator) -> None:
    """Wires away from copies of classes, whose shapes lie about the origin at pose scale 1."""
    if rng.random() >= PAGES[style.connection]:
        return
    colour = style.colours[int(rng.integers(len(style.colours)))]
    for label, symbol in enumerate(shapes):
        if rng.random() >= CLASSES:
            continue
        ends = [end for end in terminals(symbol) if rng.random() < ENDS]
        for one in placed:
            for at, out in ends if one.label == label else []:
                if rng.random() < COPIES:
                    path = _lead(one, at, out, rng)
                    canvas.draw(Shape((Stroke(path),)), affine(), colour, style.line_width)
                    if rng.random() < DOTTED:
                        canvas.draw(dot(rng, style), affine(float(path[-1, 0]), float(path[-1, 1])), colour, 1.0)


def terminals(symbol: Shape) -> list[tuple[Points, Points]]:
    """Where strokes and fills reach a side of a shape's box, (2,) each, and the way out, (2,)."""
    left, top, right, bottom = symbol.extent()
    near = NEAR * max(right - left, bottom - top)
    edges, found = (right, -left, bottom, -top), list[tuple[Points, Points]]()
    for out, edge in zip(SIDES, edges, strict=True):
        for part in symbol.parts:
            if isinstance(part, Fill) and part.erase:
                continue
            for points in part.contours if isinstance(part, Fill) else (part.points,):
                reaching = points[points @ out > edge - near]
                if len(reaching):
                    found.append((reaching.mean(axis=0), out))
    return found


def _lead(one: Instance, at: Points, out: Points, rng: Generator) -> Points:
    """(2 or 3, 2) the corners of a wire from a point of a copy."""
    matrix, longer = one.matrix, max(one.width, one.height) * one.pose.scale
    way = matrix[:, :2] @ out
    way = way / np.hypot(*way)
    first, second = (longer * float(rng.uniform(*LENGTHS)) for _ in range(2))
    path = [start := matrix[:, :2] @ at + matrix[:, 2], start + way * first]
    if rng.random() < BENT:
        path.append(path[-1] + np.array([-way[1], way[0]]) * second * float(rng.choice([-1.0, 1.0])))
    return np.array(path)
