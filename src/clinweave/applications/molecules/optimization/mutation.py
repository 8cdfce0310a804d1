"""Mutations of a molecular graph (Jensen 2019, doi:10.1039/C8SC05372C), implemented with RDKit.

Each change is tried on a kekulised copy; what RDKit then refuses, or has strained rings, is no molecule.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Bond, BondType, Mol, RWMol

_ELEMENTS = (6, 7, 8, 9, 16, 17, 35)  # C, N, O, F, S, Cl, Br
_WEIGHTS = np.array([0.45, 0.18, 0.18, 0.07, 0.05, 0.05, 0.02])
_INNER = (6, 7, 8, 16)  # those that can stand between two others
_INNER_WEIGHTS = np.array([0.6, 0.2, 0.15, 0.05])
_VALENCE = {6: 4, 7: 3, 8: 2, 9: 1, 16: 2, 17: 1, 35: 1}
_LARGEST_RING = 7
_STRANGE = (
    "[R]=[R]=[R]",
    "[R]#[R]",
    "[r3]=[r3]",
    "[#16;v3,v4,v5,v6;!$([#16]=[O,N])]",
    "[#16;v3,v4,v5,v6;!H0]",
    "[#16;v5,v6;!$([#16](=[O,N])=[O,N])]",
    "[N,O,S]-[F,Cl,Br,I]",
    "[O,S]-[O,S]",
    "[N;X3]-[N;X3]-[N;X3]",
)
Random = np.random.Generator


def mutate(molecule: "Mol", random: Random, keep: "Mol | None" = None, tries: int = 10) -> "Mol | None":
    """Return a changed RDKit molecule, or None where no change came out well. Atoms of a match of `keep` stay."""
    locked = frozenset(molecule.GetSubstructMatch(keep)) if keep is not None else frozenset()
    allowed = faults(molecule)
    for _ in range(tries):
        change = _CHANGES[int(random.choice(len(_CHANGES), p=_CHANCES))]
        editable = opened(molecule)
        if change(editable, random, locked):
            result = closed(editable, allowed)
            if result is not None and (keep is None or result.HasSubstructMatch(keep)):
                return result
    return None


def opened(molecule: "Mol") -> "RWMol":
    """Return an editable kekulised copy whose neutral atoms fill their valence with hydrogens."""
    from rdkit import Chem

    editable: RWMol = Chem.RWMol(molecule)
    Chem.Kekulize(editable, clearAromaticFlags=True)
    for atom in editable.GetAtoms():
        if not atom.GetFormalCharge() and not atom.GetNumRadicalElectrons():
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
    editable.UpdatePropertyCache(strict=False)
    return editable


def closed(editable: "RWMol", allowed: frozenset[str] = frozenset()) -> "Mol | None":
    """Return the molecule of an edited graph, or None where it cannot be one, or has other `faults` than allowed."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(editable)
            molecule: Mol = Chem.MolFromSmiles(Chem.MolToSmiles(editable))
        except (ValueError, RuntimeError):
            return None
    if molecule is None or len(Chem.GetMolFrags(molecule)) > 1 or not faults(molecule) <= allowed:
        return None
    return molecule


def faults(molecule: "Mol") -> frozenset[str]:
    """Return what of a structure edits make and hardly anybody would: a child may have only what a parent has.

    Rings of more than seven atoms; an allene, alkyne or cyclopropene in a ring; sulphur of higher valence without =O
    or =N; halogens on N, O or S; O-O, O-S and S-S; three amines in a row.
    """
    rings = {
        f"a ring of {len(ring)}" for ring in molecule.GetRingInfo().AtomRings() if len(ring) > _LARGEST_RING
    }
    patterns = {text for text in _STRANGE if molecule.HasSubstructMatch(_pattern(text))}
    return frozenset(rings | patterns)


@cache
def _pattern(text: str) -> "Mol":
    from rdkit import Chem

    return Chem.MolFromSmarts(text)


def _any(choices: list[Any], random: Random) -> Any:
    return choices[int(random.integers(len(choices)))] if choices else None


def _free(atom: "Atom") -> int:
    return int(atom.GetTotalNumHs())


def _order(bond: "Bond") -> int:
    return int(bond.GetBondTypeAsDouble())


def _kind(order: int) -> "BondType":
    from rdkit.Chem import BondType

    return {1: BondType.SINGLE, 2: BondType.DOUBLE, 3: BondType.TRIPLE}[order]


def _append(editable: "RWMol", random: Random, _locked: frozenset[int]) -> bool:
    from rdkit import Chem

    atom = _any([candidate for candidate in editable.GetAtoms() if _free(candidate)], random)
    if atom is None:
        return False
    number = int(random.choice(_ELEMENTS, p=_WEIGHTS))
    most = min(_free(atom), _VALENCE[number], 3)
    order = 1 if most < 2 or random.random() < 0.75 else 2 if most < 3 or random.random() < 0.8 else 3
    where = atom.GetIdx()
    new = editable.AddAtom(Chem.Atom(number))
    editable.AddBond(where, new, _kind(order))
    return True


def _insert(editable: "RWMol", random: Random, locked: frozenset[int]) -> bool:
    from rdkit import Chem

    choices = [
        candidate
        for candidate in editable.GetBonds()
        if _order(candidate) == 1 and not {candidate.GetBeginAtomIdx(), candidate.GetEndAtomIdx()} <= locked
    ]
    bond = _any(choices, random)
    if bond is None:
        return False
    left, right = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    editable.RemoveBond(left, right)
    new = editable.AddAtom(Chem.Atom(int(random.choice(_INNER, p=_INNER_WEIGHTS))))
    editable.AddBond(left, new, _kind(1))
    editable.AddBond(new, right, _kind(1))
    return True


def _delete(editable: "RWMol", random: Random, locked: frozenset[int]) -> bool:
    choices = [
        candidate
        for candidate in editable.GetAtoms()
        if candidate.GetDegree() in {1, 2} and candidate.GetIdx() not in locked
    ]
    atom = _any(choices, random)
    if atom is None or editable.GetNumAtoms() < 3:
        return False
    near = [candidate.GetIdx() for candidate in atom.GetNeighbors()]
    if len(near) == 2:
        if editable.GetBondBetweenAtoms(*near) is not None:
            return False
        editable.AddBond(*near, _kind(1))
    editable.RemoveAtom(atom.GetIdx())
    return True


def _change_atom(editable: "RWMol", random: Random, locked: frozenset[int]) -> bool:
    atom = _any(
        [
            candidate
            for candidate in editable.GetAtoms()
            if candidate.GetIdx() not in locked and not candidate.GetFormalCharge()
        ],
        random,
    )
    if atom is None:
        return False
    used = sum(_order(bond) for bond in atom.GetBonds())
    fits = [
        index
        for index, number in enumerate(_ELEMENTS)
        if _VALENCE[number] >= used and number != atom.GetAtomicNum()
    ]
    if not fits:
        return False
    weights = _WEIGHTS[fits] / _WEIGHTS[fits].sum()
    atom.SetAtomicNum(_ELEMENTS[int(random.choice(fits, p=weights))])
    return True


def _change_bond(editable: "RWMol", random: Random, locked: frozenset[int]) -> bool:
    bond = _any(
        [
            item
            for item in editable.GetBonds()
            if not {item.GetBeginAtomIdx(), item.GetEndAtomIdx()} <= locked
        ],
        random,
    )
    if bond is None:
        return False
    order = _order(bond)
    room = min(_free(bond.GetBeginAtom()), _free(bond.GetEndAtom()))
    fits = [item for item in (1, 2, 3) if item != order and item - order <= room]
    if not fits:
        return False
    bond.SetBondType(_kind(int(random.choice(fits))))
    return True


def _open_ring(editable: "RWMol", random: Random, locked: frozenset[int]) -> bool:
    bond = _any(
        [
            candidate
            for candidate in editable.GetBonds()
            if candidate.IsInRing() and not {candidate.GetBeginAtomIdx(), candidate.GetEndAtomIdx()} <= locked
        ],
        random,
    )
    if bond is None:
        return False
    editable.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return True


def _close_ring(editable: "RWMol", random: Random, _locked: frozenset[int]) -> bool:
    from rdkit import Chem

    distances = Chem.GetDistanceMatrix(editable)
    free = [candidate.GetIdx() for candidate in editable.GetAtoms() if _free(candidate)]
    size = int(random.choice([3, 4, 5, 6], p=[0.05, 0.05, 0.4, 0.5]))
    pairs = [(a, b) for index, a in enumerate(free) for b in free[index + 1 :] if distances[a][b] == size - 1]
    pair = _any(pairs, random)
    if pair is None:
        return False
    editable.AddBond(*pair, _kind(1))
    return True


_CHANGES: tuple[Callable[[Any, Random, frozenset[int]], bool], ...] = (
    _append,
    _insert,
    _delete,
    _change_atom,
    _change_bond,
    _open_ring,
    _close_ring,
)
_CHANCES = (0.2, 0.15, 0.15, 0.2, 0.12, 0.05, 0.13)
