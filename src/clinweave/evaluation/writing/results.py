"""From replies to numbers: each measure with its interval, paired differences between conditions and models."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal

from clinweave.core import statistics
from clinweave.evaluation.writing.replies import CONTROL, Judged, Reply
from clinweave.evaluation.writing.settings import WritingRecipe
from clinweave.evaluation.writing.tasks import MEASURES

Family = Literal["conditions", "models", "controls"]
MARK = "@"  # "base@NAME" is the condition base under a further model
_DIGITS = 6
_RATING = 4.0  # the highest rating of a judge


@dataclass(frozen=True)
class MeasureValue:
    """The mean of a measure over items, with its 95 % interval over clusters."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class ConditionResult:
    """The replies of one condition: measures, outcomes in a word, and what was not answered or cut short."""

    n: int
    measures: dict[str, MeasureValue]
    outcomes: dict[str, int]
    unscored: dict[str, int]
    cut: int
    prompt_tokens: float
    written_tokens: float
    seconds: float  # per item


@dataclass(frozen=True)
class TaskResult:
    """One task: items by kind, those left out by reason, and each condition."""

    n: int
    clusters: int
    kinds: dict[str, int]
    left_out: dict[str, int]
    conditions: dict[str, ConditionResult]
    judged: dict[str, float | int | str | None]


@dataclass(frozen=True)
class WritingComparison:
    """A paired difference, condition minus baseline, by the first measure of a task; `p` is adjusted after Holm."""

    task: str
    measure: str
    condition: str
    baseline: str
    family: Family
    n: int
    difference: float
    low: float
    high: float
    p_raw: float
    p: float


@dataclass(frozen=True, kw_only=True)
class WritingResults:
    """Results of written tasks, and everything needed to repeat them."""

    kind: Literal["writing"] = "writing"
    clinweave: str
    recipe: WritingRecipe
    model: dict[str, Any]
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: dict[str, str]
    tasks: dict[str, TaskResult]
    comparisons: tuple[WritingComparison, ...]
    skipped: dict[str, str]


RESULTS = WritingResults


def task_result(
    replies: Sequence[Reply],
    left_out: Mapping[str, int],
    ratings: Judged | None,
    scale: float,
    resamples: int,
) -> TaskResult:
    """Return the numbers of one task. `scale` is the largest absolute score, such as the penalty N."""
    first = list({reply.id: reply for reply in replies}.values())
    names = [*MEASURES[first[0].task]] if first else []
    extra = {f"judge-{name}" for name in ("factual", "complete")} if ratings else set()
    return TaskResult(
        n=len(first),
        clusters=len({reply.cluster for reply in first}),
        kinds=dict(Counter(reply.kind for reply in first))
        if len({reply.kind for reply in first}) <= 5
        else {},
        left_out=dict(left_out),
        conditions={
            name: _condition(rows, [*names, *sorted(extra)], scale, resamples)
            for name, rows in by_condition(replies).items()
        },
        judged={}
        if ratings is None
        else {
            "judge": ratings.judge,
            "unparsed": ratings.unparsed,
            "failed": ratings.failed,
            "spread": ratings.spread,
        },
    )


def by_condition(replies: Sequence[Reply]) -> dict[str, list[Reply]]:
    """Return condition -> its replies, the control last."""
    groups: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        groups[reply.condition].append(reply)
    return {name: groups[name] for name in sorted(groups, key=lambda name: name == CONTROL)}


def _condition(rows: Sequence[Reply], names: Sequence[str], scale: float, resamples: int) -> ConditionResult:
    answered = [row for row in rows if row.unscored != "error"]
    count = max(len(answered), 1)
    measures = {}
    for name in names:
        scores = {row.id: row.scores[name] for row in answered if name in row.scores}
        if scores:
            own = scale if name == "reliability" else _RATING if name.startswith("judge-") else 1.0
            measures[name] = _mean(scores, {row.id: row.cluster for row in rows}, own, resamples)
    return ConditionResult(
        n=len(answered),
        measures=measures,
        outcomes=dict(Counter(row.outcome for row in answered).most_common()),
        unscored=dict(Counter(row.unscored for row in rows if row.unscored)),
        cut=sum(row.cut for row in answered),
        prompt_tokens=round(sum(row.prompt_tokens for row in answered) / count, 1),
        written_tokens=round(sum(row.written_tokens for row in answered) / count, 1),
        seconds=round(sum(row.seconds for row in answered) / count, 3),
    )


def _mean(
    scores: Mapping[str, float], clusters: Mapping[str, str], scale: float, resamples: int
) -> MeasureValue:
    scaled = {item: score / scale for item, score in scores.items()}
    pairs = statistics.pair(scaled, dict.fromkeys(scaled, 0.0), clusters)
    low, high = statistics.bootstrap(pairs, resamples=resamples)
    if scale == 1:  # a share or an F1, never beyond 0 and 1
        low, high = max(low, 0.0), min(high, 1.0)
    return MeasureValue(
        round(pairs.mean * scale, _DIGITS),
        round(low * scale, _DIGITS),
        round(high * scale, _DIGITS),
        len(scores),
    )


def comparisons(
    task: str, replies: Sequence[Reply], scale: float, resamples: int
) -> Iterator[WritingComparison]:
    """Yield the differences of a task: examples over base, each over the control, and between models."""
    conditions = by_condition(replies)
    measure = next(iter(MEASURES[task]))
    for name, baseline, family in _pairs(list(conditions)):
        left, right = (
            {row.id: row.scores[measure] / scale for row in conditions[number] if measure in row.scores}
            for number in (name, baseline)
        )
        if not left.keys() & right.keys():
            continue
        gain = statistics.difference(
            left, right, {row.id: row.cluster for row in replies}, resamples=resamples
        )
        value, low, high = (
            round(number * scale, _DIGITS) for number in (gain.difference, gain.low, gain.high)
        )
        yield WritingComparison(
            task, measure, name, baseline, family, gain.n, value, low, high, gain.p, gain.p
        )


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str, Family]]:
    for name in names:
        condition, mark, model = name.partition(MARK)
        if name != CONTROL and CONTROL in names:
            yield name, CONTROL, "controls"
        if condition not in {"base", CONTROL}:
            yield name, f"base{mark}{model}", "conditions"
    own = [name for name in names if name != CONTROL]
    for earlier, later in combinations(own, 2):
        if earlier.partition(MARK)[0] == later.partition(MARK)[0]:
            yield later, earlier, "models"


def adjusted(rows: Sequence[WritingComparison]) -> tuple[WritingComparison, ...]:
    """Return the comparisons with p values adjusted after Holm within each family, over all tasks."""
    result = list(rows)
    for family in {row.family for row in rows}:
        indices = [index for index, row in enumerate(rows) if row.family == family]
        for index, p in zip(indices, statistics.holm([rows[index].p_raw for index in indices]), strict=True):
            result[index] = replace(rows[index], p=float(f"{p:.6g}"), p_raw=float(f"{rows[index].p_raw:.6g}"))
    return tuple(result)
