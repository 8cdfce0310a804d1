"""Files of cases: JSON, JSON lines and YAML, plain or gzip, in folders and in zip and tar archives.

Every file yields at least one packet or the reason why it gives none; a file of another kind in a folder or an archive
is named in `skipped`. Nothing is unpacked to disk, and every piece is bounded.
"""

import gzip
import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from clinweave.core.errors import UserError

_MAX_BYTES = 64 << 20  # of one packet or line
_DEPTH = 4  # lists and cohorts within one another
_LINES = (".jsonl", ".ndjson")
_YAML = (".yaml", ".yml")
_ARCHIVES = (".zip", ".tar", ".tgz")
KNOWN = (".json", *_LINES, *_YAML)
_SYSTEM = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
_LISTS = ("members", "phenopackets")  # a cohort (v2), and packets in an object


class Packet(NamedTuple):
    """One parsed packet or what is wrong with it, where it stands, and what else is to be said of it."""

    location: str
    value: Any
    problem: str = ""
    notes: tuple[str, ...] = ()


def read_packets(path: Path, skipped: list[str] | None = None) -> Iterator[Packet]:
    """Yield the packets of a file, a folder (sorted by path) or an archive (in its order).

    Raises `UserError` where no such path, the archive is broken, or nothing in it looks like a case.
    """
    left = [] if skipped is None else skipped
    if not path.exists():
        raise UserError(f"there is no {path}; give a phenopacket, a folder or archive of them, or JSON lines")
    any_packet = False
    for packet in _folder(path, left) if path.is_dir() else _opened(path, path.name, left, named=True):
        any_packet = True
        yield packet
    if not any_packet:
        raise UserError(f"{path} holds no {', '.join(KNOWN)} file; give phenopackets or JSON lines")


def field(value: object, name: str) -> object:
    """Return a field of an object by its JSON name or its name in snake case, as protobuf's JSON allows both."""
    if not isinstance(value, dict):
        return None
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return value[name] if name in value else value.get(snake)


def _folder(path: Path, skipped: list[str]) -> Iterator[Packet]:
    for file in sorted(path.rglob("*")):
        location = file.relative_to(path).as_posix()
        if _is_system(location) or file.is_dir():
            continue
        if not file.is_file():
            skipped.append(f"{location} (a broken link or a special file)")
        elif not (location.lower().endswith(_ARCHIVES) or _kind(location)):
            skipped.append(f"{location} (not {', '.join(KNOWN)}, gzip or an archive of these)")
        else:
            yield from _opened(file, location, skipped)


def _opened(file: Path, location: str, skipped: list[str], *, named: bool = False) -> Iterator[Packet]:
    """Yield the packets of one file on disk; `given` files may have any ending."""
    if _plain_name(location).endswith(_ARCHIVES):
        yield from _archive(file, location, skipped)
        return
    try:
        with file.open("rb") as raw:
            magic = raw.read(4)
            raw.seek(0)
            if named and magic == b"PK\x03\x04":
                yield from _archive(file, location, skipped)
                return
            kind = _kind(location) or ".json"
            if magic[:2] == b"\x1f\x8b":
                with gzip.open(raw) as stream:
                    yield from _content(stream, location, kind)  # type: ignore[arg-type]
            else:
                yield from _content(raw, location, kind)
    except (OSError, EOFError, zlib.error) as error:
        yield Packet(location, None, f"could not be read ({getattr(error, 'strerror', None) or error})")


def _archive(file: Path, archive: str, skipped: list[str]) -> Iterator[Packet]:
    kind = "zip" if _plain_name(archive).endswith(".zip") or zipfile.is_zipfile(file) else "tar"
    try:
        members = _zip_members(file) if kind == "zip" else _tar_members(file)
        for name, stream in members:
            if _is_system(name):
                continue
            if not _kind(name):
                skipped.append(f"{archive}: {name} (not {', '.join(KNOWN)} or gzip of these)")
                continue
            where = name
            data = stream.read(_MAX_BYTES + 1)
            if data[:2] == b"\x1f\x8b":
                try:
                    data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(_MAX_BYTES + 1)
                except (OSError, EOFError, zlib.error) as error:
                    yield Packet(where, None, f"could not be read ({error})")
                    continue
            yield from _content(io.BytesIO(data), where, _kind(name))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error) as error:
        raise UserError(f"{file} is not a whole {kind} archive ({error}); pack it again") from error


def _zip_members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as stream:  # RuntimeError: it needs a password
                    yield member.filename, stream


def _tar_members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(file) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, archive.extractfile(member) or io.BytesIO()


def _content(stream: IO[bytes], location: str, kind: str) -> Iterator[Packet]:
    if kind in _LINES:
        for row, line in enumerate(stream, 1):
            if line.strip():
                yield from _parsed(line, f"{location}, line {row}")
        return
    data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        yield Packet(location, None, f"larger than {_MAX_BYTES:,} bytes")
    elif kind in _YAML:
        yield from _yaml(data, location)
    else:
        yield from _parsed(data, location, whole=True)


def _parsed(data: bytes, location: str, *, whole: bool = False) -> Iterator[Packet]:
    """Yield the packets of JSON; of a whole file that holds one object a line, those of the lines."""
    try:
        value = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        lines = data.splitlines() if whole else []
        if "Extra data" in str(error) and len(lines) > 1:
            for row, line in enumerate(lines, 1):
                if line.strip():
                    yield from _parsed(line, f"{location}, line {row}")
            return
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        yield Packet(location, None, f"not JSON ({reason})")
        return
    yield from _unwrapped(value, location)


def _yaml(data: bytes, location: str) -> Iterator[Packet]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        values = [value for value in yaml.load_all(data, loader) if value is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield Packet(location, None, f"not YAML{f' (line {mark.line + 1})' if mark else ''}")
        return
    if not values:
        yield Packet(location, None, "is empty")
    for number, value in enumerate(values, 1):
        yield from _unwrapped(value, location if len(values) == 1 else f"{location}, document {number}")


def _unwrapped(value: object, location: str, depth: int = 0) -> Iterator[Packet]:
    """Yield the packets in a list, a cohort, a family or a wrapper; deeper nesting is not followed."""
    if isinstance(value, list) and depth < _DEPTH:
        if not value:
            yield Packet(location, None, "an empty list without cases")
        for number, item in enumerate(value, 1):
            yield from _unwrapped(item, f"{location}, item {number}", depth + 1)
        return
    for name in _LISTS if depth < _DEPTH else ():
        if (
            isinstance(value, dict)
            and isinstance(value.get(name), list)
            and field(value, "phenotypicFeatures") is None
        ):
            yield from _unwrapped(value[name], f"{location}, {name}", depth + 1)
            return
    if isinstance(value, dict) and isinstance(value.get("phenopacket"), dict):
        value = value["phenopacket"]
    if isinstance(value, dict) and isinstance(value.get("proband"), dict):
        relatives = value.get("relatives")
        count = len(relatives) if isinstance(relatives, list) else 0
        note = (f"a family: {count} relatives are in the file and were not ranked",) if count else ()
        yield Packet(location, value["proband"], notes=note)
        return
    yield Packet(location, value)


def _plain_name(name: str) -> str:
    """Return a name in lower case without the ending of gzip."""
    low = name.lower()
    return low.removesuffix(".gz")


def _kind(name: str) -> str:
    """Return the known ending of a name, gzip's aside, or ""."""
    return next((ending for ending in KNOWN if _plain_name(name).endswith(ending)), "")


def _is_system(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") and part not in {".", ".."} for part in parts) or any(
        part.lower() in _SYSTEM for part in parts
    )
