"""The survey's principles of assessment as figures with intervals, computed from the samples of a comparison.

Accuracy; robustness (share of answers that a perturbation leaves as they were); generalisation (what knowledge adds on
each benchmark, and on all together); interpretability (does the answer move when the evidence that supports it is taken
away, more than when other evidence is?). Efficiency is in `timing`, security in recipes of kind `writing`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clinweave.core import statistics
from clinweave.evaluation.comparison.conditions import is_control, split_model, with_model
from clinweave.evaluation.comparison.perturbations import MARK, REMOVED
from clinweave.evaluation.comparison.primary import item_scores
from clinweave.evaluation.comparison.samples import Sample, by_condition
from clinweave.models import option_key

Principle = Literal["accuracy", "robustness", "generalisation", "interpretability"]
ALL = "all tasks"
_Sides = tuple[Mapping[str, float], Mapping[str, float]]  # item -> score with knowledge, and without


@dataclass(frozen=True)
class PrincipleValue:
    """One figure of a principle, with its 95 % interval (Wilson for shares, BCa over clusters for differences)."""

    principle: Principle
    task: str
    condition: str
    measure: str
    value: float
    low: float
    high: float
    n: int


def principle_values(
    tasks: Mapping[str, Sequence[Sample]],
    resamples: int,
    groups: Mapping[tuple[str, str], str] | None = None,
) -> tuple[PrincipleValue, ...]:
    """Return the figures of all tasks, in the order of the principles.

    `groups` says which part of a task an item belongs to, such as rare and common diseases, by (task, item).
    """
    values: list[PrincipleValue] = []
    for task, rows in tasks.items():
        conditions = by_condition(rows)
        values += _accuracy(task, conditions)
        values += _robustness(task, conditions)
        values += _interpretability(task, conditions, resamples)
        values += _by_group(task, rows, groups or {}, resamples)
    if len(tasks) > 1:
        together = by_condition(_pooled(tasks))
        values += _accuracy(ALL, together)
        values += _robustness(ALL, together)
        values += _interpretability(ALL, together, resamples)
    values += _generalisation(tasks, resamples)
    order = ("accuracy", "robustness", "generalisation", "interpretability")
    return tuple(sorted(values, key=lambda value: order.index(value.principle)))


def _pooled(tasks: Mapping[str, Sequence[Sample]]) -> list[Sample]:
    """Return the samples of all tasks as of one, with the task before each id and cluster."""
    return [
        replace(row, task=ALL, id=f"{task}\t{row.id}", cluster=f"{task}\t{row.cluster}")
        for task, rows in tasks.items()
        for row in rows
    ]


def _share(
    principle: Principle, task: str, condition: str, measure: str, hits: Sequence[float]
) -> PrincipleValue:
    low, high = statistics.wilson(sum(hits), len(hits))
    return _rounded(
        PrincipleValue(principle, task, condition, measure, sum(hits) / len(hits), low, high, len(hits))
    )


def _rounded(value: PrincipleValue) -> PrincipleValue:
    return replace(value, value=round(value.value, 6), low=round(value.low, 6), high=round(value.high, 6))


def _accuracy(task: str, conditions: Mapping[str, Sequence[Sample]]) -> Iterator[PrincipleValue]:
    for name, rows in conditions.items():
        scores = list(item_scores(rows).values())
        if scores and not is_control(name) and MARK not in name:
            yield _share("accuracy", task, name, "accuracy", scores)


def _robustness(task: str, conditions: Mapping[str, Sequence[Sample]]) -> Iterator[PrincipleValue]:
    for name, rows in conditions.items():
        condition, model = split_model(name)
        plain, mark, perturbation = condition.partition(MARK)
        if not mark or perturbation in REMOVED:
            continue
        moved = _moved(rows, conditions.get(with_model(plain, model), ()), changed_only=False)
        if moved:
            same = [1 - share for share in moved.values()]
            yield _share("robustness", task, name, "answers unchanged", same)


def _interpretability(
    task: str, conditions: Mapping[str, Sequence[Sample]], resamples: int
) -> Iterator[PrincipleValue]:
    for name, rows in conditions.items():
        condition, model = split_model(name)
        plain, _, perturbation = condition.partition(MARK)
        if perturbation != REMOVED[0]:
            continue
        before = conditions.get(with_model(plain, model), ())
        other = conditions.get(with_model(f"{plain}{MARK}{REMOVED[1]}", model), ())
        moved = _moved(rows, before, changed_only=True)
        if not moved:
            continue
        yield _share(
            "interpretability", task, name, "answers moved without their support", list(moved.values())
        )
        elsewhere = _moved(other, before, changed_only=False)
        if not moved.keys() & elsewhere.keys():
            continue
        gain = statistics.difference(
            moved, elsewhere, {row.id: row.cluster for row in rows}, resamples=resamples
        )
        measure = "moved without support, minus moved without other evidence"
        yield _rounded(
            PrincipleValue(
                "interpretability", task, name, measure, gain.difference, gain.low, gain.high, gain.n
            )
        )


def _moved(rows: Sequence[Sample], before: Sequence[Sample], *, changed_only: bool) -> dict[str, float]:
    """Return item -> 1 where the chosen option is another one; only items whose evidence changed, if asked for."""
    earlier = {row.id: row for row in before if row.unscored not in {"tokens", "error"}}
    return {
        row.id: float(_chosen(row) != _chosen(earlier[row.id]))
        for row in rows
        if row.id in earlier
        and row.unscored not in {"tokens", "error"}
        and not (changed_only and row.evidence_tokens == earlier[row.id].evidence_tokens)
    }


def _chosen(row: Sample) -> str:
    return "" if row.choice is None else option_key(row.options[row.choice])


def _generalisation(tasks: Mapping[str, Sequence[Sample]], resamples: int) -> Iterator[PrincipleValue]:
    """Yield what each condition adds over its model alone on each task, and on all tasks together, item by item."""
    gains: dict[str, tuple[dict[str, float], dict[str, float]]] = defaultdict(lambda: ({}, {}))
    clusters: dict[str, str] = {}
    for task, rows in tasks.items():
        conditions = by_condition(rows)
        clusters |= {f"{task}\t{row.id}": f"{task}\t{row.cluster}" for row in rows}
        for name, own in conditions.items():
            condition, model = split_model(name)
            base = item_scores(conditions.get(with_model("base", model), ()))
            scores = item_scores(own)
            if condition == "base" or is_control(name) or MARK in name or not base.keys() & scores.keys():
                continue
            sides = gains[name]
            for side, values in zip(sides, (scores, base), strict=True):
                side.update({f"{task}\t{item}": score for item, score in values.items()})
            own_clusters = {row.id: row.cluster for row in rows}
            yield _gain(task, name, (scores, base), own_clusters, resamples)
    if len(tasks) > 1:
        for name, sides in gains.items():
            yield _gain(ALL, name, sides, clusters, resamples)


def _by_group(
    task: str, rows: Sequence[Sample], groups: Mapping[tuple[str, str], str], resamples: int
) -> Iterator[PrincipleValue]:
    """Yield each condition's accuracy, and what it adds over its model alone, on each part of a task."""
    for group in sorted({groups[task, row.id] for row in rows if (task, row.id) in groups}):
        conditions = by_condition([row for row in rows if groups.get((task, row.id)) == group])
        clusters = {row.id: row.cluster for own in conditions.values() for row in own}
        for name, own in conditions.items():
            condition, model = split_model(name)
            scores = item_scores(own)
            if is_control(name) or MARK in name or not scores:
                continue
            yield _share("generalisation", task, name, f"accuracy, {group}", list(scores.values()))
            base = item_scores(conditions.get(with_model("base", model), ()))
            if condition != "base" and base.keys() & scores.keys():
                gain = _gain(task, name, (scores, base), clusters, resamples)
                yield replace(gain, measure=f"{gain.measure}, {group}")


def _gain(task: str, name: str, sides: _Sides, clusters: Mapping[str, str], resamples: int) -> PrincipleValue:
    gain = statistics.difference(sides[0], sides[1], clusters, resamples=resamples)
    return _rounded(
        PrincipleValue(
            "generalisation", task, name, "gain in accuracy", gain.difference, gain.low, gain.high, gain.n
        )
    )
