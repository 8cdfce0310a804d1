"""Read and standardise SMILES: each row gives a canonical form or a reason; order and count are preserved."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MOST_ATOMS = 250
_COLUMNS = ("smiles", "canonical_smiles", "structure", "mol")


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
    text: str, *, row: int = 1, parent: bool = False, name: str = "", most: int = MOST_ATOMS
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
    """Yield the answer to each row of a .smi, .txt, .csv or .tsv file (also .gz).

    A .smi line is a SMILES and perhaps a name. A table needs a header with a column `column` (else one called smiles
    or the like); a header that comes again among the rows is answered as such. Raises `UserError` if there is no
    such file or column.
    """
    for number, (text, name, fields_, repeated) in enumerate(_rows(path, column), 1):
        if repeated:
            yield Molecule(number, text, None, "the header again", name=name)
        else:
            standard = standardise(text, row=number, name=name, **choices)
            yield Molecule(number, text, standard.smiles, standard.reason, standard.notes, name, fields_)


def read_smiles(path: Path, column: str | None = None) -> list[str]:
    """Return the SMILES of a file as they stand, unchecked: for large sets that are standard already."""
    return [text for text, _, _, repeated in _rows(path, column) if text and not repeated]


def _rows(path: Path, column: str | None) -> Iterator[tuple[str, str, dict[str, str], bool]]:
    """Yield SMILES, name, other fields, and whether the row is the header again."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as stream:
            if plain.suffix in {".csv", ".tsv"}:
                yield from _table(stream, path, column, "\t" if plain.suffix == ".tsv" else ",")
            else:
                yield from _lines(stream)
    except (OSError, EOFError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def _lines(stream: Iterable[str]) -> Iterator[tuple[str, str, dict[str, str], bool]]:
    first = True
    for line in stream:
        parts = line.strip().split(None, 1)
        header = bool(parts) and parts[0].lower() in _COLUMNS
        if not (first and header):
            yield (parts or [""])[0], parts[1].strip() if len(parts) > 1 else "", {}, header
        first = False


def _table(
    stream: Iterable[str], path: Path, column: str | None, mark: str
) -> Iterator[tuple[str, str, dict[str, str], bool]]:
    rows = csv.reader(stream, delimiter=mark)
    header = [name.strip() for name in next(rows, [])]
    if not header:
        return
    index = _column_index(header, column, path)
    named = next((n for n, name in enumerate(header) if name.lower() in {"name", "id", "mol_id"}), None)
    for row in rows:
        cells = [cell.strip() for cell in row]
        text = cells[index] if index < len(cells) else ""
        name = cells[named] if named is not None and named < len(cells) else ""
        yield text, name, dict(zip(header, cells, strict=False)), cells == header


def _column_index(header: Sequence[str], column: str | None, path: Path) -> int:
    """Return which column holds the SMILES; of several with that name, the first."""
    lower = [name.lower() for name in header]
    for name in (column.lower(),) if column else _COLUMNS:
        if name in lower:
            return lower.index(name)
    if len(header) == 1 and not column and isinstance(parse(header[0]), str):
        return 0
    requested = repr(column) if column else "named smiles"
    raise UserError(
        f"{path} has no column {requested}: its columns are {', '.join(header)}; name one with --column"
    )
