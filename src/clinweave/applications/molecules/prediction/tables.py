"""A user's table of molecules: each row gives a structure or a reason; order and count are preserved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.files import check_output, open_molecules, write_molecules
from clinweave.applications.molecules.prediction.labels import Answers, read_answers
from clinweave.applications.molecules.prediction.structures import Refused, Structure, read_structure
from clinweave.core.errors import UserError


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the file. `structures` has one entry a row; `smiles_column` says where they are from."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    smiles_column: int
    structures: list[Structure | Refused]
    separator: str = ","
    blocks: list[str] = field(default_factory=list)  # of an SD file, "" in rows without a structure

    @property
    def good(self) -> list[int]:
        """Return the positions of the rows that have a structure."""
        return [row for row, structure in enumerate(self.structures) if isinstance(structure, Structure)]

    def column(self, name: str) -> int:
        """Return the position of a column. Raises `UserError` if there is none, or more than one."""
        indices = [index for index, title in enumerate(self.header) if title == name]
        if len(indices) == 1:
            return indices[0]
        if indices:
            raise UserError(f"{self.path}: {len(indices)} columns are called {name!r}; rename all but one")
        raise UserError(f"{self.path}: no column {name!r}; there are {', '.join(self.header)}")

    def answers(self, name: str, bounds: str = "leave-out") -> Answers:
        """Return a column as numbers, NaN where it is empty; see `read_answers`. Raises `UserError` naming the row."""
        index = self.column(name)
        cells = [
            None if index >= len(cells) or isinstance(structure, Refused) else cells[index]
            for cells, structure in zip(self.rows, self.structures, strict=True)
        ]
        return read_answers(cells, self.separator, bounds, prefix=f"{self.path}, column {name}, ")

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return `answers` without what was made of them."""
        return self.answers(name).values


def read_table(path: Path, smiles_column: str = "") -> Table:
    """Read a file of molecules by its ending: .sdf, .smi, .csv, .tsv (also .gz), .xlsx or .parquet.

    Byte order marks and Windows line ends are no matter. Raises `UserError` for what is no table; a bad row or record
    is kept, with its reason.
    """
    opened = open_molecules(path, smiles_column)
    rows: list[list[str]] = []
    structures: list[Structure | Refused] = []
    blocks: list[str] = []
    for row in opened.rows:
        rows.append(row.cells)
        blocks.append(row.block)
        if row.problem:
            structures.append(Refused(row.problem))
            continue
        structure = read_structure(row.cells[opened.structure])
        if row.note and isinstance(structure, Structure):
            structure = replace(structure, notes=(row.note, *structure.notes))
        structures.append(structure)
    return Table(path, opened.header, rows, opened.structure, structures, opened.separator, blocks)


def check_out(table: Table, out: Path) -> None:
    """Raise `UserError` where the answers would be written over the table itself, or in no known format."""
    check_output(out)
    if out.resolve() == table.path.resolve():
        raise UserError(f"{out} is the table itself: give --out another name")


def write_table(path: Path, table: Table, more: Mapping[str, Sequence[str]]) -> None:
    """Write the table's own cells and additional columns, atomically, in the format that the ending names.

    Structures of an SD file keep their coordinates in another one.
    """
    names = [_free(name, table.header) for name in more]
    rows = [
        [*cells, *added] for cells, added in zip(table.rows, zip(*more.values(), strict=True), strict=True)
    ]
    write_molecules(path, [*table.header, *names], rows, table.smiles_column, table.blocks)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
