"""Write a table of molecules in the format that its ending names, whole or not at all."""

import csv
import gzip
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from clinweave.applications.molecules.files.columns import typed
from clinweave.applications.molecules.files.formats import output_format
from clinweave.applications.molecules.files.rows import distinct_names
from clinweave.core.artifacts import appearing
from clinweave.core.errors import UserError

Cell = str | int | float | bool | None
_MAX_ROWS, _MAX_LETTERS = 1_048_575, 32_767  # of a sheet, of a cell in Excel
_TITLES = ("name", "id", "title", "mol_id", "molecule_name")


def write_molecules(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    structure: int = 0,
    blocks: Sequence[str] = (),
) -> None:
    """Write rows under their header; `structure` is the column of SMILES.

    SDF: the block of `blocks` if there is one, else 2D coordinates; a row without a readable structure has a block
    without atoms; other columns are data items. SMILES: the structure first, a header where there are more columns
    than a name. Raises `UserError` for an ending that is not written, and for what the format cannot hold.
    """
    kind = output_format(path)
    names = distinct_names(header)
    texts = [[_text(cell) for cell in row] for row in rows]
    with appearing(path) as work:
        if kind == "excel":
            _write_workbook(work, path, names, texts)
        elif kind == "parquet":
            _write_parquet(work, names, texts)
        else:
            with _opened(work, compressed=path.name.lower().endswith(".gz")) as stream:
                if kind == "sdf":
                    _write_sdf(stream, names, texts, structure, blocks)
                elif kind == "smiles":
                    _write_smiles(stream, names, texts, structure)
                else:
                    writer = csv.writer(stream, delimiter="\t" if kind == "tsv" else ",", lineterminator="\n")
                    writer.writerow(header)
                    writer.writerows(texts)


def write_records(path: Path, records: Sequence[Mapping[str, Cell]], structure: str = "smiles") -> None:
    """Write mappings of column names to cells; the columns are all names, in the order in which they come up."""
    header = list(dict.fromkeys(name for record in records for name in record)) or [structure]
    rows = [[record.get(name) for name in header] for record in records]
    write_molecules(path, header, rows, header.index(structure))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)


def _opened(path: Path, *, compressed: bool) -> IO[str]:
    if compressed:
        return cast("IO[str]", gzip.open(path, "wt", encoding="utf-8", newline=""))
    return path.open("w", encoding="utf-8", newline="")


def _write_smiles(stream: IO[str], names: list[str], rows: Iterable[list[str]], structure: int) -> None:
    others = [column for column in range(len(names)) if column != structure]
    order = [structure, *others]
    plain = [names[column].lower() for column in others] in ([], ["name"])
    if not plain:
        stream.write("\t".join(names[column] for column in order) + "\n")
    for row in rows:
        cells = [" ".join(row[column].split()) for column in order]
        stream.write((" ".join(filter(None, cells)) if plain and cells[0] else "\t".join(cells)) + "\n")


def _write_sdf(
    stream: IO[str], names: list[str], rows: Iterable[list[str]], structure: int, blocks: Sequence[str]
) -> None:
    lower = [name.lower() for name in names]
    titled = next(
        (lower.index(name) for name in _TITLES if name in lower and lower.index(name) != structure), None
    )
    for number, row in enumerate(rows):
        title = " ".join(row[titled].split()) if titled is not None else ""
        block = blocks[number] if number < len(blocks) and blocks[number] else _drawn(row[structure])
        lines = (block or _EMPTY).splitlines()
        lines[0] = title if titled is not None else lines[0]
        stream.write("\n".join(lines) + "\n")
        for column, name in enumerate(names):
            # the block carries the structure; if there is none, the text as it was given must not be lost
            if (column == structure and (block or not row[column])) or (
                column == titled and lower[column] == "name"
            ):
                continue
            label = re.sub(r"[<>\s]+", " ", name).strip()
            # a blank line ends a value, and $$$$ at the beginning of a line the record
            value = "\n".join(line for line in row[column].splitlines() if line.strip()).replace(
                "\n$$$$", "\n $$$$"
            )
            stream.write(f">  <{label}>\n{' ' * value.startswith('$$$$')}{value}\n\n")
        stream.write("$$$$\n")


_EMPTY = "\n  clinweave\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"


def _drawn(smiles: str) -> str:
    """Return a block with 2D coordinates, or "" if there is no structure."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDepictor

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles) if smiles else None
        if molecule is None:
            return ""
        rdDepictor.Compute2DCoords(molecule)
        return str(Chem.MolToMolBlock(molecule))


def _write_parquet(path: Path, names: list[str], rows: list[list[str]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [typed([row[column] for row in rows]) for column in range(len(names))]
    arrays = [
        pa.array(column, None if any(cell is not None for cell in column) else pa.string())
        for column in columns
    ]
    pq.write_table(pa.table(arrays, names), path)


def _write_workbook(work: Path, path: Path, names: list[str], rows: list[list[str]]) -> None:
    import xlsxwriter

    if len(rows) > _MAX_ROWS:
        raise UserError(f"{path}: {len(rows):,} rows; a sheet holds {_MAX_ROWS:,}: write Parquet or CSV")
    book = xlsxwriter.Workbook(
        str(work), {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    )
    sheet = book.add_worksheet("molecules")
    head = book.add_format({"bold": True})
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, head)
        cells = typed([row[column] for row in rows])
        for number, cell in enumerate(cells, 1):
            if isinstance(cell, str):
                if len(cell) > _MAX_LETTERS:
                    raise UserError(
                        f"{path}, row {number}, column {name}: {len(cell):,} characters; a cell of Excel holds "
                        f"{_MAX_LETTERS:,}: write Parquet or CSV"
                    )
                sheet.write_string(number, column, cell)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names) - 1)
    book.close()
