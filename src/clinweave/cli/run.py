"""`clinweave run`: a study described in one TOML file, from fetching to the report."""

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.markup import escape

from clinweave.cli.console import Console
from clinweave.core.artifacts import claim, home
from clinweave.core.errors import UserError
from clinweave.core.logs import without_row_reports

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.table import Table

    from clinweave.evaluation import Recipe, Study
    from clinweave.evaluation.comparison import ComparisonResults
    from clinweave.evaluation.diagnosis import DiagnosisRecipe

app = typer.Typer(add_completion=False)


@app.command()
def run(  # noqa: PLR0917 - each parameter is one option
    recipe: Annotated[
        Path, typer.Argument(help="A recipe's file, or the name of a shipped one, such as demo.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output folder.", show_default="runs/NAME")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the recipe; may be repeated."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Download nothing; fail if something is missing.")
    ] = False,
    allow_future: Annotated[
        bool,
        typer.Option(
            "--allow-future",
            help="Allow sources newer than a dated diagnosis protocol; its rows are labelled.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json only.")] = False,
) -> None:
    """Run a recipe: download, graph, index, questions, comparison, report. Finished steps are reused.

    Recipes that come with clinweave are run by name: demo, compare, diagnosis, doctorgpt, pangu_drug and others.
    """
    from clinweave.core.extras import needs_extra
    from clinweave.evaluation import load_recipe

    with needs_extra("molecules"):
        chosen = load_recipe(recipe, changes or [])
        if allow_future:
            chosen = _allowing_future(chosen)
        run_recipe(chosen, out or Path("runs") / chosen.name, offline=offline, as_json=as_json)


def _allowing_future(recipe: "Recipe") -> "Recipe":
    if recipe.kind != "diagnosis":
        raise UserError(f"--allow-future is for recipes of diagnosis; {recipe.name} is of kind {recipe.kind}")
    diagnosis = cast("DiagnosisRecipe", recipe)
    return replace(diagnosis, tasks=tuple(replace(task, allow_future=True) for task in diagnosis.tasks))


def run_recipe(recipe: "Recipe", out: Path, *, offline: bool, as_json: bool) -> None:
    """Fetch what a recipe needs, run it into `out`, and print what was found."""
    from clinweave.evaluation import Runner, headline, open_study, run_study

    claim(out)
    if not offline:
        fetch_for(open_study(recipe, Runner(out, home())))
    began = time.monotonic()
    with terminal_progress() as progress:
        runner = Runner(out, home(), progress)
        results = run_study(open_study(recipe, runner), runner)
    if as_json:
        typer.echo((out / "results.json").read_text("utf-8"))
        return
    screen = Console()
    sentences = headline(results)
    if recipe.kind == "comparison":
        for task in results.tasks:
            screen.print(_table(task, results))
        sentences += [f"Left out: {row.task}, {row.reason}" for row in results.skipped]
    _print_end(out, sentences, began)
    if recipe.kind == "comparison":
        example = 'clinweave ask "Which gene is associated with Marfan syndrome?"'
        screen.print(f"Try next: {example}", highlight=False)


def fetch_for(study: "Study[Any]") -> None:
    """Fetch the databases and weights that a study needs."""
    from clinweave.cli.fetch import progress_bars
    from clinweave.resources import catalogue, fetch

    databases = set(study.databases())
    items = [item for item in catalogue().values() if databases & set(item.databases)]
    items += [catalogue()[name] for name in study.resources()]
    if items:
        named = ", ".join(item.label for item in items)
        Console(stderr=True).print(escape(named), soft_wrap=True, highlight=False)
        with progress_bars() as progress:
            fetch([item.id for item in items], home=home(), progress=progress)


def _print_end(out: Path, sentences: Sequence[str], began: float) -> None:
    """Print the sentences, where report and numbers are, time and peak memory."""
    screen = Console()
    for sentence in sentences:
        screen.print(escape(sentence), soft_wrap=True, highlight=False)
    screen.print(
        f"\nReport: {out / 'report.html'}\nNumbers: {out / 'results.json'}", soft_wrap=True, highlight=False
    )
    # Linux counts in kB, macOS in bytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    took = f"Took {time.monotonic() - began:.0f} s after fetching; peak memory {peak:.1f} GB."
    screen.print(took, highlight=False)


def _table(task: str, results: "ComparisonResults") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from clinweave.evaluation.comparison import find_condition, in_report_order, split_model

    result = results.tasks[task]
    floors = ", ".join(f"{name} {value:.0%}" for name, value in result.floors.items())
    title = f"{escape(task)}: {result.n} questions; {floors}"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("95 % intervals", "accuracy", "difference", "p", "recall", "unscored", "s"):
        table.add_column(name, no_wrap=True)
    rows = [
        row
        for row in results.comparisons
        if (row.task, split_model(row.baseline)[0], row.metric) == (task, "base", "accuracy")
        and row.family in {"conditions", "controls"}
    ]
    over = {row.condition: row for row in rows}
    for name in in_report_order(result.conditions):
        condition, row = result.conditions[name], over.get(name)
        in_evidence = condition.gold_in_evidence
        share = condition.answer_named if in_evidence is None else in_evidence
        low, high = (f"{100 * end:.0f}" for end in condition.interval)
        table.add_row(
            find_condition(name).title,
            "-" if condition.accuracy is None else f"{condition.accuracy:.0%} ({low}-{high})",
            f"{100 * row.difference:+.0f} ({100 * row.low:+.0f}, {100 * row.high:+.0f})" if row else "",
            ("<0.001" if row.p < 0.001 else f"{row.p:.3f}") if row else "",
            "" if split_model(name)[0] == "base" or share is None else f"{share:.0%}",
            str(sum(condition.unscored.values())),
            f"{results.timings.tasks[task][name].seconds_per_item:.2f}",
            style="dim" if find_condition(name).control else "",
        )
    return table


@contextmanager
def terminal_progress() -> Iterator[Any]:
    """Yield progress that writes to stderr; without a terminal, one line per step."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    bars = Progress(*columns, console=console, disable=not console.is_terminal)
    with without_row_reports(), bars:
        yield _progress(console, bars)


def _progress(console: Console, bars: "Bars") -> object:
    from clinweave.evaluation import Progress

    step = bars.add_task("Starting", total=None)
    quiet = not console.is_terminal
    tenths: dict[str, int] = {}  # title -> tenths of its count that were shown

    class TerminalProgress(Progress):
        def status(self, message: str) -> None:
            if quiet:
                console.print(escape(message))
            bars.update(step, description=escape(message))

        def count(self, title: str, done: int, total: int, note: str = "") -> None:
            tenth = 10 * done // max(total, 1)
            if not quiet or tenths.get(title, 0) != tenth:
                tenths[title] = tenth
                super().count(title, done, total, note)

        @contextmanager
        def bar(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
            if quiet:
                console.print(f"{escape(title)} ({total})")
            task = bars.add_task(escape(title), total=total)
            yield lambda count: bars.advance(task, count)

    return TerminalProgress()
