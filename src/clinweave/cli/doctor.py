"""`clinweave doctor`: whether this installation can work, and how to mend what is wrong."""

import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, Literal

import typer

from clinweave.core.artifacts import damage, home, read_manifest
from clinweave.core.errors import ClinweaveError, UserError

app = typer.Typer(add_completion=False)
State = Literal["good", "warning", "problem"]
_NEEDED_BYTES = 5 << 30  # the demo's downloads and what is built from them
_OLDEST = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `fix` says what to do, and is "" where nothing is."""

    check: str
    state: State
    message: str
    fix: str = ""


@app.command()
def doctor(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port that `serve` is to use.", show_default="8000")
    ] = 8000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Check Python, packages, disk, knowledge base, models, port and permissions; exit code 1 with fixes if any fails.

    `clinweave check` compares every file with its checksum; this looks at sizes alone and takes a second.
    """
    findings = [item for check in _checks(port) for item in check()]
    problems = [item for item in findings if item.state == "problem"]
    if as_json:
        rows = [asdict(item) for item in findings]
        typer.echo(json.dumps({"good": not problems, "findings": rows}, indent=1, ensure_ascii=False))
    else:
        for item in findings:
            typer.echo(f"{item.state:<8} {item.check:<12} {item.message}")
            if item.fix:
                typer.echo(f"{'':<21} fix: {item.fix}")
    if problems:
        raise typer.Exit(1)


def _checks(port: int) -> tuple[Callable[[], Iterator[Finding]], ...]:
    return (
        _python,
        _packages,
        _home,
        lambda: _built("graph", "clinweave setup"),
        lambda: _built("index", "clinweave setup"),
        _model,
        lambda: _port(port),
        _permissions,
    )


def _python() -> Iterator[Finding]:
    text = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST:
        yield Finding("python", "problem", f"Python {text} is too old", "install Python 3.11 or newer")
    else:
        yield Finding("python", "good", f"Python {text}")


def _packages() -> Iterator[Finding]:
    """Compare the installed packages with what clinweave states; a checkout that was not installed states nothing."""
    from packaging.requirements import Requirement

    try:
        stated = [Requirement(item) for item in requires("clinweave") or []]
    except PackageNotFoundError:
        yield Finding(
            "packages", "warning", "clinweave runs from a checkout", "pip install -e . to check its packages"
        )
        return
    core = [item for item in stated if item.marker is None or item.marker.evaluate({"extra": ""})]
    wrong = []
    for item in core:
        try:
            if not item.specifier.contains(version(item.name), prereleases=True):
                wrong.append(f"{item.name} {version(item.name)} (needs {item.specifier})")
        except PackageNotFoundError:
            wrong.append(f"{item.name} is not installed")
    if wrong:
        yield Finding("packages", "problem", "; ".join(wrong), "pip install --upgrade clinweave")
    else:
        yield Finding("packages", "good", f"{len(core)} packages")


def _home() -> Iterator[Finding]:
    folder = home()
    existing = next(item for item in (folder, *folder.parents) if item.exists())
    if not existing.is_dir():
        yield Finding("home", "problem", f"{existing} is a file", "set CLINWEAVE_HOME to a folder")
        return
    if not os.access(existing, os.W_OK | os.X_OK):
        fix = "make it writable, or set CLINWEAVE_HOME to another folder; to serve, reading is enough"
        yield Finding("home", "warning", f"{folder} cannot be written", fix)
    else:
        yield Finding("home", "good", str(folder))
    free = shutil.disk_usage(existing).free
    if free < _NEEDED_BYTES:
        yield Finding(
            "disk", "warning", f"{free / 2**30:.1f} GiB are free", "free 5 GiB before `clinweave setup`"
        )
    else:
        yield Finding("disk", "good", f"{free / 2**30:.0f} GiB are free")


def _built(part: str, command: str) -> Iterator[Finding]:
    folder = home() / part
    try:
        manifest = read_manifest(folder)
        reason = damage(folder, full=False) if manifest is not None else ""
    except (UserError, OSError) as error:
        yield Finding(part, "problem", str(error), f"delete {folder} and run `{command}`")
        return
    if manifest is None:
        yield Finding(part, "problem", f"none was built at {folder}", f"run `{command}`")
    elif reason:
        yield Finding(part, "problem", f"{folder}: {reason}", f"delete it and run `{command}`")
    else:
        counts = manifest.get("counts", {})
        size = ", ".join(f"{counts[name]:,} {name}" for name in ("concepts", "relations") if name in counts)
        parts = len(manifest.get("parts", {}))
        yield Finding(part, "good", size or f"{parts} collection{'s' * (parts != 1)}")


def _model() -> Iterator[Finding]:
    from clinweave.models import best_installed

    try:
        name = best_installed(home())
    except ClinweaveError as error:
        yield Finding("model", "problem", str(error), "delete the named file and fetch it again")
        return
    if name == "none":
        yield Finding("model", "warning", "no model was fetched: answers are the sources' own statements",
                      "optional: `clinweave fetch qwen2.5-coder-1.5b`")  # fmt: skip
    else:
        yield Finding("model", "good", name)


def _port(port: int) -> Iterator[Finding]:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        yield Finding("port", "warning", f"127.0.0.1:{port} is not available: {error.strerror}",
                      "stop what uses it, or give `serve` another --port")  # fmt: skip
    else:
        yield Finding("port", "good", f"127.0.0.1:{port} is free")


def _permissions() -> Iterator[Finding]:
    """Look at what must be its owner's alone: tokens, the key of pseudonyms, patients; and at the home itself."""
    bad = [
        path
        for path in (home() / "service" / "tokens.json", home() / "deid.key", home() / "patients")
        if path.exists() and _others_may(path, stat.S_IRWXG | stat.S_IRWXO)
    ]
    for path in bad:
        fix = f"chmod {'700' if path.is_dir() else '600'} {path}"
        yield Finding("permissions", "problem", f"others may read {path}", fix)
    if home().exists() and _others_may(home(), stat.S_IWOTH):
        yield Finding("permissions", "problem", f"everybody may write to {home()}", f"chmod o-w {home()}")
    elif not bad:
        yield Finding("permissions", "good", "secrets are their owner's alone")


def _others_may(path: Path, bits: int) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & bits)
