"""Ranks of the true disease under a protocol, for every condition on the same cases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING, Protocol, get_args

from clinweave.applications.diagnosis import Case, Model, read_findings
from clinweave.evaluation.diagnosis.leave_one_out import MARK, without_patient
from clinweave.evaluation.diagnosis.settings import LeaveOut
from clinweave.evaluation.diagnosis.truth import Truth

if TYPE_CHECKING:
    import numpy as np

    from clinweave.applications.diagnosis import Findings

MISS = 1e9
_TIE = 1e-6
LEAVE_OUT = get_args(LeaveOut)


class Condition(Protocol):
    """Anything that scores the candidates of its model."""

    name: str
    model: Model

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> "np.ndarray":
        """Return one score a candidate."""

    def with_annotations_of(self, model: Model) -> "Condition":
        """Return the condition whose left-out rows are those of another model; tables and weights stay."""


@dataclass(frozen=True)
class Ranks:
    """Ranks of one condition by case id (a miss is `MISS`), and the seconds spent in scoring."""

    condition: str
    ranks: Mapping[str, float]
    seconds: float
    known: frozenset[str] = field(default_factory=frozenset)
    credited: Mapping[str, float] = field(
        default_factory=dict
    )  # ranks with credit for small grouping classes

    def share(
        self, cases: Sequence[Truth], depth: int, *, macro: bool = False, credited: bool = False
    ) -> float:
        """Return the share of cases ranked at or above `at`; `macro` gives every disease the same weight."""
        ranks = self.credited if credited else self.ranks
        if not cases:
            return 0.0
        if not macro:
            return sum(ranks[item.id] <= depth for item in cases) / len(cases)
        hits: dict[str, list[bool]] = {}
        for item in cases:
            hits.setdefault(item.disease, []).append(ranks[item.id] <= depth)
        return sum(sum(hits_of_one) / len(hits_of_one) for hits_of_one in hits.values()) / len(hits)


def rank_of(scores: "np.ndarray", index: int) -> float:
    """Return 1 + those strictly better + half of the ties, exact within 1e-6."""
    import numpy as np

    mine = scores[index]
    return float(1 + np.sum(scores > mine + _TIE) + 0.5 * (np.sum(np.abs(scores - mine) <= _TIE) - 1))


def rank_cases(  # noqa: PLR0917 - cases, their truth, and the rules
    condition: Condition,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    leave_out: str = "none",
    step: Callable[[int], None] = lambda _: None,
    accept: Callable[[str], Sequence[str]] = lambda _: (),
) -> Ranks:
    """Return the rank of each case's exact disease id under one protocol; see `rank_under`."""
    return rank_under((leave_out,), condition, cases, truths, step, accept)[leave_out]


def rank_under(  # noqa: PLR0917 - cases, their truth, and the rules
    protocols: Sequence[str],
    condition: Condition,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    step: Callable[[int], None] = lambda _: None,
    accept: Callable[[str], Sequence[str]] = lambda _: (),
) -> dict[str, Ranks]:
    """Return, for each protocol, the rank of each case's exact disease id.

    A protocol says which annotations that cite the case's paper are left out: those of no disease ("none"), of the true
    one alone ("paper_from_true_disease": leave-publication-out), of every disease ("paper_from_every_disease"), or of
    the true one only what this patient gave ("patient": leave-patient-out, see leave_one_out). A disease that is not a
    candidate or of which nothing is left, and a case without usable findings, is a miss. Each candidate has one OMIM id
    and counts once. `accept` names the candidates that count as well, in `credited` alone (see ancestors). Seconds are
    of processor time.
    """
    indices = {id_: index for index, id_ in enumerate(condition.model.ids)}
    ranks: dict[str, dict[str, float]] = {protocol: {} for protocol in protocols}
    credited: dict[str, dict[str, float]] = {protocol: {} for protocol in protocols}
    spent = dict.fromkeys(protocols, 0.0) | {"none": 0.0, "paper_from_every_disease": 0.0}
    for case, truth in zip(cases, truths, strict=True):
        findings = read_findings(condition.model.ontology, case)
        index = indices.get(truth.disease)
        others = [indices[id_] for id_ in accept(truth.disease) if id_ in indices]
        scored = _Scored(condition, findings, case.sex, truth.publication, index, spent)
        for protocol in protocols:
            ranks[protocol][truth.id] = credited[protocol][truth.id] = MISS
            if index is not None and findings.observed:
                scores = scored.under(protocol)
                if scores[index] > -MISS / 2:
                    ranks[protocol][truth.id] = rank_of(scores, index)
                credited[protocol][truth.id] = min(
                    [ranks[protocol][truth.id], *(rank_of(scores, other) for other in others)]
                )
        step(1)
    in_release = known_cases(condition.model, truths)
    return {
        protocol: Ranks(condition.name, ranks[protocol], spent[protocol], in_release, credited[protocol])
        for protocol in protocols
    }


class _Scored:
    """The scores of one case under each protocol; what several protocols need is computed once."""

    def __init__(  # noqa: PLR0917 - a case, its paper, its true disease
        self,
        condition: Condition,
        findings: "Findings",
        sex: str,
        publication: str,
        index: int | None,
        spent: dict[str, float],
    ) -> None:
        self.condition, self.findings = condition, findings
        self.sex, self.publication = sex, publication
        self.place, self.spent = index, spent
        self._known: dict[str, np.ndarray] = {}

    def under(self, protocol: str) -> "np.ndarray":
        """Return the scores of all candidates."""
        if protocol not in self._known:
            before = process_time()
            self._known[protocol] = self._scores(protocol)
            self.spent[protocol] += process_time() - before
        return self._known[protocol]

    def _scores(self, protocol: str) -> "np.ndarray":
        observed, excluded, paper = self.findings.observed, self.findings.excluded, self.publication
        if protocol == "none" or (protocol == "paper_from_every_disease" and not paper):
            return self.condition.scores(observed, excluded, (), self.sex)
        if protocol == "paper_from_every_disease":
            return self.condition.scores(observed, excluded, (paper,), self.sex)
        scores = self.under("none")
        alone = None
        if paper:
            whole_paper = protocol == "paper_from_true_disease"
            alone = self.under("paper_from_every_disease") if whole_paper else self._without_patient()
        if alone is not None and self.place is not None:
            scores = scores.copy()
            scores[self.place] = alone[self.place]
        return scores

    def _without_patient(self) -> "np.ndarray | None":
        """Return the scores in which the true disease's are without this patient, None if nothing changes."""
        observed, excluded = self.findings.observed, self.findings.excluded
        changed = without_patient(self.condition.model, self.place or 0, observed, excluded, self.publication)
        if changed is None:
            return None
        return self.condition.with_annotations_of(changed).scores(observed, excluded, (MARK,), self.sex)


def known_cases(model: Model, truths: Sequence[Truth]) -> frozenset[str]:
    """Return the ids of cases whose disease has at least one finding in the release, by its OMIM id."""
    import numpy as np

    rows = model.annotations
    annotated = {rows.diseases[index] for index in np.unique(rows.disease[~rows.negated]).tolist()}
    return frozenset(item.id for item in truths if item.disease in annotated)
