"""Primary comparisons: named in the recipe before the run, tested first, and explained item by item."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

from clinweave.core import statistics
from clinweave.evaluation.comparison.conditions import split_model, with_model
from clinweave.evaluation.comparison.measures import (
    Measure,
    auc_difference,
    calibrated_scores,
    has_scores,
    right_probabilities,
)
from clinweave.evaluation.comparison.samples import BLIND, Sample

_MOVED = 0.02  # a smaller change of the right option's probability counts as none

Retrieved = Literal["in the evidence", "not in the evidence"]
Effect = Literal["helped", "misled", "no change, right", "no change, wrong"]


@dataclass(frozen=True)
class PrimaryComparison:
    """One comparison that a recipe names before it is run. Several tasks are pooled, item by item."""

    tasks: tuple[str, ...]
    condition: str
    metric: Measure = "accuracy"
    baseline: str = "base"


@dataclass(frozen=True)
class PrimaryResult:
    """A primary comparison's paired difference; `p` is adjusted after Holm over the primary comparisons.

    `detectable` is the difference that as many items show with 80 % power at this share of discordant items, and
    `needed` the items that would show 5 points. `effects` counts items by "RETRIEVED: EFFECT" of the condition.
    """

    tasks: tuple[str, ...]
    condition: str
    baseline: str
    metric: Measure
    n: int
    difference: float
    low: float
    high: float
    p_raw: float
    p: float
    discordant: float
    detectable: float
    needed: int
    effects: dict[str, int]
    missing: str = ""  # why there is no result


def items_needed(difference: float, discordant: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return the items that a paired difference of accuracies needs to be seen.

    `discordant` is the share of items that only one of the two conditions answers. Source: Connor 1987,
    doi:10.2307/2531961 (McNemar's test).
    """
    if not 0 < difference <= discordant <= 1:
        raise ValueError("need 0 < difference <= discordant <= 1")
    normal = NormalDist()
    both = normal.inv_cdf(1 - alpha / 2) * math.sqrt(discordant)
    return math.ceil(
        ((both + normal.inv_cdf(power) * math.sqrt(discordant - difference**2)) / difference) ** 2
    )


def detectable_difference(items: int, discordant: float) -> float:
    """Return the smallest difference (in steps of .1 point) that `items` show with 80 % power; `discordant` if none."""
    steps = int(discordant * 1000)
    return next(
        (step / 1000 for step in range(1, steps) if items_needed(step / 1000, discordant) <= items),
        discordant,
    )


def item_scores(rows: Iterable[Sample]) -> dict[str, float]:
    """Return item -> score of the items that were run."""
    return {row.id: row.score for row in rows if row.unscored not in {"tokens", "error"}}


def comparable(condition: Sequence[Sample], baseline: Sequence[Sample]) -> bool:
    """Return whether two conditions were scored the same way; a look-up may be compared with either."""
    methods = {row.method for row in (*condition, *baseline) if row.method and row.method != "look-up"}
    return len(methods) <= 1


def option_priors(rows: Iterable[Sample], condition: str) -> dict[str, Sequence[float]]:
    """Return item -> the scores of its options without the question, for the model of a condition."""
    blind = with_model(BLIND, split_model(condition)[1])
    return {row.id: row.scores for row in rows if row.condition == blind and row.scores}


def measured_difference(
    metric: Measure,
    rows: Sequence[Sample],
    baseline: Sequence[Sample],
    task: Sequence[Sample],
    resamples: int,
) -> statistics.Difference | None:
    """Return the paired difference by one metric, or None where it is not defined or no item is in both.

    `task` holds all samples: those of the control without a question are a prior for calibration.
    """
    if metric == "auc":
        return auc_difference(rows, baseline)
    if metric == "accuracy":
        scores = item_scores(rows), item_scores(baseline)
    else:
        calibrated = [
            calibrated_scores(side, option_priors(task, side[0].condition)) if side else None
            for side in (rows, baseline)
        ]
        if calibrated[0] is None or calibrated[1] is None:
            return None
        scores = calibrated[0], calibrated[1]
    if not scores[0].keys() & scores[1].keys():
        return None
    clusters = {row.id: row.cluster for row in (*rows, *baseline)}
    return statistics.difference(*scores, clusters, resamples=resamples)


def gain_difference(
    pair: tuple[Sequence[Sample], Sequence[Sample]],
    baseline: tuple[Sequence[Sample], Sequence[Sample]],
    resamples: int,
) -> statistics.Difference | None:
    """Return by how much more a condition adds over its model alone than another one does over its own.

    Each pair is (samples of the condition, samples of its model alone). None where no item is in all four.
    """
    gains = []
    for rows, alone in (pair, baseline):
        with_knowledge, without = item_scores(rows), item_scores(alone)
        gains.append({item: with_knowledge[item] - without[item] for item in with_knowledge.keys() & without})
    if not gains[0].keys() & gains[1].keys():
        return None
    clusters = {row.id: row.cluster for row in (*pair[0], *baseline[0])}
    return statistics.difference(gains[0], gains[1], clusters, resamples=resamples)


def primary_results(
    wanted: Sequence[PrimaryComparison], tasks: Mapping[str, Sequence[Sample]], resamples: int
) -> tuple[PrimaryResult, ...]:
    """Return the results in the order of the recipe, p adjusted over those that could be computed."""
    results = [_result(comparison, tasks, resamples) for comparison in wanted]
    run = [index for index, comparison in enumerate(results) if not comparison.missing]
    adjusted = statistics.holm([results[index].p_raw for index in run])
    for index, p in zip(run, adjusted, strict=True):
        results[index] = replace(
            results[index], p=float(f"{p:.6g}"), p_raw=float(f"{results[index].p_raw:.6g}")
        )
    return tuple(results)


def _result(
    wanted: PrimaryComparison, tasks: Mapping[str, Sequence[Sample]], resamples: int
) -> PrimaryResult:
    rows = [_of(row, task) for task in wanted.tasks for row in tasks.get(task, ())]
    left = [row for row in rows if row.condition == wanted.condition]
    right = [row for row in rows if row.condition == wanted.baseline]
    missing = _missing(wanted, tasks, left, right)
    gain = None if missing else measured_difference(wanted.metric, left, right, rows, resamples)
    if gain is None:
        return PrimaryResult(
            wanted.tasks, wanted.condition, wanted.baseline, wanted.metric, 0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0,
            {}, missing or f"{wanted.metric} is not defined for these replies",
        )  # fmt: skip
    discordant = max(_discordant(left, right), 1 / gain.n)
    return PrimaryResult(
        tasks=wanted.tasks,
        condition=wanted.condition,
        baseline=wanted.baseline,
        metric=wanted.metric,
        n=gain.n,
        difference=round(gain.difference, 6),
        low=round(gain.low, 6),
        high=round(gain.high, 6),
        p_raw=gain.p,
        p=gain.p,
        discordant=round(discordant, 6),
        detectable=detectable_difference(gain.n, discordant),
        needed=items_needed(0.05, max(discordant, 0.05)),
        effects=effects(left, right),
    )


def _of(row: Sample, task: str) -> Sample:
    """Return a sample whose item and cluster cannot be confused with those of another task."""
    return replace(row, id=f"{task}\t{row.id}", cluster=f"{task}\t{row.cluster or row.id}")


def _missing(
    wanted: PrimaryComparison,
    tasks: Mapping[str, Sequence[Sample]],
    left: Sequence[Sample],
    right: Sequence[Sample],
) -> str:
    for task in wanted.tasks:
        if task not in tasks:
            return f"task {task} was not run"
    for name, rows in ((wanted.condition, left), (wanted.baseline, right)):
        if not rows:
            return f"condition {name} was not run"
    return "" if comparable(left, right) else "the two conditions were scored in different ways"


def _discordant(rows: Sequence[Sample], baseline: Sequence[Sample]) -> float:
    left, right = item_scores(rows), item_scores(baseline)
    both = left.keys() & right.keys()
    return sum(left[item] != right[item] for item in both) / max(len(both), 1)


@dataclass(frozen=True)
class ItemEffect:
    """What the evidence did on one item: whether it held the answer, and where it moved the model.

    `before` and `after` are the right option's probability without and with it; None with parsed replies.
    """

    task: str
    id: str
    question: str
    retrieved: Retrieved
    effect: Effect
    before: float | None
    after: float | None

    @property
    def reason(self) -> str:
        """Return why the item does not gain, or that it does."""
        if self.effect in {"helped", "misled"}:
            return "helped" if self.effect == "helped" else "used and misleading"
        return "found and unused" if self.retrieved == "in the evidence" else "not found"


def item_effects(rows: Sequence[Sample], baseline: Sequence[Sample]) -> list[ItemEffect]:
    """Return, for each item of both conditions, whether the evidence held the answer and what it changed.

    With a score for each option, "helped" and "misled" mean that the right option's probability rose or fell by
    more than 0.02; with parsed replies, that the choice became right or wrong.
    """
    before = {row.id: row for row in baseline}
    scored = has_scores(rows) and has_scores(baseline)
    results = []
    for row in rows:
        base = before.get(row.id)
        if base is None:
            continue
        probabilities: list[float | None] = [None, None]
        if scored and row.scores and base.scores:
            probabilities = [round(value, 4) for value in right_probabilities([base, row])]
        effect = _effect(row, base, scored=scored)
        name = row.id.rpartition("\t")[2]
        results.append(ItemEffect(row.task, name, row.question, _retrieved(row), effect, *probabilities))
    return results


def effects(rows: Sequence[Sample], baseline: Sequence[Sample]) -> dict[str, int]:
    """Count items by whether the evidence held the answer and by what it changed."""
    counts = Counter(f"{item.retrieved}: {item.effect}" for item in item_effects(rows, baseline))
    return dict(sorted(counts.items()))


def _retrieved(row: Sample) -> Retrieved:
    held = row.named if row.gold is None else row.gold
    return "in the evidence" if held else "not in the evidence"


def _effect(row: Sample, base: Sample, *, scored: bool) -> Effect:
    change = row.score - base.score
    if scored and row.scores and base.scores:
        after, before = right_probabilities([row, base])
        change = after - before if abs(after - before) > _MOVED else 0.0
    if change:
        return "helped" if change > 0 else "misled"
    return "no change, right" if row.score == 1 else "no change, wrong"
