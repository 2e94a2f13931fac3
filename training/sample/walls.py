"""Draws walls with their thickness, doors with their swing, windows and stairs."""

from __future__ import annotations

import numpy as np

from training.canvas import Points
from training.sample.building import LINK, SIDES, Opening, Part, Room
from training.sample.furniture import furnish
from training.sample.paper import DOOR, POCHE, WALL, XY, Layer, Paper

INNER, OUTER = 0.08, 0.32  # half an inner wall, the outer part of an outside wall, metres
DOUBLE = 1.5  # wider doors have two leaves
THICK = Layer(WALL.colour, WALL.width * 1.6)


def draw_part(paper: Paper, part: Part) -> None:
    """One block of the building with all its rooms."""
    outline = Room("", "", "", 0.0, 0.0, part.width, part.height)
    paper.fill(part.place.on_sheet(_inset(outline, -OUTER)), POCHE)
    paper.line(part.place.on_sheet(_inset(outline, -OUTER)), THICK, closed=True)
    for corridor in part.corridors:
        paper.line(part.place.on_sheet(_inset(corridor, INNER)), THICK, closed=True)
    for corridor in part.corridors:
        paper.fill(part.place.on_sheet(_inset(corridor, INNER)), None)
    for room in part.rooms:
        paper.fill(part.place.on_sheet(_inset(room, INNER)), None)
        paper.line(part.place.on_sheet(_inset(room, INNER)), WALL, closed=True)
        furnish(paper, part.place, room)
        for window in room.windows:
            _window(paper, part, room, window)
        for door in room.doors:
            _door(paper, part, room, door, INNER, inward=True, sliding=room.kind == "lift")
    for column in part.columns:
        paper.fill(part.place.on_sheet(_inset(Room("", "", "", column[0] - 0.24, column[1] - 0.24, 0.48, 0.48), 0.0)), WALL)
    for x, y in part.fire_doors:
        _fire_door(paper, part, x, y)
    for passage in part.passages:
        _gap(paper, part, outline, passage, OUTER)
    for door in part.exits:
        _door(paper, part, outline, door, OUTER, inward=False)


def draw_link(paper: Paper) -> None:
    """The glazed link between the blocks: two glass walls with their mullions."""
    left_top, right_top, right_bottom, left_bottom = (np.array(point) for point in LINK)
    for top, bottom, out in ((left_top, left_bottom, -0.2), (right_top, right_bottom, 0.2)):
        for shift in (0.0, out / 2, out):
            paper.line([(top[0] + shift, top[1]), (bottom[0] + shift, bottom[1])], WALL if shift else DOOR)
        for part in np.linspace(0, 1, 5):
            x, y = top + part * (bottom - top)
            paper.fill([(x - 0.1, y - 0.1), (x + 0.1, y - 0.1), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1)], WALL)


def _inset(room: Room, by: float) -> list[XY]:
    x, y, r, b = room.x + by, room.y + by, room.x + room.width - by, room.y + room.height - by
    return [(x, y), (r, y), (r, b), (x, b)]


def _gap(paper: Paper, part: Part, room: Room, opening: Opening, outside: float) -> None:
    """Takes the wall away and draws the jambs."""
    ends = (opening.at - opening.width / 2, opening.at + opening.width / 2)
    corners = [room.on_wall(opening.side, at, off) for at, off in
               ((ends[0], -outside - 0.03), (ends[1], -outside - 0.03), (ends[1], INNER + 0.03), (ends[0], INNER + 0.03))]
    paper.fill(part.place.on_sheet(corners), None)
    for at in ends:
        paper.line(part.place.on_sheet([room.on_wall(opening.side, at, -outside), room.on_wall(opening.side, at, INNER)]), WALL)


def _window(paper: Paper, part: Part, room: Room, window: Opening) -> None:
    _gap(paper, part, room, window, OUTER)
    ends = (window.at - window.width / 2, window.at + window.width / 2)
    for off in (-OUTER, -OUTER * 0.55, -OUTER * 0.35, INNER):
        paper.line(part.place.on_sheet([room.on_wall(window.side, at, off) for at in ends]), DOOR)


def _door(paper: Paper, part: Part, room: Room, door: Opening, outside: float, inward: bool, sliding: bool = False) -> None:
    _gap(paper, part, room, door, outside)
    ends = [room.on_wall(door.side, at, INNER if inward else -OUTER) for at in
            (door.at - door.width / 2, door.at + door.width / 2)]
    if sliding:
        panel = [room.on_wall(door.side, door.at + reach, 0.0) for reach in (-0.5, 0.5)]
        paper.line(part.place.on_sheet(panel), WALL)
        return
    if door.at < room.length(door.side) / 2:
        ends.reverse()
    into = np.array(SIDES[door.side]) * (1.0 if inward else -1.0)
    first, last = (np.array(end) for end in ends)
    middle = (first + last) / 2
    for hinge, shut in ((first, middle), (last, middle)) if door.width > DOUBLE else ((last, first),):
        leaf(paper, part, hinge, shut, into)


def _fire_door(paper: Paper, part: Part, x: float, y: float) -> None:
    """Two leaves held open against the walls of a corridor 2.2 m wide, and the stubs they hang on."""
    for side in (-1.0, 1.0):
        stub = Room("", "", "", x - 0.08, min(y + side * 0.9, y + side * 1.02), 0.16, 0.12)
        paper.fill(part.place.on_sheet(_inset(stub, 0.0)), WALL)
        leaf(paper, part, np.array([x, y + side * 0.9]), np.array([x, y]), np.array([1.0, 0.0]))


def leaf(paper: Paper, part: Part, hinge: Points, shut: Points, into: Points) -> None:
    """A door leaf that stands open by a right angle and the arc to where it shuts."""
    across = shut - hinge
    opened = into * float(np.linalg.norm(across))
    turns = np.linspace(0, np.pi / 2, 16)[:, None]
    arc = hinge + np.cos(turns) * across + np.sin(turns) * opened
    paper.line(part.place.on_sheet([_xy(point) for point in arc]), DOOR)
    side = across / max(float(np.linalg.norm(across)), 1e-6) * 0.05
    corners = (hinge, hinge + opened, hinge + opened + side, hinge + side)
    paper.line(part.place.on_sheet([_xy(corner) for corner in corners]), DOOR, closed=True)


def _xy(point: Points) -> XY:
    return float(point[0]), float(point[1])
