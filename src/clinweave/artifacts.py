"""Write-once output folders with a manifest, so that every stage resumes and nothing half-done looks finished.

A stage's folder holds `manifest.json`: a key made from what went in (inputs by sha256, parameters, code version),
and what came out (counts, dropped rows, licences). A folder whose key matches is reused; otherwise the stage writes
into a sibling folder that replaces the old one in a single rename.
"""

import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.errors import ClinweaveError

MANIFEST = "manifest.json"


def home() -> Path:
    """Return the folder for everything fetched or built: `$CLINWEAVE_HOME`, else `~/.cache/clinweave`."""
    given = os.environ.get("CLINWEAVE_HOME")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "clinweave"


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hex, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Return a short stable hash of JSON-like values (keys sorted)."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Artifact:
    """A finished folder and its manifest. `fresh` says that this call built it."""

    path: Path
    manifest: dict[str, Any]
    fresh: bool


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest of a finished folder, or None where there is none that can be read."""
    try:
        return dict(json.loads((path / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError):
        return None


def stage(
    path: Path,
    kind: str,
    inputs: Mapping[str, str],
    parameters: Mapping[str, Any],
    build: Callable[[Path], Mapping[str, Any]],
    *,
    version: int = 1,
) -> Artifact:
    """Build the folder `path` unless it already holds the result of exactly these inputs.

    `inputs` maps a name to a sha256, `version` is raised when the stage's code changes its output, and `build` writes
    into the empty folder it is given and returns what the manifest records. An exception, Ctrl-C or a kill leaves
    `path` as it was; what a killed run had written is removed by the next one.
    """
    key = digest([kind, version, dict(inputs), dict(parameters)])
    known = read_manifest(path)
    if known and known.get("key") == key:
        return Artifact(path, known, fresh=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _workplace(path) as work:
            outcome = dict(build(work))
            manifest = {
                "kind": kind,
                "key": key,
                "version": version,
                "clinweave": __version__,
                "inputs": dict(inputs),
                "parameters": dict(parameters),
                **outcome,
            }
            write_json(work / MANIFEST, manifest)
            _replace(work, path)
    except OSError as error:
        raise ClinweaveError(
            f"could not write {path}: {error}. Nothing was kept; free space or choose another folder"
        ) from error
    return Artifact(path, manifest, fresh=True)


@contextmanager
def _workplace(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that vanishes in the end.

    A lock file says that its owner lives, so that what a killed run left can be told from another run's work.
    """
    for lock in path.parent.glob(f".{glob.escape(path.name)}.*.lock"):
        # locked: its owner lives; not there: another run has swept it
        with suppress(BlockingIOError, FileNotFoundError), lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(".partial"), ignore_errors=True)
            lock.unlink(missing_ok=True)
    lock = path.with_name(f".{path.name}.{secrets.token_hex(4)}.lock")
    work = lock.with_suffix(".partial")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            work.mkdir(mode=0o700)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextmanager
def appearing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield the name of a file to write that takes the place of `path` when it is whole, and vanishes on any failure.

    A reader sees the old file or all of the new one. Folders above are made. `private`: only its owner may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}.partial")
    try:
        if private:
            os.close(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield work
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, private: bool = False) -> Path:
    """Write UTF-8 text that appears whole or not at all; return `path`."""
    with appearing(path, private=private) as work:
        work.write_text(text, "utf-8", newline="")
    return path


def write_json(path: Path, value: Any, *, private: bool = False) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    write_text(path, text + "\n", private=private)


def _replace(work: Path, path: Path) -> None:
    """Put `work` in the place of `path`; a failure between the two renames restores the old folder."""
    old = work.with_suffix(".old")
    if path.exists():
        path.rename(old)
    try:
        work.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)
