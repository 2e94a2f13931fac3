"""Fire alarm and fire protection."""

from __future__ import annotations

from training.pieces import block, bow, box, circle, disc, join, letters, line, outline, solid
from training.references.symbol import ReferenceSymbol

HORN = join(box(0.34, 0.5, -0.25), outline((-0.08, -0.25), (0.3, -0.5), (0.3, 0.5), (-0.08, 0.25)))
FLASH = join(line((-0.5, -0.5), (0.5, 0.5)), line((-0.5, 0.5), (0.5, -0.5)))
RAYS = join(*(line((0.3 * x, 0.3 * y), (0.5 * x, 0.5 * y)) for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1), (0.75, 0.75),
                                                                         (-0.75, 0.75), (0.75, -0.75), (-0.75, -0.75))))

FIRE = tuple(ReferenceSymbol(name, shape) for name, shape in (
    ("smoke detector", join(circle(), letters("S", 0.54))),
    ("duct smoke detector", join(circle(0.4, y=0.1), letters("S", 0.44, y=0.1), line((-0.4, -0.4), (0.4, -0.4)),
                                 line((0, -0.4), (0, -0.3)))),
    ("heat detector", join(circle(), letters("H", 0.54))),
    ("beam detector", join(box(0.5, 0.8, -0.25), letters("B", 0.42, -0.25), line((0, 0), (0.5, 0)),
                           solid((0.5, 0), (0.28, -0.12), (0.28, 0.12)))),
    ("manual call point", join(box(), letters("F", 0.6))),
    ("fire telephone", join(box(), letters("P", 0.6))),
    ("sounder", HORN),
    ("sounder beacon", join(HORN, line((0.3, 0), (0.5, 0)), line((0.38, -0.28), (0.5, -0.4)), line((0.38, 0.28), (0.5, 0.4)))),
    ("beacon", join(circle(0.24), disc(0.1), RAYS)),
    ("alarm bell", join(bow(0.42, 0, 180, y=0.15), line((-0.5, 0.15), (0.5, 0.15)), disc(0.09, y=0.28),
                        line((0, -0.27), (0, -0.42)))),
    ("pendent sprinkler", join(circle(0.36), disc(0.12), line((-0.5, 0), (-0.36, 0)), line((0.36, 0), (0.5, 0)))),
    ("upright sprinkler", join(circle(0.36), line((-0.5, 0), (0.5, 0)), line((0, -0.5), (0, 0.5)))),
    ("sidewall sprinkler", join(circle(0.26, y=0.22), solid((-0.26, -0.5), (0.26, -0.5), (0, -0.06)))),
    ("fire hydrant", join(circle(0.28), block(0.14, 0.22, -0.4), block(0.14, 0.22, 0.4), block(0.22, 0.14, 0, 0.4),
                          line((-0.33, 0), (-0.28, 0)), line((0.28, 0), (0.33, 0)), line((0, 0.28), (0, 0.33)))),
    ("fire extinguisher", join(outline((0, -0.5), (0.5, 0.4), (-0.5, 0.4)), letters("FE", 0.26, y=0.18))),
    ("fire alarm control panel", join(box(1.0, 0.56), letters("FACP", 0.26))),
    ("remote annunciator", join(box(1.0, 0.56), letters("ANN", 0.26), line((-0.5, 0.4), (0.5, 0.4)))),
    ("short-circuit isolator", join(box(0.7, 0.7), line((-0.5, 0), (-0.14, 0)), line((0.14, 0), (0.5, 0)),
                                    line((-0.14, 0), (0.1, -0.2)))),
    ("monitor module", join(box(0.9, 0.9), box(0.62, 0.62), letters("M", 0.36))),
    ("control module", join(box(0.9, 0.9), box(0.62, 0.62), letters("C", 0.36))),
    ("magnetic door holder", join(box(0.56, 1.0, 0.22), block(0.2, 0.5, -0.16), line((-0.5, -0.5), (-0.5, 0.5)),
                                  line((-0.5, 0), (-0.26, 0)))),
    ("flow switch", join(circle(0.4, y=0.1), letters("FS", 0.3, y=0.1), line((0, -0.3), (0, -0.5)))),
))
