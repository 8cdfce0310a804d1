"""Reference sets for novelty (training set, MOSES, a user's own files) and medicinal-chemistry filters."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.molecule import Molecule, read_molecules
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules.generator import Generator

TRAINING, MOSES = "training", "moses"
Progress = Callable[[str, int, int], None]


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
    names: Sequence[str], model: "Generator", home: Path, progress: Progress = lambda *_: None
) -> ReferenceSet:
    """Return the sets of these names: `training` (what the model was trained on), `moses` (as fetched), or a file.

    A file's rows may be written in any way: each is converted to canonical SMILES, a salt to its parent, and is also
    known without its stereo marks. Raises `UserError` for a missing file or set.
    """
    sets: list[Container[str]] = []
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
