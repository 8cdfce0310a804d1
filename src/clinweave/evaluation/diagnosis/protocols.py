"""Ranks of the true disease under a protocol, for every arm on the same cases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING, Any, Protocol

from clinweave.applications.diagnosis import Case, Model, read_findings
from clinweave.evaluation.diagnosis.brackets import MARK, without_patient
from clinweave.evaluation.diagnosis.truth import Truth

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Findings

MISS = 1e9
_TIE = 1e-6
DROPS = ("none", "gold", "blind", "patient")


class Arm(Protocol):
    """Anything that scores the candidates of its model."""

    name: str
    model: Model

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> Any:
        """Return one score a candidate."""

    def beside(self, model: Model) -> "Arm":
        """Return the arm whose dropped rows are those of another model; tables and weights stay."""


@dataclass(frozen=True)
class Ranks:
    """Ranks of one arm by case id (a miss is `MISS`), and the seconds spent in scoring."""

    arm: str
    ranks: Mapping[str, float]
    seconds: float
    known: frozenset[str] = field(default_factory=frozenset)
    credited: Mapping[str, float] = field(
        default_factory=dict
    )  # ranks with credit for small grouping classes

    def share(self, cases: Sequence[Truth], at: int, *, macro: bool = False, credited: bool = False) -> float:
        """Return the share of cases ranked at or above `at`; `macro` gives every disease the same weight."""
        ranks = self.credited if credited else self.ranks
        if not cases:
            return 0.0
        if not macro:
            return sum(ranks[one.id] <= at for one in cases) / len(cases)
        hits: dict[str, list[bool]] = {}
        for one in cases:
            hits.setdefault(one.disease, []).append(ranks[one.id] <= at)
        return sum(sum(each) / len(each) for each in hits.values()) / len(hits)


def rank_of(scores: Any, place: int) -> float:
    """Return 1 + those strictly better + half of the ties, exact within 1e-6."""
    import numpy as np

    mine = scores[place]
    return float(1 + np.sum(scores > mine + _TIE) + 0.5 * (np.sum(np.abs(scores - mine) <= _TIE) - 1))


def rank_cases(  # noqa: PLR0917 - cases, their truth, and the rules
    arm: Arm,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    drop: str = "none",
    step: Callable[[int], None] = lambda _: None,
    accept: Callable[[str], Sequence[str]] = lambda _: (),
) -> Ranks:
    """Return the rank of each case's exact disease id under one drop; see `rank_under`."""
    return rank_under((drop,), arm, cases, truths, step, accept)[drop]


def rank_under(  # noqa: PLR0917 - cases, their truth, and the rules
    drops: Sequence[str],
    arm: Arm,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    step: Callable[[int], None] = lambda _: None,
    accept: Callable[[str], Sequence[str]] = lambda _: (),
) -> dict[str, Ranks]:
    """Return, for each drop, the rank of each case's exact disease id.

    A drop says whose rows citing the case's paper are taken away: of no disease ("none"), of the true one alone
    ("gold", leave-publication-out: the others keep theirs), of every disease ("blind"), or from the true one only what
    this patient gave ("patient": leave-patient-out, see brackets). A disease that is not a candidate or of which
    nothing is left, and a case without a usable finding, is a miss. Each candidate has one OMIM id and counts once.
    `accept` names the candidates that count as well, in `credited` alone (see ancestors). Seconds are of processor
    time.
    """
    places = {id_: place for place, id_ in enumerate(arm.model.ids)}
    ranks: dict[str, dict[str, float]] = {drop: {} for drop in drops}
    credited: dict[str, dict[str, float]] = {drop: {} for drop in drops}
    spent = dict.fromkeys(drops, 0.0) | {"none": 0.0, "blind": 0.0}
    for case, truth in zip(cases, truths, strict=True):
        told = read_findings(arm.model.ontology, case)
        place = places.get(truth.disease)
        others = [places[id_] for id_ in accept(truth.disease) if id_ in places]
        scored = _Scored(arm, told, case.sex, truth.publication, place, spent)
        for drop in drops:
            ranks[drop][truth.id] = credited[drop][truth.id] = MISS
            if place is not None and told.observed:
                scores = scored.under(drop)
                if scores[place] > -MISS / 2:
                    ranks[drop][truth.id] = rank_of(scores, place)
                credited[drop][truth.id] = min(
                    [ranks[drop][truth.id], *(rank_of(scores, other) for other in others)]
                )
        step(1)
    known = known_cases(arm.model, truths)
    return {drop: Ranks(arm.name, ranks[drop], spent[drop], known, credited[drop]) for drop in drops}


class _Scored:
    """The scores of one case under each drop; what several drops need is worked out once."""

    def __init__(  # noqa: PLR0917 - a case, its paper, its true disease
        self,
        arm: Arm,
        told: "Findings",
        sex: str,
        publication: str,
        place: int | None,
        spent: dict[str, float],
    ) -> None:
        self.arm, self.told, self.sex, self.publication = arm, told, sex, publication
        self.place, self.spent = place, spent
        self._known: dict[str, Any] = {}

    def under(self, drop: str) -> Any:
        """Return the scores of all candidates."""
        if drop not in self._known:
            before = process_time()
            self._known[drop] = self._scores(drop)
            self.spent[drop] += process_time() - before
        return self._known[drop]

    def _scores(self, drop: str) -> Any:
        observed, excluded, paper = self.told.observed, self.told.excluded, self.publication
        if drop == "none" or (drop == "blind" and not paper):
            return self.arm.scores(observed, excluded, (), self.sex)
        if drop == "blind":
            return self.arm.scores(observed, excluded, (paper,), self.sex)
        scores = self.under("none")
        alone = (
            self.under("blind") if drop == "gold" and paper else self._without_patient() if paper else None
        )
        if alone is not None and self.place is not None:
            scores = scores.copy()
            scores[self.place] = alone[self.place]
        return scores

    def _without_patient(self) -> Any:
        """Return the scores in which the true disease's are without this patient, None if nothing changes."""
        observed, excluded = self.told.observed, self.told.excluded
        changed = without_patient(self.arm.model, self.place or 0, observed, excluded, self.publication)
        if changed is None:
            return None
        return self.arm.beside(changed).scores(observed, excluded, (MARK,), self.sex)


def known_cases(model: Model, truths: Sequence[Truth]) -> frozenset[str]:
    """Return the ids of cases whose disease has at least one finding in the release, by its OMIM id."""
    import numpy as np

    rows = model.annotations
    annotated = {rows.diseases[place] for place in np.unique(rows.disease[~rows.negated]).tolist()}
    return frozenset(one.id for one in truths if one.disease in annotated)
