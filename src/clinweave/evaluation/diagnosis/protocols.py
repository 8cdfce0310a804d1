"""Ranks of the true disease under a protocol, for every arm on the same cases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from clinweave.applications.diagnosis import Case, Model, read_findings
from clinweave.evaluation.diagnosis.truth import Truth

MISS = 1e9
_TIE = 1e-6
DROPS = ("none", "gold", "blind")


class Arm(Protocol):
    """Anything that scores the candidates of its model."""

    name: str
    model: Model

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> Any:
        """Return one score a candidate."""


@dataclass(frozen=True)
class Ranks:
    """Ranks of one arm by case id (a miss is `MISS`), and the seconds spent in scoring."""

    arm: str
    ranks: Mapping[str, float]
    seconds: float
    known: frozenset[str] = field(default_factory=frozenset)

    def share(self, cases: Sequence[Truth], at: int, *, macro: bool = False) -> float:
        """Return the share of cases ranked at or above `at`; `macro` gives every disease the same weight."""
        if not cases:
            return 0.0
        if not macro:
            return sum(self.ranks[one.id] <= at for one in cases) / len(cases)
        hits: dict[str, list[bool]] = {}
        for one in cases:
            hits.setdefault(one.disease, []).append(self.ranks[one.id] <= at)
        return sum(sum(each) / len(each) for each in hits.values()) / len(hits)


def rank_of(scores: Any, place: int) -> float:
    """Return 1 + those strictly better + half of the ties, exact within 1e-6."""
    import numpy as np

    mine = scores[place]
    return float(1 + np.sum(scores > mine + _TIE) + 0.5 * (np.sum(np.abs(scores - mine) <= _TIE) - 1))


def rank_cases(
    arm: Arm,
    cases: Sequence[Case],
    truths: Sequence[Truth],
    drop: str = "none",
    step: Callable[[int], None] = lambda _: None,
) -> Ranks:
    """Return the rank of each case's exact disease id.

    `drop` says whose rows citing the case's paper are taken away: of no disease, of the true one alone ("gold": the
    others keep theirs), or of every disease ("blind"). A disease that is not a candidate or of which nothing is left,
    and a case without a usable finding, is a miss. Each candidate has one OMIM id and counts once.
    """
    places = {id_: place for place, id_ in enumerate(arm.model.ids)}
    annotated = set(arm.model.annotations.diseases)
    ranks, seconds = {}, 0.0
    for case, truth in zip(cases, truths, strict=True):
        told = read_findings(arm.model.ontology, case)
        place = places.get(truth.disease)
        ranks[truth.id] = MISS
        if place is not None and told.observed:
            papers = (truth.publication,) if truth.publication and drop != "none" else ()
            start = perf_counter()
            scores = arm.scores(told.observed, told.excluded, papers if drop == "blind" else (), case.sex)
            seconds += perf_counter() - start
            if drop == "gold" and papers:
                scores = scores.copy()
                scores[place] = arm.scores(told.observed, told.excluded, papers, case.sex)[place]
            if scores[place] > -MISS / 2:
                ranks[truth.id] = rank_of(scores, place)
        step(1)
    known = frozenset(one.id for one in truths if one.disease in annotated)
    return Ranks(arm.name, ranks, seconds, known)
