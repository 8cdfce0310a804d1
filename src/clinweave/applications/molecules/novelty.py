"""Reference sets for novelty (training set, MOSES, a user's own files) and medicinal-chemistry filters."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.membership_filter import hash_of
from clinweave.applications.molecules.molecule import Molecule, read_molecules
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules.generator import Generator

TRAINING, MOSES = "training", "moses"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ThinnedSet:
    """A part of a set, drawn by chance: each of its molecules belongs to it with the probability `share`."""

    whole: Container[str]
    share: float
    seed: int = 0

    def __contains__(self, smiles: object) -> bool:
        """Return whether this canonical SMILES is in the part; the same seed gives the same part."""
        chance = hash_of(f"{self.seed} {smiles}") / 2**64
        return chance < self.share and smiles in self.whole


@dataclass(frozen=True)
class ReferenceSet:
    """Sets as one; `rows` of files were read, of which `unread` hold no molecule; the first of them is described."""

    sets: tuple[Container[str], ...] = ()
    rows: int = 0
    unread: int = 0
    first_unread: str = ""

    def __contains__(self, smiles: object) -> bool:
        """Return whether this canonical SMILES is in one of the sets."""
        return any(smiles in group for group in self.sets)


def new_to(
    names: Sequence[str],
    model: "Generator",
    home: Path,
    progress: Progress = lambda *_: None,
    *,
    training_share: float = 0.0,
    seed: int = 0,
) -> ReferenceSet:
    """Return the sets of these names: `training` (what the model was trained on), `moses` (as fetched), or a file.

    A file's rows may be written in any way: each is converted to canonical SMILES, a salt to its parent, and is also
    known without its stereo marks. Of the training set the part `training_share` is added, drawn by `seed`, where the
    model says what it was trained on. Raises `UserError` for a missing file or set.
    """
    sets: list[Container[str]] = []
    if training_share and model.seen is not None and TRAINING not in names:
        sets.append(ThinnedSet(model.seen, training_share, seed))
    rows = unread = 0
    first = ""
    for name in names:
        if name == TRAINING:
            if model.seen is None:
                raise UserError(
                    f"--new-to {name}: {model.checkpoint.folder} does not say what it was trained on; name the file"
                )
            sets.append(model.seen)
        elif name == MOSES:
            sets.append(_moses(home))
        else:
            read = []
            for row in read_molecules(Path(name), parent=True):
                read.append(row)
                progress(f"reading {Path(name).name}", len(read), len(read))
            wrong = [row for row in read if row.smiles is None]
            if len(wrong) == len(read):
                raise UserError(f"--new-to {name}: no row holds a molecule")
            rows, unread = rows + len(read), unread + len(wrong)
            if wrong and not first:
                first = f"{name}, row {wrong[0].row}: {wrong[0].reason}"
            sets.append(spellings(read))
    return ReferenceSet(tuple(sets), rows, unread, first)


def _moses(home: Path) -> Container[str]:
    from clinweave.applications.molecules.metrics.reference import training_set
    from clinweave.resources import located

    return training_set(located("moses", home)["train.csv.gz"].parent)


def moses_filters(home: Path) -> "Callable[[Mol], bool]":
    """Return whether an RDKit molecule passes the filters of MOSES, as fetched."""
    from clinweave.applications.molecules.metrics.filters import open_filters
    from clinweave.resources import located

    return open_filters(located("moses", home)["mcf.csv"].parent).passes


def spellings(rows: Iterable[Molecule]) -> set[str]:
    """Return the canonical SMILES of rows, each also without its stereo marks: what a flat molecule is compared to."""
    from rdkit import Chem

    result: set[str] = set()
    for row in rows:
        if row.smiles is None:
            continue
        result.add(row.smiles)
        if any(mark in row.smiles for mark in "@/\\"):
            flat = Chem.MolFromSmiles(row.smiles)
            Chem.RemoveStereochemistry(flat)
            result.add(Chem.MolToSmiles(flat))
    return result
