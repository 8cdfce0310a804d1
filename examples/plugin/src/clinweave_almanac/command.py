"""A command: `clinweave almanac year 1931`. It is imported only when it is called."""

import json
from typing import Annotated

import typer

from clinweave_almanac.task import YEARS

app = typer.Typer(help="Look up the almanac.")


@app.callback()
def almanac() -> None:
    """Look up the almanac."""


@app.command()
def year(
    value: Annotated[int, typer.Argument(help="A year.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """List what was first described in a year."""
    names = [name for name, first in YEARS.items() if first == value]
    typer.echo(json.dumps(names) if as_json else "\n".join(names) or "nothing")
