"""Molecule files by their ending: SDF, SMILES, CSV, TSV, Excel and Parquet, read and written in one way everywhere."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.files.formats import ENDINGS as ENDINGS
    from clinweave.applications.molecules.files.formats import check_output as check_output
    from clinweave.applications.molecules.files.reading import open_molecules as open_molecules
    from clinweave.applications.molecules.files.rows import MoleculeFile as MoleculeFile
    from clinweave.applications.molecules.files.rows import Row as Row
    from clinweave.applications.molecules.files.writing import Cell as Cell
    from clinweave.applications.molecules.files.writing import write_molecules as write_molecules
    from clinweave.applications.molecules.files.writing import write_records as write_records

__getattr__, __dir__ = attach(
    __name__,
    {
        "Cell": "writing",
        "ENDINGS": "formats",
        "MoleculeFile": "rows",
        "Row": "rows",
        "check_output": "formats",
        "open_molecules": "reading",
        "write_molecules": "writing",
        "write_records": "writing",
    },
)
