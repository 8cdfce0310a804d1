"""Excel workbooks: read by calamine, written by XlsxWriter."""

import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinweave.applications.molecules.files.rows import (
    STRUCTURE_NAMES,
    MoleculeFile,
    Row,
    checked,
    distinct_names,
    structure_column,
)
from clinweave.applications.molecules.files.text import binary
from clinweave.core.errors import UserError
from clinweave.core.workbooks import cell_text, fill_merged

_MAX_CELLS = 5_000_000
_SEARCHED = 30  # first rows among which the header is looked for
Cells = list[list[str]]


def open_workbook(path: Path, column: str = "", *, first: bool = False) -> MoleculeFile:
    """Return the rows of every visible sheet that has a column of structures; a merged cell counts for all it spans.

    The header is the first row with such a column; a merged heading above several columns is put before their names.
    Rows of several sheets follow each other, with the sheet's name in the column `sheet`. A wholly blank row is none.
    """
    names = {column.lower()} if column else set(STRUCTURE_NAMES)
    sheets = _sheets(path)
    tables = {name: table for name, cells in sheets.items() if (table := _table(cells, names)) is not None}
    if not tables:
        heads = next((row for cells in sheets.values() for row in cells[:1]), [])
        raise UserError(
            f"{path}: no sheet has a column called {column or 'smiles'} ({', '.join(sheets) or 'no visible sheet'}; "
            f"the first row is {', '.join(filter(None, heads)) or 'empty'}); call the column of structures smiles, "
            "or name it with --smiles-column where the command has that option"
        )
    several = len(tables) > 1
    header = list(dict.fromkeys(name for heads, _ in tables.values() for name in heads))
    if several:
        header.append(
            next(name for name in ("sheet", "sheet_name", "sheet_of_the_workbook") if name not in header)
        )
    index = structure_column(path, header, column, first=first)

    def rows() -> Iterator[Row]:
        for sheet, (heads, body) in tables.items():
            for cells in body:
                values = dict(zip(heads, cells, strict=True))
                if several:
                    values[header[-1]] = sheet
                yield Row([values.get(name, "") for name in header])

    return MoleculeFile(path, header, checked(rows(), header), index)


def _sheets(path: Path) -> dict[str, Cells]:
    """Return the cells of the visible sheets, merged ones filled."""
    import python_calamine

    try:
        with binary(path) as stream:
            content = stream.read()
        book = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
        sheets: dict[str, Cells] = {}
        count = 0
        for sheet in book.sheets_metadata:
            visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
            if not visible or sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            page = book.get_sheet_by_name(sheet.name)
            cells = [
                [cell_text(cell).strip() for cell in row] for row in page.to_python(skip_empty_area=True)
            ]
            count += sum(map(len, cells))
            if count > _MAX_CELLS:
                raise UserError(f"{path}: more than {_MAX_CELLS:,} cells; save it as Parquet or CSV")
            sheets[sheet.name] = fill_merged(cells, page)
    except UserError:
        raise
    except python_calamine.PasswordError as error:
        raise UserError(f"{path} needs a password; save it without one") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    except Exception as error:  # the library raises many kinds for damaged files
        raise UserError(f"{path} is damaged, or not a workbook ({type(error).__name__})") from error
    return sheets


def _table(cells: Cells, names: set[str]) -> tuple[list[str], Cells] | None:
    """Return the header and the rows below it, or None where no row near the top has a column of these names."""
    top = next((n for n, row in enumerate(cells[:_SEARCHED]) if names & {cell.lower() for cell in row}), None)
    if top is None:
        return None
    bottom = top
    while bottom + 1 < len(cells) and _continues(cells[bottom], cells[bottom + 1], names):
        bottom += 1
    above = [row for row in cells[max(0, top - 2) : top] if len(set(filter(None, row))) > 1]
    heads = []
    for column in range(len(cells[top])):
        parts = [row[column] for row in (*above, *cells[top : bottom + 1]) if row[column]]
        heads.append(
            " ".join(dict.fromkeys(parts)) if not names & {part.lower() for part in parts} else parts[-1]
        )
    return distinct_names(heads), [row for row in cells[bottom + 1 :] if any(row)]


def _continues(row: Sequence[str], following: Sequence[str], names: set[str]) -> bool:
    """Say whether the next row is a second line of the header: the heading of the structures spans both."""
    return any(cell.lower() in names and cell == below for cell, below in zip(row, following, strict=True))
