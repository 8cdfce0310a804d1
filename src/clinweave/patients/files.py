"""Read record files as streams of bounded lines: folders, files, .gz and .tar.gz; damaged members are counted."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from clinweave.core.errors import UserError
from clinweave.databases import RowLog

MAX_LINE = 32 << 20  # bytes; a note in base64 may be long, anything longer is no resource
DAMAGED = "compressed data are cut short or damaged, the rest of the file is lost"
IRREGULAR = "a link, pipe or device, not a regular file: not read"
UNREADABLE = "the file cannot be read (permissions or disk)"
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, tarfile.ReadError)
_PIECE = 1 << 20


class Member(NamedTuple):
    """One file of a folder or archive."""

    name: str
    stream: IO[bytes]


def members(path: Path, accept: Callable[[str], bool], log: RowLog) -> Iterator[Member]:
    """Yield the files below `path` (a file, folder or tar archive) whose name is wanted, decompressed, in order.

    A damaged one is counted in `log`, the others are still read. Raises `UserError` where no such path.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = _shown(file.relative_to(path).as_posix())
            if file.is_dir() or not accept(file.name):
                continue
            if file.is_symlink() or not file.is_file():
                log.drop(name, 0, IRREGULAR)
                continue
            with surviving(name, log), file.open("rb") as raw:
                yield Member(name, _plain(raw))
    elif not path.is_file():
        raise UserError(f"{path} {'is not a regular file' if path.exists() else 'does not exist'}")
    elif is_tar(path):
        yield from _of_archive(path, accept, log)
    elif accept(path.name):
        with path.open("rb") as raw:
            yield Member(_shown(path.name), _plain(raw))


def is_tar(path: Path) -> bool:
    """Say whether a file bears the name of a tar archive."""
    return path.name.lower().endswith((".tar", ".tar.gz", ".tgz"))


@contextmanager
def surviving(name: str, log: RowLog) -> Iterator[None]:
    """Count damaged compression in `log` instead of failing."""
    try:
        yield
    except _BROKEN:
        log.drop(name, 0, DAMAGED)
    except OSError:
        log.drop(name, 0, UNREADABLE)


def lines(
    member: Member, log: RowLog, limit: int | None = None, before: bytes = b"", skipped: int = 0
) -> Iterator[tuple[int, str]]:
    """Yield (row from 1, text) of each line that is not blank, at most `limit` bytes (`MAX_LINE`) of it in memory.

    `before` is what was already read of the line that comes next, after `skipped` lines.
    """
    most, row = limit or MAX_LINE, skipped
    with surviving(member.name, log):
        while line := before or member.stream.readline(most + 1):
            before = b""
            row += 1
            if len(line) > most and not line.endswith(b"\n"):
                log.drop(member.name, row, f"longer than {most:,} bytes")
                while (piece := member.stream.readline(_PIECE)) and not piece.endswith(b"\n"):
                    pass
            elif line.strip():
                yield row, decoded(line, member.name, row, log)


def read_all(member: Member, most: int, log: RowLog, before: bytes = b"") -> str | None:
    """Return all text of a file, or None where it is damaged, empty or larger than `most` bytes (each counted).

    `before` is what was already read of it.
    """
    with surviving(member.name, log):
        data = before + member.stream.read(most + 1 - len(before))
        if len(data) > most:
            log.drop(member.name, 0, f"larger than {most:,} bytes")
        elif not data.strip():
            log.drop(member.name, 0, "empty")
        else:
            return decoded(data, member.name, 0, log)
    return None


def decoded(data: bytes, name: str, row: int, log: RowLog) -> str:
    """Return bytes as text: UTF-8, else as Windows-1252, which is counted."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        log.drop(name, row, "not UTF-8: read as Windows-1252")
        return data.decode("cp1252", "replace")


def _of_archive(path: Path, accept: Callable[[str], bool], log: RowLog) -> Iterator[Member]:
    with surviving(path.name, log), tarfile.open(path, "r|*") as archive:
        for item in archive:
            stream = archive.extractfile(item) if item.isfile() and accept(Path(item.name).name) else None
            if stream is not None:
                yield Member(_shown(item.name), _plain(stream))


def _shown(name: str) -> str:
    """Return a file's name without the bytes of another encoding, which no manifest can hold."""
    return name.encode("utf-8", "replace").decode()


def _plain(raw: IO[bytes]) -> IO[bytes]:
    """Return the stream, decompressed where its first bytes say gzip."""
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(Any, raw))
    if buffered.peek(2)[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=buffered)  # type: ignore[return-value]
    return buffered
