"""`clinweave run`: a whole chain described in one TOML file, from fetching to the report."""

import logging
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from clinweave.cli.console import Console
from clinweave.core.artifacts import claim, home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.evaluation import Recipe

app = typer.Typer(add_completion=False)


@app.command()
def run(  # noqa: PLR0917 - each parameter is one option
    recipe: Annotated[Path, typer.Argument(help="The recipe, such as recipes/demo.toml.")],
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
    """Run a recipe: download, graph, index, questions, comparison, report. Finished steps are reused."""
    from clinweave.evaluation import load_recipe
    from clinweave.evaluation.design import designs
    from clinweave.evaluation.tuned import has_stages

    if designs(recipe):
        _design(recipe, out, changes or [], as_json=as_json)
        return
    if has_stages(recipe):
        _tuning(recipe, out, changes or [], offline=offline, as_json=as_json)
        return
    chosen = load_recipe(recipe, changes or [])
    place = claim(out or Path("runs") / chosen.name)
    if any(task.type.startswith("diagnosis") for task in chosen.tasks):
        _diagnosis(chosen, place, allow_future=allow_future, as_json=as_json)
        return
    if allow_future:
        raise UserError("--allow-future is for recipes of diagnosis; this one has no dated protocol")
    if not offline:
        bring(chosen)
    finish(chosen, place, as_json=as_json)


def _diagnosis(recipe: "Recipe", out: Path, *, allow_future: bool, as_json: bool) -> None:
    """Rank the recipe's cases under its protocols; nothing is fetched."""
    from clinweave.evaluation.diagnosis import headline, run_recipe

    began = time.monotonic()
    with _telling() as (say, bar):
        results = run_recipe(recipe, out, home(), say, bar, allow_future=allow_future)
    _answer(out, headline(results), began, as_json=as_json)


def _tuning(recipe: Path, out: Path | None, changes: list[str], *, offline: bool, as_json: bool) -> None:
    """Build data, train the recipe's stages, measure each, and write the report."""
    from clinweave.evaluation import Recipe
    from clinweave.evaluation.tuned import TuneRun, load_tuning, write_tuning_report

    chosen = load_tuning(recipe, changes)
    place = claim(out or Path("runs") / chosen.name)
    if not offline:
        bring(Recipe(chosen.name))
    began = time.monotonic()
    with _telling() as (say, _):
        results = TuneRun(chosen, place, home(), say).run()
        write_tuning_report(results, place / "stages", place / "report.html")
    _answer(place, (*results["floors"], *results["sentences"]), began, as_json=as_json)


def _design(recipe: Path, out: Path | None, changes: list[str], *, as_json: bool) -> None:
    """Make molecules: model, generation, measures, property, searches, one page; nothing is fetched."""
    from clinweave.cli.extras import needs_molecules
    from clinweave.evaluation.design import DesignRun, load_design, sentences, write_design_report

    began = time.monotonic()
    with needs_molecules():
        chosen = load_design(recipe, changes)
    place = claim(out or Path("runs") / chosen.name)
    with needs_molecules(), _telling() as (say, _):
        run = DesignRun(chosen, place, home(), say)
        results = run.run()
        write_design_report(results, run.delivered(), place / "report.html")
    _answer(place, sentences(results), began, as_json=as_json)


def bring(recipe: "Recipe") -> None:
    """Fetch what the recipe's databases and model need."""
    from clinweave.cli.fetch import progress_bars
    from clinweave.databases import DEFAULT
    from clinweave.evaluation import weight_resources
    from clinweave.resources import catalogue, fetch

    wanted = set() if recipe.knowledge.graph else set(recipe.knowledge.databases or DEFAULT)
    ids = [item.id for item in catalogue().values() if wanted & set(item.databases)]
    with progress_bars() as told:
        fetch([*ids, *weight_resources(recipe.model.address)], home=home(), progress=told)


def finish(recipe: "Recipe", out: Path, *, as_json: bool) -> None:
    """Compare, write the report, and print the table and what to try next."""
    from clinweave.evaluation import Run, headline, write_report

    began = time.monotonic()
    with _telling() as (say, bar):
        results = Run(recipe, out, home(), say, bar).compare()
        write_report(results, out / "samples.jsonl", out / "report.html")
    screen = Console()
    if not as_json:
        for task in results["tasks"]:
            screen.print(_table(task, results))
    left_out = [f"Left out: {row['task']}, {row['reason']}" for row in results["skipped"]]
    _answer(out, [*headline(results), *left_out], began, as_json=as_json)
    if not as_json:
        screen.print(
            'Try next: clinweave ask "Which gene is associated with Marfan syndrome?"', highlight=False
        )


def _answer(out: Path, sentences: Iterable[str], began: float, *, as_json: bool) -> None:
    """End a run: its numbers as they are on disk, or what it says, where the page is, time and peak of memory."""
    if as_json:
        typer.echo((out / "results.json").read_text("utf-8"))
        return
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


def _table(task: str, results: dict[str, Any]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from clinweave.evaluation import find_arm, in_arm_order

    found = results["tasks"][task]
    floors = ", ".join(f"{name} {value:.0%}" for name, value in found["floors"].items())
    table = Table(
        title=f"{escape(task)}: {found['n']} questions; {floors}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for name in ("95 % intervals", "accuracy", "difference", "p", "recall", "unscored", "s"):
        table.add_column(name, no_wrap=True)
    over = {
        row["arm"]: row for row in results["comparisons"] if row["task"] == task and row["baseline"] == "base"
    }
    for name in in_arm_order(found["arms"]):
        arm, row = found["arms"][name], over.get(name)
        share = arm["answer_named"] if arm["gold_in_evidence"] is None else arm["gold_in_evidence"]
        low, high = (f"{100 * end:.0f}" for end in arm["interval"])
        table.add_row(
            find_arm(name).title,
            "-" if arm["accuracy"] is None else f"{arm['accuracy']:.0%} ({low}-{high})",
            f"{100 * row['difference']:+.0f} ({100 * row['low']:+.0f}, {100 * row['high']:+.0f})"
            if row
            else "",
            ("<0.001" if row["p"] < 0.001 else f"{row['p']:.3f}") if row else "",
            "" if name == "base" or share is None else f"{share:.0%}",
            str(sum(arm["unscored"].values())),
            f"{results['timings']['tasks'][task][name]['seconds_per_item']:.2f}",
            style="dim" if find_arm(name).control else "",
        )
    return table


@contextmanager
def _telling() -> Iterator[tuple[Callable[[str], None], Any]]:
    """Yield (set_status, progress_bar), both writing to stderr; without a terminal, one line per step."""
    logging.getLogger("clinweave.databases").addHandler(logging.NullHandler())  # counted in the manifest
    logging.getLogger("clinweave.databases").propagate = False
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        stage = bars.add_task("Starting", total=None)
        quiet = not console.is_terminal

        @contextmanager
        def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
            if quiet:
                console.print(f"{escape(title)} ({total})")
            task = bars.add_task(escape(title), total=total)
            yield lambda count: bars.advance(task, count)

        def set_status(message: str) -> None:
            if quiet:
                console.print(escape(message))
            bars.update(stage, description=escape(message))

        yield set_status, bar
