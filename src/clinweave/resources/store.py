"""Storage of fetched files: their location, verification against checksums, and atomic installation."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from clinweave.core.artifacts import appearing, sha256, write_text
from clinweave.core.errors import ChecksumError, ClinweaveError, MissingDataError, UserError
from clinweave.resources.listing import File, Resource, catalogue, resource

RECORD = "resource.json"
_PIECE = 1 << 20


def folder(item: Resource, home: Path) -> Path:
    """Return where the files of a resource lie."""
    return home / "resources" / item.id / item.version


def located(resource_id: str, home: Path, *, check: bool = False) -> dict[str, Path]:
    """Return the files of a fetched resource by name.

    The size is always checked, the sha256 when `check`. Raises `UserError` with the command that repairs it.
    """
    item = resource(resource_id)
    bad = [f"{name}: {state}" for name, state in verify(item, home, deep=check).items() if state != "good"]
    if bad:
        raise MissingDataError(
            f"{item.id} {item.version} is incomplete ({'; '.join(bad)}): run `clinweave fetch {item.id}`"
        )
    return {file.name: folder(item, home) / file.name for file in item.files}


def located_for(databases: Iterable[str], home: Path) -> dict[str, dict[str, Path]]:
    """Return, for each database id, the files of the resource that serves it: what `build_graph` takes."""
    serving = {database: item.id for item in catalogue().values() for database in item.databases}
    result: dict[str, dict[str, Path]] = {}
    for database in databases:
        if database not in serving:
            raise UserError(f"no resource serves the database {database!r} (known: {', '.join(serving)})")
        result[database] = located(serving[database], home)
    return result


def verify(item: Resource, home: Path, *, deep: bool) -> dict[str, str]:
    """Return the state of each file by name: good, missing, wrong size or, when `deep`, wrong checksum."""
    return {file.name: state(folder(item, home) / file.name, file, deep=deep) for file in item.files}


def state(path: Path, file: File, *, deep: bool) -> str:
    """Return good, missing, wrong size or wrong checksum."""
    if not path.is_file():
        return "missing"
    if path.stat().st_size != file.size:
        return "wrong size"
    return "wrong checksum" if deep and sha256(path) != file.sha256 else "good"


def keep(stream: IO[bytes], path: Path, file: File, origin: str) -> None:
    """Copy at most `file.size` bytes of `stream` to `path`: all and right, or nothing.

    Raises `ChecksumError` where the bytes are not the pinned ones.
    """
    sum_, count = hashlib.sha256(), 0
    with appearing(path) as work, work.open("wb") as out:
        while piece := stream.read(_PIECE):
            count += len(piece)
            if count > file.size:
                break
            sum_.update(piece)
            out.write(piece)
        refuse(file, origin, count, sum_.hexdigest())


def refuse(file: File, origin: str, size: int, checksum: str) -> None:
    """Raise `ChecksumError` unless size and sha256 are the pinned ones."""
    if size != file.size:
        raise ChecksumError(
            f"{origin} gave {size:,} bytes or more of {file.name}, the catalogue pins {file.size:,}"
        )
    if checksum != file.sha256:
        raise ChecksumError(
            f"{origin} gave another {file.name}: sha256 {checksum[:12]}…, the catalogue pins {file.sha256[:12]}…"
        )


def record(item: Resource, home: Path, origins: Mapping[str, str]) -> None:
    """Record licence, release and each file's origin next to the files."""
    path = folder(item, home) / RECORD
    try:
        previous = json.loads(path.read_text("utf-8"))["files"]
        before = {name: str(value["origin"]) for name, value in previous.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        before = {}
    origins = {**before, **origins}
    value = {
        "id": item.id,
        "title": item.title,
        "release": item.version,
        "licence": item.licence,
        "tier": item.tier.value,
        "homepage": item.homepage,
        "files": {
            file.name: {"sha256": file.sha256, "size": file.size, "origin": origins.get(file.name, "unknown")}
            for file in item.files
        },
    }
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if not (path.is_file() and path.read_text("utf-8") == text):
        write_text(path, text)


def room_for(item: str, needed: int, home: Path) -> None:
    """Raise `ClinweaveError` before any download where the disk has not `needed` bytes free."""
    import shutil

    free = shutil.disk_usage(home).free
    if free < needed:
        raise ClinweaveError(
            f"{item} needs {needed / 1e6:,.0f} MB but {home} has {free / 1e6:,.0f} MB free: "
            "make room or set CLINWEAVE_HOME to a larger disk"
        )
