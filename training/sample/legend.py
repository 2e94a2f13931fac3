"""The devices of the sample sheet, in the order of its legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from training.canvas import Shape, affine
from training.pieces import block, box, circle, join, letters, line, outline, solid
from training.references import REFERENCES
from training.sample.paper import ALARM, LIFE, Layer

_DRAWN = {symbol.name: symbol.shape for symbol in REFERENCES}
_TRIANGLE = outline((0, -0.42), (0.48, 0.42), (-0.48, 0.42))
_LAMP = join(box(0.6, 0.36, y=0.14), circle(0.16, -0.3, -0.24), circle(0.16, 0.3, -0.24), line((-0.2, -0.1), (-0.2, -0.04)),
             line((0.2, -0.1), (0.2, -0.04)))


@dataclass(frozen=True)
class Device:
    """A device of the legend; its shape is centred, `unit` is the metres that 1 of it takes on the sheet."""

    name: str
    shape: Shape
    unit: float
    mounting: str
    layer: Layer = ALARM
    back: Literal["none", "left", "bottom"] = "none"  # the side that is against a wall

    def size(self) -> tuple[float, float]:
        """Width and height between the middles of the outermost lines, metres of the sheet."""
        left, top, right, bottom = self.shape.extent()
        return (right - left) * self.unit, (bottom - top) * self.unit

    @property
    def reach(self) -> float:
        return math.hypot(*self.size()) / 2


def _device(name: str, shape: Shape, unit: float, mounting: str, layer: Layer = ALARM,
            back: Literal["none", "left", "bottom"] = "none") -> Device:
    left, top, right, bottom = shape.extent()
    return Device(name, shape.moved(affine(-(left + right) / 2, -(top + bottom) / 2)), unit, mounting, layer, back)


DEVICES: tuple[Device, ...] = (
    _device("smoke detector", _DRAWN["smoke detector"], 0.74, "CEILING"),
    _device("smoke detector with relay base", join(circle(), letters("S", 0.54), line((-0.5, 0.66), (0.5, 0.66))), 0.74,
            "CEILING"),
    _device("heat detector", _DRAWN["heat detector"], 0.74, "CEILING"),
    _device("beam detector", _DRAWN["beam detector"], 0.92, "WALL 3.0", back="left"),
    _device("manual call point", _DRAWN["manual call point"], 0.68, "WALL 1.2", back="bottom"),
    _device("fire telephone", _DRAWN["fire telephone"], 0.68, "WALL 1.4", back="bottom"),
    _device("sounder", _DRAWN["sounder"], 0.74, "WALL 2.4", back="left"),
    _device("sounder beacon", _DRAWN["sounder beacon"], 0.8, "WALL 2.4", back="left"),
    _device("beacon", _DRAWN["beacon"], 0.86, "WALL 2.4", back="bottom"),
    _device("portable extinguisher", _TRIANGLE, 0.72, "WALL 1.1", LIFE, "bottom"),
    _device("extinguisher cabinet", join(box(), _TRIANGLE.moved(affine(scale=0.72, y=-0.03))), 0.82, "WALL 1.1", LIFE,
            "bottom"),
    _device("monitor module", _DRAWN["monitor module"], 0.86, "BOX"),
    _device("control module", _DRAWN["control module"], 0.86, "BOX"),
    _device("short-circuit isolator", _DRAWN["short-circuit isolator"], 0.84, "BOX"),
    _device("magnetic door holder", join(box(0.5, 0.9, 0.2), block(0.2, 0.46, -0.16), line((-0.5, -0.45), (-0.5, 0.45)),
                                         line((-0.5, 0), (-0.26, 0)), solid((0.45, -0.45), (0.45, -0.1), (0.1, -0.45))), 0.72,
            "WALL 2.0", ALARM, "left"),
    _device("directional exit sign", join(_DRAWN["exit sign"], line((0.44, 0), (0.78, 0)),
                                          solid((0.86, 0), (0.64, -0.13), (0.64, 0.13))), 0.72, "CEILING", LIFE),
    _device("emergency light", join(_LAMP, solid((0.3, -0.4), (0.46, -0.24), (0.3, -0.08), (0.14, -0.24))), 0.84, "WALL 2.2",
            LIFE, "bottom"),
    _device("remote annunciator", _DRAWN["remote annunciator"], 1.2, "WALL 1.5", back="bottom"),
    _device("fire alarm control panel", _DRAWN["fire alarm control panel"], 1.4, "WALL 1.5", back="bottom"),
)
BY_NAME = {device.name: device for device in DEVICES}
LOOK_ALIKES = (("smoke detector", "smoke detector with relay base"), ("manual call point", "fire telephone"),
               ("portable extinguisher", "extinguisher cabinet"),
               ("monitor module", "control module"), ("sounder", "sounder beacon"))
