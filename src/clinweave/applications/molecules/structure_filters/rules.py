"""Rules that refuse a structure: motifs as SMARTS from `rules.toml`, and those that need code."""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

FILE = Path(__file__).with_name("rules.toml")
PRINTED = 40  # characters of a SMARTS in a name


class Violation(NamedTuple):
    """Why a structure is refused: the rule's id and, where a rule has several cases, which (a ring system)."""

    rule: str
    detail: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule. `cases` returns what of a molecule violates it: an empty list if nothing does.

    `id` is what `--allow` takes; `source` says where the rule is from; `refused` and `allowed` are example SMILES.
    """

    id: str
    name: str
    reason: str
    source: str
    cases: "Callable[[Mol], Sequence[str]]"
    smarts: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Motif:
    """Compiled patterns: a molecule has the motif if it has one of `needs` (if any) and a match of one of `patterns`
    whose atoms do not all lie in a match of one of `exemptions`."""

    patterns: "tuple[Mol, ...]"
    exemptions: "tuple[Mol, ...]" = ()
    needs: "tuple[Mol, ...]" = field(default=())

    def __call__(self, molecule: "Mol") -> list[str]:
        """Return [""] if the molecule has the motif, else []."""
        if self.needs and not any(molecule.HasSubstructMatch(pattern) for pattern in self.needs):
            return []
        if not self.exemptions:
            return [""] if any(molecule.HasSubstructMatch(pattern) for pattern in self.patterns) else []
        matches = [set(match) for pattern in self.patterns for match in molecule.GetSubstructMatches(pattern)]
        if not matches:
            return []
        exempt = [
            set(match) for pattern in self.exemptions for match in molecule.GetSubstructMatches(pattern)
        ]
        return [""] if any(not any(match <= other for other in exempt) for match in matches) else []


def compile_smarts(texts: Iterable[str], where: str) -> "tuple[Mol, ...]":
    """Return RDKit patterns. Raises `UserError` naming `where` for a text that is no SMARTS."""
    from rdkit import Chem, rdBase

    patterns = []
    with rdBase.BlockLogs():
        for text in texts:
            pattern = Chem.MolFromSmarts(text)
            if pattern is None or not pattern.GetNumAtoms():
                raise UserError(f"{where}: {text!r} is not a SMARTS pattern")
            patterns.append(pattern)
    return tuple(patterns)


@cache
def motif_rules() -> tuple[Rule, ...]:
    """Return the rules of `rules.toml`, in their order."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    rules = []
    for row in table["rules"]:
        where = f"{FILE.name}, rule {row['id']}"
        smarts, unless = tuple(row["smarts"]), tuple(row.get("unless", ()))
        motif = Motif(
            compile_smarts(smarts, where),
            compile_smarts(unless, where),
            compile_smarts(row.get("needs", ()), where),
        )
        rules.append(
            Rule(
                row["id"],
                row["name"],
                row["reason"],
                table["sources"][row["source"]],
                motif,
                smarts,
                unless,
                tuple(row["refused"]),
                tuple(row.get("allowed", ())),
            )
        )
    return tuple(rules)


def read_smarts_file(path: Path) -> tuple[Rule, ...]:
    """Return a rule for each line of a file: SMARTS, then optionally a name after a space or tab; `#` begins a comment.

    Raises `UserError` for a missing file, one without patterns, or a line that is no SMARTS.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--refuse-smarts {path}: cannot be read ({error}); give one SMARTS per line"
        ) from error
    rules = []
    for number, line in enumerate(lines, 1):
        text, _, name = line.strip().replace("\t", " ").partition(" ")
        if not text or (text.startswith("#") and not text.startswith("#[")):
            continue
        motif = Motif(compile_smarts([text], f"--refuse-smarts {path}, line {number}"))
        title = name.strip() or text[:PRINTED]
        rules.append(
            Rule(f"own.{number}", title, f"line {number} of {path.name}", str(path.name), motif, (text,))
        )
    if not rules:
        raise UserError(f"--refuse-smarts {path}: no line holds a SMARTS pattern")
    return tuple(rules)
