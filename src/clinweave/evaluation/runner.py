"""Run a study: its steps, each kept in a folder of its own, then its results and its report.

A step names its version, its inputs and the steps it needs. It is done again only when one of these changes: the key of
a step is made of them and never of source code. A step's folder appears whole or not at all: a run that was
killed resumes with the first unfinished step.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from clinweave.core.artifacts import (
    Artifact,
    claim,
    remove_folder,
    stage,
    write_json,
    write_text,
)
from clinweave.core.reports.blocks import Report, added_sections, report_markdown, write_report
from clinweave.core.reports.files import draw_and_write
from clinweave.core.typed import from_values, to_values
from clinweave.evaluation.recipe import Recipe, recipe_toml

T = TypeVar("T")
R = TypeVar("R")
RESULT = "result.json"
STEPS = "steps"


class Progress:
    """Where a run reports what it does. This one is silent; the command line has one that writes to a terminal."""

    def status(self, message: str) -> None:
        """Show what is being done."""

    def count(self, title: str, done: int, total: int, note: str = "") -> None:
        """Show how many of `total` are done. Where each message is a line, about ten are shown."""
        self.status(f"{title} {done:,} of {total:,}{note}")

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002
        """Yield a function that takes how many items were finished."""
        yield lambda _: None


@dataclass(frozen=True)
class Step(Generic[T]):
    """One piece of a study. `build` returns a `result` (a dataclass or a list of them), which is kept as JSON.

    `inputs` gives name -> hash of the files it reads, `needs` the steps whose results it reads. `build` may write
    further files into `work.folder`. `retry` says of a finished result whether it has to be built again.
    """

    name: str
    result: type[T]
    build: "Callable[[Work], T]"
    version: int
    title: str = ""
    needs: "tuple[Step[Any] | ArtifactStep[Any], ...]" = ()
    inputs: Callable[[], Mapping[str, str]] = dict
    parameters: Mapping[str, Any] = field(default_factory=dict)
    retry: Callable[[T], bool] = lambda _: False


@dataclass(frozen=True)
class ArtifactStep(Generic[T]):
    """A piece that caches itself: a graph, an index, weights. `key` names the content of what `build` returns."""

    name: str
    build: "Callable[[Runner], T]"
    key: Callable[[T], str]
    title: str = ""


@dataclass(frozen=True)
class Work:
    """What a step is given: the folder that becomes its own, and the results of the steps it needs."""

    folder: Path
    runner: "Runner"

    @property
    def progress(self) -> Progress:
        """Return where to report progress."""
        return self.runner.progress

    def result(self, step: "Step[T] | ArtifactStep[T]") -> T:
        """Return the result of a step."""
        return self.runner.result(step)


@dataclass
class Runner:
    """Runs steps into `out`; each is run once, after those it needs."""

    out: Path
    home: Path
    progress: Progress = field(default_factory=Progress)
    _done: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def result(self, step: Step[T] | ArtifactStep[T]) -> T:
        """Return the result of a step, built unless its folder holds it already."""
        return cast("T", self._run(step)[1])

    def key(self, step: Step[Any] | ArtifactStep[Any]) -> str:
        """Return what identifies the content of a step."""
        return self._run(step)[0]

    def folder(self, step: Step[Any]) -> Path:
        """Return the folder of a step."""
        return self.out / STEPS / step.name

    def _run(self, step: Step[Any] | ArtifactStep[Any]) -> tuple[str, Any]:
        if step.name not in self._done:
            self._done[step.name] = (
                self._artifact(step) if isinstance(step, ArtifactStep) else self._cached(step)
            )
        return self._done[step.name]

    def _artifact(self, step: ArtifactStep[T]) -> tuple[str, T]:
        if step.title:
            self.progress.status(step.title)
        result = step.build(self)
        return step.key(result), result

    def _cached(self, step: Step[T]) -> tuple[str, T]:
        inputs = {**step.inputs(), **{f"step {needed.name}": self.key(needed) for needed in step.needs}}
        folder = self.folder(step)

        def build(work: Path) -> Mapping[str, Any]:
            self.progress.status(step.title or step.name)
            write_json(work / RESULT, to_values(step.build(Work(work, self))))
            return {}

        def run() -> Artifact:
            return stage(
                folder, f"step {step.name}", inputs, to_values(step.parameters), build, version=step.version
            )

        done = run()
        result = read_result(step.result, done.path / RESULT)
        if not done.fresh and step.retry(result):
            remove_folder(folder)
            done = run()
            result = read_result(step.result, done.path / RESULT)
        return str(done.manifest["key"]), result


class Study(Protocol[R]):
    """A kind of study: which steps it has, what they amount to, and how that is shown."""

    @property
    def recipe(self) -> Recipe:
        """Return the recipe."""

    def resources(self) -> list[str]:
        """Return the catalogue ids of what has to be fetched besides databases."""

    def databases(self) -> tuple[str, ...]:
        """Return the databases that have to be fetched."""

    def steps(self) -> Iterable[Step[Any] | ArtifactStep[Any]]:
        """Return the steps, in the order in which they are run."""

    def results(self, runner: Runner) -> R:
        """Return the results, from those of the steps."""

    def report(self, results: R, runner: Runner) -> Report:
        """Return the report of the results."""

    def close(self) -> None:
        """Close what the study opened."""


def run_study(study: Study[R], runner: Runner) -> R:
    """Run the steps of a study and write recipe, results, report, tables and figures; return the results."""
    out = claim(runner.out)
    write_text(out / "recipe.toml", recipe_toml(study.recipe))
    try:
        for step in study.steps():
            runner.result(step)
        results = study.results(runner)
    finally:
        study.close()
    values = to_values(results)

    def draw() -> Report:
        report = study.report(results, runner)
        added = added_sections(study.recipe.report_blocks, values, study.recipe.name)
        return replace(report, sections=(*report.sections, *added))

    report = draw_and_write(draw, out)
    write_json(out / "results.json", values)
    write_text(out / "report.md", report_markdown(report))
    write_report(report, out / "report.html")
    return results


def read_result(kind: type[T], path: Path) -> T:
    """Return a result from its file."""
    return from_values(kind, json.loads(path.read_text("utf-8")), str(path))


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write JSON lines, whole or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
