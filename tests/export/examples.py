"""A report for tests: two symbols, one drawing of two pages."""

from __future__ import annotations

from app.engine.drawing import PageSize
from app.engine.geometry import Box, Detection, Pose
from app.export.report import Report, Searched, make_report

SYMBOLS = [("id-a", "=HYPERLINK(1)"), ("id-b", "valve, wet")]
PAGES = (PageSize(1, 400, 300), PageSize(2, 400, 300))


def detection(symbol: str, x: float, y: float, score: float = 0.9) -> Detection:
    corners = ((x, y), (x + 40, y), (x + 40, y + 20), (x, y + 20))
    return Detection(symbol, Box(x, y, 40, 20), corners, score, Pose(x + 20, y + 10, 90.0, True, 1.25))


def report(name: str = "plan.pdf") -> Report:
    found = (
        (1, detection("id-a", 100, 100), "certain"),
        (1, detection("id-b", 200.1234, 100), "review"),
        (2, detection("id-a", -5, 100, 0.6), "review"),
    )
    return make_report(SYMBOLS, [Searched(name, PAGES, found), Searched("other.png", PAGES[:1], ())])
