"""Molecular graphs as ragged arrays without padding, and their conversion from RDKit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rdkit.Chem import Bond, Mol

ELEMENTS = (
    "*",
    "H",
    "B",
    "C",
    "N",
    "O",
    "F",
    "Si",
    "P",
    "S",
    "Cl",
    "Se",
    "Br",
    "I",
)  # 0 stands for any other
_NUMBERS = {1: 1, 5: 2, 6: 3, 7: 4, 8: 5, 9: 6, 14: 7, 15: 8, 16: 9, 17: 10, 34: 11, 35: 12, 53: 13}
# the columns of an atom's row, and how many values each takes
ATOM_FEATURES = {
    "element": len(ELEMENTS),
    "hydrogens": 5,
    "charge": 5,
    "chirality": 3,
    "ring": 8,
    "degree": 7,
}
BOND_KINDS = ("single", "double", "triple", "aromatic", "other", "double E", "double Z")
AROMATIC = 3
_BONDS = {1: 0, 2: 1, 3: 2, 12: 3}  # RDKit's numbers of bond types


@dataclass(frozen=True)
class Graphs:
    """B graphs with N atoms and E bonds in all.

    atom_counts (B,) and bond_counts (B,) int; atoms (N, 6) int8, columns as in `ATOM_FEATURES`; ends (E, 2) int,
    positions of the two atoms within their own molecule; kinds (E,) int8, index into `BOND_KINDS`.
    """

    atom_counts: NDArray[np.int64]
    bond_counts: NDArray[np.int64]
    atoms: NDArray[np.int8]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int8]

    def __len__(self) -> int:
        """Return the number of molecules."""
        return len(self.atom_counts)

    def take(self, rows: NDArray[np.int64]) -> "Graphs":
        """Return the graphs of these rows, in their order."""
        atoms, bonds = ranges(self.atom_counts, rows), ranges(self.bond_counts, rows)
        return Graphs(
            self.atom_counts[rows],
            self.bond_counts[rows],
            self.atoms[atoms],
            self.ends[bonds],
            self.kinds[bonds],
        )


def ranges(counts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the elements of these rows in a ragged array with `counts` elements a row."""
    starts = np.cumsum(counts) - counts
    chosen = counts[rows]
    ends = np.cumsum(chosen)
    total = int(ends[-1]) if len(ends) else 0
    indices: NDArray[np.int64] = np.arange(total) + np.repeat(starts[rows] - (ends - chosen), chosen)
    return indices


def join(parts: Sequence[Graphs]) -> Graphs:
    """Return all graphs of the parts, one after another."""
    if not parts:
        return graphs_of([])
    return Graphs(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Graphs.__annotations__)
    )


def graphs_of(molecules: "Sequence[Mol]") -> Graphs:
    """Return the arrays of RDKit molecules (about 200 microseconds each)."""
    atoms: list[tuple[int, ...]] = []
    bonds: list[tuple[int, int, int]] = []
    atom_counts, bond_counts = [], []
    for molecule in molecules:
        rows = _atom_rows(molecule)
        lines = [_bond_row(bond) for bond in molecule.GetBonds()]
        atoms += rows
        bonds += lines
        atom_counts.append(len(rows))
        bond_counts.append(len(lines))
    table = np.array(bonds, np.int64).reshape(-1, 3)
    return Graphs(
        np.array(atom_counts, np.int64),
        np.array(bond_counts, np.int64),
        np.array(atoms, np.int8).reshape(-1, len(ATOM_FEATURES)),
        table[:, :2],
        table[:, 2].astype(np.int8),
    )


def _atom_rows(molecule: "Mol") -> list[tuple[int, ...]]:
    ring = [0] * molecule.GetNumAtoms()
    for members in molecule.GetRingInfo().AtomRings():
        size = min(len(members), 9) - 2  # 1 to 6 are rings of 3 to 8, 7 is larger
        for atom in members:
            ring[atom] = min(ring[atom] or size, size)
    return [
        (
            _NUMBERS.get(atom.GetAtomicNum(), 0),
            min(atom.GetTotalNumHs(), 4),
            min(max(atom.GetFormalCharge(), -2), 2) + 2,
            _CHIRAL.get(int(atom.GetChiralTag()), 0),
            ring[number],
            min(atom.GetDegree(), 6),
        )
        for number, atom in enumerate(molecule.GetAtoms())
    ]


_CHIRAL = {1: 1, 2: 2}  # clockwise, counter-clockwise


def _bond_row(bond: "Bond") -> tuple[int, int, int]:
    kind = _BONDS.get(int(bond.GetBondType()), 4)
    if kind == 1:
        stereo = int(bond.GetStereo())
        kind = 5 if stereo in {3, 5} else 6 if stereo in {2, 4} else 1
    return bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), kind


def scaffold_atoms(graphs: Graphs) -> NDArray[np.bool_]:
    """Return which atoms (N,) belong to the Bemis-Murcko scaffold: rings, linkers, and what they bind doubly.

    Leaves are pruned until none is left; an acyclic molecule has no scaffold.
    """
    first = np.repeat(np.cumsum(graphs.atom_counts) - graphs.atom_counts, graphs.bond_counts)
    left, right = graphs.ends[:, 0] + first, graphs.ends[:, 1] + first
    alive = np.ones(len(graphs.atoms), bool)
    while True:
        bonds = alive[left] & alive[right]
        degree = np.bincount(left[bonds], minlength=len(alive)) + np.bincount(
            right[bonds], minlength=len(alive)
        )
        leaves = alive & (degree < 2)
        if not leaves.any():
            break
        alive &= ~leaves
    doubly = np.isin(graphs.kinds, (1, 5, 6))
    core = alive.copy()
    core[right[doubly & alive[left]]] = True
    core[left[doubly & alive[right]]] = True
    return core


def keep_atoms(graphs: Graphs, mask: NDArray[np.bool_]) -> Graphs:
    """Return the graphs with only these atoms (N,); hydrogens fill the place of bonds that were cut."""
    owner = np.repeat(np.arange(len(graphs)), graphs.atom_counts)
    first = np.repeat(np.cumsum(graphs.atom_counts) - graphs.atom_counts, graphs.bond_counts)
    left, right = graphs.ends[:, 0] + first, graphs.ends[:, 1] + first
    inside = mask[left] & mask[right]
    cut = (mask[left] ^ mask[right]) & ~inside
    order = np.array([1, 2, 3, 1, 1, 2, 2])[graphs.kinds]
    atoms = graphs.atoms.copy()
    side = np.where(mask[left], left, right)[cut]
    gained = np.bincount(side, weights=order[cut], minlength=len(atoms)).astype(np.int8)
    lost = np.bincount(side, minlength=len(atoms)).astype(np.int8)
    atoms[:, 1] = np.minimum(atoms[:, 1] + gained, 4)
    atoms[:, 5] = np.maximum(atoms[:, 5] - lost, 0)
    atoms[gained > 0, 3] = 0
    counts = np.bincount(owner[mask], minlength=len(graphs))
    index = np.cumsum(mask) - 1
    starts = np.repeat(np.cumsum(counts) - counts, graphs.bond_counts)
    ends = np.stack([index[left] - starts, index[right] - starts], 1)[inside]
    bonds = np.bincount(np.repeat(np.arange(len(graphs)), graphs.bond_counts)[inside], minlength=len(graphs))
    return Graphs(counts, bonds, atoms[mask], ends, graphs.kinds[inside])
