"""Parquet, and the types of columns: a column is numeric where every cell that is filled is plainly a number."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinweave.applications.molecules.files.rows import (
    MoleculeFile,
    Row,
    checked,
    distinct_names,
    structure_column,
)
from clinweave.core.errors import UserError

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,14})")


def open_parquet(path: Path, column: str = "", *, first: bool = False) -> MoleculeFile:
    """Return the rows of a Parquet file; numbers as text, lists and structs as JSON, nulls as empty cells."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UserError(f"there is no file {path}")
    try:
        table = pq.read_table(path, use_threads=False)
        if not table.num_columns:
            raise UserError(f"{path} has no columns")
        header = distinct_names(table.column_names)
        columns = [table.column(number).to_pylist() for number in range(table.num_columns)]
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, NotImplementedError) as error:
        raise UserError(f"{path} is damaged, or not Parquet ({str(error).splitlines()[0][:200]})") from error
    index = structure_column(path, header, column, first=first)
    rows: Iterator[Row] = (Row([_text(cell) for cell in cells]) for cells in zip(*columns, strict=True))
    return MoleculeFile(path, header, checked(rows, header), index)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, list | dict):
        return json.dumps(cell, default=str)
    return repr(cell) if isinstance(cell, float) else str(cell)


def typed(cells: Sequence[str]) -> list[str | int | float | None]:
    """Return a column as whole numbers, numbers or text; empty cells are None.

    Where any cell is text that a number would change ("007", a 20-digit identifier), the column stays text.
    """
    filled = [cell for cell in cells if cell]
    if filled and all(map(_WHOLE.fullmatch, filled)):
        return [int(cell) if cell else None for cell in cells]
    if filled and all(map(_NUMBER.fullmatch, filled)):
        return [float(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells]
