"""Open a molecule file by its ending."""

from pathlib import Path

from clinweave.applications.molecules.files.formats import format_of
from clinweave.applications.molecules.files.rows import MoleculeFile


def open_molecules(path: Path, column: str = "", *, first: bool = False) -> MoleculeFile:
    """Return the header and the rows of a file: .sdf, .smi, .csv, .tsv (also .gz), .xlsx or .parquet.

    `column` names the column of structures, else it is one called smiles or the like; with `first`, the first of
    several. A row that is damaged is yielded with its problem, never left out. Raises `UserError` for an ending that
    is not known, and for a file that is no table of molecules.
    """
    kind = format_of(path)
    if kind == "sdf":
        from clinweave.applications.molecules.files.sdf import open_sdf

        return open_sdf(path, column)
    if kind == "excel":
        from clinweave.applications.molecules.files.excel import open_workbook

        return open_workbook(path, column, first=first)
    if kind == "parquet":
        from clinweave.applications.molecules.files.columns import open_parquet

        return open_parquet(path, column, first=first)
    from clinweave.applications.molecules.files.text import open_smiles, open_table

    return (
        open_smiles(path, column, first=first)
        if kind == "smiles"
        else open_table(path, kind, column, first=first)
    )
