"""Decide whether a structure is one that a chemist would make, and count what is refused by rule."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.structure_filters.checks import catalogue, coded_rules
from clinweave.applications.molecules.structure_filters.pains import pains_patterns
from clinweave.applications.molecules.structure_filters.rules import (
    Rule,
    Violation,
    motif_rules,
    read_smarts_file,
)
from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

FLAGGED = {"BRENK": "Brenk", "CHEMBL_BMS": "BMS"}  # RDKit's collection -> name shown


@dataclass
class StructureFilter:
    """Rules, and the count of different structures refused so far by the first rule that each violates.

    `excused` violations refuse nothing: those that a start molecule has.
    """

    rules: tuple[Rule, ...]
    excused: frozenset[Violation] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    _answers: dict[str, str] = field(default_factory=dict)  # canonical SMILES -> rule

    @property
    def identity(self) -> str:
        """Return a digest of the rules and excuses: searches under other rules are other searches."""
        return digest([[rule.id, rule.smarts, rule.unless] for rule in self.rules] + sorted(self.excused))[
            :12
        ]

    def violations(self, molecule: "Mol") -> list[Violation]:
        """Return everything that the rules refuse a molecule for, excused or not."""
        return [Violation(rule.id, case) for rule in self.rules for case in rule.cases(molecule)]

    def refusal(self, molecule: "Mol") -> str:
        """Return the id of the first rule that refuses a molecule, or ""."""
        for rule in self.rules:
            if any(Violation(rule.id, case) not in self.excused for case in rule.cases(molecule)):
                return rule.id
        return ""

    def refuse(self, smiles: str, molecule: "Mol | None" = None) -> str:
        """Return the rule that refuses a canonical SMILES, or ""; count a refused structure the first time."""
        answer = self._answers.get(smiles)
        if answer is None:
            if molecule is None:
                from rdkit import Chem

                molecule = Chem.MolFromSmiles(smiles)
            answer = self._answers[smiles] = self.refusal(molecule)
            if answer:
                self.counts[answer] += 1
        return answer

    def excuse(self, violations: Iterable[Violation]) -> "StructureFilter":
        """Return a filter of the same rules that lets these violations pass, with counts of its own."""
        return StructureFilter(self.rules, self.excused | frozenset(violations))

    def describe(self) -> list[str]:
        """Return a line for each rule that refused something, most refusals first."""
        names = {rule.id: rule.name for rule in self.rules}
        return [f"{count:,} {rule} ({names[rule]})" for rule, count in self.counts.most_common()]


def rule_ids(rules: Sequence[Rule] | None = None) -> list[str]:
    """Return the ids that `--allow` takes."""
    return [rule.id for rule in (rules or all_rules())]


def all_rules() -> tuple[Rule, ...]:
    """Return all rules that refuse by default: cheap ones first."""
    valence, bridgehead, *others = coded_rules()
    return (valence, *motif_rules(), bridgehead, *others)


def open_filter(allow: Sequence[str] = (), own: Path | None = None) -> StructureFilter:
    """Return the default rules without those of `allow` and with a user's file of SMARTS.

    Raises `UserError` for an unknown rule or a file that cannot be used.
    """
    rules = all_rules()
    ids = rule_ids(rules)
    for name in allow:
        if name not in ids:
            raise UserError(
                f"--allow {name}: no such rule{_nearest(name, ids)}; choose from {', '.join(ids)}"
            )
    extra = read_smarts_file(own) if own is not None else ()
    return StructureFilter((*(rule for rule in rules if rule.id not in set(allow)), *extra))


def _nearest(name: str, ids: Sequence[str]) -> str:
    close = get_close_matches(name, ids, n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else ""


def alerts(molecule: "Mol") -> list[str]:
    """Return the structural alerts that are shown and refuse nothing: Brenk et al. 2008, BMS, and PAINS, by RDKit."""
    reasons = [f"PAINS: {name}" for name in pains_patterns().matches(molecule)]
    for collection, shown in FLAGGED.items():
        reasons += [
            f"{shown}: {entry.GetDescription()}" for entry in catalogue(collection).GetMatches(molecule)
        ]
    return reasons
