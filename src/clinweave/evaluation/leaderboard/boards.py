"""A folder that accumulates runs and compares only what is comparable.

Two rows stand on one board if they answered the same items (question, options and answer) by the same method of
choosing or writing, scored by the same measure. Everything else (model, knowledge, prompt, budget) is what is
compared. Each run is one JSON file.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from clinweave.core import statistics
from clinweave.core.artifacts import write_json
from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.core.typed import from_values, to_values
from clinweave.evaluation.comparison import Value

SUFFIX = ".json"


@dataclass(frozen=True)
class Row:
    """One condition of one task in one run, with the score of each item by `measure`."""

    run: str
    task: str
    condition: str
    model: str
    weights: str
    method: str
    items: str  # what identifies the questions, options and answers
    n: int
    accuracy: float | None  # the mean of the measure
    interval: tuple[float, float]
    auc: Value | None
    calibrated_accuracy: float | None
    scores: dict[str, float]
    clusters: dict[str, str]
    measure: str = "accuracy"
    scale: float = 1.0  # the largest absolute score, such as the penalty of a reliability score

    @property
    def name(self) -> str:
        """Return what a reader calls the row."""
        return f"{self.run} {self.condition}"


@dataclass(frozen=True)
class Entry:
    """A run on the leaderboard. `key` identifies its results."""

    run: str
    key: str
    clinweave: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Board:
    """Rows that may be compared, the highest score first."""

    task: str
    method: str
    items: str
    n: int
    rows: tuple[Row, ...]

    @property
    def measure(self) -> str:
        """Return what its scores are."""
        return self.rows[0].measure


@dataclass(frozen=True)
class RowDifference:
    """The paired difference of two rows of a board; `p` is adjusted after Holm over all that were asked for."""

    task: str
    first: str
    second: str
    n: int
    difference: float
    low: float
    high: float
    p: float
    measure: str = "accuracy"


def store(entry: Entry, folder: Path, *, replace: bool = False) -> None:
    """Put an entry on the leaderboard in `folder`.

    Raises `UserError` for a name that is no file name, or that stands for other results unless `replace` is given.
    """
    path = folder / f"{entry.run}{SUFFIX}"
    if "/" in entry.run or entry.run.startswith("."):
        raise UserError(f"{entry.run!r} cannot be the name of a run: give --name without / and leading dots")
    if path.exists() and not replace and _read(path).key != entry.key:
        raise UserError(f"{path} holds other results of that name: give another --name, or --replace")
    write_json(path, to_values(entry))


def read_boards(folder: Path, task: str = "") -> list[Board]:
    """Return the boards of a folder, by task and then by number of rows. Raises `UserError` if there is no run."""
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}; `clinweave leaderboard add RUN --to {folder}` makes it"
        )
    entries = [_read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    groups: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in (row for entry in entries for row in entry.rows):
        groups[row.task, row.method, row.items, row.measure].append(row)
    names = sorted({key[0] for key in groups})
    if not names:
        raise UserError(f"{folder} holds no run; add one with `clinweave leaderboard add RUN --to {folder}`")
    if task and task not in names:
        raise UserError(f"no run has a task {task!r}; there are {', '.join(names)}")
    boards = [
        Board(*key[:3], max(row.n for row in rows), tuple(sorted(rows, key=_rank)))
        for key, rows in groups.items()
        if not task or key[0] == task
    ]
    return sorted(boards, key=lambda board: (board.task, -len(board.rows), board.method, board.items))


def compare_runs(
    folder: Path, runs: Sequence[str], *, resamples: int = statistics.RESAMPLES
) -> list[RowDifference]:
    """Return the paired differences between runs, condition by condition, on every board that they share.

    Raises `UserError` for an unknown name, and, with the reason, if runs share no board.
    """
    boards = read_boards(folder)
    present = {row.run for board in boards for row in board.rows}
    if missing := [name for name in runs if name not in present]:
        raise UserError(f"{folder} has no run {missing[0]!r}; there are {', '.join(sorted(present))}")
    differences = [
        _difference(board.task, *pair, resamples=resamples)
        for board in boards
        for pair in combinations([row for row in board.rows if row.run in runs], 2)
        if pair[0].run != pair[1].run and pair[0].condition == pair[1].condition
    ]
    if not differences:
        raise UserError(f"{' and '.join(runs)} cannot be compared: {_why_not(boards, runs)}")
    adjusted = statistics.holm([row.p for row in differences])
    return [replace(row, p=p) for row, p in zip(differences, adjusted, strict=True)]


def _rank(row: Row) -> tuple[float, str]:
    return (-1.0 if row.accuracy is None else -row.accuracy, row.name)


def _difference(task: str, first: Row, second: Row, *, resamples: int) -> RowDifference:
    left, right = (
        {item: score / first.scale for item, score in row.scores.items()} for row in (first, second)
    )
    gain = statistics.difference(left, right, first.clusters, resamples=resamples)
    value, low, high = (number * first.scale for number in (gain.difference, gain.low, gain.high))
    return RowDifference(task, first.name, second.name, gain.n, value, low, high, gain.p, first.measure)


def _why_not(boards: Iterable[Board], runs: Sequence[str]) -> str:
    rows = {name: [row for board in boards for row in board.rows if row.run == name] for name in runs}
    tasks = set.intersection(*({row.task for row in own} for own in rows.values()))
    if not tasks:
        return "they share no task"
    methods = {name: {row.method for row in own if row.task in tasks} for name, own in rows.items()}
    if not set.intersection(*methods.values()):
        listed = "; ".join(f"{name}: {', '.join(sorted(own))}" for name, own in methods.items())
        return f"they chose or wrote answers by different methods ({listed})"
    measures = {name: {row.measure for row in own if row.task in tasks} for name, own in rows.items()}
    if not set.intersection(*measures.values()):
        listed = "; ".join(f"{name}: {', '.join(sorted(own))}" for name, own in measures.items())
        return f"their answers were scored by different measures ({listed})"
    return f"their questions differ in {', '.join(sorted(tasks))}; run both with the same seed and count"


def _read(path: Path) -> Entry:
    return from_values(Entry, _json(path), str(path))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {reason(error)}") from error
