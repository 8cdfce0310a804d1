"""The documents of a folder, a single file, a .tar(.gz) or a .zip, read in memory within bounds."""

import os
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from clinweave.core.errors import UserError
from clinweave.core.filesystem import BROKEN_ARCHIVE, kind_of, reason, regular_file
from clinweave.databases import RowLog
from clinweave.knowledge.retrieval.documents import READERS

READABLE = frozenset({*READERS, ".xml", ".nxml", ".jsonl"})
MAX_FILE = 256 << 20  # bytes of one file, unpacked
MAX_TOTAL = 16 << 30  # bytes of one archive, unpacked
MAX_RATIO = 200  # unpacked bytes to each packed one, past the first megabytes
MAX_MEMBERS = 2_000_000
_BROKEN: tuple[type[Exception], ...] = (*BROKEN_ARCHIVE, OSError)
_FREE = 64 << 20  # an archive may unpack to this much whatever its ratio
_CONVERT = {
    ".doc": "save as DOCX or PDF", ".ppt": "save as PPTX or PDF", ".msg": "save as EML, PDF or text",
    ".pages": "export to PDF", ".vsd": "export to PDF", ".vsdx": "export to PDF", ".mdb": "export as CSV",
}  # fmt: skip
_SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r", "$recycle.bin"})
_EDITOR_NAME = re.compile(
    r"^(?:\.|~\$|#.*#$)|(?:~|\.swp|\.swo|\.bak|\.tmp|\.crdownload|\.part)$", re.IGNORECASE
)


def is_system_file(name: str) -> bool:
    """Tell whether a file or folder name is an operating system's or an editor's own (".DS_Store", "~$note.docx")."""
    return name.lower() in _SYSTEM_NAMES or bool(_EDITOR_NAME.search(name))


def shown_name(name: str) -> str:
    """Return a file's name as text: bytes that are not UTF-8 are read as Windows-1252, line ends become blanks."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = name.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return re.sub(r"[\x00-\x1f\x7f]+", " ", name)


def is_archive(path: Path) -> bool:
    """Say whether the name is that of an archive that can be read."""
    return path.name.lower().endswith((".tar.gz", ".tgz", ".tar", ".zip"))


def read_files(path: Path, log: RowLog) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of every readable file, by name in folders, in an archive's own order.

    What cannot be read is counted in `log` with its reason. Raises `UserError` where `path` is missing, is no such
    archive, is truncated, or unpacks to more than the bounds.
    """
    if kind_of(path) == "a folder":
        yield from _folder(path, log)
        return
    regular_file(path)
    try:
        if zipfile.is_zipfile(path) and path.suffix.lower() == ".zip":
            yield from _zip(path, log)
        elif is_archive(path):
            yield from _tar(path, log)
        elif path.suffix.lower() in READABLE:
            yield from _file(path, path.name, log)
        else:
            raise UserError(f"{path} is no folder, archive or file of {', '.join(sorted(READABLE))}")
    except _BROKEN as error:
        raise UserError(f"{path} is damaged or is not what its name says ({reason(error)})") from error


def _folder(path: Path, log: RowLog) -> Iterator[tuple[str, bytes]]:
    def refused(error: OSError) -> None:
        name = shown_name(os.path.relpath(str(error.filename), path))
        log.drop(name, 0, f"folder cannot be read ({error.strerror})")

    for folder, inner, names in os.walk(path, onerror=refused, followlinks=False):
        inner[:] = sorted(name for name in inner if not is_system_file(name))
        for name in sorted(names):
            file = Path(folder) / name
            if is_system_file(name):
                continue
            display_name = shown_name(file.relative_to(path).as_posix())
            if is_archive(file):
                log.drop(display_name, 0, "an archive inside a folder; add it by its own path")
            else:
                yield from _file(file, display_name, log)


def _file(file: Path, name: str, log: RowLog) -> Iterator[tuple[str, bytes]]:
    try:
        if file.suffix.lower() not in READABLE:
            log.drop(name, 0, unsupported(file.suffix))
        elif file.is_symlink() or not file.is_file():
            log.drop(name, 0, "a link or a special file")
        elif file.stat().st_size > MAX_FILE:
            log.drop(name, 0, f"larger than {MAX_FILE >> 20} MiB; divide it")
        else:
            yield name, file.read_bytes()
    except OSError as error:
        log.drop(name, 0, f"cannot be read ({error.strerror})")


def unsupported(suffix: str) -> str:
    """Return why a file of this type is not read, and what to do."""
    better = _CONVERT.get(suffix.lower(), "convert to PDF, DOCX, HTML or text")
    return f"unsupported file type; {better}"


def _tar(path: Path, log: RowLog) -> Iterator[tuple[str, bytes]]:
    budget = _Budget(path)
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            budget.take(member.size)
            if member.isdir() or not _acceptable(member.name, log):
                continue
            if not member.isreg():
                log.drop(member.name, 0, "a link or a special file")
            elif member.size > MAX_FILE:
                log.drop(member.name, 0, f"larger than {MAX_FILE >> 20} MiB; divide it")
            else:
                stream = archive.extractfile(member)
                if stream is not None:
                    content = stream.read()
                    if len(content) != member.size:
                        raise EOFError(f"{member.name} ends early")
                    yield member.name, content


def _zip(path: Path, log: RowLog) -> Iterator[tuple[str, bytes]]:
    budget = _Budget(path)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename:
                log.drop(path.name, 0, "a member without a name")
                continue
            if member.is_dir() or not _acceptable(member.filename, log):
                continue
            if member.flag_bits & 1:
                log.drop(member.filename, 0, "encrypted")
                continue
            with archive.open(member) as stream:
                # The size that the archive states may be a lie: read no more than the bound.
                content = _bounded(stream)
            budget.take(len(content))
            if len(content) > MAX_FILE:
                log.drop(member.filename, 0, f"larger than {MAX_FILE >> 20} MiB; divide it")
            else:
                yield member.filename, content


def _bounded(stream: IO[bytes]) -> bytes:
    return stream.read(MAX_FILE + 1)


def _acceptable(name: str, log: RowLog) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\x00" in name or name[1:2] == ":":
        log.drop(name, 0, "a path that leads out of the archive")
        return False
    if any(is_system_file(part) for part in parts.parts if part not in (".", "/")):
        return False
    if is_archive(Path(parts.name)):
        log.drop(name, 0, "an archive inside an archive; unpack it and add it by its own path")
        return False
    if parts.suffix.lower() not in READABLE:
        log.drop(name, 0, unsupported(parts.suffix))
        return False
    return True


class _Budget:
    """How much an archive may still unpack to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.most = min(MAX_TOTAL, max(_FREE, MAX_RATIO * path.stat().st_size))
        self.total = self.members = 0

    def take(self, size: int) -> None:
        self.total += size
        self.members += 1
        if self.total > self.most or self.members > MAX_MEMBERS:
            raise UserError(
                f"{self.path} unpacks to more than {self.most >> 20} MiB or {MAX_MEMBERS} files: refused as an "
                f"archive bomb. If it is sound, unpack it and add the folder"
            )
