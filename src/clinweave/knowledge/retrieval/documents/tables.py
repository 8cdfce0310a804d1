"""Tables as files: CSV and TSV, and workbooks (.xlsx, .xls, .ods) by calamine."""

import csv
import io
import re
from typing import Any

from clinweave.core.workbooks import cell_text, fill_merged
from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, rows_of
from clinweave.knowledge.retrieval.documents.opendocument import content_of

_MAX_CELLS = 5_000_000


def read_csv(content: bytes) -> list[Block]:
    """Return the rows of a table in UTF-8, each with its column heads; the separator is detected in the first line."""
    text = content.decode("utf-8", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    try:
        rows = _rows(text, separator)
    except csv.Error as error:
        raise UnreadableError(f"damaged, or not a table ({error})") from error
    return rows_of(_titled(_padded(rows)))


def _rows(text: str, separator: str) -> list[list[str]]:
    """Return the rows of a table; a quotation mark that is not closed must not swallow the rows below."""
    try:
        return _parsed(text, separator, strict=True)
    except csv.Error as error:
        problem = error
    rows = _parsed(text, separator, quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL)
    for number, row in enumerate(rows, 1):
        if any("\n" in cell for cell in row):
            raise UnreadableError(f"row {number}: a quotation mark is not closed ({problem})")
    return rows


def _parsed(text: str, separator: str, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, **options))


def read_workbook(content: bytes) -> list[Block]:
    """Return the rows of each visible sheet under its name; formulas count with their last value."""
    import python_calamine

    if content.startswith(b"PK") and b"content.xml" in content:  # a name that only OpenDocument files hold
        content_of(content)  # refuses damaged XML, on which calamine does not end
    try:
        book = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        blocks: list[Block] = []
        cells = 0
        for sheet in book.sheets_metadata:
            if sheet.visible != python_calamine.SheetVisibleEnum.Visible:
                continue
            if sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            page = book.get_sheet_by_name(sheet.name)
            rows = page.to_python(skip_empty_area=True)
            cells += sum(map(len, rows))
            if cells > _MAX_CELLS:
                raise UnreadableError(f"more than {_MAX_CELLS:,} cells")
            filled = fill_merged([[cell_text(cell) for cell in row] for row in rows], page)
            table = rows_of(_titled(filled))
            blocks += [Block("heading", sheet.name, 1), *table] if table else []
    except UnreadableError:
        raise
    except python_calamine.PasswordError as error:
        raise UnreadableError("needs a password; save it without one") from error
    except Exception as error:  # the library raises many kinds for damaged files
        raise UnreadableError(f"damaged, or not a workbook ({type(error).__name__})") from error
    return blocks


def _padded(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _titled(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows with a title, alone in the first line above column heads, in all cells: it spans the table."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) > 2 and len(rows[0]) > 1 and rows[0][0].strip() and not any(map(str.strip, rows[0][1:])):
        heads = [cell.strip() for cell in rows[1]]
        if all(heads) and not any(re.search(r"\d", cell) for cell in heads):
            return [[rows[0][0]] * len(rows[0]), *rows[1:]]
    return rows
