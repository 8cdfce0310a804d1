"""Tables as files: CSV and TSV, and workbooks (.xlsx, .xls, .ods) by calamine."""

import csv
import io
from datetime import date, datetime, time
from typing import Any

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, rows_of

_MOST_CELLS = 5_000_000


def read_csv(content: bytes) -> list[Block]:
    """Return the rows of a table in UTF-8, each with its column heads; the separator is told from the first line."""
    text = content.decode("utf-8", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise UnreadableError(f"damaged, or not a table ({error})") from error
    return rows_of(_padded(rows))


def read_workbook(content: bytes) -> list[Block]:
    """Return the rows of each visible sheet under its name; formulas count with their last value."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        blocks: list[Block] = []
        cells = 0
        for sheet in book.sheets_metadata:
            if sheet.visible != python_calamine.SheetVisibleEnum.Visible:
                continue
            if sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=True)
            cells += sum(map(len, rows))
            if cells > _MOST_CELLS:
                raise UnreadableError(f"more than {_MOST_CELLS:,} cells")
            table = rows_of([[_text(cell) for cell in row] for row in rows])
            blocks += [Block("heading", sheet.name, 1), *table] if table else []
    except UnreadableError:
        raise
    except python_calamine.PasswordError as error:
        raise UnreadableError("needs a password; save it without one") from error
    except Exception as error:  # the library raises many kinds for damaged files
        raise UnreadableError(f"damaged, or not a workbook ({type(error).__name__})") from error
    return blocks


def _text(cell: Any) -> str:
    """Return a cell as the workbook shows it: whole numbers without a point, dates as year-month-day."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d" if cell.time() == time() else "%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _padded(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]
