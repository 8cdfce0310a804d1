"""A user's table of molecules: each row gives a structure or a reason; order and count are preserved."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction.labels import Answers, read_answers
from clinweave.applications.molecules.prediction.structures import Refused, Structure, read_structure
from clinweave.core.artifacts import appearing
from clinweave.core.errors import UserError

_OTHERS = (".sdf", ".sd", ".mol", ".mol2", ".xlsx", ".xls", ".parquet")
_NAMES = ("smiles", "canonical_smiles", "canonicalsmiles", "structure", "drug", "mol")


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the file. `structures` has one entry a row; `smiles_column` says where they are from."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    smiles_column: int
    structures: list[Structure | Refused]
    separator: str = ","

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
    """Read a .csv, .tsv (also .gz) with a header, or a .smi (SMILES, blank, name; no header).

    Byte order marks and Windows line ends are no matter. Raises `UserError` for what is no table; a bad row is kept,
    with its reason.
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_OTHERS):
        raise UserError(f"{path}: {Path(name).suffix} is not read; save it as a CSV with a column of SMILES")
    plain = name.endswith((".smi", ".smiles"))
    header, rows, separator = _smi(path) if plain else _csv(path)
    index = _smiles_place(path, header, smiles_column)
    structures: list[Structure | Refused] = []
    for cells in rows:
        if cells == header:
            structures.append(Refused("the header once more"))
        elif len(cells) != len(header):
            structures.append(Refused(f"{len(cells)} cells, the header has {len(header)}"))
        else:
            structures.append(read_structure(cells[index]))
    return Table(path, header, rows, index, structures, separator)


def check_out(table: Table, out: Path) -> None:
    """Raise `UserError` where the answers would be written over the table itself."""
    if out.resolve() == table.path.resolve():
        raise UserError(f"{out} is the table itself: give --out another name")


def write_table(path: Path, table: Table, more: Mapping[str, Sequence[str]]) -> None:
    """Write the table's own cells and additional columns, atomically.

    The ending decides the form: .tsv has tabs, anything else commas; .gz is compressed.
    """
    names = [_free(name, table.header) for name in more]
    opened = gzip.open if path.suffix == ".gz" else open
    tabs = path.name.removesuffix(".gz").endswith(".tsv")
    with appearing(path) as work, opened(work, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if tabs else ",", lineterminator="\n")
        writer.writerow([*table.header, *names])
        for cells, added in zip(table.rows, zip(*more.values(), strict=True), strict=True):
            padded = [*cells, *[""] * (len(table.header) - len(cells))][: len(table.header)]
            writer.writerow([*padded, *added])


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _text(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start:,}); save it as CSV UTF-8") from None
    except (OSError, EOFError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None
    if not text.strip():
        raise UserError(f"{path} is empty: give a table with a column of SMILES")
    return text


def _csv(path: Path) -> tuple[list[str], list[list[str]], str]:
    text = _text(path)
    first = text.lstrip("\r\n").splitlines()[0]
    separator = max(",;\t", key=first.count)
    try:
        # a blank line stands for no row in CSV; a line of separators is a row
        lines = [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if cells]
    except csv.Error as error:
        raise UserError(f"{path}: not a table ({error})") from None
    header = [cell.strip() for cell in lines[0]]
    rows = [[cell.strip() for cell in cells] if _same(cells, header) else cells for cells in lines[1:]]
    return header, rows, separator


def _same(cells: Iterable[str], header: list[str]) -> bool:
    return [cell.strip() for cell in cells] == header


def _smi(path: Path) -> tuple[list[str], list[list[str]], str]:
    rows = []
    for line in _text(path).splitlines():
        smiles, _, name = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
        rows.append([smiles, name.strip()])
    return ["smiles", "name"], rows, " "


def _smiles_place(path: Path, header: list[str], requested: str) -> int:
    if requested:
        indices = [index for index, name in enumerate(header) if name == requested]
        if len(indices) != 1:
            many = f"{len(indices)} columns are" if indices else "no column is"
            raise UserError(f"{path}: {many} called {requested!r}; there are {', '.join(header)}")
        return indices[0]
    for name in _NAMES:
        indices = [index for index, title in enumerate(header) if title.lower() == name]
        if len(indices) > 1:
            raise UserError(f"{path}: {len(indices)} columns are called {name!r}; rename all but one")
        if indices:
            return indices[0]
    raise UserError(f"{path}: no column is called smiles; name it with --smiles-column ({', '.join(header)})")
