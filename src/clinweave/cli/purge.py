"""`clinweave purge`: remove one patient from everything that clinweave holds."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.core.artifacts import home

app = typer.Typer(add_completion=False)


@app.command()
def command(
    patient: Annotated[
        str, typer.Option("--patient", metavar="ID", help="The patient's number, or the id in the source.")
    ],
    also: Annotated[
        list[Path] | None,
        typer.Option("--in", metavar="DIR", help="Another store, in addition to the registered ones."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list where the patient was found; delete nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Delete a patient from the stores and everything derived from them; list where the patient was found.

    This includes collections of notes, the index, vectors, and relations extracted from the notes (`graph propose`).
    """
    from clinweave.cli.patients import _graph_and_linker
    from clinweave.patients import Pseudonymiser, key_at, purge

    graph, linker = _graph_and_linker()
    rules = Pseudonymiser(key_at(home() / "deid.key"), linker)
    items = purge(
        patient,
        home(),
        also=tuple(also or ()),
        graph=graph,
        linker=linker,
        pseudonymiser=rules,
        dry_run=dry_run,
    )
    if as_json:
        typer.echo(json.dumps([item._asdict() for item in items], indent=1))
        return
    for item in items:
        state = (
            "removed"
            if item.removed
            else "left"
            if not dry_run or item.kind in {"source", "file", "graph"}
            else "found"
        )
        typer.echo(f"{state:<8} {item.kind:<11} {item.path}  ({item.found:,})")
    if any(item.kind == "source" for item in items):
        typer.echo(
            "the files that the stores were read from are yours: remove the patient there, too", err=True
        )
    if any(item.kind == "graph" for item in items):
        typer.echo(
            "graphs named above took in proposals from the patient's notes: rebuild them without those",
            err=True,
        )
