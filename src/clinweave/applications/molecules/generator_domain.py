"""Applicability domain of a model: warn whenever an out-of-domain molecule is encoded or scored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@dataclass(frozen=True)
class Domain:
    """Elements, charges and sizes among a model's training molecules, and whether any had stereo marks."""

    elements: tuple[str, ...] = ("C", "N", "O", "S", "F", "Cl", "Br")  # MOSES
    charges: tuple[int, ...] = (0,)
    most_atoms: int = 30
    stereo: bool = False

    def outside(self, molecule: "Mol") -> list[str]:
        """Return what of an RDKit molecule the model has never seen; an empty list if nothing."""
        reasons = []
        strange = sorted({atom.GetSymbol() for atom in molecule.GetAtoms()} - set(self.elements))
        if strange:
            reasons.append(f"elements never seen: {', '.join(strange)}")
        charges = sorted({atom.GetFormalCharge() for atom in molecule.GetAtoms()} - set(self.charges))
        if charges:
            reasons.append(f"charges never seen: {', '.join(f'{charge:+d}' for charge in charges)}")
        if molecule.GetNumHeavyAtoms() > self.most_atoms:
            reasons.append(
                f"{molecule.GetNumHeavyAtoms()} heavy atoms, never more than {self.most_atoms} seen"
            )
        if not self.stereo and has_stereo(molecule):
            reasons.append("stereo marks, which the model has never seen")
        return reasons

    def plain(self) -> dict[str, Any]:
        """Return the fields for a config file."""
        return asdict(self)


def domain_from(values: Mapping[str, Any] | None) -> Domain:
    """Return the domain of a config file."""
    if not values:
        return Domain()
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Domain(**fields)


def has_stereo(molecule: "Mol") -> bool:
    """Return whether an atom or a double bond has a stereo mark."""
    return any(int(atom.GetChiralTag()) for atom in molecule.GetAtoms()) or any(
        int(bond.GetStereo()) > 1 for bond in molecule.GetBonds()
    )
