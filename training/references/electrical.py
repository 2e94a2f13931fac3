"""Power, lighting, low voltage and circuit elements."""

from __future__ import annotations

from training.canvas import Shape
from training.pieces import block, bow, box, circle, disc, join, letters, line, outline, solid
from training.references.symbol import ReferenceSymbol

SOCKET = join(circle(0.36), line((-0.12, -0.5), (-0.12, 0.5)), line((0.12, -0.5), (0.12, 0.5)))
DATA = outline((0, -0.4), (0.46, 0.4), (-0.46, 0.4))


def switch(mark: str) -> Shape:
    """The letter S on its tick, with the number of its ways."""
    return join(letters("S", 0.8, -0.12), line((-0.12, -0.5), (-0.12, 0.5)),
                letters(mark, 0.36, 0.32, 0.3) if mark else Shape(()))


def coils(y: float, start: float) -> Shape:
    """Four half turns in a row."""
    return join(*(bow(0.125, start, start + 180, -0.375 + 0.25 * turn, y) for turn in range(4)))


ELECTRICAL = tuple(ReferenceSymbol(name, shape) for name, shape in (
    ("duplex socket", SOCKET),
    ("protected socket", join(SOCKET, letters("G", 0.34, 0.54, 0.3))),
    ("quadruplex socket", join(circle(0.36), *(line((x, -0.5), (x, 0.5)) for x in (-0.2, 0.0, 0.2)))),
    ("switch", switch("")),
    ("two-way switch", switch("2")),
    ("three-way switch", switch("3")),
    ("dimmer switch", switch("D")),
    ("downlight", join(circle(0.5), circle(0.3))),
    ("wall light", join(circle(0.34, y=0.14), line((0, -0.2), (0, -0.48)), line((-0.3, -0.48), (0.3, -0.48)),
                        disc(0.08, y=0.14))),
    ("fluorescent luminaire", join(box(1.0, 0.34), line((-0.38, 0), (0.38, 0), width=2.0))),
    ("recessed troffer", join(box(1.0, 0.6), line((-0.5, -0.3), (0.5, 0.3)), line((-0.5, 0.3), (0.5, -0.3)))),
    ("exit sign", join(circle(0.44), solid((0, 0), (-0.311, -0.311), (-0.17, -0.406), (0, -0.44), (0.17, -0.406),
                                           (0.311, -0.311)),
                       solid((0, 0), (0.311, 0.311), (0.17, 0.406), (0, 0.44), (-0.17, 0.406), (-0.311, 0.311)))),
    ("emergency light", join(box(0.6, 0.36, y=0.14), circle(0.16, -0.3, -0.24), circle(0.16, 0.3, -0.24),
                             line((-0.2, -0.1), (-0.2, -0.04)), line((0.2, -0.1), (0.2, -0.04)))),
    ("junction box", join(circle(), letters("J", 0.54))),
    ("panelboard", join(box(1.0, 0.4), solid((-0.5, 0.2), (0.5, -0.2), (0.5, 0.2)))),
    ("disconnect switch", join(box(0.8, 0.8), line((-0.4, -0.4), (0.4, 0.4)), line((0, -0.4), (0, -0.5)),
                               line((0, 0.4), (0, 0.5)))),
    ("data outlet", DATA),
    ("telephone outlet", solid((0, -0.4), (0.46, 0.4), (-0.46, 0.4))),
    ("data outlet in box", join(box(1.0, 1.0), outline((0, -0.3), (0.34, 0.3), (-0.34, 0.3)))),
    ("security camera", join(box(0.56, 0.36, -0.2), outline((0.08, -0.08), (0.34, -0.24), (0.34, 0.24), (0.08, 0.08)),
                             line((-0.2, 0.18), (-0.2, 0.42)), line((-0.4, 0.42), (0, 0.42)))),
    ("card reader", join(box(0.66, 1.0), block(0.4, 0.14, y=-0.24), letters("CR", 0.26, y=0.16))),
    ("motor", join(circle(), letters("M", 0.5))),
    ("transformer", join(coils(-0.14, 0), coils(0.14, 180), line((-0.5, -0.05), (0.5, -0.05)),
                         line((-0.5, 0.05), (0.5, 0.05)))),
    ("ground", join(line((0, -0.5), (0, 0)), line((-0.4, 0), (0.4, 0)), line((-0.25, 0.16), (0.25, 0.16)),
                    line((-0.1, 0.32), (0.1, 0.32)))),
    ("resistor", line((-0.5, 0), (-0.3, 0), (-0.25, -0.16), (-0.15, 0.16), (-0.05, -0.16), (0.05, 0.16), (0.15, -0.16),
                      (0.25, 0.16),
                      (0.3, 0), (0.5, 0))),
    ("capacitor", join(line((-0.5, 0), (-0.09, 0)), line((-0.09, -0.32), (-0.09, 0.32)), line((0.09, -0.32), (0.09, 0.32)),
                       line((0.09, 0), (0.5, 0)))),
    ("diode", join(line((-0.5, 0), (0.5, 0)), solid((-0.2, -0.26), (-0.2, 0.26), (0.2, 0)), line((0.2, -0.26), (0.2, 0.26)))),
    ("battery", join(line((-0.5, 0), (-0.2, 0)), line((-0.2, -0.36), (-0.2, 0.36)),
                     line((-0.07, -0.18), (-0.07, 0.18), width=2.0),
                     line((0.07, -0.36), (0.07, 0.36)), line((0.2, -0.18), (0.2, 0.18), width=2.0), line((0.2, 0), (0.5, 0)))),
    ("fuse", join(box(0.64, 0.28), line((-0.5, 0), (0.5, 0)))),
    ("relay coil", join(box(0.5, 0.8), line((-0.5, 0), (-0.25, 0)), line((0.25, 0), (0.5, 0)),
                        line((-0.25, 0.4), (0.25, -0.4)))),
))
