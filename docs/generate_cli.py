"""Writes docs/cli.md from the commands themselves: `make docs`. A test holds that the file is current."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import typer

from clinweave.cli import COMMANDS, app

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# Command line

Written by `make docs` from the commands themselves; edit their help, not this page.
Every command takes `--json` (one JSON document on standard output) and ends with code 0, 1 (something outside your
control failed) or 2 (a mistake in what was asked).
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Yield (full name, click command) of every command, groups before their members."""
    root: Any = typer.main.get_command(app)
    for name in COMMANDS:
        root._called = name
        yield from _with_members(f"clinweave {name}", root.get_command(None, name))


def page() -> str:
    """Return the whole page."""
    return HEAD + _general() + "".join(_section(name, command) for name, command in commands())


def _general() -> str:
    """Return the table of options that stand before the command."""
    root: Any = typer.main.get_command(app)
    rows = [f"| `{_option(item)}` | {_cell(_help(item))} |" for item in root.params]
    head = [
        "",
        "Before the command: `clinweave [OPTIONS] COMMAND ...` ([configuration](configuration.md)).",
        "",
        "| | |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _with_members(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for member, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _with_members(f"{name} {member}", inner)


def _section(name: str, command: Any) -> str:
    members = sorted(getattr(command, "commands", {}))
    level = "#" * len(name.split())
    parts = ["", f"{level} {name}", "", " ".join((command.help or "").split())]
    if members:
        parts += ["", *(f"- `{name} {member}`" for member in members)]
        if not getattr(command, "invoke_without_command", False):
            return "\n".join(parts) + "\n"
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    options = [item for item in command.params if item.param_type_name == "option"]
    usage = " ".join([name, *(_argument(item) for item in arguments), "[OPTIONS]" if options else ""]).strip()
    parts += ["", "```", usage, "```"]
    rows = [(item.metavar or item.name, item.help or "") for item in arguments]
    rows += [(_option(item), _help(item)) for item in options]
    if rows:
        parts += ["", "| | |", "|---|---|", *(f"| `{left}` | {_cell(right)} |" for left, right in rows)]
    return "\n".join(parts) + "\n"


def _argument(item: Any) -> str:
    shown = (item.metavar or item.name).upper() + ("..." if item.nargs == -1 else "")
    return shown if item.required else f"[{shown}]"


def _option(item: Any) -> str:
    names = ", ".join([*item.opts, *item.secondary_opts])
    return names if item.is_flag or item.count else f"{names} {item.metavar or _kind(item)}"


def _kind(item: Any) -> str:
    """Return the choices of an enumeration, else the type's name."""
    kind = item.type_descriptor.annotation
    if choices := [
        word for part in (kind, *get_args(kind)) if get_origin(part) is Literal for word in get_args(part)
    ]:
        return "/".join(choices)
    kind = next((part for part in get_args(kind) if part is not NoneType), kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "/".join(str(choice.value) for choice in kind)
    return {"str": "TEXT", "Path": "PATH", "int": "INTEGER", "float": "NUMBER"}.get(kind.__name__, "VALUE")


def _help(item: Any) -> str:
    default = getattr(item.default, "value", item.default)
    stated = not item.is_flag and default not in (None, "", [], ()) and not callable(default)
    notes = (["required"] if item.required else []) + ([f"default {default}"] if stated else [])
    return (item.help or "") + (f" ({', '.join(notes)})" if notes else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")
