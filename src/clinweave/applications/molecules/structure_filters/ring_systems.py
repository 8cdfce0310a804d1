"""Ring systems of a molecule and how often a reference set has them.

A ring system is a set of rings that share atoms (fused, bridged or spiro), with the atoms that are double-bonded to
it. Its key is a SMILES of these atoms without hydrogens, stereochemistry or isotopes: `c1ccnc1` is pyrrole, whether
its nitrogen carries a hydrogen or a substituent.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.core.errors import ClinweaveError

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol

PACKAGED = Path(__file__).with_name("ring_systems.tsv.gz")
MIN_MOSES = 2  # of 316,933 molecules
MIN_DRUGS = 1
_BARE = frozenset({"B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I", "b", "c", "n", "o", "p", "s"})


def ring_systems_of(molecule: "Mol") -> list[str]:
    """Return the key of each ring system, in no particular order; repeated systems are repeated."""
    groups: list[set[int]] = []
    for ring in molecule.GetRingInfo().AtomRings():
        joined = set(ring)
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    if not groups:
        return []
    symbols = [_symbol(atom) for atom in molecule.GetAtoms()]
    return [_key(molecule, group, symbols) for group in groups]


def _key(molecule: "Mol", group: set[int], symbols: list[str]) -> str:
    from rdkit import Chem

    atoms, bonds = set(group), []
    for index in group:
        for bond in molecule.GetAtomWithIdx(index).GetBonds():
            other = bond.GetOtherAtomIdx(index)
            if other in group:
                if index < other:
                    bonds.append(bond.GetIdx())
            elif bond.GetBondTypeAsDouble() >= 2:
                atoms.add(other)
                bonds.append(bond.GetIdx())
    return str(Chem.MolFragmentToSmiles(molecule, sorted(atoms), bonds, symbols, isomericSmiles=False))


def _symbol(atom: "Atom") -> str:
    """Return an atom as SMILES without hydrogens or isotope."""
    text = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    charge = atom.GetFormalCharge()
    if charge:
        return f"[{text}{'+' if charge > 0 else '-'}{abs(charge) if abs(charge) > 1 else ''}]"
    return text if text in _BARE else f"[{text}]"


def count_ring_systems(smiles: Iterable[str]) -> Counter[str]:
    """Return the number of molecules that have each ring system; what RDKit cannot read is left out."""
    from rdkit import Chem, rdBase

    counts: Counter[str] = Counter()
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text)
            if molecule is not None:
                counts.update(set(ring_systems_of(molecule)))
    return counts


class Seen(NamedTuple):
    """Number of molecules of each reference that have a ring system."""

    moses: int = 0
    drugs: int = 0


def write_frequencies(path: Path, moses: Counter[str], drugs: Counter[str]) -> int:
    """Write the ring systems that either reference has often enough as .tsv.gz; return their number.

    The same counts give the same bytes.
    """
    seen = {key: Seen(moses[key], drugs[key]) for key in moses | drugs}
    rows = sorted((-one.moses - one.drugs, key, one) for key, one in seen.items() if is_seen(one))
    text = "".join(f"{key}\t{one.moses}\t{one.drugs}\n" for _, key, one in rows)
    path.write_bytes(gzip.compress(f"ring_system\tmoses\tdrugs\n{text}".encode(), mtime=0))
    return len(rows)


def is_seen(counts: Seen) -> bool:
    """Return whether a ring system counts as makeable: one drug is enough, MOSES' rarest may be artefacts."""
    return counts.drugs >= MIN_DRUGS or counts.moses >= MIN_MOSES


@cache
def read_frequencies(path: Path = PACKAGED) -> dict[str, Seen]:
    """Return how many reference molecules have each ring system: a fifth of MOSES' training set, approved drugs."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream, delimiter="\t")
            next(rows)
            return {key: Seen(int(moses), int(drugs)) for key, moses, drugs in rows}
    except (OSError, ValueError, StopIteration) as error:
        raise ClinweaveError(f"{path} is no table of ring systems: {error}") from error
