"""How usual the atoms of a molecule are: surprisal of its atom environments under MOSES, in bits.

An environment is an atom with its bonds and neighbours: `C2(-C2,-C3)` is a CH2 in a chain between a CH2 and a CH3;
small letters are aromatic, `R` is in a ring, numbers are hydrogens. What a molecule has k times counts by the share of
the reference that has it at least k times, so one ethyl group is usual and three are not.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.core.errors import ClinweaveError

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol

PACKAGED = Path(__file__).with_name("environments.tsv.gz")
MIN_MOLECULES = 2  # rarer ones are not packaged
MEDIAN, HIGH = 69.7, 95.0  # bits: 50th and 95th percentile of 5,000 molecules of MOSES' test set
_BONDS = {1.0: "-", 1.5: ":", 2.0: "=", 3.0: "#"}


class EnvironmentTable(NamedTuple):
    """Number of molecules of the reference that have each environment at least so many times, and of all."""

    molecules: dict[tuple[str, int], int]
    size: int


def environments_of(molecule: "Mol") -> Counter[str]:
    """Return how many atoms of a molecule have each environment."""
    symbols = [_symbol(atom) for atom in molecule.GetAtoms()]
    counts: Counter[str] = Counter()
    for atom in molecule.GetAtoms():
        index = atom.GetIdx()
        around = sorted(
            _BONDS.get(bond.GetBondTypeAsDouble(), "~") + symbols[bond.GetOtherAtomIdx(index)]
            for bond in atom.GetBonds()
        )
        charge = f"{atom.GetFormalCharge():+d}" if atom.GetFormalCharge() else ""
        counts[f"{symbols[index]}{charge}({','.join(around)})"] += 1
    return counts


def surprisal(molecule: "Mol") -> float:
    """Return the sum over environments of -log2 of the share of MOSES that has them as often, in bits."""
    table = read_environments()
    return sum(
        log2(table.size / max(table.molecules.get(item, 0), 0.5))
        for item in environments_of(molecule).items()
    )


def unusualness(molecule: "Mol", allowed: float = 0.0) -> float:
    """Return 0 up to the median surprisal of MOSES (or `allowed` bits, if more), rising by 1 up to its 95th percentile
    and on beyond it."""
    return max(0.0, surprisal(molecule) - max(MEDIAN, allowed)) / (HIGH - MEDIAN)


def count_environments(smiles: Iterable[str]) -> EnvironmentTable:
    """Return the table of these molecules; what RDKit cannot read is left out."""
    from rdkit import Chem, rdBase

    counts: Counter[tuple[str, int]] = Counter()
    size = 0
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text)
            if molecule is not None:
                size += 1
                for name, count in environments_of(molecule).items():
                    counts.update((name, level) for level in range(1, count + 1))
    return EnvironmentTable(dict(counts), size)


def write_environments(path: Path, table: EnvironmentTable) -> int:
    """Write a table as .tsv.gz without what fewer than two molecules have; return its number of rows.

    The same counts give the same bytes.
    """
    rows = sorted(
        (-count, name, level) for (name, level), count in table.molecules.items() if count >= MIN_MOLECULES
    )
    lines = [f"{name}\t{level}\t{-count}\n" for count, name, level in rows]
    text = f"environment\ttimes\tmolecules of {table.size}\n{''.join(lines)}"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return len(rows)


@cache
def read_environments(path: Path = PACKAGED) -> EnvironmentTable:
    """Return the packaged table, of every 25th molecule of MOSES' training set."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream, delimiter="\t")
            size = int(next(rows)[2].rpartition(" ")[2])
            return EnvironmentTable({(name, int(level)): int(count) for name, level, count in rows}, size)
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise ClinweaveError(f"{path} is no table of atom environments: {error}") from error


def _symbol(atom: "Atom") -> str:
    """Return element (small: aromatic), R for a ring that is not aromatic, and number of hydrogens."""
    aromatic = atom.GetIsAromatic()
    symbol = atom.GetSymbol().lower() if aromatic else atom.GetSymbol()
    ring = "R" if atom.IsInRing() and not aromatic else ""
    return f"{symbol}{ring}{atom.GetTotalNumHs()}"
