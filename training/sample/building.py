"""The building of the sample sheet: a hospital floor with a wing that is turned by 19 degrees."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from training.sample.paper import XY, Place

SIDES: dict[str, XY] = {"n": (0.0, 1.0), "s": (0.0, -1.0), "w": (1.0, 0.0), "e": (-1.0, 0.0)}  # into the room


@dataclass(frozen=True)
class Opening:
    """A door or window in a side of a room; `at` in metres from the side's left or upper end to the opening's middle."""

    side: str
    at: float
    width: float


@dataclass(frozen=True)
class Room:
    """A rectangle between the middles of walls, in the metres of its part of the building."""

    name: str
    number: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    doors: tuple[Opening, ...] = ()
    windows: tuple[Opening, ...] = ()

    @property
    def centre(self) -> XY:
        return self.x + self.width / 2, self.y + self.height / 2

    def on_wall(self, side: str, at: float, off: float = 0.0) -> XY:
        """A point `at` metres along a side, `off` metres into the room."""
        into = SIDES[side]
        x = self.x + (at if side in "ns" else 0.0 if side == "w" else self.width)
        y = self.y + (at if side in "we" else 0.0 if side == "n" else self.height)
        return x + off * into[0], y + off * into[1]

    def length(self, side: str) -> float:
        return self.width if side in "ns" else self.height


@dataclass(frozen=True)
class Part:
    """A block of the building: its outline is 0, 0 to width, height."""

    place: Place
    width: float
    height: float
    rooms: tuple[Room, ...]
    corridors: tuple[Room, ...]  # open to each other
    exits: tuple[Opening, ...]  # outside doors in the outline
    passages: tuple[Opening, ...] = ()  # openings without a door
    fire_doors: tuple[XY, ...] = ()  # middles of double doors across a corridor that runs left to right
    columns: tuple[XY, ...] = ()


def row(names: list[tuple[str, str, float]], first: int, x: float, y: float, height: float, doors: str,
        windows: str = "") -> list[Room]:
    """Rooms side by side, of (name, kind, width); doors and windows in the given sides."""
    starts = accumulate((width for *_, width in names), initial=x)
    return [_room(name, f"{first + i}", kind, start, y, width, height, doors, windows, i)
            for i, ((name, kind, width), start) in enumerate(zip(names, starts, strict=False))]


def _room(name: str, number: str, kind: str, x: float, y: float, width: float, height: float, doors: str, windows: str,
          index: int) -> Room:
    wide = 1.8 if kind in ("stair", "open", "meeting") else 1.2 if kind in ("patient", "lift") else 0.95
    at = width / 2 if kind == "lift" else 0.35 + wide / 2 if index % 2 else width - 0.35 - wide / 2
    panes = 1 if width < 5.5 else 2 if width < 8 else 3
    lights = tuple(Opening(windows, width * (i + 0.5) / panes, 1.8) for i in range(panes)) if windows else ()
    return Room(name, number, kind, x, y, width, height, (Opening(doors, at, wide),), lights)


NORTH = [("OFFICE", "office", 6.0), ("EXAM", "office", 4.5), ("PATIENT ROOM", "patient", 4.5), ("PATIENT ROOM", "patient", 4.5),
         ("PATIENT ROOM", "patient", 4.5), ("CONFERENCE", "meeting", 7.5), ("PATIENT ROOM", "patient", 4.5),
         ("PATIENT ROOM", "patient", 4.5), ("EXAM", "office", 4.5), ("DAY ROOM", "open", 9.0)]
SOUTH_WEST = [("OPEN OFFICE", "open", 9.0), ("OFFICE", "office", 4.5), ("OFFICE", "office", 4.5),
              ("STAFF ROOM", "meeting", 6.0),
              ("PHARMACY", "store", 6.0)]
SOUTH_EAST = [("REHAB", "meeting", 6.0), ("IMAGING", "open", 9.0)]
CORE_WEST = [("LIFT 1", "lift", 2.4), ("LIFT 2", "lift", 2.4), ("ELEC", "plant", 2.4), ("WC M", "toilet", 4.0),
             ("WC F", "toilet", 4.0), ("JAN", "plant", 2.6)]
CORE_EAST = [("NURSE STATION", "nurse", 6.0), ("MEDS", "store", 3.0), ("CLEAN UTIL", "store", 3.2), ("SOILED", "plant", 2.8),
             ("COMMS", "plant", 2.6)]
WING_NORTH = [("OFFICE", "office", 5.0), ("OFFICE", "office", 5.0), ("OFFICE", "office", 5.0), ("MEETING", "meeting", 6.0),
              ("MEETING", "meeting", 6.0)]
WING_SOUTH = [("STAIR C", "stair", 4.0), ("KITCHEN", "plant", 4.5), ("OFFICE", "office", 4.5), ("OFFICE", "office", 4.5),
              ("STORE", "store", 4.5), ("RECORDS", "open", 12.0)]

MAIN = Part(
    Place(7.5, 8.4), 54.0, 22.0,
    tuple(row(NORTH, 201, 0.0, 0.0, 6.6, "s", "n") + row(SOUTH_WEST, 221, 0.0, 16.0, 6.0, "n", "s")
          + row(SOUTH_EAST, 227, 39.0, 16.0, 6.0, "n", "s") + row(CORE_WEST, 231, 8.2, 8.8, 5.0, "s")
          + row(CORE_EAST, 241, 28.2, 8.8, 5.0, "n") + row([("STAIR A", "stair", 6.0)], 251, 0.0, 8.8, 5.0, "n")
          + row([("STAIR B", "stair", 6.0)], 252, 48.0, 8.8, 5.0, "s")),
    (Room("CORRIDOR", "200A", "corridor", 0.0, 6.6, 54.0, 2.2), Room("CORRIDOR", "200B", "corridor", 0.0, 13.8, 54.0, 2.2),
     Room("", "", "corridor", 6.0, 6.6, 2.2, 9.4), Room("", "", "corridor", 26.0, 6.6, 2.2, 9.4),
     Room("", "", "corridor", 45.8, 6.6, 2.2, 9.4), Room("RECEPTION", "226", "reception", 30.0, 13.8, 9.0, 8.2)),
    (Opening("w", 7.7, 1.8), Opening("e", 7.7, 1.8), Opening("w", 14.9, 1.8), Opening("e", 14.9, 1.8), Opening("s", 34.5, 3.6)),
    fire_doors=((20.0, 7.7), (38.5, 7.7), (20.0, 14.9), (44.0, 14.9)),
    columns=tuple((x, y) for x in range(0, 55, 6) for y in (0.0, 6.6, 16.0, 22.0)
                  if (x, y) != (36, 22.0)))

WING = Part(
    Place(13.0, 43.8, 19.0), 34.0, 13.0,
    tuple(row(WING_NORTH, 261, 0.0, 0.0, 5.4, "s", "n") + row(WING_SOUTH, 271, 0.0, 7.6, 5.4, "n", "s")),
    (Room("CORRIDOR", "260", "corridor", 0.0, 5.4, 34.0, 2.2), Room("FOYER", "266", "reception", 27.0, 0.0, 7.0, 7.6)),
    (Opening("w", 6.5, 1.8), Opening("e", 6.5, 1.8)), passages=(Opening("n", 30.5, 4.6),),
    fire_doors=((14.6, 6.5), (25.0, 6.5)))

PARTS = (MAIN, WING)
# the glazed link between reception and foyer, metres of the sheet, its four corners
LINK = (MAIN.place.on_sheet([(32.0, 22.3)])[0], MAIN.place.on_sheet([(37.5, 22.3)])[0], WING.place.on_sheet([(33.2, -0.3)])[0],
        WING.place.on_sheet([(27.8, -0.3)])[0])
