"""Where the devices of the sample stand: detectors in the middle of rooms, call points by exits, sounders on walls."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from app.engine.geometry import Box, Pose, bounds
from training.sample.building import LINK, SIDES, Part, Room
from training.sample.legend import BY_NAME, Device
from training.sample.paper import XY

CLEARANCE = 0.1  # metres between a device and anything else
FACE = 0.15  # from the middle of a wall to a device's back
ALONG = (0.5, 0.3, 0.7, 0.18, 0.82, 0.4, 0.6)  # places tried along a wall


@dataclass(frozen=True)
class Copy:
    """A device on the sheet; its pose is in metres."""

    device: Device
    pose: Pose
    part: int  # index of its block, -1 in the link
    room: str

    @property
    def box(self) -> Box:
        return bounds(self.pose.polygon(*self.device.size()))


class Installer:
    """Puts devices where nothing else is."""

    def __init__(self, taken: Iterable[Box]) -> None:
        self.copies: list[Copy] = []
        self._taken = list(taken)

    def put(self, name: str, part: int, room: str, pose: Pose) -> Copy | None:
        """A copy at this pose, None where something is in its way."""
        copy = Copy(BY_NAME[name], pose, part, room)
        if any(_near(copy.box, box) for box in self._taken):
            return None
        self._taken.append(copy.box)
        self.copies.append(copy)
        return copy

    def ceiling(self, name: str, part: Part, index: int, room: Room, places: Sequence[XY], angle: float = 0.0,
                mirrored: bool = False) -> Copy | None:
        """A copy at the first free place, turned with its block and by `angle`."""
        for place in places:
            x, y = part.place.on_sheet([place])[0]
            copy = self.put(name, index, room.number, Pose(x, y, (part.place.angle + angle) % 360, mirrored))
            if copy:
                return copy
        return None

    def wall(self, name: str, part: Part, index: int, room: Room, sides: Sequence[str], along: Sequence[float] = ALONG,
             mirrored: bool = False) -> Copy | None:
        """A copy with its back on the first free place of these sides; `along` in parts of the side."""
        device = BY_NAME[name]
        width, height = device.size()
        off = FACE + (width if device.back == "left" else height) / 2
        for side in sides:
            into = SIDES[side]
            facing = math.degrees(math.atan2(-into[1], into[0])) - (0 if device.back == "left" else 90)
            # a mirrored symbol has its left side on the right
            turn = facing + 180 if mirrored and device.back == "left" else facing
            places = [room.on_wall(side, part_of * room.length(side), off) for part_of in along]
            copy = self.ceiling(name, part, index, room, places, turn, mirrored)
            if copy:
                return copy
        return None


def install(parts: Sequence[Part], taken: Iterable[Box], rng: Generator) -> tuple[Copy, ...]:
    """Every device of the sheet; what is already `taken` stays free."""
    installer = Installer(taken)
    for index, part in enumerate(parts):
        _exits(installer, part, index)
        _corridors(installer, part, index)
        _reception(installer, part, index)
        for number, room in enumerate(part.rooms):
            _room(installer, part, index, room, number, rng)
    _link(installer)
    return tuple(installer.copies)


def _near(a: Box, b: Box) -> bool:
    gap = CLEARANCE
    return a.x < b.x + b.width + gap and b.x < a.x + a.width + gap and a.y < b.y + b.height + gap and b.y < a.y + a.height + gap


def _exits(installer: Installer, part: Part, index: int) -> None:
    """By every way out: a call point, a telephone or a cabinet, a sign, a light."""
    for number, door in enumerate(part.exits):
        outline = Room("", f"X{number}", "", 0.0, 0.0, part.width, part.height)
        into = SIDES[door.side]
        x, y = outline.on_wall(door.side, door.at, 1.2)
        box = (x - 2, y - 1.1, 4.0, 2.2) if into[0] else (x - 4, y - 2.8, 8.0, 4.0)
        lobby = Room("", f"X{number}", "", *box)
        sides, near = (("n", "s"), 0.5 - 0.08 * into[0]) if into[0] else (("s",), 0.14)
        installer.wall("manual call point", part, index, lobby, sides, (near,))
        second = "extinguisher cabinet" if number % 2 else "fire telephone"
        installer.wall(second, part, index, lobby, sides[::-1], (near,) if into[0] else (0.86,))
        sign = (x + 1.6 * into[0], y + 2.2 * into[1])
        installer.ceiling("directional exit sign", part, index, lobby, [sign], mirrored=into[0] > 0)
        installer.wall("emergency light", part, index, lobby, sides, (near + 0.24 * into[0], 0.74), mirrored=number % 2 == 0)


def _corridors(installer: Installer, part: Part, index: int) -> None:
    for number, corridor in enumerate(c for c in part.corridors if c.width > 20):
        middle = corridor.y + corridor.height / 2
        for step, x in enumerate(np.arange(3.9, part.width - 2.5, 5.4)):
            name = "smoke detector with relay base" if step % 3 == 1 else "smoke detector"
            places = [(float(x) + shift, middle) for shift in (0.0, 0.9, -0.9)]
            installer.ceiling(name, part, index, corridor, places)
        for x, y in part.fire_doors:
            if abs(y - middle) < 1:
                _door_holders(installer, part, index, corridor, x)
        for step, x in enumerate(np.arange(6.4, part.width - 4, 7.3)):
            installer.ceiling("emergency light", part, index, corridor, [(float(x), middle)], mirrored=step % 2 == 1)
        _corridor_walls(installer, part, index, corridor, number)
        for x in (7.1, 27.1, 46.9):
            if x < part.width:
                places = [(x, middle), (x + 1.4, middle)]
                installer.ceiling("directional exit sign", part, index, corridor, places, mirrored=x < part.width / 2)


def _corridor_walls(installer: Installer, part: Part, index: int, corridor: Room, number: int) -> None:
    wanted = ("sounder beacon", "portable extinguisher", "sounder beacon", "manual call point", "sounder beacon",
              "extinguisher cabinet",
              "sounder beacon", "fire telephone", "beacon", "portable extinguisher", "sounder beacon", "short-circuit isolator")
    for step, x in enumerate(np.arange(4.6, part.width - 3, 3.7)):
        name = wanted[(step + 5 * number + 3 * index) % len(wanted)]
        along = [(float(x) + shift) / corridor.width for shift in (0.0, 0.8, -0.8, 1.6)]
        mirrored = step % 4 == 3 and name == "short-circuit isolator"
        installer.wall(name, part, index, corridor, ("n", "s") if step % 2 else ("s", "n"), along, mirrored)


def _door_holders(installer: Installer, part: Part, index: int, corridor: Room, x: float) -> None:
    for side in ("n", "s"):
        along = [(x + shift) / corridor.width for shift in (1.3, 1.5, 1.7)]
        installer.wall("magnetic door holder", part, index, corridor, (side,), along, mirrored=side == "s")


def _room(installer: Installer, part: Part, index: int, room: Room, number: int, rng: Generator) -> None:
    x, y = room.centre
    open_walls = [side for side in "wens" if not any(window.side == side for window in room.windows)]
    sides = [str(side) for side in rng.permutation(open_walls[:2])] + open_walls[2:]
    for name, place in _detectors(room):
        shifts = ((0.0, 0.0), (0.0, -0.7), (0.0, 0.7), (0.6, 0.0), (-0.6, 0.0), (0.5, -1.0))
        installer.ceiling(name, part, index, room, [(place[0] + a, place[1] + b) for a, b in shifts])
    for name in _on_walls(room.kind, number):
        device = BY_NAME[name]
        mirrored = number % 2 == 1 and name in ("emergency light", "short-circuit isolator")
        if device.back == "none":
            corners = [(x + a * (room.width / 2 - 0.8), y + b * (room.height / 2 - 0.8))
                       for a, b in ((-1, 0), (1, 0), (-1, 1), (1, -1), (0, 0.6))]
            installer.ceiling(name, part, index, room, corners, 90.0 * (number % 4 == 2), mirrored)
        else:
            installer.wall(name, part, index, room, sides, mirrored=mirrored)


def _detectors(room: Room) -> list[tuple[str, XY]]:
    x, y = room.centre
    name = "heat detector" if room.kind in ("plant", "toilet") else "smoke detector"
    if room.kind == "meeting" or (room.kind == "store" and room.width > 4):
        name = "smoke detector with relay base"
    if room.kind in ("open", "meeting") and room.width > 5.9:
        count = 3 if room.width > 8 else 2
        return [(name, (room.x + room.width * (i + 0.5) / count, y)) for i in range(count)]
    return [] if room.kind == "lift" and room.number.endswith("2") else [(name, (x, y))]


def _on_walls(kind: str, number: int) -> tuple[str, ...]:
    """What a room has on its walls or in a corner, by its use."""
    return {
        "office": ("sounder",) if number % 3 else ("beacon", "emergency light"),
        "patient": ("beacon", "emergency light") if number % 2 else ("sounder",),
        "meeting": ("sounder beacon", "emergency light", "portable extinguisher", "short-circuit isolator"),
        "open": ("sounder beacon", "emergency light", "sounder", "extinguisher cabinet", "manual call point", "beam detector",
                 "control module"),
        "store": ("sounder", "monitor module", "short-circuit isolator"),
        "plant": ("control module", "monitor module", "portable extinguisher"),
        "toilet": ("beacon", "emergency light"),
        "stair": ("fire telephone", "emergency light", "manual call point", "sounder", "short-circuit isolator"),
        "lift": ("monitor module",), "nurse": ("remote annunciator", "sounder beacon", "fire telephone", "control module"),
    }.get(kind, ())


def _reception(installer: Installer, part: Part, index: int) -> None:
    for room in part.corridors:
        if room.kind == "reception":
            panel = "fire alarm control panel" if index == 0 else "remote annunciator"
            installer.wall(panel, part, index, room, ("w",), (0.62, 0.4))
            installer.wall("sounder beacon", part, index, room, ("e",), (0.6, 0.4))
            installer.wall("short-circuit isolator", part, index, room, ("w",), (0.8,))
            for shift in (-0.25, 0.25):
                place = (room.x + (0.5 + shift) * room.width, room.y + room.height * 0.6)
                installer.ceiling("smoke detector", part, index, room, [place])


def _link(installer: Installer) -> None:
    """The link and the lobbies, where nothing is square to anything."""
    x, y = (sum(point[axis] for point in LINK) / 4 for axis in (0, 1))
    installer.put("smoke detector", -1, "LINK", Pose(x + 0.2, y + 0.3, 9.5))
    installer.put("directional exit sign", -1, "LINK", Pose(x - 1.2, y - 1.0, 101.0, False))
    installer.put("emergency light", -1, "LINK", Pose(x + 1.7, y - 0.7, 73.0, True))
    installer.put("monitor module", -1, "LINK", Pose(x - 1.5, y + 1.1, 33.0))
