"""What stands in the rooms: desks, beds, tables, fixtures, stairs, lifts."""

from __future__ import annotations

import numpy as np

from training.canvas import Points, arc
from training.sample.building import Room
from training.sample.paper import DOOR, FURNITURE, XY, Layer, Paper, Place

NARROW = 3.0  # metres; smaller rooms get one piece


class Furnisher:
    """Draws in a room's own frame: 0, 0 is its upper left corner; `flip` turns the room upside down."""

    def __init__(self, paper: Paper, place: Place, room: Room, flip: bool) -> None:
        self._paper, self._place, self._room, self._flip = paper, place, room, flip
        self.width, self.height = room.width, room.height

    def line(self, *points: XY, layer: Layer = FURNITURE, closed: bool = False) -> None:
        self._paper.line(self._place.on_sheet([self._local(x, y) for x, y in points]), layer, closed)

    def box(self, x: float, y: float, width: float, height: float, layer: Layer = FURNITURE) -> None:
        self.line((x, y), (x + width, y), (x + width, y + height), (x, y + height), layer=layer, closed=True)

    def circle(self, x: float, y: float, radius: float, start: float = 0.0, stop: float = 360.0) -> None:
        points: Points = arc(radius, start, stop, x, y, 24)
        self.line(*((float(a), float(b)) for a, b in points), closed=stop - start >= 360)

    def _local(self, x: float, y: float) -> XY:
        return self._room.x + x, self._room.y + (self.height - y if self._flip else y)


def furnish(paper: Paper, place: Place, room: Room) -> None:
    """Draws a room's furniture; rooms with windows below are the ones above, turned over."""
    flip = (bool(room.windows) and room.windows[0].side == "s") or (bool(room.doors) and room.doors[0].side == "n")
    draw = FITTINGS.get(room.kind)
    if draw:
        draw(Furnisher(paper, place, room, flip))


def _desk(f: Furnisher, x: float, y: float) -> None:
    f.box(x, y, 1.6, 0.7)
    f.box(x + 0.5, y + 0.06, 0.6, 0.1)
    f.box(x + 0.55, y + 0.82, 0.5, 0.45)
    f.line((x + 0.55, y + 1.33), (x + 1.05, y + 1.33))


def _office(f: Furnisher) -> None:
    _desk(f, 0.5, 0.6)
    f.box(f.width - 0.75, 0.4, 0.45, 1.8)
    f.line((f.width - 0.75, 1.3), (f.width - 0.3, 1.3))
    if f.width > 4.7:
        _desk(f, 2.5, 0.6)


def _patient(f: Furnisher) -> None:
    f.box(0.2, 1.0, 2.1, 1.0)
    f.box(0.28, 1.12, 0.4, 0.76)
    f.line((0.9, 1.0), (0.9, 2.0))
    f.box(0.2, 2.15, 0.5, 0.5)
    f.line((f.width - 0.2, 0.9), (f.width - 0.8, 0.9), (f.width - 0.8, 1.6), (f.width - 0.2, 1.6))
    f.circle(f.width - 0.5, f.height - 2.7, 0.24)


def _meeting(f: Furnisher) -> None:
    x, y, long = f.width / 2, f.height * 0.36, min(3.2, f.width - 2.2)
    f.box(x - long / 2, y - 0.55, long, 1.1)
    for at in np.linspace(-long / 2 + 0.4, long / 2 - 0.4, 4):
        for side in (-1, 1):
            f.circle(x + float(at), y + side * 0.9, 0.22)
    f.line((x - 0.9, 0.15), (x + 0.9, 0.15), layer=DOOR)


def _open(f: Furnisher) -> None:
    for x in np.arange(0.9, f.width - 3.2, 4.2):
        for shift in (0.0, 1.6):
            f.box(float(x) + shift, 0.9, 1.6, 0.75)
            f.box(float(x) + shift, 1.65, 1.6, 0.75)
            f.circle(float(x) + shift + 0.8, 0.62, 0.22)
            f.circle(float(x) + shift + 0.8, 2.68, 0.22)


def _store(f: Furnisher) -> None:
    f.box(0.15, 0.15, f.width - 0.3, 0.45)
    for x in np.arange(0.9, f.width - 0.3, 0.9):
        f.line((float(x), 0.15), (float(x), 0.6))
    if f.width > NARROW:
        f.box(0.15, 0.7, 0.4, f.height * 0.4)


def _plant(f: Furnisher) -> None:
    f.box(0.2, 0.2, 0.5, 1.2)
    f.line((0.2, 0.2), (0.7, 1.4))
    f.box(0.8, 0.2, 0.5, 1.2)
    if f.width > NARROW:
        f.box(f.width - 1.3, 0.2, 1.1, 0.6)
        f.circle(f.width - 1.0, 0.5, 0.18)
        f.circle(f.width - 0.5, 0.5, 0.18)


def _toilet(f: Furnisher) -> None:
    for x in np.arange(0.1, f.width - 1.0, 0.95):
        f.line((float(x) + 0.95, 0.1), (float(x) + 0.95, 1.5), layer=DOOR)
        f.line((float(x), 1.5), (float(x) + 0.3, 1.5), layer=DOOR)
        f.box(float(x) + 0.28, 0.12, 0.42, 0.18)
        f.circle(float(x) + 0.49, 0.5, 0.18)
    f.box(0.12, f.height - 1.9, 0.5, 1.6)
    for y in (f.height - 1.5, f.height - 0.7):
        f.circle(0.37, y, 0.17)


def _stair(f: Furnisher) -> None:
    middle, long = f.height * 0.42, f.width - 1.9
    for x in np.arange(1.5, 1.5 + long - 0.3, 0.28):
        f.line((float(x), 0.12), (float(x), middle * 2 - 0.12), layer=DOOR)
    f.box(1.4, middle - 0.05, long - 0.2, 0.1, DOOR)
    f.line((1.3, middle * 1.5), (0.7 + long, middle * 1.5), layer=DOOR)
    f.line((0.4 + long, middle * 1.5 - 0.15), (0.7 + long, middle * 1.5), (0.4 + long, middle * 1.5 + 0.15), layer=DOOR)
    cut = 1.3 + long * 0.45
    f.line((cut, 0.1), (cut + 0.2, middle), (cut + 0.05, middle), (cut + 0.3, middle * 2), layer=DOOR)


def _lift(f: Furnisher) -> None:
    f.box(0.25, 0.7, f.width - 0.5, f.height - 1.3, DOOR)
    f.line((0.25, 0.7), (f.width - 0.25, f.height - 0.6), layer=DOOR)
    f.line((f.width - 0.25, 0.7), (0.25, f.height - 0.6), layer=DOOR)
    f.box(0.4, 0.2, f.width - 0.8, 0.3, DOOR)


def _nurse(f: Furnisher) -> None:
    f.line((1.0, 0.6), (4.9, 0.6), (4.9, 2.8), (4.3, 2.8), (4.3, 1.2), (1.0, 1.2), closed=True)
    for x in (1.8, 2.8, 3.6):
        f.circle(x, 1.6, 0.24)


FITTINGS = {"office": _office, "patient": _patient, "meeting": _meeting, "open": _open, "store": _store, "plant": _plant,
            "toilet": _toilet, "stair": _stair, "lift": _lift, "nurse": _nurse}
