"""Families outside the building: rail signals, site furniture, survey marks, logic, trees."""

from __future__ import annotations

import math

import numpy as np

from training.canvas import Points, Shape, Stroke, arc
from training.pieces import block, bow, box, circle, disc, join, line, outline, solid
from training.unseen.choices import Choices

NOTHING = Shape(())


def rail_signal(c: Choices) -> Shape:
    """A mast on its foot with heads, an arm and a route sign."""
    foot = {"bar": line((-0.14, 0.5), (0.14, 0.5)), "bracket": line((0.0, 0.5), (-0.24, 0.5), (-0.24, 0.36)),
            "block": block(0.24, 0.12, 0, 0.5)}[c.pick("foot", ("bar", "bracket", "block"))]
    count = c.pick("heads", (1, 2, 3))
    filled = c.pick("filled", (0, 1, 2))
    heads = [disc(0.13, 0.0, -0.05 - 0.27 * i) if i == filled else circle(0.13, 0.0, -0.05 - 0.27 * i) for i in range(count)]
    top = -0.05 - 0.27 * (count - 1)
    arm = {"none": NOTHING, "left": box(0.36, 0.12, -0.36, top),
    "right": join(line((0.13, top), (0.5, top - 0.2)), disc(0.05, 0.5, top - 0.2)),
           "fork": line((-0.3, top - 0.2), (0.0, top - 0.13), (0.3, top - 0.2))}[c.pick("arm",
                                                                                        ("none", "left", "right", "fork"))]
    sign = {"none": NOTHING, "box": box(0.2, 0.2, 0.26, 0.2), "diamond": outline((0.22, 0.04), (0.38, 0.2), (0.22, 0.36),
                                                                                 (0.06, 0.2)),
            "letter": c.letters(c.pick("route", ("A", "K", "2", "Y")), 0.26, 0.28, 0.22)}[
        c.pick("sign", ("none", "box", "diamond", "letter"))]
    return join(line((0, 0.5), (0, 0.08)), foot, *heads, arm, sign)


def turnout(c: Choices) -> Shape:
    """Tracks that part: a main line, branches, and a throwing lever."""
    main = join(line((-0.6, 0), (0.6, 0)), line((-0.6, 0.14), (0.6, 0.14)) if c.maybe("double") else NOTHING)
    lift = c.number("lift", 0.28, 0.46)
    branch = {"up": line((-0.3, 0), (0.5, -lift)), "cross": line((-0.5, lift), (0.5, -lift)),
              "both": join(line((-0.3, 0), (0.5, -lift)), line((-0.3, 0), (0.5, lift))),
              "curve": bow(0.8, -90, -40, -0.3, -0.8)}[c.pick("branch", ("up", "cross", "both", "curve"))]
    lever = {"none": NOTHING, "box": block(0.16, 0.16, -0.3, 0.28), "ring": circle(0.1, -0.3, 0.28),
             "stub": line((-0.3, 0.16), (-0.3, 0.4), (-0.16, 0.4))}[c.pick("lever", ("none", "box", "ring", "stub"))]
    stop = {"none": NOTHING, "buffer": line((0.6, -0.14), (0.72, -0.14), (0.72, 0.14), (0.6, 0.14)),
            "tick": line((0.45, -0.12), (0.45, 0.12))}[c.pick("stop", ("none", "buffer", "tick"))]
    return join(main, branch, lever, stop)


def manhole(c: Choices) -> Shape:
    """A cover with sectors, a sign and pipe stubs."""
    cover = circle(0.46) if c.pick("cover", ("round", "square")) == "round" else box(0.9, 0.9)
    inside = {"chords": join(line((-0.3, -0.34), (-0.3, 0.34)), line((0.3, -0.34), (0.3, 0.34))), "core": circle(0.2),
              "quarter": solid((0, 0), *_sector(0, 90)), "quarters": join(solid((0, 0), *_sector(0, 90)),
                                                                          solid((0, 0), *_sector(180, 270))),
              "half": solid(*_sector(0, 180)), "plus": join(line((-0.44, 0), (0.44, 0)), line((0, -0.44), (0, 0.44))),
              "sign": c.letters(c.pick("sign", ("MH", "SW", "G", "CB", "T")), 0.3)}[
        c.pick("inside", ("chords", "core", "quarter", "quarters", "half", "plus", "sign"))]
    stubs = c.pick("stubs", ((), (0,), (0, 180), (0, 90), (0, 120, 240)))
    return join(cover, inside, *(_stub(angle) for angle in stubs))


def _sector(start: float, stop: float) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in arc(0.44, start, stop, steps=16)]


def _stub(angle: float) -> Shape:
    cos, sin = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    return line((0.47 * cos, 0.47 * sin), (0.72 * cos, 0.72 * sin), width=2.0)


def survey_mark(c: Choices) -> Shape:
    """A point with arms round it, an outline and a flag."""
    arms = c.pick("arms", ((0, 90, 180, 270), (45, 135, 225, 315), (90, 210, 330), ()))
    frame = {"triangle": outline((0, -0.5), (0.43, 0.25), (-0.43, 0.25)), "circle": circle(0.42), "none": NOTHING,
             "turned": outline((0, -0.48), (0.48, 0), (0, 0.48),
                               (-0.48, 0))}[c.pick("frame", ("triangle", "circle", "turned", "none")[: 4 if arms else 3])]
    rays = [line((0.1 * math.cos(math.radians(a)), -0.1 * math.sin(math.radians(a))),
                 (0.56 * math.cos(math.radians(a)), -0.56 * math.sin(math.radians(a)))) for a in arms]
    point = {"dot": disc(0.08), "ring": circle(0.1), "square": block(0.16, 0.16), "double": join(disc(0.06), circle(0.16))}[
        c.pick("point", ("dot", "ring", "square", "double"))]
    flag = {"none": NOTHING, "left": solid((0, -0.5), (0, -0.78), (-0.3, -0.64)),
    "right": line((0, -0.5), (0, -0.8), (0.3, -0.8)),
            "down": line((-0.24, 0.56), (0.24, 0.56))}[c.pick("flag", ("none", "left", "right", "down"))]
    return join(frame, *rays, point, flag)


def logic_block(c: Choices) -> Shape:
    """A box with a sign, pins, negations and an edge mark."""
    h = c.number("height", 0.7, 1.0)
    inputs = c.pick("inputs", (1, 2, 3))
    rows = [(i - (inputs - 1) / 2) * h * 0.28 for i in range(inputs)]
    pins = [line((-0.62, y), (-0.34, y)) for y in rows]
    out = {"plain": line((0.34, 0), (0.62, 0)), "not": join(circle(0.07, 0.41), line((0.48, 0), (0.66, 0))),
           "pair": join(line((0.34, -0.14), (0.62, -0.14)), line((0.34, 0.14), (0.62, 0.14))),
           "slant": join(line((0.34, 0), (0.62, 0)), line((0.34, -0.14), (0.48, 0)))}[c.pick("out",
                                                                                             ("plain", "not", "pair", "slant"))]
    sign = c.letters(c.pick("sign", ("=1", "1", "MX", "RS", "D", "CT", "T")), 0.24, 0.02, -h * 0.25)
    edge = {"none": NOTHING, "clock": line((-0.34, rows[-1] - 0.09), (-0.2, rows[-1]), (-0.34, rows[-1] + 0.09)),
            "bar": line((-0.34, h * 0.3), (0.34, h * 0.3)), "dot": disc(0.06, -0.4, rows[0])}[
        c.pick("edge", ("none", "clock", "bar", "dot"))]
    return join(box(0.68, h), *pins, out, sign, edge)


def tree(c: Choices) -> Shape:
    """A crown seen from above, branches and a trunk."""
    lobes = c.pick("lobes", (0, 5, 7, 9))
    crown = circle(0.5) if lobes == 0 else Shape((Stroke(_scallops(lobes), True),))
    spokes = c.pick("branches", (0, 3, 4, 5, 8))
    rays = [line((0, 0), (0.34 * math.cos(2 * math.pi * i / spokes),
                          0.34 * math.sin(2 * math.pi * i / spokes))) for i in range(spokes)]
    trunk = {"dot": disc(0.07), "ring": circle(0.1), "none": NOTHING}[c.pick("trunk", ("dot", "ring", "none"))]
    shade = {"none": NOTHING, "half": bow(0.38, 200, 340), "hatch": join(*(line((0.1 + x, 0.36 - x),
                                                                                (0.3 + x, 0.16 - x)) for x in (-0.1, 0.0,
                                                                                                               0.1)))}[
        c.pick("shade", ("none", "half", "hatch"))]
    return join(crown, *rays, trunk, shade)


def _scallops(lobes: int) -> Points:
    turns = np.linspace(0, 2 * math.pi, 12 * lobes, endpoint=False)
    radius = 0.4 + 0.1 * np.abs(np.sin(lobes * turns / 2))
    return np.stack([radius * np.cos(turns), radius * np.sin(turns)], axis=1)
