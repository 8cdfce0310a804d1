"""Substructures that must stay: SMARTS, and scaffolds given as SMILES whose [nH] keeps its hydrogen."""

from typing import TYPE_CHECKING

from clinweave.applications.molecules.molecule import parse
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def scaffold_pattern(smiles: str, option: str = "--scaffold") -> "Mol":
    """Return a query for a scaffold given as SMILES. An aromatic [nH] matches one that still has its hydrogen.

    Raises `UserError` for what is no SMILES.
    """
    from rdkit import Chem

    molecule = parse(smiles)
    if isinstance(molecule, str):
        raise UserError(f"{option} {smiles}: {molecule}")
    query = Chem.RWMol(molecule)
    for atom in molecule.GetAtoms():
        if atom.GetIsAromatic() and atom.GetAtomicNum() == 7 and atom.GetTotalNumHs():
            query.ReplaceAtom(atom.GetIdx(), Chem.AtomFromSmarts("[nX3;H1]"))
    pattern: Mol = query.GetMol()
    pattern.UpdatePropertyCache(strict=False)
    Chem.GetSymmSSSR(pattern)
    return pattern


def smarts_pattern(smarts: str, option: str) -> "Mol":
    """Return the query of a SMARTS pattern; raises `UserError` where it is none."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(smarts)
    if pattern is None or not pattern.GetNumAtoms():
        raise UserError(f"{option} {smarts}: not a SMARTS pattern")
    Chem.GetSymmSSSR(pattern)
    result: Mol = pattern
    return result
