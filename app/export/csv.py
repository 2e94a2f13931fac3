"""Comma-separated values (RFC 4180), UTF-8: a row a detection."""

from __future__ import annotations

import csv
from io import StringIO

from app.export.report import Report
from app.export.rows import COLUMNS, Cell, like_formula, row


def to_csv(report: Report) -> bytes:
    """The file. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_plain(cell) for cell in row(drawing, find)] for drawing, find in report.finds())
    return text.getvalue().encode()


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"'{cell}" if isinstance(cell, str) and like_formula(cell) else cell
