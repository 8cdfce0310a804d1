"""The page Runs: finished studies below a folder, two of them side by side, and each one's report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clinweave.core.errors import UserError
from clinweave.evaluation import headline, read_results
from clinweave.service.pages.rendering import render

if TYPE_CHECKING:
    from clinweave.evaluation.comparison import ComparisonResults
    from clinweave.service.state import ServiceState

_MAX_RUNS = 200  # runs that are listed
_COMPARED = 4
# a report has its style and script inside; in a sandbox it has no origin, so it reaches nothing of this server
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-popups"
)


@dataclass(frozen=True)
class RunRow:
    """A run in the list. `problem` says why its results cannot be read."""

    name: str
    kind: str
    date: str
    headline: tuple[str, ...]
    has_report: bool
    problem: str = ""


@dataclass(frozen=True)
class Figure:
    """A share with its 95 % interval and the number of items."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class FigureRow:
    """One figure of several runs; None where a run does not have it."""

    task: str
    condition: str
    figures: tuple[Figure | None, ...]


class RunsPage:
    """The routes of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    @property
    def _folder(self) -> Path | None:
        return self._state.settings.runs

    async def show(self, request: Request) -> Response:
        """List the runs; with ?run=A&run=B show two side by side."""
        chosen = list(dict.fromkeys(request.query_params.getlist("run")))[:_COMPARED]
        runs = await self._state.lookups.run(self._runs)
        names = {run.name for run in runs}
        if missing := [name for name in chosen if name not in names]:
            raise UserError(f"there is no run {missing[0]!r} in the folder of runs")
        rows = await self._state.lookups.run(self._figures, chosen) if len(chosen) > 1 else ()
        return render(
            request, "runs.html", runs=runs, chosen=[run for run in runs if run.name in chosen], rows=rows,
            folder=self._folder, compared=len(chosen) > 1, order=chosen,
        )  # fmt: skip

    async def report(self, request: Request) -> Response:
        """Return the report of a run, in a sandbox."""
        name = str(request.path_params["name"])
        path = self._paths().get(name)
        if path is None or not (path / "report.html").is_file():
            raise HTTPException(404)
        text = await self._state.lookups.run((path / "report.html").read_bytes)
        return HTMLResponse(text, headers={"Content-Security-Policy": REPORT_POLICY})

    def _paths(self) -> dict[str, Path]:
        """Return the folders of runs by name; a name is never a path."""
        if self._folder is None or not self._folder.is_dir():
            return {}
        folders = [self._folder, *sorted(self._folder.iterdir())]
        return {path.name: path for path in folders if (path / "results.json").is_file()}

    def _runs(self) -> list[RunRow]:
        return [_run(name, path) for name, path in list(self._paths().items())[:_MAX_RUNS]]

    def _figures(self, names: Sequence[str]) -> list[FigureRow]:
        paths = self._paths()
        columns = [_accuracies(paths[name]) for name in names]
        keys = dict.fromkeys(key for column in columns for key in column)
        return [FigureRow(*key, tuple(column.get(key) for column in columns)) for key in keys]


def _run(name: str, path: Path) -> RunRow:
    file = path / "results.json"
    date = datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
    has_report = (path / "report.html").is_file()
    try:
        results = read_results(path)
        return RunRow(name, str(results.kind), date, tuple(headline(results)[:3]), has_report)
    except UserError:
        # the message names a path of this machine
        return RunRow(
            name, "", date, (), has_report, "its results are of another version; run the recipe again"
        )


def _accuracies(path: Path) -> dict[tuple[str, str], Figure]:
    """Return the accuracy by task and condition of a comparison; other kinds of study have none."""
    results = read_results(path)
    if results.kind != "comparison":
        return {}
    tasks = cast("ComparisonResults", results).tasks
    return {
        (name, condition): Figure(score.accuracy, *score.interval, score.n)
        for name, task in tasks.items()
        for condition, score in task.conditions.items()
        if score.accuracy is not None
    }
