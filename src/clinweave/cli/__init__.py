"""The command line. Each group is one file, loaded only when it is called.

Installed packages add commands: a `typer.Typer` under the entry point group `clinweave.commands`.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.main import get_command

from clinweave import __version__
from clinweave.core import configuration
from clinweave.core.logs import event
from clinweave.core.plugins import ExtensionPoint, PluginError, package_of

# name -> one line of help; the command's file bears its name, and the help of the whole program loads none of them
COMMANDS: dict[str, str] = {
    "setup": "Download the databases, build the graph and the text index.",
    "fetch": "Download and verify databases and model weights.",
    "doctor": "Check this installation; say how to mend what is wrong.",
    "check": "Verify the checksums of everything built or downloaded.",
    "graph": "Build, explore, export and import the knowledge graph.",
    "link": "Recognise concepts in text.",
    "batch": "Run a job over many items, here or on a cluster; a stopped run goes on.",
    "index": "Build and search the text index; add your own documents.",
    "ask": "Answer a question with citations, or say that the sources do not answer it.",
    "data": "Build training sets from the graph; check training files.",
    "diagnose": "Rank rare diseases by a patient's findings, with reasons.",
    "code": "Suggest ICD-10-CM codes for a clinical note, with their sentences.",
    "summarize": "Summarise clinical notes by problem, every sentence with its place.",
    "patients": "Load patient records into a private store; show or summarise one patient.",
    "deidentify": "Pseudonymise a note; measure the rules on your own corpus.",
    "purge": "Delete one patient from all data that clinweave stores.",
    "train": "Train one stage: pretrain, sft, reward, dpo, ppo or grpo.",
    "molecules": "Generate and search molecules, predict their properties.",
    "estimate": "Estimate memory and hours of training, or of jobs over a corpus.",
    "export": "Export a trained model as safetensors and GGUF, checked by loading both again.",
    "agent": "Answer a question in steps with tools, every step shown.",
    "chat": "Ask questions in the terminal, with or without a model.",
    "serve": "Start the pages, the HTTP API and OpenAI's chat API.",
    "mcp": "Serve read-only tools to agents (Model Context Protocol).",
    "run": "Run an experiment described in a TOML recipe.",
    "compare": "Compare a model without and with text, graph and both on your benchmark.",
    "leaderboard": "Accumulate comparison runs and compare those that are comparable.",
    "review": "Make a blinded page for human raters; read their ratings back.",
    "config": "Show, locate and check the configuration.",
    "compendium": "List and export facts about databases, datasets, models and systems.",
}

# option of `ask`, `chat` and `serve` -> the setting that is its default
_CONFIGURED = {
    "model": "model",
    "audience": "audience",
    "knowledge": "knowledge",
    "collection": "collections",
    "language": "language",
    "threads": "threads",
    "host": "host",
    "port": "port",
}
_ANSWERING = frozenset({"ask", "chat", "serve"})

# imported only when called: a package that cannot be imported breaks no other command
EXTENSIONS: ExtensionPoint[typer.Typer] = ExtensionPoint(
    "clinweave.commands", "command", {name: f"clinweave.cli.{name}:app" for name in COMMANDS}
)


class LazyGroup(TyperGroup):
    """A command group that imports a command's file only when that command is named."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, in the order of the table, then those of installed packages."""
        return [*COMMANDS, *sorted(EXTENSIONS.installed())]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Note which command is called, to import that one alone."""
        self._called = args[0] if args else ""
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ARG002
        """Import and return the called command, or a stand-in where only a line of help is wanted."""
        if cmd_name not in EXTENSIONS:
            return None
        if getattr(self, "_called", "") != cmd_name:
            return _line_of_help(cmd_name)
        from clinweave.cli.outputs import guard

        command_app = EXTENSIONS.load(cmd_name)
        if not isinstance(command_app, typer.Typer):
            raise PluginError(f"command {cmd_name!r}: the entry point is not a typer.Typer")
        command = guard(get_command(command_app))
        command.name, command.help = cmd_name, command.help or _help_of(cmd_name)
        if cmd_name in _ANSWERING:
            command.context_settings["default_map"] = _configured_defaults()
        return command


def _configured_defaults() -> dict[str, Any]:
    """Return the defaults of options that the environment or a configuration file states."""
    stated = configuration.values()
    defaults = {
        option: stated[key].value for option, key in _CONFIGURED.items() if stated[key].origin != "default"
    }
    return {
        option: ",".join(value)
        if option == "knowledge"
        else list(value)
        if isinstance(value, tuple)
        else value
        for option, value in defaults.items()
    }


def _help_of(name: str) -> str:
    """Return one line of help, without importing the command."""
    return COMMANDS.get(name) or f"Command of the package {package_of(EXTENSIONS.installed()[name])}."


def _line_of_help(name: str) -> Any:
    stand_in = typer.Typer()
    stand_in.command(name, help=_help_of(name))(lambda: None)
    return get_command(stand_in)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(  # noqa: PLR0917 - each parameter is one option
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Read this configuration file instead of clinweave.toml and the user's."
        ),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(help="Least severe message shown on standard error.", show_default="warning"),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show no progress bars, and log only errors.")
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Append events to this file: command, times and counts, never content."
        ),
    ] = None,
) -> None:
    """Merge clinical knowledge into language models and measure whether it helped.

    For research, not for clinical decisions.
    """
    from clinweave.core.logs import configure, note_foreign_home

    options = {"config": config, "log_level": log_level, "log_file": log_file, "quiet": quiet or None}
    configuration.override(**{
        name: value if isinstance(value, bool) else str(value)
        for name, value in options.items()
        if value is not None
    })  # fmt: skip
    if context.invoked_subcommand != "config":  # it reports what is wrong with the configuration itself
        configure()
        note_foreign_home()
    event("started", command=context.invoked_subcommand or "", version=__version__)


def main(arguments: list[str] | None = None) -> object:
    """Run the program: an error is one line on stderr and an exit code (2 for the user's mistakes, 1 for others)."""
    from clinweave.cli.console import harmless_streams
    from clinweave.core.logs import handlers

    configuration.clear_overrides()
    with harmless_streams(), handlers(), _finished():
        try:
            return app(args=arguments)
        except KeyboardInterrupt:
            typer.echo("interrupted; finished stages are saved, run the command again to resume", err=True)
            sys.exit(130)
        except Exception as error:
            from clinweave.cli.failures import failure, show, wants_traceback

            if wants_traceback():
                raise
            line, code = failure(error)
            event("failed", error=type(error).__name__)
            show(line)
            sys.exit(code)


@contextmanager
def _finished() -> Iterator[None]:
    """Log exit code and seconds of the command."""
    began, code = time.monotonic(), 0
    try:
        yield
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise
    except BaseException:
        code = 1
        raise
    finally:
        event("finished", exit_code=code, seconds=time.monotonic() - began)
