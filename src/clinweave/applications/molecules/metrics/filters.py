"""MOSES' medicinal-chemistry filters: its MCF and PAINS patterns, no charge, known elements, no ring above 8 atoms."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.pattern_screen import PatternScreen, screen_of
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_ALLOWED = {"C", "N", "S", "O", "F", "Cl", "Br", "H"}


@dataclass(frozen=True)
class Filters:
    """The compiled patterns."""

    patterns: PatternScreen

    def passes(self, molecule: "Mol") -> bool:
        """Return whether a molecule passes all of MOSES' filters."""
        from rdkit import Chem

        if any(len(ring) > 8 for ring in molecule.GetRingInfo().AtomRings()):
            return False
        for atom in molecule.GetAtoms():
            if atom.GetFormalCharge() or atom.GetSymbol() not in _ALLOWED:
                return False
        # some patterns name hydrogens: these must be atoms
        return next(self.patterns.matches(Chem.AddHs(molecule)), None) is None


def open_filters(folder: Path) -> Filters:
    """Return the filters of a folder with mcf.csv and wehi_pains.csv."""
    from rdkit import Chem

    patterns = []
    for smarts in _patterns(folder):
        pattern = Chem.MolFromSmarts(smarts)
        if pattern is None:
            raise UserError(f"{folder} holds a pattern that RDKit cannot read: {smarts[:60]}")
        patterns.append(pattern)
    return Filters(screen_of(patterns))


def _patterns(folder: Path) -> list[str]:
    try:
        with (folder / "mcf.csv").open(encoding="utf-8", newline="") as stream:
            chemistry = [row["smarts"] for row in csv.DictReader(stream)]
        with (folder / "wehi_pains.csv").open(encoding="utf-8", newline="") as stream:
            pains = [row[0].strip() for row in csv.reader(stream) if row]
    except FileNotFoundError as error:
        raise UserError(
            f"there is no {error.filename}: the filters need MOSES' mcf.csv and wehi_pains.csv"
        ) from None
    return chemistry + pains
