"""Read the molecules to train on; rows that hold none are left out, counted and listed with their reasons."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from clinweave.applications.molecules.files import open_molecules
from clinweave.applications.molecules.molecule import parse
from clinweave.core.artifacts import appearing, sha256

LEFT_OUT = "left_out.tsv"  # in the folder of features, and in that of the model
SHOWN = 3  # rows that a message names


class LeftOut(NamedTuple):
    """A row without a usable molecule. `row`: 1 is the first after the header."""

    row: int
    given: str
    reason: str


@dataclass(frozen=True)
class TrainingSet:
    """The SMILES of a file as they stand, all readable, and the rows that are left out."""

    source: Path
    digest: str  # sha256 of the file
    smiles: list[str]
    left_out: list[LeftOut]

    @property
    def rows(self) -> int:
        """Return the number of rows of the file."""
        return len(self.smiles) + len(self.left_out)

    def describe(self, listed: Path) -> str:
        """Return how many rows are left out and why the first are; "" if none is. `listed` holds all of them."""
        if not self.left_out:
            return ""
        shown = "; ".join(f"row {row.row}: {row.reason}" for row in self.left_out[:SHOWN])
        more = "; ..." if len(self.left_out) > SHOWN else ""
        return (
            f"{len(self.left_out):,} of {self.rows:,} rows of {self.source} hold no usable molecule and are left out "
            f"({shown}{more}): listed in {listed}"
        )


def read_training_set(path: Path, features: Path) -> TrainingSet:
    """Return the molecules of a file. Every row is parsed once; `features` keeps what was found for the next start.

    Raises `UserError` for a file that is no table of molecules.
    """
    listed = features / LEFT_OUT
    digest = sha256(path)
    known = _read_list(listed, digest)
    if known is None:
        known = list(_unusable(path))
        features.mkdir(parents=True, exist_ok=True)
        write_left_out(listed, known, digest)
    wrong = {row.row for row in known}
    texts = (text for number, text, _ in _rows(path) if number not in wrong)
    return TrainingSet(path, digest, list(texts), known)


def write_left_out(path: Path, rows: list[LeftOut], digest: str) -> None:
    """Write rows as a table, whose first line names the sha256 of the file they are of."""
    with appearing(path) as work, work.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"# sha256 {digest}\n")
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(LeftOut._fields)
        writer.writerows(rows)


def _read_list(path: Path, digest: str) -> list[LeftOut] | None:
    """Return the rows of a list of the same file, or None."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as stream:
        if stream.readline().strip() != f"# sha256 {digest}":
            return None
        rows = csv.reader(stream, delimiter="\t")
        next(rows)
        return [LeftOut(int(row), given, reason) for row, given, reason in rows]


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield number, SMILES and problem of each row."""
    if path.is_file() and not path.stat().st_size:
        return
    opened = open_molecules(path, first=True)
    for number, row in enumerate(opened.rows, 1):
        yield number, row.cells[opened.structure].strip(), row.problem


def _unusable(path: Path) -> Iterator[LeftOut]:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        for number, text, problem in _rows(path):
            if problem or not text:
                yield LeftOut(number, text, problem or "empty")
            elif Chem.MolFromSmiles(text) is None:
                reason = parse(text)
                yield LeftOut(number, text, reason if isinstance(reason, str) else "not a possible structure")
