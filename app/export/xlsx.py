"""An Excel workbook: a sheet of counts by symbol and page, a sheet with a row a detection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.errors import TooLarge
from app.export.report import Report
from app.export.rows import COLUMNS, Cell, like_formula, row

MOST_ROWS = 1_048_576  # of a sheet, as Excel has it
TOTALS = ("symbol", "symbol_id", "count", "certain", "review", "expected")


def to_xlsx(report: Report) -> bytes:
    """The file. Texts are stored as texts and marked as such, so that none becomes a formula. Raises TooLarge."""
    rows = [row(drawing, find) for drawing, find in report.finds()]
    if len(rows) >= MOST_ROWS:
        raise TooLarge(f"A sheet holds {MOST_ROWS - 1} detections, this answer has {len(rows)}. Ask for `csv`.", MOST_ROWS - 1)
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        head, quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        _fill(book.add_worksheet("Counts"), [*TOTALS, *_page_names(report)], _counts(report), head, quoted)
        _fill(book.add_worksheet("Detections"), COLUMNS, rows, head, quoted)
    return buffer.getvalue()


def _counts(report: Report) -> Iterable[tuple[Cell, ...]]:
    """A row a symbol, its count on every page at the end."""
    on_page = Counter((find.symbol.id, n, find.page) for n, drawing in enumerate(report.drawings) for find in drawing.finds)
    certain = Counter(find.symbol.id for _, find in report.finds() if find.band == "certain")
    scores: dict[str, list[float]] = {symbol.id: [] for symbol in report.symbols}
    for _, find in report.finds():
        scores[find.symbol.id].append(find.detection.score)
    for symbol in report.symbols:
        count, sure = len(scores[symbol.id]), certain[symbol.id]
        pages = [on_page[symbol.id, n, page.number] for n, drawing in enumerate(report.drawings) for page in drawing.pages]
        yield symbol.name, symbol.id, count, sure, count - sure, round(sum(scores[symbol.id]), 3), *pages


def _page_names(report: Report) -> list[str]:
    alone = len(report.drawings) == 1
    return [f"page {page.number}" if alone else f"{drawing.name}, page {page.number}" for drawing, page in report.pages()]


def _fill(sheet: Worksheet, head: Sequence[str], rows: Iterable[Sequence[Cell]], bold: Format, quoted: Format) -> None:
    for column, text in enumerate(head):
        sheet.write_string(0, column, text, bold)
    for number, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            _write(sheet, number, column, cell, quoted)
    sheet.freeze_panes(1, 0)
    sheet.autofit()


def _write(sheet: Worksheet, number: int, column: int, cell: Cell, quoted: Format) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(number, column, cell)
    elif isinstance(cell, str):
        # the mark keeps a text a text when someone edits the cell
        sheet.write_string(number, column, cell, quoted if like_formula(cell) else None)
    else:
        sheet.write_number(number, column, cell)
