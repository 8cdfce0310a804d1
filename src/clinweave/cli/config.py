"""`clinweave config`: the settings, where each comes from, and a check of configuration files."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.console import Console
from clinweave.core import configuration
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of
from clinweave.core.typed import nearest

app = typer.Typer(add_completion=False, no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show every setting with its value and origin: option, environment variable, project file, user file, default."""
    stated = configuration.values()
    if as_json:
        rows = {key: {"value": item.value, "origin": item.origin} for key, item in stated.items()}
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("setting", "value", "origin", "environment variable")
    for key, item in stated.items():
        value = json.dumps(item.value, ensure_ascii=False)
        table.add_row(key, escape(value), escape(item.origin), configuration.variable(key))
    Console().print(table)


@app.command()
def path(as_json: AsJson = False) -> None:
    """Show which configuration files are read, the strongest first, and whether they exist."""
    files = {"project": configuration.project_file(), "user": configuration.user_file()}
    if named := configuration.named_file():
        files = {"named": named}
    rows = [
        {"kind": kind, "path": str(file), "exists": kind_of(file) == "file"} for kind, file in files.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        state = "" if row["exists"] else " (does not exist)"
        typer.echo(f"{row['kind']}: {row['path']}{state}")


@app.command()
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A configuration file; all that are read if none is given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check configuration files and environment variables: unknown keys, wrong types and values."""
    checked = [(file, file.name == configuration.PROJECT_FILE)] if file else configuration.config_files()
    for checked_file, is_project in checked:
        configuration.read_config(checked_file, is_project=is_project)
    if file is None:
        configuration.values()
        known = {configuration.variable(key) for key in configuration.values()} | OTHER_VARIABLES
        for name in sorted(os.environ):
            if name.startswith("CLINWEAVE_") and name not in known:
                raise UserError(f"the environment variable {name} is unknown{nearest(name, known)}")
    if as_json:
        typer.echo(json.dumps({"valid": [str(checked_file) for checked_file, _ in checked]}))
        return
    typer.echo(
        "\n".join(f"{checked_file}: valid" for checked_file, _ in checked)
        or "no configuration file; every setting is valid"
    )


OTHER_VARIABLES = {  # read elsewhere, and by tests
    "CLINWEAVE_API_KEY",
    "CLINWEAVE_CONFIG",
    "CLINWEAVE_TOKEN",
    "CLINWEAVE_TRACEBACK",
}
