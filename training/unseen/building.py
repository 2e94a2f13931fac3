"""Families of building services: luminaires, air terminals, fans, sanitary fixtures, access control."""

from __future__ import annotations

import math

from training.canvas import Shape
from training.pieces import block, bow, box, circle, disc, join, line, outline, solid
from training.unseen.choices import Choices

NOTHING = Shape(())


def luminaire(c: Choices) -> Shape:
    """A housing with lamps in it, ends to it and sometimes an emergency mark."""
    w, h = 1.0, c.number("height", 0.3, 0.62)
    lamp = c.pick("lamp", ("one", "two", "three", "cross", "half", "dots", "wedge", "none"))
    lamps = {
        "one": block(0.8, 0.07), "two": join(block(0.8, 0.05, y=-h / 5), block(0.8, 0.05, y=h / 5)),
        "three": join(*(line((-0.4, y * h), (0.4, y * h)) for y in (-0.25, 0.0, 0.25))),
        "cross": join(line((-w / 2, -h / 2), (w / 2, h / 2)), line((-w / 2, h / 2), (w / 2, -h / 2))),
        "half": solid((-w / 2, h / 2), (-w / 2, -h / 2), (w / 2, h / 2)),
        "dots": join(*(disc(0.07, x) for x in (-0.28, 0.0, 0.28))),
        "wedge": solid((-w / 2, -h / 2), (0.0, 0.0), (-w / 2, h / 2)), "none": NOTHING,
    }[lamp]
    ends = c.pick("ends", ("flat", "round", "bars", "prongs"))
    tips = {
        "flat": NOTHING, "round": join(bow(h / 2, 90, 270, -w / 2), bow(h / 2, -90, 90, w / 2)),
        "bars": join(line((-0.58, -h / 2), (-0.58, h / 2)), line((0.58, -h / 2), (0.58, h / 2))),
        "prongs": join(line((0.5, -h / 4), (0.64, -h / 4)), line((0.5, h / 4), (0.64, h / 4))),
    }[ends]
    mark = c.pick("mark", ("none", "corner", "E", "tick"))
    marks = {
        "none": NOTHING, "corner": solid((0.5, -h / 2), (0.5, -h / 2 + 0.2), (0.3, -h / 2)),
        "E": c.letters("E", 0.26, 0.0, h / 2 + 0.24), "tick": line((0.0, -h / 2), (0.12, -h / 2 - 0.22)),
    }[mark]
    return join(box(w, h), lamps, tips, marks)


def air_terminal(c: Choices) -> Shape:
    """A square, round or slotted grille with a core and the directions the air goes."""
    core = c.pick("core", ("square", "circle", "cross", "slash", "louvres", "double", "grid"))
    inside = {
        "square": box(0.4, 0.4), "circle": circle(0.24),
        "cross": join(line((-0.4, -0.4), (0.4, 0.4)), line((-0.4, 0.4), (0.4, -0.4))),
        "slash": line((-0.4, 0.4), (0.4, -0.4)),
        "louvres": join(*(line((-0.4, y), (0.4, y)) for y in (-0.24, -0.08, 0.08, 0.24))),
        "double": join(box(0.54, 0.54), box(0.26, 0.26)),
        "grid": join(*(line((x, -0.4), (x, 0.4)) for x in (-0.14, 0.14)), *(line((-0.4, y), (0.4, y)) for y in (-0.14, 0.14))),
    }[core]
    ways = c.pick("ways", ((), (0,), (0, 90), (0, 180), (0, 90, 180), (0, 90, 180, 270)))
    barb = c.pick("arrow", ("solid", "open"))
    arrows = [_arrow(way, barb == "solid") for way in ways]
    frame = box(0.8, 0.8) if c.pick("frame", ("square", "round")) == "square" else circle(0.4 * math.sqrt(2))
    return join(frame, inside, *arrows)


def _arrow(angle: float, filled: bool) -> Shape:
    cos, sin = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    tip, base = 0.86, 0.66
    left = (base * cos - 0.1 * sin, base * sin + 0.1 * cos)
    right = (base * cos + 0.1 * sin, base * sin - 0.1 * cos)
    head = solid((tip * cos, tip * sin), left, right) if filled else line(left, (tip * cos, tip * sin), right)
    return join(line((0.57 * cos, 0.57 * sin), (base * cos, base * sin)), head)


def fan(c: Choices) -> Shape:
    """A wheel in a casing with an outlet and a motor."""
    blades = c.pick("blades", (2, 3, 4, 6))
    solid_blades = c.maybe("filled")
    wheel = []
    for blade in range(blades):
        a, b = math.radians(360 * blade / blades), math.radians(360 * blade / blades + 34)
        tips = ((0.34 * math.cos(a), 0.34 * math.sin(a)), (0.34 * math.cos(b), 0.34 * math.sin(b)))
        wheel.append(solid((0, 0), *tips) if solid_blades else outline((0, 0), *tips))
    casing = c.pick("casing", ("round", "scroll", "square", "duct"))
    around = {
        "round": circle(0.42), "scroll": join(bow(0.42, 0, 270), line((0, 0.42), (0.66, 0.42), (0.66, 0.0), (0.42, 0.0))),
        "square": box(0.88, 0.88), "duct": join(circle(0.42), line((-0.7, -0.42), (0.7, -0.42)),
                                                line((-0.7, 0.42), (0.7, 0.42))),
    }[casing]
    motor = c.pick("motor", ("none", "box", "disc", "bar"))
    drive = {"none": NOTHING, "box": box(0.3, 0.22, 0.0, -0.56), "disc": disc(0.12, 0.0, -0.56),
             "bar": line((-0.3, -0.56), (0.3, -0.56))}[motor]
    return join(around, *wheel, drive)


def sanitary(c: Choices) -> Shape:
    """A basin, pan, tray or bath with taps and a waste."""
    body = c.pick("body", ("basin", "pan", "tray", "bath", "urinal"))
    shapes = {
        "basin": join(line((-0.5, -0.36), (0.5, -0.36)), bow(0.5, 180, 360, 0.0, -0.36), bow(0.36, 180, 360, 0.0, -0.3)),
        "pan": join(box(0.62, 0.24, 0.0, -0.42), bow(0.28, 180, 360, 0.0, 0.14), line((-0.28, 0.14), (-0.2, -0.3)),
                    line((0.28, 0.14), (0.2, -0.3))),
        "tray": join(box(0.9, 0.9), line((-0.45, -0.45), (0.45, 0.45))),
        "bath": join(box(1.3, 0.62), bow(0.22, 90, 270, -0.34),
                     line((-0.34, -0.22), (0.55, -0.22), (0.55, 0.22), (-0.34, 0.22))),
        "urinal": join(line((-0.4, -0.4), (0.4, -0.4)), line((-0.3, -0.4), (0.0, 0.4), (0.3, -0.4))),
    }[body]
    waste = c.pick("waste", ("dot", "ring", "cross", "none"))
    drain = {"dot": disc(0.06), "ring": circle(0.09), "cross": join(line((-0.1, 0), (0.1, 0)), line((0, -0.1), (0, 0.1))),
             "none": NOTHING}[waste]
    taps = c.pick("taps", (0, 1, 2))
    places = ((), (0.0,), (-0.18, 0.18))[taps]
    return join(shapes, drain, *(circle(0.05, x, -0.22) for x in places),
                line((-0.5, -0.62), (0.5, -0.62)) if c.maybe("shelf") else NOTHING)


def access(c: Choices) -> Shape:
    """Doors, cameras and movement detectors: a body, what it looks at, and how it is held."""
    body = c.pick("body", ("shield", "drop", "lens", "half"))
    shapes = {
        "shield": line((-0.3, -0.4), (0.3, -0.4), (0.3, 0.1), (0.0, 0.45), (-0.3, 0.1), (-0.3, -0.4)),
        "drop": join(bow(0.3, 160, 380, 0.0, 0.1), line((-0.28, 0.0), (0.0, -0.5), (0.28, 0.0))),
        "lens": join(bow(0.6, 57, 123, 0.0, 0.5), bow(0.6, 237, 303, 0.0, -0.5)),
        "half": join(bow(0.44, 0, 180, 0.0, 0.2), line((-0.44, 0.2), (0.44, 0.2))),
    }[body]
    eye = c.pick("eye", ("dot", "ring", "key", "bars", "letter"))
    middle = {
        "dot": disc(0.09), "ring": circle(0.11), "key": join(disc(0.07, 0, -0.05), line((0, -0.05), (0, 0.15), width=1.5)),
        "bars": join(*(line((x, -0.08), (x, 0.08)) for x in (-0.08, 0.0, 0.08))),
        "letter": c.letters(c.pick("sign", ("K", "R", "X", "V")), 0.24),
    }[eye]
    view = c.pick("view", ("none", "left", "both", "fan"))
    looks = {
        "none": NOTHING, "left": line((-0.46, -0.2), (-0.7, -0.34), (-0.7, 0.1), (-0.46, 0.0)),
        "both": join(line((-0.46, 0), (-0.7, 0)), line((0.46, 0), (0.7, 0))),
        "fan": join(*(line((0.3 * x, 0.46), (0.52 * x, 0.74)) for x in (-1, 0, 1))),
    }[view]
    return join(shapes, middle, looks, line((-0.2, -0.6), (0.2, -0.6)) if c.maybe("bracket") else NOTHING)
