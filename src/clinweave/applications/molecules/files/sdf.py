"""MDL SD files (CTfile formats, V2000 and V3000): records with a structure and data items, read one by one.

Records end at `$$$$`; the last may lack it. Each record gives a row, also where its block is damaged.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.applications.molecules.files.rows import MoleculeFile, Row, structure_column
from clinweave.applications.molecules.files.text import byte_lines
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_ITEM = re.compile(r"^>.*?<(.*)>[^<>]*$")
_END = "$$$$"
_MAX_LINES = 200_000  # of one record


class Record(NamedTuple):
    """One record: its first line, its block (empty: none), its data items in order, and what is wrong with it."""

    title: str
    block: str
    items: list[tuple[str, str]]
    problem: str = ""


def open_sdf(path: Path, column: str = "") -> MoleculeFile:
    """Return the records of an SD file: the structure as SMILES, the title, and each data item as a column.

    A data item that a record has twice is in the columns NAME and NAME_2. `column` names a data item to take the
    SMILES from in place of the block.
    """
    names = dict.fromkeys(name for record in records(path) for name, _ in numbered(record.items))
    titled = any(record.title for record in records(path))
    lower = {name.lower() for name in names}
    header = [_free("smiles", "structure_smiles", lower)]
    if titled:
        header.append(_free("name", "title", lower))
    width = len(header)
    header += names
    index = structure_column(path, header, column) if column and column != header[0] else 0

    def rows() -> Iterator[Row]:
        for record in records(path):
            smiles, problem, note = "", record.problem, ""
            if not problem:
                smiles, problem, note = structure_of(record.block)
            if index:
                problem = record.problem
            values = dict(numbered(record.items))
            cells = [smiles, record.title][:width] + [values.get(name, "") for name in names]
            yield Row(cells, problem, note, "" if problem or index else record.block)

    return MoleculeFile(path, header, rows(), index)


def _free(name: str, other: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    while other in taken:
        other += "_"
    return other


def records(path: Path) -> Iterator[Record]:
    """Yield the records of an SD file in order. Raises `UserError` for a file that has no record."""
    lines: list[str] = []
    count = 0
    for raw in byte_lines(path):
        line = _text(raw if count or lines else raw.removeprefix(b"\xef\xbb\xbf"))
        if line.startswith(_END):
            count += 1
            yield _record(lines)
            lines = []
        elif len(lines) < _MAX_LINES:
            lines.append(line)
        else:
            raise UserError(f"{path}, record {count + 1}: more than {_MAX_LINES:,} lines without {_END}")
    if any(line.strip() for line in lines):
        count += 1
        yield _record(lines)
    if not count:
        raise UserError(f"{path} is empty: give an SD file with molecules")


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:  # the format names no encoding; programs of Windows write their own
        return line.decode("cp1252", "replace")


def _record(lines: Sequence[str]) -> Record:
    title = lines[0].strip() if lines else ""
    end = next((n for n, line in enumerate(lines) if line.startswith("M  END")), None)
    begun = next((n for n, line in enumerate(lines) if n > 2 and line.startswith(">")), len(lines))
    if end is None or end > begun:
        where = "the record is empty" if not any(map(str.strip, lines)) else _why_no_end(lines[:begun])
        return Record(title if begun else "", "", _items(lines[begun:]), where)
    return Record(title, "\n".join(lines[: end + 1]) + "\n", _items(lines[end + 1 :]))


def _why_no_end(block: Sequence[str]) -> str:
    counts = _counts(block)
    if counts and len(block) < 4 + sum(counts):
        return (
            f"a damaged block: {len(block) - 4} lines of atoms and bonds, its counts line says {sum(counts)} "
            f"({counts[0]} atoms, {counts[1]} bonds)"
        )
    return "a damaged block: there is no line M  END"


def _counts(block: Sequence[str]) -> tuple[int, int] | None:
    """Return the numbers of atoms and bonds that the counts line of a V2000 block states, or None."""
    if len(block) < 4 or "V3000" in block[3]:
        return None
    try:
        return int(block[3][:3]), int(block[3][3:6])
    except ValueError:
        return None


def _items(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return the data items: a header line, lines of the value, a blank line."""
    items: list[tuple[str, str]] = []
    value: list[str] | None = None
    for line in lines:
        if value is None or not line.strip():
            match = _ITEM.match(line)
            if match:
                value = []
                items.append((match[1].strip() or "unnamed", ""))
            elif not line.strip():
                value = None
        elif (
            line.startswith(">") and _ITEM.match(line) and not value
        ):  # an empty value without its blank line
            match = _ITEM.match(line)
            items.append((match[1].strip() if match else "unnamed", ""))
        else:
            value.append(line.rstrip())
            items[-1] = (items[-1][0], "\n".join(value))
    return items


def numbered(items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return items with names of their own: the second "IC50" of a record is "IC50_2"."""
    result: dict[str, str] = {}
    for name, value in items:
        unique, count = name, 1
        while unique in result:
            count += 1
            unique = f"{name}_{count}"
        result[unique] = value
    return list(result.items())


def structure_of(block: str) -> tuple[str, str, str]:
    """Return SMILES, problem and note of an MDL block; stereochemistry is that of its wedges or 3D coordinates."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        try:
            raw = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        except (RuntimeError, ValueError):
            raw = None
        if raw is None:
            return "", _why_not(block), ""
        if problem := _not_a_molecule(raw):
            return "", problem, ""
        try:
            molecule = Chem.MolFromMolBlock(block)
            if molecule is None:
                problems = Chem.DetectChemistryProblems(raw)
                reason = problems[0].Message() if problems else "RDKit cannot read its block"
                return "", f"not a possible structure: {reason}", ""
            return Chem.MolToSmiles(molecule), "", _lost(molecule)
        except (RuntimeError, ValueError) as error:
            return "", f"not a possible structure: {str(error).strip().splitlines()[0]}", ""


def _why_not(block: str) -> str:
    lines = block.splitlines()
    counts = _counts(lines)
    if counts is None and not any("V3000" in line for line in lines[3:4]):
        return "a damaged block: its fourth line holds no counts of atoms and bonds"
    if counts:
        body = [line for line in lines[4:] if not line.startswith(("M  ", "A  ", "V  ", "G  ", "S  "))]
        if len(body) < sum(counts):
            return (
                f"a damaged block: {len(body)} lines of atoms and bonds, its counts line says {sum(counts)} "
                f"({counts[0]} atoms, {counts[1]} bonds)"
            )
    return "a damaged block: a line of its atoms or bonds cannot be read"


def _not_a_molecule(molecule: "Mol") -> str:
    """Say what a block has that no SMILES of one molecule can: query atoms and bonds, repeating units."""
    from rdkit import Chem

    if not molecule.GetNumAtoms():
        return "no structure: the block has no atoms"
    for atom in molecule.GetAtoms():
        if atom.HasQuery():
            return f"a query, not a molecule: atom {atom.GetIdx() + 1} may be several elements"
    for bond in molecule.GetBonds():
        if bond.HasQuery():
            return f"a query, not a molecule: bond {bond.GetIdx() + 1} may be of several orders"
    groups = {
        group.GetProp("TYPE") for group in Chem.GetMolSubstanceGroups(molecule) if group.HasProp("TYPE")
    }
    if groups & {"SRU", "COP", "MON", "MER", "CRO", "GRA", "MOD"}:
        return "a polymer: its block states a repeating unit"
    return ""


def _lost(molecule: "Mol") -> str:
    """Say what a SMILES does not carry of a structure."""
    from rdkit import Chem

    kinds = {group.GetGroupType() for group in molecule.GetStereoGroups()}
    if kinds - {Chem.StereoGroupType.STEREO_ABSOLUTE}:
        return "relative or racemic stereo centres of the file are computed on as drawn"
    return ""
