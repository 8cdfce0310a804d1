"""Curves: how ranks fall when findings are wrong, vaguer or missing, for every condition on the same changed cases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

from clinweave.applications.diagnosis import Case, Model, read_findings
from clinweave.core.statistics import bootstrap, difference, pair
from clinweave.evaluation.diagnosis.ranking import MISS, Condition, rank_of
from clinweave.evaluation.diagnosis.results import CurvePoint, Estimate
from clinweave.evaluation.diagnosis.truth import Truth

LEVELS: dict[str, tuple[float, ...]] = {
    "noise": (0.25, 0.5, 1.0, 2.0),  # random findings added, per finding of the case
    "vaguer": (0.25, 0.5, 0.75, 1.0),  # share of findings replaced by a parent term
    "removed": (0.25, 0.5, 0.75),  # share of findings taken away; one always stays
}
EXPLAINED = {
    "noise": "random findings added, per finding of the case",
    "vaguer": "share of findings replaced by a parent term",
    "removed": "share of findings taken away",
}
AT = (1, 10)


def changed(case: Case, model: Model, kind: str, level: float, seed: int = 0) -> Case:
    """Return the case with its observed findings changed; the same for every condition, by its id and the seed.

    Noise is drawn evenly among the terms that any disease is annotated with; a term whose parent is the root keeps
    its place when the case is made vaguer.
    """
    import numpy as np

    ontology = model.ontology
    random = Random(f"{seed} {kind} {case.id}")  # noqa: S311 - the same order at every level, so levels nest
    observed = list(read_findings(ontology, case).observed)
    order = random.sample(range(len(observed)), len(observed))
    count = round(level * len(observed))
    if kind == "noise":
        used = np.flatnonzero(np.diff(model.tables.stated.start)).tolist()
        observed += random.sample(used, min(count, len(used)))
    elif kind == "removed":
        gone = set(order[: min(count, len(observed) - 1)])
        observed = [term for index, term in enumerate(observed) if index not in gone]
    else:
        for index in order[:count]:
            parents = [parent for parent in ontology.parents[observed[index]] if parent]
            observed[index] = random.choice(parents) if parents else observed[index]
    terms = tuple(ontology.ids[term] for term in dict.fromkeys(observed))
    return replace(case, observed=terms)


def variants(cases: Sequence[Case], model: Model, seed: int = 0) -> dict[tuple[str, float], list[Case]]:
    """Return the cases as they are (kind "as is", level 0) and at every level of every kind."""
    result: dict[tuple[str, float], list[Case]] = {("as is", 0.0): list(cases)}
    for kind, levels in LEVELS.items():
        for level in levels:
            result[kind, level] = [changed(case, model, kind, level, seed) for case in cases]
    return result


def rank_variants(
    condition: Condition,
    changed_cases: Mapping[tuple[str, float], Sequence[Case]],
    truths: Sequence[Truth],
    *,
    leave_paper_out: bool = True,
    step: Callable[[int], None] = lambda _: None,
) -> dict[str, dict[str, float]]:
    """Return "kind level" -> case id -> rank; annotations citing the case's paper are left out of every disease."""
    indices = {id_: index for index, id_ in enumerate(condition.model.ids)}
    ranks: dict[str, dict[str, float]] = {f"{kind} {level:g}": {} for kind, level in changed_cases}
    for position, truth in enumerate(
        truths
    ):  # all levels of a case at once: what is dropped is worked out once
        index = indices.get(truth.disease)
        papers = (truth.publication,) if leave_paper_out and truth.publication else ()
        for (kind, level), cases in changed_cases.items():
            findings = read_findings(condition.model.ontology, cases[position])
            rank = MISS
            if index is not None and findings.observed:
                scores = condition.scores(findings.observed, findings.excluded, papers, cases[position].sex)
                rank = rank_of(scores, index) if scores[index] > -MISS / 2 else MISS
            ranks[f"{kind} {level:g}"][truth.id] = rank
        step(1)
    return ranks


def curves(
    result: Mapping[str, Mapping[str, Mapping[str, float]]],
    truths: Sequence[Truth],
    baseline: str,
    resamples: int,
) -> list[CurvePoint]:
    """Return one point per condition, kind and level: top-1 and top-10 by publication, and over the baseline."""
    cluster = {truth.id: truth.publication or truth.id for truth in truths}
    points = []
    for condition, ranks in result.items():
        for kind, levels in LEVELS.items():
            for level in (0.0, *levels):
                key = f"{kind} {level:g}" if level else "as is 0"
                top: dict[int, Estimate] = {}
                over: dict[int, Estimate | None] = {}
                for depth in AT:
                    hits = {case: float(rank <= depth) for case, rank in ranks[key].items()}
                    base = {case: float(rank <= depth) for case, rank in result[baseline][key].items()}
                    low, high = bootstrap(pair(hits, dict.fromkeys(hits, 0.0), cluster), resamples=resamples)
                    top[depth] = (sum(hits.values()) / len(hits), low, high)
                    over[depth] = None
                    if condition != baseline:
                        gain = difference(hits, base, cluster, resamples=resamples)
                        over[depth] = (gain.difference, gain.low, gain.high)
                points.append(CurvePoint(condition, kind, level, top[1], top[10], over[1], over[10]))
    return points
