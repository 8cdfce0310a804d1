"""From samples to numbers: accuracies, floors, paired comparisons, coverage. Same samples, same numbers."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clinweave.core import statistics
from clinweave.evaluation.comparison.conditions import is_control, split_model, with_model
from clinweave.evaluation.comparison.lookup import Recall
from clinweave.evaluation.comparison.measures import MEASURES, Measure, Value, auc, calibrated_scores
from clinweave.evaluation.comparison.other_runs import SecurityFigure, Trained
from clinweave.evaluation.comparison.pairs import Family, compared_pairs
from clinweave.evaluation.comparison.perturbations import MARK
from clinweave.evaluation.comparison.plugins import MetricValue
from clinweave.evaluation.comparison.primary import (
    PrimaryComparison,
    PrimaryResult,
    comparable,
    gain_difference,
    item_scores,
    measured_difference,
    option_priors,
    primary_results,
)
from clinweave.evaluation.comparison.principles import PrincipleValue, principle_values
from clinweave.evaluation.comparison.samples import Sample, by_condition
from clinweave.evaluation.comparison.settings import ComparisonRecipe
from clinweave.evaluation.comparison.timing import Timings
from clinweave.models import chance_of, same_option
from clinweave.records import Source

_DIGITS = 6  # of a number in a file, the same on every machine


@dataclass(frozen=True)
class ConditionResult:
    """Accuracy of one condition on one task. Unparsed replies are wrong; items that were not run are left out."""

    n: int
    accuracy: float | None
    interval: tuple[float, float]
    unscored: dict[str, int]  # reason -> items
    gold_in_evidence: float | None
    answer_named: float | None
    evidence_tokens: float | None
    tokens: int
    method: str
    auc: Value | None = None  # area under the curve; None where replies are parsed or one class is missing
    calibrated_accuracy: float | None = None  # accuracy after calibration on held-out items
    calibrated_interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Changes:
    """Items that a condition with knowledge turned right, turned wrong, or left as they were without it."""

    helped: int
    hurt: int
    same: int


@dataclass(frozen=True)
class TaskResult:
    """One task: its floors, each condition, the same by kind of question, and what changed against the model alone."""

    n: int
    clusters: int
    floors: dict[str, float]
    at_floor: bool  # every condition's interval includes chance
    conditions: dict[str, ConditionResult]
    kinds: dict[str, dict[str, ConditionResult]]
    changes: dict[str, Changes]


@dataclass(frozen=True)
class Comparison:
    """A paired difference, condition minus baseline, with its 95 % interval; `p` is adjusted after Holm.

    Family `models`: the same condition of two models. `gains`: what the condition adds over each model alone.

    `metric` is accuracy, the area under the curve (auc) or calibrated accuracy; Holm's correction runs within a family
    of comparisons by one metric, over all tasks. `gained` and `lost` count items whose score rose or fell.
    """

    task: str
    condition: str
    baseline: str
    family: Family
    n: int
    clusters: int
    difference: float
    low: float
    high: float
    p_raw: float
    p: float
    gained: int
    lost: int
    unpaired: int
    metric: Measure = "accuracy"


@dataclass(frozen=True)
class TaskInputs:
    """What the questions and the evidence of a task were made from, as hashes."""

    type: str
    questions: str
    graph: str
    index: str
    files: dict[str, str]
    rows_left_out: int


@dataclass(frozen=True)
class Skipped:
    """A task that was not run, and why."""

    task: str
    reason: str


@dataclass(frozen=True)
class AnsweredQuestion:
    """A question of the recipe, answered from the graph without a model."""

    question: str
    answer: str
    abstained: bool


@dataclass(frozen=True)
class Summary:
    """The numbers of a comparison: tasks, paired comparisons, and the same in the keys of lm-evaluation-harness."""

    tasks: dict[str, TaskResult]
    comparisons: tuple[Comparison, ...]
    results: dict[str, dict[str, float | str | None]]
    primary: tuple[PrimaryResult, ...] = ()
    principles: tuple[PrincipleValue, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ComparisonResults(Summary):
    """Results of a comparison, and everything needed to repeat it."""

    kind: Literal["comparison"] = "comparison"
    clinweave: str
    recipe: ComparisonRecipe
    model: dict[str, Any]
    packages: dict[str, str]
    prompt_template: str
    seeds: dict[str, int]
    inputs: tuple[TaskInputs, ...]
    sources: tuple[Source, ...]
    tier: str
    skipped: tuple[Skipped, ...]
    answers: tuple[AnsweredQuestion, ...]
    retrieval: dict[str, Recall]
    timings: Timings
    metrics: tuple[MetricValue, ...] = ()  # of installed packages, as the recipe names them
    models: dict[str, dict[str, Any]] = field(default_factory=dict)  # further models by name
    security: tuple[SecurityFigure, ...] = ()  # of the run that the recipe names
    trained: dict[str, Trained] = field(default_factory=dict)  # models trained by clinweave, by name


RESULTS = ComparisonResults


def summarise(
    samples: Sequence[Sample],
    *,
    resamples: int = statistics.RESAMPLES,
    primary: Sequence[PrimaryComparison] = (),
    groups: Mapping[tuple[str, str], str] | None = None,
) -> Summary:
    """Return the deterministic numbers of a comparison; `groups` are the parts of tasks by (task, item)."""
    tasks: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        tasks[sample.task].append(sample)
    comparisons = [row for task, rows in tasks.items() for row in _comparisons(task, rows, resamples)]
    return Summary(
        tasks={task: _task(rows) for task, rows in tasks.items()},
        comparisons=tuple(_adjusted(comparisons)),
        results={
            f"{task}.{condition}": _lm_eval(rows)
            for task, items in tasks.items()
            for condition, rows in by_condition(items).items()
        },
        primary=primary_results(primary, tasks, resamples),
        principles=principle_values(tasks, resamples, groups),
    )


def _task(rows: Sequence[Sample]) -> TaskResult:
    first = list({row.id: row for row in rows}.values())
    kinds = sorted({row.kind for row in first})
    conditions = {
        name: _judged(_condition(items), items, option_priors(rows, name))
        for name, items in by_condition(rows).items()
    }
    chance = sum(chance_of(row.options, row.answer) for row in first) / len(first)
    scored = [name for name in conditions if not is_control(name) and conditions[name].n]
    intervals = [statistics.Interval(*conditions[name].interval) for name in scored]
    return TaskResult(
        n=len(first),
        clusters=len({row.cluster for row in first}),
        floors={
            "chance": _round(chance),
            "majority": _round(statistics.majority_floor([_label(row) for row in first])),
            "longest option": _round(_by_length(first)),
        },
        at_floor=bool(intervals) and statistics.at_floor(intervals, chance),
        conditions=conditions,
        kinds={
            kind: {
                name: _condition([row for row in items if row.kind == kind])
                for name, items in by_condition(rows).items()
            }
            for kind in kinds
        }
        if len(kinds) > 1
        else {},
        changes=_changes(rows),
    )


def _condition(rows: Sequence[Sample]) -> ConditionResult:
    """Return one condition's accuracy (unparsed is wrong; items not run are left out), coverage and unscored counts."""
    run = [row for row in rows if row.unscored not in {"tokens", "error"}]
    right = sum(row.score for row in run)
    reasons = Counter(row.unscored for row in rows if row.unscored)
    gold = [row.gold for row in run if row.gold is not None]
    low, high = statistics.wilson(right, len(run))
    return ConditionResult(
        n=len(run),
        accuracy=_round(right / len(run)) if run else None,
        interval=(_round(low), _round(high)),
        unscored=dict(sorted(reasons.items())),
        gold_in_evidence=_round(sum(gold) / len(gold)) if gold else None,
        answer_named=_round(sum(row.named for row in run) / len(run)) if run else None,
        evidence_tokens=_round(sum(row.evidence_tokens for row in run) / len(run)) if run else None,
        tokens=sum(row.tokens for row in run),
        method=next((row.method for row in rows if row.method), ""),
    )


def _judged(
    result: ConditionResult, rows: Sequence[Sample], priors: Mapping[str, Sequence[float]]
) -> ConditionResult:
    """Return a condition with the measures that need a score for every option."""
    scores = calibrated_scores(rows, priors)
    if scores is None:
        return result
    right, area = sum(scores.values()), auc(rows)
    low, high = statistics.wilson(right, len(scores))
    return replace(
        result,
        auc=None if area is None else Value(_round(area.value), _round(area.low), _round(area.high)),
        calibrated_accuracy=_round(right / len(scores)),
        calibrated_interval=(_round(low), _round(high)),
    )


def _comparisons(task: str, rows: Sequence[Sample], resamples: int) -> Iterator[Comparison]:
    conditions = by_condition(rows)
    for name, baseline, family in compared_pairs(list(conditions)):
        left, right = conditions[name], conditions[baseline]
        if not comparable(left, right):
            continue
        for metric in MEASURES if family not in {"controls", "gains"} else MEASURES[:1]:
            if family == "gains":
                gain = gain_difference(
                    _with_base(conditions, name), _with_base(conditions, baseline), resamples
                )
            else:
                gain = measured_difference(metric, left, right, rows, resamples)
            if gain is None:
                continue
            yield Comparison(
                task=task,
                condition=name,
                baseline=baseline,
                family=family,
                n=gain.n,
                clusters=gain.clusters,
                difference=_round(gain.difference),
                low=_round(gain.low),
                high=_round(gain.high),
                p_raw=gain.p,
                p=gain.p,
                gained=gain.gained,
                lost=gain.lost,
                unpaired=gain.unpaired,
                metric=metric,
            )


def _with_base(
    conditions: Mapping[str, Sequence[Sample]], name: str
) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Return a condition's samples and those of its model alone."""
    return conditions[name], conditions.get(with_model("base", split_model(name)[1]), ())


def _adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons with p values adjusted after Holm within each family and metric."""
    adjusted: dict[int, float] = {}
    for family in {(row.family, row.metric) for row in comparisons}:
        indices = [position for position, row in enumerate(comparisons) if (row.family, row.metric) == family]
        adjusted |= zip(
            indices, statistics.holm([comparisons[position].p_raw for position in indices]), strict=True
        )
    return [
        replace(row, p=float(f"{adjusted[position]:.6g}"), p_raw=float(f"{row.p_raw:.6g}"))
        for position, row in enumerate(comparisons)
    ]


def _changes(rows: Sequence[Sample]) -> dict[str, Changes]:
    """Return, for each condition with knowledge, how many items it turned right, and turned wrong, from base."""
    conditions = by_condition(rows)
    changes = {}
    for name in conditions:
        condition, model = split_model(name)
        if condition == "base" or is_control(name) or MARK in name:
            continue
        base = item_scores(conditions.get(with_model("base", model), ()))
        scores = item_scores(conditions[name])
        both = base.keys() & scores.keys()
        if both:
            changes[name] = Changes(
                helped=sum(scores[item] > base[item] for item in both),
                hurt=sum(scores[item] < base[item] for item in both),
                same=sum(scores[item] == base[item] for item in both),
            )
    return changes


def _lm_eval(rows: Sequence[Sample]) -> dict[str, float | str | None]:
    scores = item_scores(rows)
    if not scores:
        return {"acc,none": None, "acc_stderr,none": None}
    error = statistics.standard_error(scores, {row.id: row.cluster for row in rows})
    return {
        "alias": f"{rows[0].task}.{rows[0].condition}",
        "acc,none": _round(sum(scores.values()) / len(scores)),
        "acc_stderr,none": _round(error) if math.isfinite(error) else "N/A",
    }


def _label(row: Sample) -> str:
    """Return what "always the same reply" means: yes/no/maybe where all items share options, else the position."""
    return row.options[row.answer] if len(row.options) <= 3 else str(row.answer)


def _by_length(rows: Sequence[Sample]) -> float:
    total = 0.0
    for row in rows:
        longest = max(len(option) for option in row.options)
        tied = [position for position, option in enumerate(row.options) if len(option) == longest]
        total += sum(same_option(row.options, position, row.answer) for position in tied) / len(tied)
    return total / len(rows)


def _round(value: float) -> float:
    return round(value, _DIGITS)
