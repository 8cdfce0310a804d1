"""Budgeted oracle around a scorer: counts each distinct molecule once, and journals calls to resume after a kill.

Every answer is written to a journal (one JSON a line) before the search sees it. A search that is killed and begun
again asks the same molecules in the same order, gets the journal's answers without a call, and goes on behind them.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.optimization.scoring import Scored, Scorer
from clinweave.applications.molecules.structure_filters import StructureFilter
from clinweave.core.errors import ClinweaveError, UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_FAILED = 50  # first molecules that all fail: the scorer is broken, and says so


class Call(NamedTuple):
    """One call: its number (1 is the first), the canonical SMILES, and what was answered."""

    number: int
    smiles: str
    scored: Scored


class Answer(NamedTuple):
    """What became of one string. `fate`: scored, failed, invalid, refused, lacking (what is kept), not makeable (by the
    filter), unasked (budget)."""

    smiles: str
    value: float  # NaN unless scored
    fate: str
    new: bool = False


@dataclass
class Oracle:
    """See the module. `keep` is an RDKit pattern that every molecule must have, or None; `makeable` refuses without
    a call, or is None."""

    scorer: Scorer
    budget: int
    journal: Path | None = None
    about: dict[str, Any] = field(default_factory=dict)  # what a journal must agree with
    keep: "Mol | None" = None
    makeable: StructureFilter | None = None
    most_atoms: int = 70  # heavy atoms; more is refused
    calls: list[Call] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    resumed: int = 0  # calls that the journal held

    def __post_init__(self) -> None:
        """Read what the journal holds."""
        self._scored: dict[str, Scored] = {}
        self._asked: set[str] = set()
        if self.journal is not None:
            self._open(self.journal)
        self.resumed = len(self.calls)

    @property
    def finished(self) -> bool:
        """Return whether the budget is spent."""
        return len(self.calls) >= self.budget

    @property
    def scores(self) -> list[float]:
        """Return the scores in the order of the calls, NaN where one failed."""
        return [call.scored.value for call in self.calls]

    def ranked(self) -> list[Call]:
        """Return the calls that gave a score, best first; of equals the earlier."""
        good = [call for call in self.calls if not math.isnan(call.scored.value)]
        return sorted(good, key=lambda call: (-call.scored.value, call.number))

    def __call__(self, strings: Sequence[str]) -> list[Answer]:
        """Return what became of each string; those beyond the budget are unasked."""
        read = [self._read(text) for text in strings]
        pending = dict.fromkeys(smiles for smiles, fate in read if not fate and smiles not in self._scored)
        self._score(list(pending)[: max(0, self.budget - len(self.calls))])
        answers = []
        for smiles, fate in read:
            scored = self._scored.get(smiles)
            new = not fate and scored is not None and smiles not in self._asked
            if new:
                self._asked.add(smiles)
            if not fate:
                fate = (  # noqa: PLW2901
                    "unasked" if scored is None else "failed" if math.isnan(scored.value) else "scored"
                )
            self.fates[fate if new or fate not in {"scored", "failed"} else "repeated"] += 1
            answers.append(Answer(smiles, scored.value if scored else math.nan, fate, new))
        return answers

    def _read(self, text: str) -> tuple[str, str]:
        """Return the canonical SMILES and why it is not asked, if it is not."""
        answer = standardise(text, most=self.most_atoms)
        if answer.smiles is None:
            return "", "refused" if answer.reason.startswith(
                _REFUSED
            ) or "heavy atoms" in answer.reason else "invalid"
        if self.keep is not None:
            from rdkit import Chem

            molecule: Mol = Chem.MolFromSmiles(answer.smiles)
            if not molecule.HasSubstructMatch(self.keep):
                return answer.smiles, "lacking"
        if self.makeable is not None and self.makeable.refuse(answer.smiles):
            return answer.smiles, "not makeable"
        return answer.smiles, ""

    def _score(self, smiles: list[str]) -> None:
        step = self.scorer.at_once
        for start in range(0, len(smiles), step):
            some = smiles[start : start + step]
            calls = [
                Call(len(self.calls) + offset, text, scored)
                for offset, (text, scored) in enumerate(zip(some, self.scorer(some), strict=True), 1)
            ]
            self._write(calls)
            for call in calls:
                self._scored[call.smiles] = call.scored
            self.calls += calls
            self.check(MAX_FAILED)

    def check(self, least: int = 1) -> None:
        """Raise `UserError` where all of the first calls failed, of which there are at least so many."""
        first = self.calls[:MAX_FAILED]
        if len(first) >= least and all(math.isnan(call.scored.value) for call in first):
            raise UserError(
                f"the scorer {self.scorer.name} failed on all of the first {len(first)} molecules; of "
                f"{first[0].smiles} it says: {first[0].scored.problem}"
            )

    def _write(self, calls: Sequence[Call]) -> None:
        if self.journal is None:
            return
        lines = [
            json.dumps(
                {
                    "call": call.number,
                    "smiles": call.smiles,
                    "value": None if math.isnan(call.scored.value) else call.scored.value,
                    "parts": call.scored.parts,
                    "problem": call.scored.problem,
                }
            )
            for call in calls
        ]
        with self.journal.open("a", encoding="utf-8") as stream:
            stream.write("".join(f"{line}\n" for line in lines))

    def _open(self, path: Path) -> None:
        head = {"journal": 1, "scorer": self.scorer.identity, **self.about}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text("utf-8") if path.is_file() else ""
        whole, _, torn = text.rpartition("\n")
        lines = whole.splitlines()
        if not lines:
            path.write_text(json.dumps(head) + "\n", "utf-8")
            return
        try:
            previous = {"makeable": "", "liability_weight": 0.0, **json.loads(lines[0])}  # of older journals
            rows = [json.loads(line) for line in lines[1:]]
        except ValueError as error:
            raise ClinweaveError(f"{path} is damaged ({error}): move it away to begin again") from error
        different = [name for name in head if previous.get(name) != head[name]]
        if different:
            raise UserError(
                f"{path} belongs to another search ({', '.join(different)} differ): choose another --out, or remove it"
            )
        if torn:  # a line that a kill cut short
            path.write_text(whole + "\n", "utf-8")
        for row in rows:
            value = math.nan if row["value"] is None else float(row["value"])
            scored = Scored(value, row["parts"], row["problem"])
            self.calls.append(Call(row["call"], row["smiles"], scored))
            self._scored[row["smiles"]] = scored


_REFUSED = ("a mixture", "an isotope", "an atom that is not named", "no heavy atom", "an open valence")
