"""The command line. Each group is one file, loaded only when it is called."""

import sys
from importlib import import_module
from typing import Any

import click
import typer
from typer.core import TyperGroup
from typer.main import get_command

from clinweave import __version__
from clinweave.errors import ClinweaveError

# name -> (module, one line of help): the help of the whole program needs no module of a group
COMMANDS: dict[str, tuple[str, str]] = {
    "fetch": ("fetch", "Bring and check the databases and weights of the catalogue."),
    "graph": ("graph", "Build, look into, export and import the knowledge graph."),
    "link": ("link", "Recognise concepts in text."),
    "index": ("index", "Build and search the text index; add your own folders."),
    "ask": ("ask", "Answer a question with checked citations, or say that it is not known."),
    "run": ("run", "Run a recipe."),
    "compare": ("compare", "Compare base, text, graph and both on your own benchmark, corpus and model."),
    "compendium": ("compendium", "List and export what is known of databases, datasets, models and systems."),
}


class LazyGroup(TyperGroup):
    """A command group that imports a command's file only when that command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        if _only_listing(ctx):
            return click.Command(cmd_name, help=COMMANDS[cmd_name][1])
        module = import_module(f"clinweave.cli.{COMMANDS[cmd_name][0]}")
        command = get_command(module.app)
        command.name, command.help = cmd_name, command.help or COMMANDS[cmd_name][1]
        return command


def _only_listing(ctx: click.Context) -> bool:
    """Tell whether the program's own help is being printed, which needs names alone."""
    return not getattr(ctx, "_protected_args", None) and not ctx.args and "--help" in sys.argv[1:2]


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", is_eager=True, help="Print the version and stop."),
) -> None:
    """Weave clinical knowledge into language models, and measure whether it helped.

    For research, not for clinical decisions.
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main(arguments: list[str] | None = None) -> Any:
    """Run the program: a `ClinweaveError` is one line on stderr and its exit code (2 for the user's mistakes)."""
    try:
        return app(args=arguments)
    except ClinweaveError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted; finished stages are kept, run again to go on", err=True)
        sys.exit(130)
