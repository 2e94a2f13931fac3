"""Conduit between the devices: detection loops along the corridors with drops into rooms, notification in arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.canvas import Points, apply
from training.sample.building import Part, Room
from training.sample.devices import Copy
from training.sample.paper import LOOP, NOTIFY, XY, Layer, Paper

DETECTORS = ("smoke detector", "smoke detector with relay base", "heat detector")
NOTIFIERS = ("sounder", "sounder beacon", "beacon")
FARTHEST = 8.0  # metres between neighbours on one notification circuit
THROUGH = 4  # every so many devices the line runs through the sign


@dataclass(frozen=True)
class Local:
    """A device in the metres of its block."""

    x: float
    y: float
    copy: Copy

    @property
    def gap(self) -> float:
        return min(self.copy.device.size()) / 2


def draw_wiring(paper: Paper, parts: Sequence[Part], copies: Sequence[Copy]) -> None:
    """All circuits of the sheet."""
    for index, part in enumerate(parts):
        own = [_local(part, copy) for copy in copies if copy.part == index]
        spines = [corridor for corridor in part.corridors if corridor.width > 20]
        for spine in spines:
            _loop(paper, part, spine, [device for device in own if _spine_of(spines, device) is spine])
            _circuit(paper, part, [device for device in own if _spine_of(spines, device) is spine])


def _local(part: Part, copy: Copy) -> Local:
    turn = part.place.matrix()
    x, y = np.linalg.inv(turn[:, :2]) @ (np.array([copy.pose.x, copy.pose.y]) - turn[:, 2])
    return Local(float(x), float(y), copy)


def _spine_of(spines: Sequence[Room], device: Local) -> Room:
    return min(spines, key=lambda spine: abs(spine.centre[1] - device.y))


def _loop(paper: Paper, part: Part, spine: Room, devices: Sequence[Local]) -> None:
    """A line down the corridor through its detectors, and a drop to the first detector of each room."""
    middle = spine.centre[1]
    detectors = sorted((device for device in devices if device.copy.device.name in DETECTORS), key=lambda device: device.x)
    stations = [device for device in detectors if abs(device.y - middle) < 0.05]
    for number, (a, b) in enumerate(pairwise(stations)):
        start = a.x if number % THROUGH == 2 else a.x + a.gap
        stop = b.x if (number + 1) % THROUGH == 2 else b.x - b.gap
        _draw(paper, part, [(start, middle), (stop, middle)], LOOP, dashed=True)
    rooms: dict[str, list[Local]] = {}
    for device in detectors:
        if device not in stations:
            rooms.setdefault(device.copy.room, []).append(device)
    drops = [_drop(paper, part, room, middle, stations) for room in rooms.values()]
    for end, station in ((min(drops), stations[0]), (max(drops), stations[-1])):
        way = 1.0 if end > station.x else -1.0
        if way * (end - station.x) > station.gap:
            _draw(paper, part, [(station.x + way * station.gap, middle), (end, middle)], LOOP, dashed=True)


def _drop(paper: Paper, part: Part, room: Sequence[Local], middle: float, stations: Sequence[Local]) -> float:
    """Wires a room's detectors to the corridor's line; returns where on it."""
    first = min(room, key=lambda device: abs(device.x - stations[0].x))
    way = 1.0 if first.y < middle else -1.0
    _draw(paper, part, [(first.x, first.y + way * first.gap), (first.x, middle)], LOOP, dashed=True)
    corners = [(first.x + a, middle + b) for a, b in ((-0.07, -0.07), (0.07, -0.07), (0.07, 0.07), (-0.07, 0.07))]
    paper.fill(part.place.on_sheet(corners), LOOP)
    for a, b in pairwise(room):
        _draw(paper, part, _between(a, b), LOOP, dashed=True)
    return first.x


def _circuit(paper: Paper, part: Part, devices: Sequence[Local]) -> None:
    """Arcs from one sounder or beacon to the next along the building."""
    chain = sorted((device for device in devices if device.copy.device.name in NOTIFIERS), key=lambda device: device.x)
    for number, (a, b) in enumerate(pairwise(chain)):
        if np.hypot(a.x - b.x, a.y - b.y) > FARTHEST:
            continue
        bulge = 0.12 if number % 2 else -0.12
        start, stop = (0.0 if number % THROUGH == 1 else a.gap), b.gap
        _draw(paper, part, _clipped(_arc((a.x, a.y), (b.x, b.y), bulge), start, stop), NOTIFY)


def _between(a: Local, b: Local) -> list[XY]:
    points = np.array([[a.x, a.y], [b.x, b.y]])
    return _clipped(np.linspace(points[0], points[1], 40), a.gap, b.gap)


def _arc(start: XY, stop: XY, bulge: float) -> Points:
    first, last = np.array(start), np.array(stop)
    across = np.array([-(last - first)[1], (last - first)[0]])
    turns = np.linspace(0, 1, 60)[:, None]
    curve: Points = first + turns * (last - first) + 4 * bulge * turns * (1 - turns) * across
    return curve


def _clipped(points: Points, start: float, stop: float) -> list[XY]:
    """The part of a curve that is `start` from its beginning and `stop` from its end."""
    far = (np.linalg.norm(points - points[0], axis=1) >= start) & (np.linalg.norm(points - points[-1], axis=1) >= stop)
    return [(float(x), float(y)) for x, y in points[far]]


def _draw(paper: Paper, part: Part, points: Sequence[XY], layer: Layer, dashed: bool = False) -> None:
    if len(points) < 2:
        return
    sheet = [(float(x), float(y)) for x, y in apply(part.place.matrix(), np.array(points))]
    if dashed:
        paper.dashed(sheet, layer, (0.42, 0.16))
    else:
        paper.line(sheet, layer)
