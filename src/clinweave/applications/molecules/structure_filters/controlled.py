"""Flag structural classes named by chemical-weapons and controlled-substance law (`controlled.toml`)."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.structure_filters.rules import compile_smarts

if TYPE_CHECKING:
    from rdkit.Chem import Mol

FILE = Path(__file__).with_name("controlled.toml")


@dataclass(frozen=True)
class ControlledClass:
    """A structural class, the law and the section that name it, and its compiled patterns."""

    name: str
    law: str
    section: str
    patterns: "tuple[Mol, ...]"

    def __str__(self) -> str:
        """Return the class and its legal source."""
        return f"{self.name} ({self.law}, {self.section})"


@cache
def controlled_classes() -> tuple[ControlledClass, ...]:
    """Return the classes of `controlled.toml`, in their order."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(
        ControlledClass(
            row["name"],
            table["laws"][row["law"]],
            row["section"],
            compile_smarts(row["smarts"], f"{FILE.name}, {row['name']}"),
        )
        for row in table["classes"]
    )


def matched_classes(molecule: "Mol") -> list[str]:
    """Return the classes that a molecule matches, with the law. An empty list is no statement that it is legal."""
    return [
        str(item)
        for item in controlled_classes()
        if any(molecule.HasSubstructMatch(pattern) for pattern in item.patterns)
    ]


def controlled_among(smiles: Iterable[str]) -> dict[str, str]:
    """Return canonical SMILES -> matched classes of those molecules that match one."""
    from rdkit import Chem

    matches = {text: "; ".join(matched_classes(Chem.MolFromSmiles(text))) for text in dict.fromkeys(smiles)}
    return {text: names for text, names in matches.items() if names}
