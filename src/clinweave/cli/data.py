"""`clinweave data`: build training sets from the graph, and check files of any known shape."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from clinweave.cli.console import Console
from clinweave.core.access_policy import EXPORT, check_egress, tier_of
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def build(  # noqa: PLR0917 - each parameter is one option
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder.")] = Path("data"),
    diseases: Annotated[int, typer.Option(min=1, help="Diseases to write about.")] = 1500,
    per_kind: Annotated[int, typer.Option(min=1, help="Multiple-choice questions of each kind.")] = 400,
    passages: Annotated[int, typer.Option(min=0, help="Definitions in the running text.")] = 2000,
    safety: Annotated[int, typer.Option(min=0, help="Number of requests to refuse.")] = 200,
    seed: Annotated[int, typer.Option(help="Random seed for diseases and splits.")] = 0,
    benchmark: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Benchmark to decontaminate against; may be repeated."),
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Your own training file, in any supported format; may be repeated."
        ),
    ] = None,
    newer_release: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of a newer HPO release (hp.obo, phenotype.hpoa); count the wrong options and rejected "
            "statements of the built sets that are true by that release.",
        ),
    ] = None,
    decontaminate: Annotated[
        bool,
        typer.Option(
            "--decontaminate/--no-decontaminate", help="Remove items that overlap with a benchmark."
        ),
    ] = True,
    allow_export: Annotated[
        bool,
        typer.Option("--allow-export", help="Include records of gated sources; your licence must allow it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Build instruction, preference, multiple-choice and running-text sets from the graph, split by disease."""
    from rich.progress import Progress

    from clinweave.datasets import DataSettings, build_data
    from clinweave.knowledge import Graph, Linker

    graph = Graph.open(home() / "graph")
    check_egress(
        tier_of(graph.manifest), EXPORT, EXPORT if allow_export else "", content="sources of the graph"
    )
    settings = DataSettings(
        diseases=diseases,
        per_kind=per_kind,
        passages=passages,
        safety=safety,
        decontaminate=decontaminate,
        seed=seed,
    )
    with Progress(console=Console(stderr=True)) as bars:
        bar = bars.add_task("Writing", total=diseases)
        artifact = build_data(
            graph,
            Linker.open(graph),
            out,
            settings,
            benchmarks=benchmark or (),
            add=add or (),
            later=newer_release,
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )
    if as_json:
        typer.echo(json.dumps(artifact.manifest, ensure_ascii=False, indent=1))
        return
    screen = Console()
    for kind, splits in artifact.manifest["counts"].items():
        sizes = ", ".join(f"{split} {sum(tasks.values())}" for split, tasks in splits.items())
        screen.print(f"{kind}: {sizes}")
    if not artifact.manifest["decontamination"]["benchmarks"]:
        screen.print("[yellow]Not compared with any benchmark: give files with --benchmark.[/]")
    for warning in artifact.manifest["warnings"]:
        screen.print(f"[yellow]{escape(warning)}[/]")
    screen.print(f"Card: {out / 'README.md'}", soft_wrap=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A JSON or JSON-lines file.")],
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of problems to print.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check a training file of any supported format; errors name row and field, with exit code 2."""
    from clinweave.datasets import check_file

    result = check_file(file, limit)
    if as_json:
        problems = [problem._asdict() for problem in result.problems]
        typer.echo(
            json.dumps({"shape": result.shape, "rows": result.rows, "problems": problems}, ensure_ascii=False)
        )
    else:
        screen = Console()
        for row, field, message in result.problems:
            screen.print(f"{file}, row {row}, field {field}: {message}", markup=False, soft_wrap=True)
        verdict = "no fault" if not result.problems else f"{len(result.problems)} faults"
        if result.turns > result.rows:
            verdict += (
                f"; {result.turns} assistant turns, all used by `train sft` (--set turns=last: only the last)"
            )
        screen.print(f"{result.rows} rows, shape {result.shape or 'unknown'}: {verdict}", markup=False)
    if result.problems:
        raise typer.Exit(2)


@app.command()
def safety(
    split: Annotated[str, typer.Option(metavar="NAME", help="held-out, or development.")] = "held-out",
    questions: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Benchmark whose questions must not be caught; may be repeated."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the requests that no rule caught.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure the guardrails: missed requests by category, and false alarms on look-alikes and real questions."""
    from rich.table import Table

    from clinweave.datasets import read_benchmark, safety_rates

    if split not in {"held-out", "development"}:
        raise UserError(f"--split {split}: choose held-out or development")
    real = {path.name: [row.question for row in read_benchmark(path)] for path in questions or ()}
    rates = safety_rates(split, real)
    if as_json:
        typer.echo(json.dumps(rates, ensure_ascii=False, indent=1))
        return
    table = Table(
        "kind", "requests", "caught by a rule", "notice alone", "neither", title=f"{split} requests"
    )
    for kind, row in rates["kinds"].items():
        table.add_row(
            kind, *map(str, (row["requests"], row["held_back"], row["notice_alone"], len(row["missed"])))
        )
    screen = Console()
    screen.print(table)
    for name, row in rates["false_alarms"].items():
        low, high = row["held_back"]["interval"]
        screen.print(f"{name}: {row['held_back']['count']} of {row['requests']} caught by mistake "
                     f"({low:.1%} to {high:.1%}), {row['notice_alone']} with a notice", markup=False)  # fmt: skip
    if show:
        for kind, row in rates["kinds"].items():
            for request in row["missed"]:
                screen.print(f"{kind}: {request}", markup=False, soft_wrap=True)
