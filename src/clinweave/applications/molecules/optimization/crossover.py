"""Crossover of two molecular graphs (Jensen 2019, doi:10.1039/C8SC05372C): cut both and join the fragments.

A cut goes through one bond outside the rings, or through two bonds of one ring; the ends carry labels by which RDKit
zips two halves together.
"""

from typing import TYPE_CHECKING

from clinweave.applications.molecules.optimization.mutation import Random, closed, faults, opened

if TYPE_CHECKING:
    from rdkit.Chem import Bond, Mol, RWMol


def cross(
    first: "Mol", two: "Mol", random: Random, keep: "Mol | None" = None, tries: int = 8
) -> "Mol | None":
    """Return a child of two RDKit molecules, or None where no pair of halves would do."""
    for _ in range(tries):
        in_ring = bool(random.random() < 0.4)
        left, right = _halves(first, random, in_ring), _halves(two, random, in_ring)
        if not left or not right:
            continue
        halves = left[int(random.integers(len(left)))], right[int(random.integers(len(right)))]
        child = _joined(*halves, faults(first) | faults(two))
        if child is not None and (keep is None or child.HasSubstructMatch(keep)):
            return child
    return None


def _halves(molecule: "Mol", random: Random, in_ring: bool) -> "list[Mol]":
    from rdkit import Chem

    editable = opened(molecule)
    bonds = _ring_cut(editable, random) if in_ring else _plain_cut(editable, random)
    if not bonds:
        return []
    labels = [1, 2] if random.random() < 0.5 else [2, 1]
    cut: object = Chem.FragmentOnBonds(
        editable, bonds, dummyLabels=[(labels[index], labels[index]) for index in range(len(bonds))]
        if len(bonds) > 1 else [(1, 1)],
    )  # fmt: skip
    halves = Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False)
    return list(halves) if len(halves) == 2 else []


def _plain_cut(editable: "RWMol", random: Random) -> list[int]:
    bonds = [
        bond.GetIdx()
        for bond in editable.GetBonds()
        if not bond.IsInRing() and bond.GetBondTypeAsDouble() == 1
    ]
    return [bonds[int(random.integers(len(bonds)))]] if bonds else []


def _ring_cut(editable: "RWMol", random: Random) -> list[int]:
    """Return two bonds of a ring, single and in that ring alone, that have no atom in common."""
    info = editable.GetRingInfo()
    rings = list(info.BondRings())
    if not rings:
        return []
    ring = rings[int(random.integers(len(rings)))]
    bonds = [editable.GetBondWithIdx(index) for index in ring if info.NumBondRings(index) == 1]
    pairs = [
        [a.GetIdx(), b.GetIdx()]
        for index, a in enumerate(bonds)
        for b in bonds[index + 1 :]
        if a.GetBondType() == b.GetBondType() and not _ends(a) & _ends(b)
    ]
    return pairs[int(random.integers(len(pairs)))] if pairs else []


def _ends(bond: "Bond") -> set[int]:
    return {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}


def _joined(left: "Mol", right: "Mol", allowed: frozenset[str]) -> "Mol | None":
    from rdkit import Chem, rdBase

    how = Chem.MolzipParams()
    how.label = Chem.MolzipLabel.Isotope
    with rdBase.BlockLogs():
        try:
            whole: Mol = Chem.RWMol(Chem.molzip(left, right, how))
        except (ValueError, RuntimeError):
            return None
    if any(not atom.GetAtomicNum() for atom in whole.GetAtoms()):
        return None
    return closed(whole, allowed)
