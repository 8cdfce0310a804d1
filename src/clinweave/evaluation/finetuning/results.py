"""From scores to numbers: means with intervals, and paired differences from base and from the options-only baseline."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clinweave.core import statistics
from clinweave.evaluation.finetuning.evaluator import TEXT, Score
from clinweave.evaluation.finetuning.settings import BASE, FinetuningRecipe


@dataclass(frozen=True)
class Mean:
    """The mean of a measure with its 95 % interval (Wilson); items without a choice count as 0."""

    n: int
    mean: float
    interval: tuple[float, float]
    unscored: int
    chance: float  # what guessing scores; 0 without options


@dataclass(frozen=True)
class Measure:
    """One measure of every model, without ("none") or with ("graph") evidence, in all and by kind of item."""

    name: str
    knowledge: str
    conditions: dict[str, Mean]
    kinds: dict[str, dict[str, Mean]]  # kind of item -> condition; empty where all are of one kind


@dataclass(frozen=True)
class Difference:
    """A paired difference in fractions, condition minus baseline, with its 95 % interval by disease."""

    measure: str
    knowledge: str
    condition: str
    baseline: str
    n: int
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class TextLikelihood:
    """Nats a token on plain prose (less is better), and what was added to base's, with its interval."""

    n: int
    nats: float
    added: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class TrainedStage:
    """What a training stage did and cost."""

    kind: str
    steps: int
    seconds: float
    memory: dict[str, float]
    items: int | None = None
    too_long: int | None = None
    tokens: int | None = None
    tokens_shared: int | None = None
    rows: int | None = None
    loss: dict[str, float] | None = None
    precision: Any = None
    held_out: dict[str, Any] | None = None
    reward_model: Any = None
    parameters: Any = None


@dataclass(frozen=True)
class TrainingData:
    """What the stages learned from: items by kind, split and task, and what was left out."""

    counts: dict[str, dict[str, dict[str, int]]]
    decontamination: dict[str, Any]
    newer_release: dict[str, Any] | None
    left_out: Any
    warnings: Any


@dataclass(frozen=True)
class Summary:
    """The numbers of a fine-tuning study."""

    measures: tuple[Measure, ...]
    differences: tuple[Difference, ...]
    floors: tuple[str, ...]
    sentences: tuple[str, ...]
    general_text: dict[str, TextLikelihood]


@dataclass(frozen=True, kw_only=True)
class FinetuningResults(Summary):
    """Results of a fine-tuning study."""

    kind: Literal["finetuning"] = "finetuning"
    clinweave: str
    recipe: FinetuningRecipe
    base: str  # what identifies the weights
    data: TrainingData
    related_facts: dict[str, dict[str, Mean]]
    stages: dict[str, TrainedStage]
    export: Any = None


RESULTS = FinetuningResults
_Key = tuple[str, str, str]  # measure, knowledge, condition


def summarise(recipe: FinetuningRecipe, rows: Sequence[Score]) -> Summary:
    """Return measures, differences and sentences."""
    groups: dict[_Key, list[Score]] = defaultdict(list)
    for row in rows:
        if row.measure != TEXT:
            groups[row.measure, row.knowledge, row.condition].append(row)
    measures = _measures(groups)
    differences = (*_from_base(recipe, groups), *_from_options_only(recipe, groups))
    return Summary(
        measures=measures,
        differences=differences,
        floors=tuple(_floors(measures)),
        sentences=tuple(_sentences(differences, recipe.options_only)),
        general_text=_texts(rows),
    )


def headline_numbers(summary: Summary) -> dict[str, dict[str, str]]:
    """Return condition -> measure -> its mean and interval in words, for the card of exported weights."""
    numbers: dict[str, dict[str, str]] = defaultdict(dict)
    for measure in summary.measures:
        for condition, mean in measure.conditions.items():
            low, high = (100 * end for end in mean.interval)
            numbers[condition][f"{measure.name} | {measure.knowledge}"] = (
                f"{100 * mean.mean:.0f} % ({low:.0f}-{high:.0f})"
            )
    return dict(numbers)


def _measures(groups: Mapping[_Key, Sequence[Score]]) -> tuple[Measure, ...]:
    measures = []
    for name, knowledge in dict.fromkeys((name, knowledge) for name, knowledge, _ in groups):
        own = {key[2]: rows for key, rows in groups.items() if key[:2] == (name, knowledge)}
        kinds = sorted({row.kind for rows in own.values() for row in rows})
        measures.append(
            Measure(
                name,
                knowledge,
                {condition: mean_of(rows) for condition, rows in own.items()},
                {
                    kind: {
                        condition: mean_of([row for row in rows if row.kind == kind])
                        for condition, rows in own.items()
                        if any(row.kind == kind for row in rows)
                    }
                    for kind in kinds
                }
                if len(kinds) > 1
                else {},
            )
        )
    return tuple(measures)


def mean_of(rows: Sequence[Score]) -> Mean:
    """Return the mean of the rows with its interval."""
    values = [row.value or 0.0 for row in rows]  # nothing chosen is wrong
    low, high = statistics.wilson(sum(values), len(values))
    return Mean(
        n=len(values),
        mean=round(sum(values) / len(values), 4),
        interval=(round(low, 4), round(high, 4)),
        unscored=sum(row.value is None for row in rows),
        chance=round(sum(row.chance for row in rows) / len(rows), 4),
    )


def by_related_facts(rows: Sequence[Score], related: Collection[str]) -> dict[str, dict[str, Mean]]:
    """Return held-out facts without evidence by whether a more general or specific fact of the disease is trained.

    `related` are the ids of those where one is: "seizure" held out, "febrile seizure" trained. The others must be
    inferred from other diseases.
    """
    groups: dict[str, dict[str, list[Score]]] = {}
    for row in rows:
        if row.measure == "choice held-out-facts" and row.knowledge == "none":
            group = "related fact trained" if row.id in related else "no related fact trained"
            groups.setdefault(group, {}).setdefault(row.condition, []).append(row)
    return {
        group: {name: mean_of(own) for name, own in conditions.items()}
        for group, conditions in groups.items()
    }


def _texts(rows: Sequence[Score]) -> dict[str, TextLikelihood]:
    """Return nats a token on plain prose of each model, and what was added to those of base (paired, 95 %)."""
    nats: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.measure == TEXT and row.value is not None:
            nats.setdefault(row.condition, {})[row.id] = -row.value
    texts = {}
    for condition, values in nats.items():
        added = None
        if condition != BASE and BASE in nats:
            result = statistics.difference(
                values, nats[BASE], {text: text for text in values}, resamples=2000
            )
            added = (round(result.difference, 4), round(result.low, 4), round(result.high, 4))
        texts[condition] = TextLikelihood(len(values), round(sum(values.values()) / len(values), 4), added)
    return texts


def _from_base(recipe: FinetuningRecipe, groups: Mapping[_Key, Sequence[Score]]) -> Iterator[Difference]:
    """Yield each model minus base, and each later stage minus the one that it was initialised from."""
    origin = {stage.name: stage.init_from for stage in recipe.stages}
    for name, knowledge, condition in groups:
        for other in dict.fromkeys((BASE, origin.get(condition, BASE))):
            if condition not in {other, recipe.options_only} and (name, knowledge, other) in groups:
                yield _difference(groups, (name, knowledge, condition), (name, knowledge, other))


def _from_options_only(
    recipe: FinetuningRecipe, groups: Mapping[_Key, Sequence[Score]]
) -> Iterator[Difference]:
    """Yield each model minus the one that never saw a question."""
    baseline = recipe.options_only
    for name, knowledge, condition in groups:
        if baseline and condition != baseline and (name, "none", baseline) in groups:
            yield _difference(groups, (name, knowledge, condition), (name, "none", baseline))


def _difference(groups: Mapping[_Key, Sequence[Score]], item: _Key, other: _Key) -> Difference:
    left, right = ({row.id: row.value or 0.0 for row in groups[key]} for key in (item, other))
    clusters = {row.id: row.cluster for row in groups[item]}
    result = statistics.difference(left, right, clusters, resamples=2000)
    return Difference(
        *item,
        baseline=other[2],
        n=result.n,
        difference=round(result.difference, 4),
        low=round(result.low, 4),
        high=round(result.high, 4),
    )


def _floors(measures: Sequence[Measure]) -> Iterator[str]:
    """Yield a sentence for each measure with options on which every model's interval includes chance."""
    for measure in measures:
        means = measure.conditions.values()
        if all(mean.chance and mean.interval[0] <= mean.chance <= mean.interval[1] for mean in means):
            yield f"{measure.name}, {knowledge_name(measure.knowledge)}: model at floor, not interpretable"


def knowledge_name(knowledge: str) -> str:
    """Return what a reader sees for "none" and "graph"."""
    return "with graph evidence" if knowledge == "graph" else "model alone"


def _sentences(differences: Sequence[Difference], options_only: str) -> Iterator[str]:
    """Yield one plain sentence for each difference: added, cost, or no measurable change."""
    for row in differences:
        against_control = bool(options_only) and row.baseline == options_only
        words = ("above", "below", "not significantly different")
        if not against_control:
            words = ("added", "cost", "did not change measurably")
        verdict = words[0] if row.low > 0 else words[1] if row.high < 0 else words[2]
        points = f"{100 * row.difference:+.0f} points ({100 * row.low:+.0f} to {100 * row.high:+.0f})"
        other = "the options-only baseline" if against_control else row.baseline
        yield f"{row.condition} against {other}, {row.measure} ({row.knowledge}): {points}: {verdict}"
