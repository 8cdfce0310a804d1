"""From a finished run, of a comparison or of written answers, to an entry of a leaderboard."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.core.typed import from_values, to_values
from clinweave.evaluation.comparison import ComparisonResults, Sample, split_model
from clinweave.evaluation.leaderboard.boards import Entry, Row, store
from clinweave.evaluation.writing import CONTROL, MEASURES, Reply, WritingResults

_LATER = ("measure", "scale")  # fields that older entries lack: at their defaults they do not change a key
T = TypeVar("T")


def add_run(run: Path, folder: Path, name: str = "", *, replace: bool = False) -> Entry:
    """Put a run on the leaderboard in `folder` and return its entry.

    Raises `UserError` for a folder that holds no finished comparison or run of written answers, and for a name that
    stands for other results unless `replace` is given.
    """
    path = run / "results.json"
    values = _json(path)
    kind = values.get("kind") if isinstance(values, dict) else None
    makers: dict[str | None, Callable[[str, Any, str, Path], tuple[str, list[Row]]]] = {
        "comparison": _compared,
        "writing": _written,
    }
    if kind not in makers:
        raise UserError(
            f"{path}: only comparisons and written answers stand on a leaderboard, and kind is {kind!r}"
        )
    title = name or run.resolve().name
    version, rows = makers[kind](title, values, str(path), run / "samples.jsonl")
    scored = tuple(row for row in rows if row.scores)
    entry = Entry(title, digest([_key(row) for row in scored]), version, scored)
    store(entry, folder, replace=replace)
    return entry


def _key(row: Row) -> dict[str, Any]:
    """Return what identifies a row's results."""
    defaults = {item.name: item.default for item in fields(Row) if item.name in _LATER}
    return {name: value for name, value in to_values(row).items() if defaults.get(name, "") != value}


def _compared(name: str, values: object, where: str, samples: Path) -> tuple[str, list[Row]]:
    results = from_values(ComparisonResults, values, where)
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in _rows(samples, Sample):
        groups[sample.task, sample.condition].append(sample)
    return results.clinweave, [
        _compared_row(name, results, task, condition, groups.get((task, condition), []))
        for task, result in results.tasks.items()
        for condition in result.conditions
    ]


def _compared_row(
    name: str, results: ComparisonResults, task: str, condition: str, samples: Sequence[Sample]
) -> Row:
    own = results.tasks[task].conditions[condition]
    run = [sample for sample in samples if sample.unscored not in {"tokens", "error"}]
    look_up = own.method == "look-up"
    model = results.models.get(split_model(condition)[1], results.model)
    items = sorted((row.id, row.question, list(row.options), row.answer) for row in samples)
    return Row(
        run=name,
        task=task,
        condition=condition,
        model="none" if look_up else str(model.get("name", "")),
        weights="" if look_up else str(model.get("weights", "")),
        method=own.method,
        items=digest(items),
        n=own.n,
        accuracy=own.accuracy,
        interval=own.interval,
        auc=own.auc,
        calibrated_accuracy=own.calibrated_accuracy,
        scores={sample.id: sample.score for sample in run},
        clusters={sample.id: sample.cluster for sample in run},
    )


def _written(name: str, values: object, where: str, samples: Path) -> tuple[str, list[Row]]:
    results = from_values(WritingResults, values, where)
    groups: dict[tuple[str, str], list[Reply]] = defaultdict(list)
    for reply in _rows(samples, Reply):
        groups[reply.task, reply.condition].append(reply)
    penalties: dict[str, float] = {task.type: task.penalty for task in results.recipe.tasks}
    return results.clinweave, [
        _written_row(name, results, (task, condition), groups.get((task, condition), []), penalties)
        for task, result in results.tasks.items()
        for condition in result.conditions
    ]


def _written_row(
    name: str,
    results: WritingResults,
    place: tuple[str, str],
    replies: Sequence[Reply],
    penalties: Mapping[str, float],
) -> Row:
    task, condition = place
    own = results.tasks[task].conditions[condition]
    measure = next(iter(MEASURES[task]))
    penalty = penalties.get(task, 1.0)
    value = own.measures.get(measure)
    control = condition == CONTROL
    model = results.models.get(split_model(condition)[1], results.model)
    run = [reply for reply in replies if reply.unscored != "error" and measure in reply.scores]
    items = sorted((reply.id, reply.question, reply.reference) for reply in replies)
    return Row(
        run=name,
        task=task,
        condition=condition,
        model="none" if control else str(model.get("name", "")),
        weights="" if control else str(model.get("weights", "")),
        method="written",
        items=digest(items),
        n=own.n,
        accuracy=value.value if value else None,
        interval=(value.low, value.high) if value else (0.0, 0.0),
        auc=None,
        calibrated_accuracy=None,
        scores={reply.id: reply.scores[measure] for reply in run},
        clusters={reply.id: reply.cluster for reply in run},
        measure=f"RS({penalty:g})" if measure == "reliability" else measure,
        scale=max(1.0, penalty) if measure == "reliability" else 1.0,
    )


def _rows(path: Path, kind: type[T]) -> list[T]:
    """Return the samples of a run. Raises `UserError` naming the line at fault."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason(error)}; run the recipe again") from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(from_values(kind, {**json.loads(line), "seconds": 0.0}, f"{path}: line {number}"))
        except ValueError as error:
            raise UserError(f"{path}: line {number} is no JSON: {error}") from error
    return rows


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {reason(error)}") from error
