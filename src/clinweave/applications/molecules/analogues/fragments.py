"""Cut molecules at single bonds between rings and chains into a part that stays and a part that changes.

Matched molecular pairs after Hussain and Rea 2010 (doi:10.1021/ci900450m): one cut changes a substituent, two cuts what
lies between two parts. A hydrogen on an atom counts as a substituent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_CHANGED = 13  # heavy atoms of a part that changes
HYDROGEN = "[*:1][H]"
# a single bond outside rings, not within an amide, ester, sulfonamide or the like
_CUT = "[!#1;!$([CX3]=[O,N,S]);!$(S(=O)=O);!$(P=O);!$(C#N)]-;!@[!#1]"


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to cut. SMILES of both parts with attachments *:1 (and *:2); `atoms` of the part that changes.

    `environment` says to what the changing part is bound: element, aromatic or not, per attachment.
    """

    stays: str
    changes: str
    environment: str
    atoms: frozenset[int]
    site: int  # an atom of the part that stays, next to the cut


def cuts(molecule: "Mol", *, hydrogens: bool = True) -> Iterator[Cut]:
    """Yield the cuts of a molecule: single, double, and each kind of hydrogen once."""
    bonds = _bonds(molecule)
    for bond in bonds:
        yield from _apart(molecule, (bond,))
    for pair in combinations(bonds, 2):
        yield from _apart(molecule, pair)
    if hydrogens:
        yield from _hydrogens(molecule)


def _bonds(molecule: "Mol") -> list[int]:
    matches = molecule.GetSubstructMatches(_pattern(), maxMatches=500)
    found = {molecule.GetBondBetweenAtoms(first, second).GetIdx() for first, second in matches}
    return sorted(found)[:30]


@cache
def _pattern() -> "Mol":
    from rdkit import Chem

    return Chem.MolFromSmarts(_CUT)


def _apart(molecule: "Mol", bonds: Sequence[int]) -> Iterator[Cut]:
    from rdkit import Chem

    labels = [(number, number) for number in range(1, len(bonds) + 1)]
    whole = Chem.FragmentOnBonds(molecule, list(bonds), dummyLabels=labels)
    pieces: list[tuple[int, ...]] = []
    parts = Chem.GetMolFrags(whole, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=pieces)
    size = molecule.GetNumAtoms()
    ends = [{whole.GetAtomWithIdx(atom).GetIsotope() for atom in piece if atom >= size} for piece in pieces]
    for number, piece in enumerate(pieces):
        atoms = frozenset(atom for atom in piece if atom < size)
        if len(ends[number]) != len(bonds) or not 0 < len(atoms) <= MAX_CHANGED or len(atoms) * 2 > size:
            continue  # with two cuts it is the middle that changes
        outer = [_neighbour(molecule, bond, atoms) for bond in bonds]
        others = [part for other, part in enumerate(parts) if other != number]
        changes, stays = _mapped(parts[number]), _mapped(reduce(Chem.CombineMols, others))
        yield Cut(stays, changes, "|".join(_kind(molecule, atom) for atom in outer), atoms, outer[0])
        if len(bonds) == 2:
            yield Cut(_swapped(stays), _swapped(changes), "|".join(_kind(molecule, atom) for atom in outer[::-1]),
                      atoms, outer[0])  # fmt: skip


def _neighbour(molecule: "Mol", bond: int, atoms: frozenset[int]) -> int:
    ends = molecule.GetBondWithIdx(bond)
    first, second = ends.GetBeginAtomIdx(), ends.GetEndAtomIdx()
    return int(second if first in atoms else first)


def _kind(molecule: "Mol", atom: int) -> str:
    item = molecule.GetAtomWithIdx(atom)
    symbol = item.GetSymbol()
    return str(symbol.lower() if item.GetIsAromatic() else symbol)


def _mapped(piece: "Mol") -> str:
    """Return the canonical SMILES of a part whose dummy atoms carry map numbers in place of isotopes."""
    from rdkit import Chem

    part = Chem.RWMol(piece)
    for atom in part.GetAtoms():
        if atom.GetAtomicNum() == 0 and atom.GetIsotope():
            atom.SetAtomMapNum(atom.GetIsotope())
            atom.SetIsotope(0)
    part.UpdatePropertyCache(strict=False)
    return str(Chem.MolToSmiles(part))


def _swapped(smiles: str) -> str:
    from rdkit import Chem

    part = Chem.MolFromSmiles(smiles, sanitize=False)
    for atom in part.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomMapNum(3 - atom.GetAtomMapNum())
    part.UpdatePropertyCache(strict=False)
    return str(Chem.MolToSmiles(part))


def _hydrogens(molecule: "Mol") -> Iterator[Cut]:
    from rdkit import Chem

    ranks = list(Chem.CanonicalRankAtoms(molecule, breakTies=False))
    done: set[int] = set()
    for atom in molecule.GetAtoms():
        if not atom.GetTotalNumHs() or ranks[atom.GetIdx()] in done or atom.GetAtomicNum() not in {6, 7, 8}:
            continue
        done.add(ranks[atom.GetIdx()])
        open_ = Chem.RWMol(molecule)
        site = open_.GetAtomWithIdx(atom.GetIdx())
        if site.GetNumExplicitHs():
            site.SetNumExplicitHs(site.GetNumExplicitHs() - 1)
        dummy = open_.AddAtom(Chem.Atom(0))
        open_.GetAtomWithIdx(dummy).SetAtomMapNum(1)
        open_.AddBond(atom.GetIdx(), dummy, Chem.BondType.SINGLE)
        open_.UpdatePropertyCache(strict=False)
        kind = _kind(molecule, atom.GetIdx())
        yield Cut(str(Chem.MolToSmiles(open_)), HYDROGEN, kind, frozenset(), atom.GetIdx())


def join(stays: str, changes: str) -> str | None:
    """Return the canonical SMILES of a part that stays with another part in its place, or None if there is none."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        both = Chem.MolFromSmiles(f"{stays}.{changes}", sanitize=False)
        if both is None:
            return None
        Chem.SetBondStereoFromDirections(both)  # else E and Z are lost
        try:
            joined = Chem.molzip(both)
            text = Chem.MolToSmiles(Chem.RemoveHs(joined, sanitize=False))
        except (RuntimeError, ValueError):
            return None
        molecule = Chem.MolFromSmiles(text)
    return None if molecule is None else str(Chem.MolToSmiles(molecule))
