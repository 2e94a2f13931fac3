"""What surrounds the plan: border, grid with dimensions, legend, notes, title block, north arrow, scale bar."""

from __future__ import annotations

from itertools import pairwise

from app.engine.geometry import Box
from training.canvas import affine, arc
from training.sample.building import MAIN, Part
from training.sample.legend import DEVICES, Device
from training.sample.paper import BOLD, FINE, FRAME, GRID, HEIGHT, TEXT, WIDTH, XY, Layer, Paper

STRIP = 66.6  # where the strip with legend and title block begins, metres
RIGHT, BOTTOM = WIDTH - 1.4, HEIGHT - 1.2
LEGEND_TOP, ROW = 3.4, 1.22
SYMBOL_X = STRIP + 1.5
GENERAL = ("1. ALL DEVICES SHALL BE INSTALLED TO THE MANUFACTURER'S", "   PRINTED INSTRUCTIONS AND THE LOCAL CODE.",
           "2. CONDUIT 20 MM MINIMUM, CONCEALED WHERE CEILINGS ALLOW.",
           "3. COORDINATE DETECTORS WITH DIFFUSERS, 900 MM MINIMUM.",
           "4. WALL HEIGHTS IN METRES TO THE MIDDLE OF THE DEVICE.", "5. SPARE CAPACITY OF LOOPS NOT LESS THAN 20 PERCENT.",
           "6. SEE FA-501 FOR RISER AND FA-601 FOR DETAILS.")
KEYS = ("RELOCATE EXISTING DEVICE, EXTEND CONDUIT.", "CONNECT TO AIR HANDLING UNIT SHUTDOWN.",
        "RELEASE DOORS ON ALARM OF THIS LEVEL.",
        "PROVIDE GUARD OVER DEVICE.", "FIRE STOP WALL PENETRATION.", "HOME RUN TO PANEL, TWO CLASS A LOOPS.")
REVISIONS = (("0", "ISSUED FOR PERMIT", "03/11"), ("1", "ADDENDUM 1", "04/02"), ("2", "WING DEVICES REVISED", "05/19"))


def draw_frame(paper: Paper) -> None:
    """Everything but the plan itself."""
    for inset in (0.9, 1.2):
        paper.line(_box(inset + 0.6, inset, WIDTH - inset, HEIGHT - inset), FRAME if inset > 1 else FINE, closed=True)
    paper.line([(STRIP, 1.2), (STRIP, BOTTOM)], FRAME)
    _grid(paper, MAIN)
    _legend(paper)
    _notes(paper)
    _title_block(paper)
    _north(paper, 60.5, 52.2)
    _scale_bar(paper, 52.5, 56.6)
    paper.text("LEVEL 2 - FIRE ALARM PLAN", 4.0, 56.4, 0.5, left=True, style=BOLD)
    paper.line([(4.0, 57.0), (15.2, 57.0)], FRAME)
    paper.text("SCALE 1:100", 4.0, 57.5, 0.28, left=True)


def legend_place(device: Device) -> XY:
    """The middle of a device's example in the legend."""
    return SYMBOL_X, LEGEND_TOP + ROW * (DEVICES.index(device) + 1.5)


def _box(x: float, y: float, right: float, bottom: float) -> list[XY]:
    return [(x, y), (right, y), (right, bottom), (x, bottom)]


def _legend(paper: Paper) -> None:
    paper.text("FIRE ALARM LEGEND", (STRIP + RIGHT) / 2, 2.4, 0.42, style=BOLD)
    bottom = LEGEND_TOP + ROW * (len(DEVICES) + 1)
    paper.line(_box(STRIP + 0.3, LEGEND_TOP, RIGHT - 0.3, bottom), TEXT, closed=True)
    for column in (STRIP + 2.7, RIGHT - 3.0):
        paper.line([(column, LEGEND_TOP), (column, bottom)], FINE)
    for title, x in (("SYMBOL", STRIP + 0.65), ("DESCRIPTION", STRIP + 3.0), ("MOUNTING", RIGHT - 2.7)):
        paper.text(title, x, LEGEND_TOP + ROW / 2, 0.26, left=True)
    for device in DEVICES:
        x, y = legend_place(device)
        paper.line([(STRIP + 0.3, y - ROW / 2), (RIGHT - 0.3, y - ROW / 2)], FINE)
        paper.draw(device.shape, device.layer, affine(x, y, device.unit))
        paper.text(device.name.upper(), STRIP + 3.0, y, 0.26, left=True)
        paper.text(device.mounting, RIGHT - 2.7, y, 0.24, FINE, left=True)


def _notes(paper: Paper) -> None:
    y = LEGEND_TOP + ROW * (len(DEVICES) + 1) + 1.0
    paper.text("GENERAL NOTES", STRIP + 0.4, y, 0.34, left=True, style=BOLD)
    for number, note in enumerate(GENERAL):
        paper.text(note, STRIP + 0.4, y + 0.75 + 0.52 * number, 0.2, FINE, left=True)
    y += 1.6 + 0.52 * len(GENERAL)
    paper.text("KEY NOTES", STRIP + 0.4, y, 0.34, left=True, style=BOLD)
    for number, note in enumerate(KEYS):
        row = y + 0.85 + 0.86 * number
        paper.curve(arc(0.36, 0, 360, STRIP + 0.85, row, 6), FINE, closed=True)
        paper.text(str(number + 1), STRIP + 0.85, row, 0.28, FINE)
        paper.text(note, STRIP + 1.5, row, 0.2, FINE, left=True)


def _title_block(paper: Paper) -> None:
    top = 44.2
    paper.line([(STRIP, top), (RIGHT, top)], FRAME)
    for number, (mark, words, day) in enumerate((("REV", "DESCRIPTION", "DATE"), *REVISIONS)):
        y = top + 0.35 + 0.6 * number
        for word, x in ((mark, STRIP + 0.4), (words, STRIP + 2.0), (day, RIGHT - 2.2)):
            paper.text(word, x, y, 0.2, FINE, left=True)
        paper.line([(STRIP, y + 0.3), (RIGHT, y + 0.3)], FINE)
    for y in (47.0, 49.6, 52.2, 54.4):
        paper.line([(STRIP, y), (RIGHT, y)], TEXT)
    middle = (STRIP + RIGHT) / 2
    paper.curve(arc(0.8, 0, 360, STRIP + 1.7, 48.3), TEXT, closed=True)
    paper.line([(STRIP + 1.2, 48.8), (STRIP + 1.7, 47.6), (STRIP + 2.2, 48.8)], TEXT)
    paper.text("QUAYSIDE ENGINEERING", STRIP + 3.1, 47.95, 0.36, left=True, style=BOLD)
    paper.text("ELECTRICAL AND LIFE SAFETY CONSULTANTS", STRIP + 3.1, 48.7, 0.2, FINE, left=True)
    paper.text("HARBOUR POINT MEDICAL CENTRE", middle, 50.5, 0.42, style=BOLD)
    paper.text("14 WHARF ROAD, BUILDING C", middle, 51.3, 0.24)
    paper.text("LEVEL 2", middle, 52.85, 0.36, style=BOLD)
    paper.text("FIRE ALARM PLAN", middle, 53.65, 0.42, style=BOLD)
    for number, (label, value) in enumerate((("DRAWN", "M.K."), ("CHECKED", "A.R."), ("SCALE", "1:100"), ("DATE", "19/05"))):
        x = STRIP + 0.4 + 2.4 * number
        paper.text(label, x, 54.8, 0.16, FINE, left=True)
        paper.text(value, x, 55.35, 0.26, left=True)
        paper.line([(x + 2.1, 54.4), (x + 2.1, 55.9)], FINE)
    paper.line([(STRIP, 55.9), (RIGHT, 55.9)], TEXT)
    paper.text("PROJECT NO. 2026-118", STRIP + 0.4, 57.0, 0.24, left=True)
    paper.text("FA-102", RIGHT - 2.9, 57.0, 0.9, style=BOLD)


def _grid(paper: Paper, part: Part) -> None:
    """Bubbles and centre lines every 6 m across, lettered down, with dimension chains."""
    columns = [part.place.x + x for x in range(0, 55, 6)]
    rows = [part.place.y + y for y in (0.0, 6.6, 16.0, 22.0)]
    for number, x in enumerate(columns):
        paper.dashed([(x, 3.3), (x, rows[-1] + 1.6)], GRID, (1.6, 0.2, 0.2, 0.2))
        _bubble(paper, str(number + 1), x, 2.7)
    for number, y in enumerate(rows):
        paper.dashed([(3.0, y), (columns[-1] + 1.6, y)], GRID, (1.6, 0.2, 0.2, 0.2))
        _bubble(paper, "ABCD"[number], 2.45, y)
    _dimensions(paper, [(x, 5.2) for x in columns], FINE)
    _dimensions(paper, [(columns[0], 4.2), (columns[-1], 4.2)], FINE)
    _dimensions(paper, [(4.8, y) for y in rows], FINE)
    _dimensions(paper, [(3.9, rows[0]), (3.9, rows[-1])], FINE)


def _bubble(paper: Paper, name: str, x: float, y: float) -> None:
    paper.curve(arc(0.58, 0, 360, x, y), TEXT, closed=True)
    paper.text(name, x, y, 0.4)


def _dimensions(paper: Paper, points: list[XY], layer: Layer) -> None:
    paper.line([points[0], points[-1]], layer)
    for x, y in points:
        paper.line([(x - 0.16, y + 0.16), (x + 0.16, y - 0.16)], TEXT)
    for (x0, y0), (x1, y1) in pairwise(points):
        across = abs(x1 - x0) > abs(y1 - y0)
        length = round(1000 * (x1 - x0 if across else y1 - y0))
        x, y = (x0 + x1) / 2 - (0 if across else 0.26), (y0 + y1) / 2 - (0.26 if across else 0)
        paper.text(str(length), x, y, 0.22, FINE, 0.0 if across else 90.0)


def _north(paper: Paper, x: float, y: float) -> None:
    paper.curve(arc(1.5, 0, 360, x, y), TEXT, closed=True)
    paper.fill([(x, y - 1.5), (x - 0.45, y + 1.1), (x, y + 0.7)], TEXT)
    paper.line([(x, y - 1.5), (x + 0.45, y + 1.1), (x, y + 0.7)], TEXT, closed=True)
    paper.text("N", x, y - 2.0, 0.5, style=BOLD)


def _scale_bar(paper: Paper, x: float, y: float) -> None:
    for number, (start, stop) in enumerate(((0, 1), (1, 2), (2, 5), (5, 10))):
        corners = _box(x + start, y, x + stop, y + 0.24)
        paper.fill(corners, TEXT if number % 2 == 0 else None)
        paper.line(corners, FINE, closed=True)
    for mark in (0, 1, 2, 5, 10):
        paper.text(str(mark), x + mark, y - 0.3, 0.22, FINE)
    paper.text("METRES", x + 11.2, y + 0.1, 0.22, FINE)


CLOUDED = Box(20.4, 46.0, 8.4, 7.4)  # what revision 2 changed, metres
