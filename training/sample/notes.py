"""Words on the plan: room names, addresses of devices, key notes with leaders, the revision's cloud."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from app.engine.geometry import Box, bounds
from training.canvas import affine, regular_polygon
from training.pieces import letters
from training.sample.building import Opening, Part, Room
from training.sample.devices import Copy
from training.sample.paper import BOLD, CLOUD, FINE, HAND, TEXT, XY, Paper

NAME, NUMBER, ADDRESS = 0.26, 0.24, 0.17  # heights of capitals, metres of the sheet
TAG = 0.36  # radius of a key note's hexagon


def reserved(parts: Sequence[Part]) -> list[Box]:
    """Boxes that devices keep clear of: the names of rooms, the swing of doors, columns."""
    boxes: list[Box] = []
    for part in parts:
        boxes += [_tag_box(part, room) for room in _named(part)]
        boxes += [_swing(part, room, door) for room in part.rooms for door in room.doors]
        boxes += [_around(part, column, 0.3, 0.3) for column in part.columns]
        boxes += [_around(part, (x + 0.45, y), 0.5, 1.1) for x, y in part.fire_doors]
        boxes += [box for room in part.corridors if room.kind == "reception" for box in _mouth(part, room)]
    return boxes


def draw_room_names(paper: Paper, parts: Sequence[Part]) -> None:
    """A name and, boxed below it, a number in each room."""
    for part in parts:
        for room in _named(part):
            paper.fill(part.place.on_sheet(_tag_outline(room)), None)  # wires stop short of names
            x, y = part.place.on_sheet([_tag_place(room)])[0]
            turn = math.radians(part.place.angle)
            down = (math.sin(turn) * 0.46, math.cos(turn) * 0.46)
            paper.text(room.name, x, y, _name_height(room), angle=part.place.angle)
            paper.text(room.number, x + down[0], y + down[1], NUMBER, FINE, part.place.angle)
            frame = part.place.on_sheet(_rectangle(_tag_place(room), (0.0, 0.46), 0.5, 0.21))
            paper.line(frame, FINE, closed=True)


def draw_addresses(paper: Paper, copies: Sequence[Copy]) -> None:
    """A loop address beside each detector where there is room for it."""
    boxes = [copy.box for copy in copies]
    for number, copy in enumerate(copies):
        if "detector" not in copy.device.name or number % 5 == 3:
            continue
        word = f"L{copy.part + 2}-{number % 126 + 1:03d}"
        turn = math.radians(copy.pose.angle)
        off = copy.device.size()[1] / 2 + 0.22
        x, y = copy.pose.x + off * math.sin(turn), copy.pose.y + off * math.cos(turn)
        box = Box(x - 0.5, y - 0.12, 1.0, 0.24)
        if not any(_meets(box, other) for other in boxes):
            boxes.append(box)
            paper.text(word, x, y, ADDRESS, FINE, copy.pose.angle)


def draw_key_notes(paper: Paper, copies: Sequence[Copy], taken: Iterable[Box]) -> None:
    """Numbered hexagons with a leader to every some devices."""
    boxes = [copy.box for copy in copies] + list(taken)
    for number, copy in enumerate(copies[9::24]):
        for angle in range(40, 400, 50):
            turn = math.radians(angle)
            x, y = copy.pose.x + 1.7 * math.cos(turn), copy.pose.y - 1.7 * math.sin(turn)
            box = Box(x - TAG, y - TAG, 2 * TAG, 2 * TAG)
            if not any(_meets(box, other) for other in boxes):
                boxes.append(box)
                _key_note(paper, number % 6 + 1, (x, y), (copy.pose.x, copy.pose.y), copy.device.reach * 0.8)
                break


def draw_cloud(paper: Paper, box: Box, revision: str) -> None:
    """A revision cloud round a box, with its triangle."""
    corners = box.corners()
    for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.linalg.norm(stop - start))
        count = round(length / 0.9)
        along, out = (stop - start) / length, np.array([stop[1] - start[1], start[0] - stop[0]]) / length
        for i in range(count):
            middle = start + along * length * (i + 0.5) / count
            turns = np.linspace(0, np.pi, 12)[:, None]
            paper.curve(middle - np.cos(turns) * along * length / count / 2 + np.sin(turns) * out * 0.3, CLOUD)
    x, y = box.x + box.width + 0.75, box.y + 0.4
    paper.curve(regular_polygon(3, 0.62, 90, x, y), CLOUD, closed=True)
    paper.draw(letters(revision, 0.34, style=BOLD), CLOUD, affine(x, y + 0.06))


def _key_note(paper: Paper, number: int, tag: XY, target: XY, gap: float) -> None:
    paper.curve(regular_polygon(6, TAG, 0, *tag), FINE, closed=True)
    paper.text(str(number), *tag, 0.28, FINE, style=HAND)
    run = math.dist(tag, target)
    ahead = ((target[0] - tag[0]) / run, (target[1] - tag[1]) / run)
    tip = (target[0] - ahead[0] * gap, target[1] - ahead[1] * gap)
    paper.line([(tag[0] + ahead[0] * TAG, tag[1] + ahead[1] * TAG), tip], FINE)
    base = (tip[0] - 0.24 * ahead[0], tip[1] - 0.24 * ahead[1])
    barbs = [(base[0] - s * ahead[1], base[1] + s * ahead[0]) for s in (0.07, -0.07)]
    paper.fill([tip, *barbs], TEXT)


def _named(part: Part) -> list[Room]:
    return [room for room in (*part.rooms, *part.corridors) if room.name and not (room.kind == "lift" and room.number == "232")]


def _name_height(room: Room) -> float:
    return NAME if room.width > 4.2 else NAME * 0.75


def _tag_place(room: Room) -> XY:
    x, y = room.centre
    if room.kind == "corridor":
        return room.x + room.width * 0.62, y - 0.2
    if room.kind == "lift":
        return x, room.y + room.height - 1.1
    return (x, y + 1.25) if room.doors and room.doors[0].side == "s" else (x, y - 1.65)


def _tag_box(part: Part, room: Room) -> Box:
    return bounds(np.array(part.place.on_sheet(_tag_outline(room))))


def _tag_outline(room: Room) -> list[XY]:
    left, _, right, _ = letters(room.name, _name_height(room), style=HAND).extent()
    return _rectangle(_tag_place(room), (0.0, 0.25), max((right - left) / 2, 0.5) + 0.06, 0.45)


def _swing(part: Part, room: Room, door: Opening) -> Box:
    reach = door.width / 2 if door.width > 1.5 else door.width
    ends = (door.at - door.width / 2, door.at + door.width / 2)
    return bounds(np.array(part.place.on_sheet([room.on_wall(door.side, at, off) for at in ends for off in (-0.5, reach)])))


def _mouth(part: Part, room: Room) -> list[Box]:
    """Where a reception opens to its corridor and there is no wall, in steps of half a metre."""
    spines = (corridor for corridor in part.corridors if corridor.width > 20)
    spine = min(spines, key=lambda corridor: abs(corridor.centre[1] - room.centre[1]))
    edge = spine.y + spine.height if room.centre[1] > spine.centre[1] else spine.y
    return [_around(part, (float(x), edge), 0.25, 0.3) for x in np.arange(room.x, room.x + room.width, 0.5)]


def _around(part: Part, middle: XY, half_width: float, half_height: float) -> Box:
    return bounds(np.array(part.place.on_sheet(_rectangle(middle, (0.0, 0.0), half_width, half_height))))


def _rectangle(middle: XY, shift: XY, half_width: float, half_height: float) -> list[XY]:
    x, y = middle[0] + shift[0], middle[1] + shift[1]
    return [(x + a * half_width, y + b * half_height) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def _meets(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
