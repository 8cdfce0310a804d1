"""Cells of workbooks as calamine reads them."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_calamine import CalamineSheet


def cell_text(cell: object) -> str:
    """Return a cell as the workbook shows it: whole numbers without a point, dates as year-month-day."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if cell.time() == time() else "%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def fill_merged(rows: list[list[str]], sheet: "CalamineSheet") -> list[list[str]]:
    """Return the rows of a sheet with the text of a merged cell in each cell that it spans. Changes `rows`."""
    top, left = sheet.start or (0, 0)
    for (first, begin), (last, end) in sheet.merged_cell_ranges or ():
        span = rows[max(first - top, 0) : last - top + 1]
        text = span[0][begin - left] if span and 0 <= begin - left < len(span[0]) else ""
        for row in span:
            for column in range(max(begin - left, 0), min(end - left + 1, len(row))):
                row[column] = text
    return rows
