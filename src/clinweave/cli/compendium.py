"""`clinweave compendium`: list, search, show and export entries on the field's methods and systems."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from clinweave import compendium

app = typer.Typer(add_completion=False)


class Kind(StrEnum):
    """The four kinds of entry."""

    DATABASE = "database"
    DATASET = "dataset"
    MODEL = "model"
    SYSTEM = "system"


@app.command()
def main(  # noqa: PLR0917 - each parameter is one option
    kind: Annotated[Kind | None, typer.Option(help="Only entries of this kind.")] = None,
    search: Annotated[str, typer.Option(help="Only entries that contain all these words.")] = "",
    show: Annotated[str, typer.Option(help="Show one entry in full, by id or name.")] = "",
    export: Annotated[
        Optional[tuple[str, Path]],  # noqa: UP045 typer reads a pair only in this form
        typer.Option(help="Write the entries: csv, md, json or html, and the file.", metavar="FORMAT PATH"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of your own entries instead of the packaged ones.")
    ] = None,
    survey: Annotated[
        bool,
        typer.Option("--survey", help="Count the systems that the survey's figures name, and list them."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """List, search, show and export facts about databases, datasets, models and systems of the field, with sources."""
    entries = compendium.load(folder)
    if survey:
        _print_survey(compendium.named_systems(entries), as_json=as_json)
        return
    if show:
        entries = [compendium.find(entries, show)]
    entries = [entry for entry in entries if kind in (None, entry.kind)]
    if search:
        entries = compendium.search(entries, search)
    if export:
        compendium.export(entries, *export)
        typer.echo(f"{len(entries)} entries written to {export[1]}", err=True)
    if as_json:
        entries_shown = [asdict(entry) for entry in entries]
        typer.echo(
            json.dumps(
                entries_shown[0] if show and entries_shown else entries_shown, ensure_ascii=False, indent=1
            )
        )
    elif not export:
        _print(entries, full=bool(show))


def _print(entries: list[compendium.Entry], *, full: bool) -> None:
    from rich.markdown import Markdown
    from rich.table import Table

    from clinweave.cli.console import Console

    console = Console()
    if full and entries:
        console.print(Markdown(compendium.render(entries, "md").split("\n\n", 2)[2]))
        return
    table = Table("id", "kind", "name", "access", "clinweave runs", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(
            entry.id, entry.kind, entry.name, entry.access, "; ".join(entry.clinweave) or "nothing yet"
        )
    console.print(table)
    console.print(f"{len(entries)} entries; --show ID for one in full, with sources")


def _print_survey(named: list[compendium.NamedSystem], *, as_json: bool) -> None:
    """Print how many of the named systems have an entry, and which."""
    present = sum(bool(system.entry) for system in named)
    if as_json:
        rows = [asdict(system) for system in named]
        typer.echo(
            json.dumps(
                {"named": len(named), "present": present, "systems": rows}, ensure_ascii=False, indent=1
            )
        )
        return
    from rich.table import Table

    from clinweave.cli.console import Console

    table = Table("named by the survey", "figure or table", "entry", box=None, pad_edge=False)
    for system in named:
        table.add_row(system.name, system.figure, system.entry or "none: no public source found")
    console = Console()
    console.print(table)
    console.print(f"{present} of {len(named)} systems named in the survey's figures and tables have an entry")
