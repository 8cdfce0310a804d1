"""Rows as they stand in a file, before any structure is standardised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from clinweave.core.errors import UserError

# names of a column of structures, in the order of preference; case does not matter
STRUCTURE_NAMES = ("smiles", "canonical_smiles", "canonicalsmiles", "structure", "drug", "mol", "isosmiles")
HEADER_AGAIN = "the header again"


class Row(NamedTuple):
    """One row or record. `problem` says why it cannot be used, `note` what its form lost; `block` is its MDL block."""

    cells: list[str]
    problem: str = ""
    note: str = ""
    block: str = ""


@dataclass(frozen=True)
class MoleculeFile:
    """An opened file: its column names, its rows (read once, in order), and the column of the structures.

    `separator` is that of the cells, "" where the format has none.
    """

    path: Path
    header: list[str]
    rows: Iterator[Row]
    structure: int
    separator: str = ""


def structure_column(path: Path, header: Sequence[str], requested: str = "", *, first: bool = False) -> int:
    """Return the position of the column of structures. Raises `UserError` if there is none or more than one.

    `first`: of several columns of that name take the first.
    """
    lower = [name.lower() for name in header]
    for name in (requested.lower(),) if requested else STRUCTURE_NAMES:
        indices = [index for index, title in enumerate(lower) if title == name]
        exact = [index for index in indices if header[index] == requested]
        indices = exact or indices
        if len(indices) > 1 and not first:
            raise UserError(
                f"{path}: {len(indices)} columns are called {requested or name!r}; rename all but one"
            )
        if indices:
            return indices[0]
    missing = f"no column is called {requested!r}" if requested else "no column is called smiles"
    raise UserError(
        f"{path}: {missing}; its columns are {', '.join(header)}; call the column of structures smiles, or name it "
        "with --smiles-column where the command has that option"
    )


def checked(rows: Iterator[Row], header: list[str]) -> Iterator[Row]:
    """Yield rows of as many cells as the header has; a row of another length, or the header again, says so."""
    width = len(header)
    for row in rows:
        cells = row.cells
        if row.problem:
            yield row._replace(cells=_fitted(cells, width))
        elif [cell.strip() for cell in cells] == header:
            yield row._replace(problem=HEADER_AGAIN)
        elif len(cells) == width:
            yield row
        elif len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            yield row._replace(cells=cells[:width])
        else:
            problem = f"{len(cells)} cells, the header has {width}"
            yield row._replace(cells=_fitted(cells, width), problem=problem)


def _fitted(cells: list[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))][:width]


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return names without repeats: the second "IC50" is "IC50_2"; an empty one is "column_N"."""
    result: list[str] = []
    used: set[str] = set()
    for number, name in enumerate(names, 1):
        base = name.strip() or f"column_{number}"
        unique, count = base, 1
        while unique in used:
            count += 1
            unique = f"{base}_{count}"
        used.add(unique)
        result.append(unique)
    return result
