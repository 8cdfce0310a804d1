"""Structural liabilities: what speaks against a structure without refusing it.

Searches prefer molecules with fewer of them (`optimization.penalty`).
"""

from typing import TYPE_CHECKING

from clinweave.applications.molecules.structure_filters.filtering import alerts
from clinweave.applications.molecules.structure_filters.ring_systems import (
    Seen,
    read_frequencies,
    ring_systems_of,
)

if TYPE_CHECKING:
    from rdkit.Chem import Mol

COMMON = Seen(moses=300, drugs=5)  # molecules of the reference that make a ring system common
MAX_ATOMS = 36  # heavy atoms: about 500 Da


def liabilities(molecule: "Mol") -> list[str]:
    """Return each liability of a molecule: alerts (Brenk, BMS, PAINS), rare ring systems, size."""
    result = alerts(molecule)
    counts = read_frequencies()
    for key in sorted(set(ring_systems_of(molecule))):
        seen = counts.get(key, Seen())
        if seen.moses < COMMON.moses and seen.drugs < COMMON.drugs:
            result.append(f"rare ring system: {key}")
    if molecule.GetNumHeavyAtoms() > MAX_ATOMS:
        result.append(f"more than {MAX_ATOMS} heavy atoms")
    return result
