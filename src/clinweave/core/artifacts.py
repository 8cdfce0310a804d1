"""Output folders that are written once, with a manifest: steps are cached and resumed, and unfinished output is never
used.

A stage's folder holds `manifest.json`: a key made from what went in (inputs by sha256, parameters, code version), what
came out (counts, dropped rows, licences), and the size and sha256 of every file. A folder whose key matches and whose
files are whole is reused; otherwise the stage writes into a sibling folder that takes the old one's place in one step.
Only a folder that a stage of the same kind wrote, with no file of anybody else in it, is ever replaced.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.core import configuration
from clinweave.core.atomic import (
    appearing,
    leftovers_below,
    recover,
    recover_all,
    remove_folder,
    replace_folder,
    scratch,
    sweep,
    sweep_below,
    write_new,
    write_text,
)
from clinweave.core.errors import ClinweaveError, OutdatedError, UserError
from clinweave.core.filesystem import kind_of, output_folder, reason, regular_file
from clinweave.core.logs import event

__all__ = [
    "MANIFEST",
    "Artifact",
    "appearing",
    "check",
    "check_replaceable",
    "claim",
    "damage",
    "digest",
    "home",
    "is_built",
    "is_ours",
    "leftovers_below",
    "names_in",
    "open_manifest",
    "read_manifest",
    "recover",
    "recover_all",
    "remove_built",
    "remove_folder",
    "replace_folder",
    "require",
    "rewriting",
    "scratch",
    "sha256",
    "stage",
    "sweep",
    "sweep_below",
    "write_json",
    "write_manifest",
    "write_new",
    "write_text",
]

MANIFEST = "manifest.json"
_RUN = ".clinweave-run"  # a file that says that a run writes into its folder
_KEY = re.compile("[0-9a-f]{16}")  # as `digest` gives it
_PASSING = re.compile(  # what other programs and killed runs drop into a folder
    r"(^|/)(\.DS_Store$|Thumbs\.db$|\.nfs[0-9a-f]+$|\.tantivy-[a-z]+\.lock$"
    r"|\.[^/]+\.[0-9a-f]{8}\.(partial|old|lock)(/|$)|private/clinweave-notes-)"
)
_DIGESTS: dict[tuple[Any, ...], str] = {}


def home() -> Path:
    """Return the folder for everything fetched or built: the setting `home`, by default `~/.cache/clinweave`."""
    path = Path(configuration.get("home")).expanduser()
    if (kind := kind_of(path)) not in {"", "a folder"}:
        raise UserError(
            f"the home {path} is {'a file' if kind == 'file' else kind}; set CLINWEAVE_HOME to a folder"
        )
    return path


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hex, read in pieces."""
    with regular_file(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """Return a short stable hash of JSON-like values (keys sorted)."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Artifact:
    """A finished folder and its manifest. `fresh` says that this call built it."""

    path: Path
    manifest: dict[str, Any]
    fresh: bool


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest of a finished folder, or None if there is no manifest.

    A folder that a kill left half-way between two renames is put back first. Raises `UserError` naming the file where
    the manifest cannot be read or was changed.
    """
    file = path / MANIFEST
    if not file.is_file() and (not recover(path) or not file.is_file()):
        return None
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is damaged: not JSON. Delete the folder and build it again") from error
    if not isinstance(manifest, dict):
        raise UserError(f"{file} is damaged: not a manifest. Delete the folder and build it again")
    if "checksum" in manifest and manifest["checksum"] != _checksum(manifest):
        raise UserError(
            f"{file} was changed or is damaged: its checksum does not match. Build the folder again"
        )
    return manifest


def open_manifest(
    path: Path, kind: str, advice: str, *, required: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """Return the manifest of a folder of this kind, its files checked for damage.

    `advice` says what makes such a folder; `required` names entries and their types. Raises `UserError` otherwise.
    """
    manifest = read_manifest(path)
    if manifest is None or manifest.get("kind") != kind:
        raise UserError(f"there is no {kind} in {path}; {advice}")
    require(path, manifest, required or {})
    check(path, kind)
    return manifest


def require(path: Path, manifest: Mapping[str, object], required: Mapping[str, type]) -> None:
    """Raise `UserError` naming the manifest's file where an entry is missing or of another type."""
    for name, kind in {"key": str, "inputs": dict, **required}.items():
        if not isinstance(manifest.get(name), kind):
            raise UserError(
                f"{path / MANIFEST} is damaged: {name} is missing or wrong. Build the folder again"
            )


def is_built(path: Path) -> bool:
    """Say whether a folder was built by clinweave, also where its manifest is damaged."""
    try:
        return is_ours(read_manifest(path))
    except UserError:
        with suppress(OSError):
            return b'"clinweave"' in (path / MANIFEST).read_bytes()
        return False


def write_manifest(path: Path, manifest: Mapping[str, object]) -> dict[str, Any]:
    """Write the manifest of the folder `path` with the size and sha256 of every file there; return it."""
    plain: dict[str, object] = json.loads(json.dumps(dict(manifest), default=str))
    plain["contents"] = {name: [size(path / name), sha256(path / name)] for name in names_in(path)}
    plain["checksum"] = _checksum(plain)
    write_json(path / MANIFEST, plain)
    return plain


def is_ours(manifest: Mapping[str, Any] | None) -> bool:
    """Say whether a manifest was written by `stage`."""
    data = manifest or {}
    texts = all(isinstance(data.get(name), str) for name in ("kind", "key", "clinweave"))
    return texts and bool(_KEY.fullmatch(data["key"])) and isinstance(data.get("inputs"), dict)


def size(path: Path) -> int:
    """Return the size of a file in bytes."""
    return path.stat().st_size


def names_in(path: Path) -> list[str]:
    """Return the files below a folder as sorted relative names, without its manifest and what other programs drop."""
    entries = (item for item in path.rglob("*") if item.is_symlink() or not item.is_dir())
    names = (item.relative_to(path).as_posix() for item in entries)
    return sorted(name for name in names if name != MANIFEST and not _PASSING.search(name))


def _checksum(manifest: Mapping[str, object]) -> str:
    return digest({name: value for name, value in manifest.items() if name != "checksum"})


def damage(path: Path, *, full: bool = False) -> str:
    """Return what is wrong with the files of a finished folder, "" where nothing is.

    Compares sizes, and the sha256 of files changed after the manifest was written; `full` of all files. Folders written
    before manifests listed their files pass.
    """
    manifest = read_manifest(path)
    if manifest is None:
        return f"{path / MANIFEST} does not exist"
    contents = manifest.get("contents", {})
    if not isinstance(contents, dict):
        return f"{path / MANIFEST} lists no files"
    written = (path / MANIFEST).stat().st_mtime_ns
    for name, (length, expected) in contents.items():
        file = path / name
        try:
            status = file.stat()
        except OSError as error:
            return f"{file}: {reason(error)}"
        if status.st_size != length:
            return f"{file} has {status.st_size:,} bytes instead of {length:,}"
        if (full or status.st_mtime_ns > written) and not _matches(file, status, expected):
            return f"{file} was changed or is damaged: its sha256 does not match"
    return ""


def check(path: Path, label: str = "folder") -> None:
    """Raise `UserError` where a finished folder is damaged (see `damage`)."""
    if wrong := damage(path):
        raise UserError(f"the {label} is damaged: {wrong}. Delete {path} and build it again")


def _matches(file: Path, status: os.stat_result, expected: str) -> bool:
    """Compare a file's sha256, which is kept for this process while the file stays as it is."""
    key = (str(file), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if key not in _DIGESTS:
        _DIGESTS[key] = sha256(file)
    return _DIGESTS[key] == expected


def stage(
    path: Path,
    kind: str,
    inputs: Mapping[str, str],
    parameters: Mapping[str, object],
    build: Callable[[Path], Mapping[str, object]],
    *,
    version: int = 1,
    replace: bool = True,
) -> Artifact:
    """Build the folder `path` unless it already holds the whole result of exactly these inputs.

    `inputs` maps a name to a sha256, `version` is raised when the stage's code changes its output, and `build` writes
    into the empty folder it is given and returns what the manifest records. An exception, Ctrl-C or a kill leaves
    `path` as it was; what a killed run had written is removed by the next one. Raises `UserError` where `path` is a
    file, holds anything that a stage of this kind did not write, or is a folder that must not be replaced, and
    `OutdatedError` where it holds the result of other inputs and not `replace`.
    """
    path = output_folder(path, reserved=(home(),))
    key = digest([kind, version, dict(inputs), dict(parameters)])
    check_replaceable(path, kind)
    previous = read_manifest(path)
    if previous and previous.get("key") == key and not damage(path):
        sweep(path)
        event("unchanged", kind=kind)
        return Artifact(path, previous, fresh=False)
    if previous and not replace:
        raise OutdatedError(f"{path} was built from other inputs, or is damaged")
    began = time.monotonic()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(path) as work:
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
            manifest = write_manifest(work, manifest)
            check_replaceable(path, kind)
            replace_folder(work, path)
    except OSError as error:
        if _is_input(error, path):
            raise UserError(
                f"{error.filename} cannot be read: {reason(error)}; nothing was changed"
            ) from error
        raise ClinweaveError(
            f"could not write {path}: {reason(error)}. Nothing was changed; free space or choose another folder"
        ) from error
    event("built", kind=kind, seconds=time.monotonic() - began)
    return Artifact(path, manifest, fresh=True)


def _is_input(error: OSError, path: Path) -> bool:
    """Say whether an error names a file that is neither the output nor its partial folder."""
    name = error.filename
    if not isinstance(name, str) or error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        return False
    return not any(
        name.startswith(str(item)) for item in (path, path.with_name(f".{path.name.lstrip('.')}."))
    ) and (Path(name) not in path.parents)


@contextmanager
def rewriting(path: Path) -> Iterator[Path]:
    """Yield a copy of a built folder that takes its place at the end; a failure or a kill leaves `path` as it was.

    Files are hard links: replace them (`appearing`), never write into them. The caller rewrites the manifest.
    """
    with scratch(path) as work:
        for name in [*names_in(path), MANIFEST]:
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                os.link(path / name, target)
            except OSError:  # a file system without hard links
                shutil.copy2(path / name, target)
        yield work
        replace_folder(work, path)


def claim(folder: Path) -> Path:
    """Make the folder of a run, or take one that a run wrote; return it.

    Raises `UserError` where it holds files and no run wrote there: a run replaces its report, numbers and stages.
    """
    kind = kind_of(folder)
    if kind not in {"", "a folder"}:
        raise UserError(f"{folder} is {'a file' if kind == 'file' else kind}; name a folder to write")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = sorted(item.name for item in folder.iterdir() if not _PASSING.search(item.name))
    if names and _RUN not in names and not {"recipe.toml", "results.json", "steps"} & set(names):
        raise UserError(
            f"{folder} holds files that no run wrote ({', '.join(names[:3])}): nothing was changed; name another folder"
        )
    if _RUN not in names:
        write_json(folder / _RUN, {"clinweave": __version__})
    return folder


def remove_built(path: Path, kind: str) -> None:
    """Remove a folder that a stage of this kind built; `UserError` where it holds anything else."""
    check_replaceable(path, kind)
    remove_folder(path)


def check_replaceable(path: Path, kind: str) -> None:
    """Raise `UserError` unless `path` is new, empty, or a folder of this kind with nothing else in it."""
    if kind_of(path) != "a folder" and not recover(path):
        return
    try:
        names = sorted(item.name for item in path.iterdir())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason(error)}") from error
    if not names:
        return
    manifest = read_manifest(path) if MANIFEST in names else None
    advice = "nothing was changed; choose another folder, or move these files away"
    if not is_ours(manifest) or manifest is None:
        some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        raise UserError(f"{path} holds files that clinweave did not write ({some}): {advice}")
    if manifest["kind"] != kind:
        raise UserError(f"{path} holds a {manifest['kind']}, not a {kind}: {advice}")
    contents = manifest.get("contents")
    if contents is not None and (strange := [name for name in names_in(path) if name not in contents]):
        some = ", ".join(strange[:3]) + (", ..." if len(strange) > 3 else "")
        raise UserError(f"{path} holds files that clinweave did not write ({some}): {advice}")


def write_json(path: Path, value: object, *, private: bool = False) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    write_text(path, text + "\n", private=private)
