"""Replacements learned from a reference set: matched pairs with their counts, and substituents by how common they are.

The packaged table is of MOSES' training set (MIT; its first line says of how many molecules). A user's own set is
learned once and kept.
"""

import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.applications.molecules.analogues.fragments import HYDROGEN, MAX_CHANGED
from clinweave.core.artifacts import sha256, write_text
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

VERSION = 1  # raise it when the same set gives another table
_PATTERN = "[!#1;!$([CX3]=[O,N,S]);!$(S(=O)=O);!$(P=O);!$(C#N)]-;!@[!#1]"
_MIN_PAIRS, _MIN_SEEN = 2, 3
_MAX_IN_GROUP = 80  # alternatives at one place of one molecule
_MAX_FRAGMENTS = 400  # of one environment
Progress = Callable[[int, int], None]


class Replacement(NamedTuple):
    """A part to put in the place of another: in how many matched pairs it was seen, in how many molecules at all."""

    changes: str
    pairs: int
    seen: int


@dataclass(frozen=True)
class Transformations:
    """The learned table. `pairs`: (environment, part) -> parts by count; `seen`: environment -> parts by count."""

    pairs: dict[tuple[str, str], dict[str, int]]
    seen: dict[str, dict[str, int]]
    source: str = ""
    molecules: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    def of(self, environment: str, changes: str) -> Iterator[Replacement]:
        """Yield replacements of a part in its environment: matched pairs first, then common parts of like size."""
        common = self.seen.get(environment, {})
        learned = self.pairs.get((environment, changes), {})
        for other, count in sorted(learned.items(), key=lambda item: (-item[1], item[0])):
            yield Replacement(other, count, common.get(other, 0))
        size = heavy_atoms(changes)
        for other, count in common.items():
            if other not in learned and other != changes and heavy_atoms(other) <= max(size + 5, 6):
                yield Replacement(other, 0, count)

    def text(self) -> str:
        """Return the table as text: environment, part, replacement ("" for how often a part is seen), count."""
        lines = [f"# {self.source}\t{self.molecules}"]
        for environment, fragments in sorted(self.seen.items()):
            lines += [f"{environment}\t{part}\t\t{count}" for part, count in fragments.items()]
        for (environment, part), others in sorted(self.pairs.items()):
            lines += [f"{environment}\t{part}\t{other}\t{count}" for other, count in sorted(others.items())]
        return "\n".join(lines) + "\n"


@cache
def heavy_atoms(part: str) -> int:
    """Return the number of heavy atoms of a part, attachments not counted."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(part, sanitize=False)
    return int(molecule.GetNumHeavyAtoms()) if molecule is not None else 0


def learn(
    smiles: Iterable[str], source: str, total: int = 0, progress: Progress | None = None, *, double: int = 0
) -> Transformations:
    """Return the transformations of a reference set: parts that are found in the same place of otherwise equal
    molecules (one or two cuts), at least twice, and the parts that are common in an environment.

    `smiles` that cannot be read are left out; two cuts are made in the first `double` molecules alone (0: in all).
    """
    from rdkit import Chem, rdBase

    groups: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    count = 0
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text)
            if molecule is None:
                continue
            count += 1
            if progress and not count % 500:
                progress(count, total)
            for stays, changes in sorted(set(_cuts(molecule, 2 if not double or count <= double else 1))):
                groups[stays].add(changes)
                seen[_environment(stays)][changes] += 1
    pairs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for stays, alternatives in groups.items():
        if 1 < len(alternatives) <= _MAX_IN_GROUP:
            environment = _environment(stays)
            for first, other in permutations(sorted(alternatives), 2):
                pairs[environment, first][other] += 1
    _environment.cache_clear()
    kept = {
        key: likely
        for key, others in pairs.items()
        if (likely := {other: number for other, number in others.items() if number >= _MIN_PAIRS})
    }
    common = {
        environment: {
            part: number
            for part, number in sorted(parts.items(), key=lambda item: (-item[1], item[0]))[:_MAX_FRAGMENTS]
            if number >= _MIN_SEEN
        }
        for environment, parts in seen.items()
    }
    return Transformations(kept, {name: parts for name, parts in common.items() if parts}, source, count)


def _cuts(molecule: "Mol", most: int) -> Iterator[tuple[str, str]]:
    """Yield (what stays, what changes) of one and two cuts, what changes being the smaller part."""
    from rdkit.Chem import rdMMPA

    size = molecule.GetNumHeavyAtoms()
    cut = rdMMPA.FragmentMol(
        molecule, minCuts=1, maxCuts=most, maxCutBonds=16, pattern=_PATTERN, resultsAsMols=False
    )
    for core, chains in cut:
        if core:
            if 0 < heavy_atoms(core) <= min(MAX_CHANGED, size // 2):
                yield chains, normal(core)
            continue
        first, other = chains.split(".")
        for stays, changes in ((first, other), (other, first)):
            if 0 < heavy_atoms(changes) <= min(MAX_CHANGED, size // 2):
                yield stays, normal(changes)


@cache
def normal(part: str) -> str:
    """Return one spelling of a part, without stereo marks."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(part)
    if molecule is None:
        return part
    Chem.RemoveStereochemistry(molecule)
    return str(Chem.MolToSmiles(molecule))


@cache
def _environment(stays: str) -> str:
    """Return to what the attachments are bound: element, small where aromatic, in the order of their numbers."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(stays, sanitize=False)
    kinds = {}
    for atom in molecule.GetAtoms():
        if atom.GetAtomicNum() == 0 and atom.GetAtomMapNum():
            (bond,) = atom.GetNeighbors()
            kinds[atom.GetAtomMapNum()] = (
                bond.GetSymbol().lower() if bond.GetIsAromatic() else bond.GetSymbol()
            )
    return "|".join(kinds[number] for number in sorted(kinds))


def read_transformations(text: str) -> Transformations:
    """Return a table as it was written by `Transformations.text`. Raises `UserError` on any other text."""
    pairs: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    lines = text.splitlines()
    try:
        source, molecules = lines[0].removeprefix("# ").split("\t")
        for line in lines[1:]:
            environment, part, other, count = line.split("\t")
            if other:
                pairs[environment, part][other] = int(count)
            else:
                seen[environment][part] = int(count)
        return Transformations(dict(pairs), dict(seen), source, int(molecules))
    except (ValueError, IndexError) as error:
        raise UserError(
            f"the table of transformations is damaged ({error}): remove it to learn it again"
        ) from error


@cache
def packaged_transformations() -> Transformations:
    """Return the table that comes with clinweave."""
    data = files("clinweave.applications.molecules.analogues").joinpath("transformations.tsv.gz").read_bytes()
    return read_transformations(gzip.GzipFile(fileobj=io.BytesIO(data)).read().decode("utf-8"))


def open_transformations(
    home: Path,
    reference: Path | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> Transformations:
    """Return the packaged table, or that of a user's file of molecules, learned once and kept under `home`.

    `tell` is called with the rows that hold no molecule, when the file is learned from.
    """
    if reference is None:
        return packaged_transformations()
    from clinweave.applications.molecules.molecule import describe_unread, read_molecules

    if not reference.is_file():
        raise UserError(f"there is no file {reference}")
    cached = home / "molecules" / "transformations" / f"{sha256(reference)[:16]}-{VERSION}.tsv"
    if cached.is_file():
        return read_transformations(cached.read_text("utf-8"))
    rows = list(read_molecules(reference, parent=True))
    if tell and (unread := describe_unread(rows, reference, "--reference")):
        tell(unread)
    smiles = [row.smiles for row in rows if row.smiles]
    table = learn(smiles, reference.name, len(smiles), progress)
    if not table.pairs and not table.seen:
        raise UserError(
            f"--reference {reference}: {len(smiles):,} molecules, no part is common to several of them"
        )
    write_text(cached, table.text())
    return table


__all__ = ["HYDROGEN", "Replacement", "Transformations", "learn", "normal", "open_transformations"]
