"""Structural liabilities: what speaks against a structure without refusing it.

Searches prefer molecules with fewer of them (`optimization.penalty`).
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.structure_filters.filtering import alerts
from clinweave.applications.molecules.structure_filters.ring_systems import (
    Seen,
    read_frequencies,
    ring_systems_of,
)
from clinweave.applications.molecules.structure_filters.rules import compile_smarts

if TYPE_CHECKING:
    from rdkit.Chem import Mol

COMMON = Seen(moses=300, drugs=5)  # molecules of the reference that make a ring system common
MAX_ATOMS = 36  # heavy atoms: about 500 Da
FILE = Path(__file__).with_name("liabilities.toml")


@dataclass(frozen=True)
class MetabolicGroup:
    """A group that is cleared fast or turned into a reactive metabolite. `has`, `has_not`: example SMILES."""

    name: str
    pattern: "Mol"
    reason: str
    source: str
    has: tuple[str, ...]
    has_not: tuple[str, ...]


def liabilities(molecule: "Mol") -> list[str]:
    """Return each liability of a molecule: alerts (Brenk, BMS, PAINS), metabolic groups, rare ring systems, size."""
    result = alerts(molecule)
    result += [
        f"metabolism: {group.name}"
        for group in metabolic_groups()
        if molecule.HasSubstructMatch(group.pattern)
    ]
    counts = read_frequencies()
    for key in sorted(set(ring_systems_of(molecule))):
        seen = counts.get(key, Seen())
        if seen.moses < COMMON.moses and seen.drugs < COMMON.drugs:
            result.append(f"rare ring system: {key}")
    if molecule.GetNumHeavyAtoms() > MAX_ATOMS:
        result.append(f"more than {MAX_ATOMS} heavy atoms")
    return result


@cache
def metabolic_groups() -> tuple[MetabolicGroup, ...]:
    """Return the groups of `liabilities.toml`, in their order."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(
        MetabolicGroup(
            row["name"],
            compile_smarts([row["smarts"]], f"{FILE.name}, group {row['name']}")[0],
            row["reason"],
            table["sources"][row["source"]],
            tuple(row["has"]),
            tuple(row["has_not"]),
        )
        for row in table["groups"]
    )
