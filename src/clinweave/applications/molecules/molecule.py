"""Read and standardise SMILES: each row gives a canonical form or a reason; order and count are preserved."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules.files import MoleculeFile

MAX_ATOMS = 250
_NAMES = frozenset({"name", "id", "mol_id", "title"})


@dataclass(frozen=True)
class Molecule:
    """One row answered: `smiles` in RDKit's canonical form, or None and a `reason`; `notes` say what was changed."""

    row: int  # 1 is the first row that is not a header
    given: str
    smiles: str | None
    reason: str = ""
    notes: tuple[str, ...] = ()
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)  # the row's other columns


def standardise(
    text: str, *, row: int = 1, parent: bool = False, name: str = "", most: int = MAX_ATOMS
) -> Molecule:
    """Return a row's answer.

    Charges and stereo marks are kept. Refused with the reason: what RDKit cannot read, mixtures and salts (unless
    `parent`, which keeps the largest organic part and says so), isotopes, open valences, dummy atoms, and more than
    `most` heavy atoms.
    """
    from rdkit import Chem

    stripped = text.strip()

    def refused(reason: str) -> Molecule:
        return Molecule(row, text, None, reason, name=name)

    if not stripped:
        return refused("empty")
    molecule = parse(stripped)
    if isinstance(molecule, str):
        return refused(molecule)
    notes: list[str] = []
    parts = Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
    if len(parts) > 1:
        if not parent:
            return refused(f"a mixture of {len(parts)} parts: name one of them, or ask for the parent")
        molecule = max(
            parts, key=lambda part: (_carbons(part) > 0, part.GetNumHeavyAtoms(), Chem.MolToSmiles(part))
        )
        Chem.SanitizeMol(molecule)
        notes.append(f"largest of {len(parts)} parts")
    reason = _unwanted(molecule, most)
    if reason:
        return refused(reason)
    smiles = Chem.MolToSmiles(molecule)
    return Molecule(row, text, smiles, notes=tuple(notes), name=name)


def parse(smiles: str) -> "Mol | str":
    """Return an RDKit molecule, or a string with the reason why there is none."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        if len(smiles) > 5000:
            return f"{len(smiles):,} characters: the limit is 5,000"
        molecule = Chem.MolFromSmiles(smiles, sanitize=False)
        if molecule is None:
            return "not a SMILES: brackets, rings or letters do not match"
        problems = Chem.DetectChemistryProblems(molecule)
        if problems:
            return f"not a possible structure: {problems[0].Message()}"
        try:
            Chem.SanitizeMol(molecule)
            # sanitising alone does not find the stereo centres that reading does
            return Chem.MolFromSmiles(smiles) or "not a possible structure"
        except (ValueError, RuntimeError) as error:
            return f"not a possible structure: {error}"


def _carbons(molecule: "Mol") -> int:
    return sum(atom.GetAtomicNum() == 6 for atom in molecule.GetAtoms())


def _unwanted(molecule: "Mol", most: int) -> str:
    if not molecule.GetNumHeavyAtoms():
        return "no heavy atom"
    if molecule.GetNumHeavyAtoms() > most:
        return f"{molecule.GetNumHeavyAtoms()} heavy atoms: the limit is {most}"
    for atom in molecule.GetAtoms():
        where = f"{atom.GetSymbol()} at position {atom.GetIdx() + 1}"
        if atom.GetAtomicNum() == 0:
            return f"an atom that is not named ({where})"
        if atom.GetIsotope():
            return f"an isotope ({atom.GetIsotope()}{where})"
        if atom.GetNumRadicalElectrons():
            return f"an open valence ({where})"
    return ""


def standardise_all(rows: Sequence[str], *, workers: int = 1, **choices: Any) -> list[Molecule]:
    """Return the answer to each row, in order."""
    if workers < 2 or len(rows) < 2000:
        return [standardise(text, row=number, **choices) for number, text in enumerate(rows, 1)]
    step = -(-len(rows) // (workers * 4))
    starts = range(0, len(rows), step)
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_some, rows[start : start + step], start, choices) for start in starts]
        return [item for job in jobs for item in job.result()]


def _some(rows: Sequence[str], start: int, choices: dict[str, Any]) -> list[Molecule]:
    return [standardise(text, row=start + number, **choices) for number, text in enumerate(rows, 1)]


def read_molecules(path: Path, *, column: str | None = None, **choices: Any) -> Iterator[Molecule]:
    """Yield the answer to each row of a file of molecules, whose ending says how it is read (`files.open_molecules`).

    The column of SMILES is `column`, else one called smiles or the like (of several the first). A damaged row or record
    is answered with its problem. Raises `UserError` for an unknown ending, and if there is no such file or column.
    """
    opened, named = _opened(path, column)
    if opened is None:
        return
    others = [(number, name) for number, name in enumerate(opened.header) if number != opened.structure]
    for number, row in enumerate(opened.rows, 1):
        cells = [cell.strip() for cell in row.cells]
        name = cells[named] if named is not None else ""
        text = cells[opened.structure]
        if row.problem:
            yield Molecule(number, text, None, row.problem, name=name)
            continue
        standard = standardise(text, row=number, name=name, **choices)
        notes = (*([row.note] if row.note else []), *standard.notes)
        fields_ = {title: cells[position] for position, title in others}
        yield Molecule(number, text, standard.smiles, standard.reason, notes, name, fields_)


def describe_unread(rows: Sequence[Molecule], path: Path, option: str) -> str:
    """Return how many rows of an option's file hold no molecule, and why the first does not; "" if all do."""
    wrong = [row for row in rows if row.smiles is None]
    if not wrong:
        return ""
    return (
        f"{len(wrong):,} of {len(rows):,} rows of {option} contain no valid molecule "
        f"({path.name}, row {wrong[0].row}: {wrong[0].reason})"
    )


def read_smiles(path: Path, column: str | None = None) -> list[str]:
    """Return the SMILES of a file as they stand, unchecked: for large sets that are standard already."""
    opened, _ = _opened(path, column)
    if opened is None:
        return []
    index = opened.structure
    texts = (row.cells[index].strip() for row in opened.rows if not row.problem)
    return [text for text in texts if text]


def _opened(path: Path, column: str | None) -> "tuple[MoleculeFile | None, int | None]":
    """Return the opened file and the column of names; None for a file without a byte."""
    from clinweave.applications.molecules.files import open_molecules

    if path.is_file() and not path.stat().st_size:
        return None, None
    opened = open_molecules(path, column or "", first=True)
    lower = [name.lower() for name in opened.header]
    named = next((n for n, name in enumerate(lower) if name in _NAMES and n != opened.structure), None)
    return opened, named
