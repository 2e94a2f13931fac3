"""Valves, fittings, fixtures and instruments of water systems."""

from __future__ import annotations

from training.pieces import block, bow, box, circle, disc, join, letters, line, outline, ring, solid
from training.references.symbol import ReferenceSymbol

BODY = outline((-0.36, -0.26), (0.36, 0.26), (0.36, -0.26), (-0.36, 0.26))
ENDS = join(line((-0.5, 0), (-0.36, 0)), line((0.36, 0), (0.5, 0)))


PLUMBING = tuple(ReferenceSymbol(name, shape) for name, shape in (
    ("gate valve", join(BODY, ENDS, line((0, 0), (0, -0.4)), line((-0.18, -0.4), (0.18, -0.4)))),
    ("globe valve", join(BODY, ENDS, disc(0.13))),
    ("ball valve", join(BODY, ENDS, ring(0.15))),
    ("butterfly valve", join(line((-0.36, -0.3), (-0.36, 0.3)), line((0.36, -0.3), (0.36, 0.3)),
                             line((-0.36, 0.3), (0.36, -0.3)),
                             disc(0.1), ENDS)),
    ("check valve", join(ENDS, outline((-0.36, -0.26), (-0.36, 0.26), (0.36, 0)), line((0.36, -0.26), (0.36, 0.26)))),
    ("angle valve", join(outline((0, 0), (-0.46, -0.22), (-0.46, 0.22)), outline((0, 0), (-0.22, 0.46), (0.22, 0.46)))),
    ("pressure relief valve", join(outline((0, 0), (-0.22, 0.46), (0.22, 0.46)), outline((0, 0), (0.46, -0.2), (0.46, 0.2)),
                                   line((0, 0), (0, -0.5)), line((-0.14, -0.18), (0.14, -0.28)),
                                   line((-0.14, -0.32), (0.14, -0.42)))),
    ("three-way valve", join(BODY, outline((0, 0), (-0.24, 0.46), (0.24, 0.46)))),
    ("pump", join(circle(0.44), outline((-0.22, -0.381), (-0.22, 0.381), (0.44, 0)))),
    ("water meter", join(box(0.8, 0.56), solid((-0.4, -0.28), (-0.4, 0.28), (0.1, 0)), line((-0.5, 0), (-0.4, 0)),
                         line((0.4, 0), (0.5, 0)))),
    ("floor drain", join(box(0.96, 0.96), circle(0.34), line((-0.24, -0.24), (0.24, 0.24)),
                         line((-0.24, 0.24), (0.24, -0.24)))),
    ("cleanout", join(circle(0.46), letters("CO", 0.34))),
    ("water heater", join(circle(0.5), circle(0.42), letters("WH", 0.3))),
    ("backflow preventer", join(box(1.0, 0.5), solid((-0.4, -0.16), (-0.4, 0.16), (-0.06, 0)),
                                line((-0.06, -0.16), (-0.06, 0.16)),
                                solid((0.06, -0.16), (0.06, 0.16), (0.4, 0)), line((0.4, -0.16), (0.4, 0.16)))),
    ("pressure gauge", join(circle(0.34, y=-0.14), line((0, 0.2), (0, 0.5)), line((-0.16, 0.02), (0.18, -0.32)),
                            solid((0.22, -0.36), (0.06, -0.28), (0.14, -0.2)))),
    ("thermometer", join(disc(0.14, y=0.3), box(0.16, 0.66, y=-0.16), line((0, 0.2), (0, -0.24)),
                         line((0.08, -0.3), (0.2, -0.3)),
                         line((0.08, -0.1), (0.2, -0.1)))),
    ("strainer", join(line((-0.5, -0.2), (0.5, -0.2)), line((-0.36, -0.4), (-0.36, 0)), line((0.36, -0.4), (0.36, 0)),
                      line((-0.16, -0.2), (0.2, 0.34)), line((0.1, 0.42), (0.3, 0.27)))),
    ("union", join(line((-0.5, 0), (0.5, 0)), *(line((x, -0.26), (x, 0.26)) for x in (-0.12, 0.0, 0.12)))),
    ("reducer", join(outline((-0.34, -0.36), (0.34, -0.16), (0.34, 0.16), (-0.34, 0.36)), line((-0.5, 0), (-0.34, 0)),
                     line((0.34, 0), (0.5, 0)))),
    ("hose bibb", join(line((-0.5, 0), (0.1, 0)), bow(0.24, -90, 90, 0.1, 0.24), line((-0.1, 0), (-0.1, -0.3)),
                       line((-0.3, -0.3), (0.1, -0.3)))),
    ("vent through roof", join(circle(0.4), block(0.16, 0.16), line((-0.4, 0), (-0.08, 0)), line((0.08, 0), (0.4, 0)),
                               line((0, -0.4), (0, -0.08)),
                               line((0, 0.08), (0, 0.4)))),
    ("expansion tank", join(box(0.56, 0.5, y=-0.05), bow(0.28, 0, 180, y=-0.3), line((0, 0.2), (0, 0.5)),
                            line((-0.28, -0.05), (0.28, -0.05)))),
))
