"""Families of process plant: instruments, valves with actuators, vessels, directional valves, heat exchangers."""

from __future__ import annotations

from training.canvas import Shape, Stroke, arc, regular_polygon
from training.pieces import block, bow, box, circle, disc, join, line, outline, ring, solid
from training.unseen.choices import Choices

NOTHING = Shape(())
TAGS = ("TI", "PI", "FC", "LT", "PSV", "AH", "XV", "Q", "W", "N", "R", "D", "U", "ZS", "17", "4", "HS", "GD", "E", "B")


def instrument(c: Choices) -> Shape:
    """A tag in a balloon: circle, square round a circle, hexagon or diamond, with bars that tell where it is mounted."""
    balloon = c.pick("balloon", ("circle", "shared", "hexagon", "diamond", "double"))
    frames = {
        "circle": circle(0.5), "shared": join(circle(0.46), box(0.94, 0.94)), "double": join(circle(0.5), circle(0.42)),
        "hexagon": Shape((Stroke(regular_polygon(6, 0.55, 0), True),)),
        "diamond": Shape((Stroke(regular_polygon(4, 0.66, 0), True),)),
    }
    bar = c.pick("bar", ("none", "one", "two", "upper"))
    half = 0.42 if balloon == "double" else 0.46
    bars = {
        "none": NOTHING, "one": line((-half, 0.14), (half, 0.14)),
        "two": join(line((-half, 0.1), (half, 0.1)), line((-half, 0.18), (half, 0.18))),
        "upper": line((-0.4, -0.24), (0.4, -0.24)),
    }[bar]
    tag, shift = c.pick("tag", TAGS), {"none": 0.0, "upper": 0.06}.get(bar, -0.12)
    lead = {"none": NOTHING, "down": line((0, 0.5), (0, 0.74)), "side": line((0.5, 0), (0.74, 0)),
            "flag": outline((-0.12, 0.76), (0.12, 0.76), (0.0, 0.5))}[c.pick("lead", ("none", "none", "down", "side", "flag"))]
    height = {1: 0.42, 2: 0.34, 3: 0.24}[len(tag)] * (0.85 if bar != "none" or balloon == "diamond" else 1.0)
    return join(frames[balloon], c.letters(tag, height, 0.0, shift), bars, lead)


def actuated_valve(c: Choices) -> Shape:
    """A body in the pipe with a spindle and what drives it."""
    h = c.number("height", 0.2, 0.3)
    left, right = ((-0.4, -h), (-0.4, h), (0, 0)), ((0.4, -h), (0.4, h), (0, 0))
    fill = c.pick("fill", ("none", "left", "both"))
    body = join(solid(*left) if fill != "none" else outline(*left), solid(*right) if fill == "both" else outline(*right))
    seat = {"none": NOTHING, "ball": ring(0.12), "plug": disc(0.1), "gate": line((0, -h), (0, h)),
            "angle": outline((0, 0), (-h, 0.44), (h, 0.44))}[c.pick("seat", ("none", "ball", "plug", "gate", "angle"))]
    drive = {
        "hand": line((-0.2, -0.5), (0.2, -0.5)), "dome": join(bow(0.22, 0, 180, 0, -0.44), line((-0.22, -0.44), (0.22, -0.44))),
        "piston": join(box(0.3, 0.26, 0, -0.58), line((-0.15, -0.54), (0.15, -0.54))), "motor": circle(0.17, 0, -0.6),
        "solenoid": join(box(0.26, 0.26, 0, -0.58), line((-0.13, -0.45), (0.13, -0.71))), "filled": block(0.3, 0.16, 0, -0.52),
        "spring": line((0, -0.44), (-0.12, -0.5), (0.12, -0.58), (-0.12, -0.66), (0.12, -0.74), (0, -0.8)),
    }[c.pick("drive", ("hand", "dome", "piston", "motor", "solenoid", "filled", "spring"))]
    flange = {"none": NOTHING, "both": join(line((-0.5, -h), (-0.5, h)), line((0.5, -h), (0.5, h))),
              "right": line((0.5, -h), (0.5, h)), "dots": join(disc(0.05, -0.5), disc(0.05, 0.5))}[
        c.pick("flange", ("none", "both", "right", "dots"))]
    return join(body, seat, line((0, 0 if seat is NOTHING else -0.12), (0, -0.44)), drive, flange)


def vessel(c: Choices) -> Shape:
    """A tank with heads, what is inside it, nozzles and legs."""
    w = c.number("width", 0.5, 0.7)
    heads = c.pick("heads", ("round", "flat", "cone"))
    top = {"round": bow(w / 2, 0, 180, 0, -0.3), "flat": line((-w / 2, -0.3), (w / 2, -0.3)),
           "cone": line((-w / 2, -0.3), (0, -0.5), (w / 2, -0.3))}[heads]
    bottom = {"round": bow(w / 2, 180, 360, 0, 0.3), "flat": line((-w / 2, 0.3), (w / 2, 0.3)),
              "cone": line((-w / 2, 0.3), (0, 0.55), (w / 2, 0.3))}[heads]
    inner = c.pick("inside", ("none", "trays", "coil", "stirrer", "bed", "float", "cross"))
    inside = {
        "none": NOTHING, "trays": join(*(line((-w / 2, y), (w / 4, y)) for y in (-0.15, 0.15)), line((-w / 4, 0), (w / 2, 0))),
        "coil": line((w / 2, -0.2), (-0.15, -0.2), (0.15, -0.07), (-0.15, 0.06), (0.15, 0.19), (w / 2, 0.19)),
        "stirrer": join(line((0, -0.6), (0, 0.1)), line((-0.16, 0.02), (0.16, 0.18)), line((-0.16, 0.18), (0.16, 0.02))),
        "bed": join(line((-w / 2, -0.1), (w / 2, -0.1)), line((-w / 2, 0.2), (w / 2, 0.2)), line((-w / 2, -0.1), (w / 2, 0.2)),
                    line((-w / 2, 0.2), (w / 2, -0.1))),
        "float": join(circle(0.1), line((0.1, 0), (w / 2, -0.15))),
        "cross": join(line((-w / 2, 0), (w / 2, 0)), line((0, -0.3), (0, 0.3))),
    }[inner]
    nozzle = {"none": NOTHING, "left": line((-w / 2 - 0.16, -0.1), (-w / 2, -0.1)),
    "right": line((w / 2, 0.1), (w / 2 + 0.16, 0.1)),
              "pair": join(line((-w / 2 - 0.16, -0.1), (-w / 2, -0.1)), line((w / 2, 0.1), (w / 2 + 0.16, 0.1)))}[
        c.pick("nozzle", ("none", "left", "right", "pair"))]
    legs = join(line((-w / 3, 0.3), (-w / 3, 0.66)), line((w / 3, 0.3), (w / 3, 0.66))) if c.maybe("legs") else NOTHING
    return join(line((-w / 2, -0.3), (-w / 2, 0.3)), line((w / 2, -0.3), (w / 2, 0.3)), top, bottom, inside, nozzle, legs)


def directional_valve(c: Choices) -> Shape:
    """Squares side by side, one a position, with the ways through each and an actuator at both ends."""
    count = c.pick("positions", (2, 3))
    side = 0.5
    start = -side * (count - 1) / 2
    cells = [join(box(side, side, start + side * i), _ways(c.pick(f"ways {i}", (0, 1, 2, 3, 4)), start + side * i))
             for i in range(count)]
    end = side * count / 2
    left = {"spring": line((-end, 0.1), (-end - 0.08, -0.12), (-end - 0.16, 0.12), (-end - 0.24, -0.12), (-end - 0.32, 0.1)),
            "solenoid": join(box(0.3, 0.26, -end - 0.15), line((-end - 0.3, 0.13), (-end, -0.13))),
            "lever": join(line((-end, 0.0), (-end - 0.26, -0.3)), disc(0.06, -end - 0.26, -0.3))}[
        c.pick("left", ("spring", "solenoid", "lever"))]
    right = {"none": NOTHING, "solenoid": join(box(0.3, 0.26, end + 0.15), line((end, 0.13), (end + 0.3, -0.13))),
             "pilot": join(box(0.3, 0.26, end + 0.15), solid((end + 0.05, -0.08), (end + 0.05, 0.08), (end + 0.22, 0)))}[
        c.pick("right", ("none", "solenoid", "pilot"))]
    return join(*cells, left, right)


def _ways(way: int, x: float) -> Shape:
    up = join(line((x - 0.12, 0.25), (x - 0.12, -0.25)), _tip(x - 0.12, -1))
    down = join(line((x + 0.12, -0.25), (x + 0.12, 0.25)), _tip(x + 0.12, 1))
    crossed = join(line((x - 0.12, 0.25), (x + 0.12, -0.25)), line((x + 0.12, 0.25), (x - 0.12, -0.25)))
    blocked = join(*(join(line((x + a, 0.25 * s), (x + a, 0.12 * s)), line((x + a - 0.06, 0.12 * s), (x + a + 0.06, 0.12 * s)))
                     for a in (-0.12, 0.12) for s in (-1, 1)))
    joined = line((x - 0.12, 0.25), (x - 0.12, 0.0), (x + 0.12, 0.0), (x + 0.12, 0.25))
    return (join(up, down), crossed, blocked, joined, up)[way]


def _tip(x: float, way: int) -> Shape:
    return solid((x, 0.25 * way), (x - 0.06, 0.1 * way), (x + 0.06, 0.1 * way))


def exchanger(c: Choices) -> Shape:
    """A round, long or square shell with a heating path through it."""
    shell = {"round": circle(0.5), "long": box(1.1, 0.5), "square": box(0.9, 0.9),
             "lobed": join(Shape((Stroke(arc(0.34, x=-0.2), True),)), circle(0.34, 0.2))}[
        c.pick("shell", ("round", "long", "square", "lobed"))]
    path = {"zigzag": line((-0.7, 0), (-0.24, 0), (-0.12, -0.22), (0.12, 0.22), (0.24, 0), (0.7, 0)),
            "arrow": join(line((-0.6, 0.42), (0.6, -0.42)), solid((0.6, -0.42), (0.42, -0.38), (0.52, -0.24))),
            "wave": join(bow(0.12, 0, 180, -0.24), bow(0.12, 180, 360, 0.0), bow(0.12, 0, 180, 0.24)),
            "chevron": line((-0.3, -0.25), (0.3, 0.0), (-0.3, 0.25)),
            "hairpin": line((0.7, -0.1), (-0.2, -0.1), (-0.2, 0.1), (0.7, 0.1))}[
        c.pick("path", ("zigzag", "arrow", "wave", "chevron", "hairpin"))]
    extra = {"none": NOTHING, "dot": disc(0.06, 0, 0.3), "stub": line((0, -0.5), (0, -0.72)),
             "feet": join(line((-0.3, 0.5), (-0.38, 0.66)), line((0.3, 0.5), (0.38, 0.66)))}[
        c.pick("extra", ("none", "dot", "stub", "feet"))]
    return join(shell, path, extra)
