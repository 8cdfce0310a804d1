"""Tasks and metrics of a comparison that installed packages add."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinweave.core.errors import ClinweaveError
from clinweave.core.plugins import ExtensionPoint, PluginError, package_of
from clinweave.records import Question

if TYPE_CHECKING:
    from clinweave.evaluation.comparison.samples import Sample
    from clinweave.evaluation.comparison.settings import TaskSettings
    from clinweave.knowledge import Graph

# questions from the graph, or from the file `settings.path`; the same seed gives the same questions
QuestionMaker = Callable[["Graph", "TaskSettings", int], Sequence[Question]]
# the scored samples of one condition on one task -> a number, or None where the metric does not apply
Metric = Callable[[Sequence["Sample"]], float | None]

TASKS: ExtensionPoint[QuestionMaker] = ExtensionPoint("clinweave.tasks", "task type")
METRICS: ExtensionPoint[Metric] = ExtensionPoint("clinweave.metrics", "metric")
_RESAMPLES = 1_000


@dataclass(frozen=True)
class MetricValue:
    """An added metric of one condition on one task, with its 95 % interval over clusters of questions."""

    task: str
    condition: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None


def added_questions(graph: "Graph", settings: "TaskSettings", seed: int) -> list[Question]:
    """Return the questions of an installed task type. Raises `PluginError` where they are not usable."""
    questions = list(TASKS.load(settings.type)(graph, settings, seed))
    if len({question.id for question in questions}) < len(questions):
        raise PluginError(f"task type {settings.type!r}: several questions have the same id")
    for question in questions:
        if not 0 <= question.answer < len(question.options):
            raise PluginError(
                f"task type {settings.type!r}: question {question.id}: the answer is not an option"
            )
    return questions


def task_package(name: str) -> str:
    """Return the package and version behind a task type, "" for one that is built in."""
    point = TASKS.installed().get(name)
    return package_of(point) if point else ""


def added_metrics(samples: Iterable["Sample"], names: Sequence[str]) -> tuple[MetricValue, ...]:
    """Return the metrics of these names for each task and condition, from the samples that the model was run on."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        if sample.unscored not in {"tokens", "error"}:
            groups.setdefault((sample.task, sample.condition), []).append(sample)
    return tuple(
        _metric(name, METRICS.load(name), *key, rows) for name in names for key, rows in groups.items()
    )


def _metric(name: str, metric: Metric, task: str, condition: str, rows: "Sequence[Sample]") -> MetricValue:
    value = _computed(name, metric, rows)
    if value is None:
        return MetricValue(task, condition, name, None)
    values = sorted(resampled for resampled in _resampled(name, metric, rows) if resampled is not None)
    if not values:
        return MetricValue(task, condition, name, round(value, 6))
    low, high = (values[min(int(share * len(values)), len(values) - 1)] for share in (0.025, 0.975))
    return MetricValue(task, condition, name, round(value, 6), round(low, 6), round(high, 6))


def _resampled(name: str, metric: Metric, rows: "Sequence[Sample]") -> Iterable[float | None]:
    """Yield the metric of clusters drawn with replacement."""
    from random import Random

    from clinweave.core import statistics

    clusters: dict[str, list[Sample]] = {}
    for row in rows:
        clusters.setdefault(row.cluster or row.id, []).append(row)
    random, groups = Random(statistics.SEED), list(clusters.values())  # noqa: S311
    for _ in range(_RESAMPLES):
        drawn = [row for group in random.choices(groups, k=len(groups)) for row in group]
        yield _computed(name, metric, drawn)


def _computed(name: str, metric: Metric, rows: "Sequence[Sample]") -> float | None:
    try:
        return metric(rows)
    except ClinweaveError:
        raise
    except Exception as error:  # a package of somebody else may raise anything
        raise PluginError(f"metric {name!r}: {type(error).__name__}: {error}") from error
