"""Read release files, plain or gzip, as streams of bounded lines; errors name the file and how to fix it."""

import bz2
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.core.filesystem import kind_of
from clinweave.databases.base import RowLog

MAX_LINE = 1 << 20  # characters; the longest line of a known release has about 20,000
MAX_WHOLE = 1 << 30  # bytes of a file that is read at once, after decompression


def wrong(path: Path, kind: str, detail: str) -> NoReturn:
    """Raise the `UserError` for a file that is not of its database."""
    raise UserError(f"{path} is not {kind}: {detail}. Run `clinweave fetch --check`, or give the right file")


def needed(files: Mapping[str, Path], name: str, database: str) -> Path:
    """Return the file of that name, or raise `UserError`."""
    if name not in files:
        raise UserError(
            f"the database {database} needs the file {name} (given: {', '.join(files) or 'none'})"
        )
    return files[name]


@contextmanager
def opened(path: Path, kind: str) -> Iterator[IO[bytes]]:
    """Open a file whose content may be gzip or bzip2, whatever its name; broken compression is a `UserError`."""
    if kind_of(path) not in {"", "file", "a folder"}:
        raise UserError(f"{path} is {kind_of(path)}, a regular file is needed")
    try:
        with path.open("rb") as raw:
            magic = raw.read(3)
            raw.seek(0)
            if magic[:2] == b"\x1f\x8b":
                with gzip.open(raw) as stream:
                    yield stream  # type: ignore[misc]
            elif magic == b"BZh":
                with bz2.open(raw) as stream:
                    yield stream
            else:
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        wrong(path, kind, f"its compressed data are cut short or damaged ({error})")
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}. Run `clinweave fetch`") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder, a file is needed") from error
    except OSError as error:
        if error.errno is None:  # bz2 speaks of damaged data so
            wrong(path, kind, f"its compressed data are damaged ({error})")
        raise ClinweaveError(f"could not read {path}: {error}") from error


def lines(
    path: Path, kind: str, log: RowLog | None = None, *, encoding: str = "utf-8"
) -> Iterator[tuple[int, str]]:
    """Yield (row number from 1, line without its end).

    A line that is too long or not text is counted in `log` and skipped, never held whole; without a log, or in the
    first row, it is a `UserError`, as such a file is not of its database.
    """
    row = 0
    with opened(path, kind) as stream:
        text = io.BufferedReader(stream, 1 << 18)  # type: ignore[type-var]
        while raw := text.readline(MAX_LINE):
            row += 1
            if len(raw) >= MAX_LINE and not raw.endswith(b"\n"):
                _refuse(path, kind, row, f"longer than {MAX_LINE:,} characters", log)
                while (more := text.readline(MAX_LINE)) and not more.endswith(b"\n"):
                    pass
                continue
            try:
                line = raw.decode(encoding)
            except UnicodeDecodeError as error:
                _refuse(path, kind, row, f"not UTF-8 text ({error.reason})", log)
                continue
            if row == 1:
                line = line.removeprefix("\ufeff")
                if line.lstrip()[:1] == "<":
                    wrong(path, kind, "it begins like a web page or XML")
            yield row, line.rstrip("\r\n")


def _refuse(path: Path, kind: str, row: int, reason: str, log: RowLog | None) -> None:
    if log is None or row == 1:
        wrong(path, kind, f"row {row} is {reason}")
    log.drop(path.name, row, reason)


def table(path: Path, kind: str, columns: Sequence[str], log: RowLog) -> Iterator[tuple[int, list[str]]]:
    """Yield (row, cells in the order of `columns`) of a TSV with a header; `UserError` where a column is missing.

    Rows of another width than the header are counted and skipped.
    """
    header: list[str] = []
    indices: list[int] = []
    for row, line in lines(path, kind, log):
        cells = line.split("\t")
        if not header:
            header = cells
            if missing := [name for name in columns if name not in header]:
                wrong(path, kind, f"its header lacks {', '.join(missing)}")
            indices = [header.index(name) for name in columns]
        elif len(cells) != len(header):
            if line:
                log.drop(path.name, row, f"not {len(header)} columns")
        else:
            yield row, [cells[index] for index in indices]
    if not header:
        wrong(path, kind, "it is empty")


def csv_table(path: Path, kind: str, columns: Sequence[str], log: RowLog) -> Iterator[tuple[int, list[str]]]:
    """Yield (row, cells in the order of `columns`) of a CSV with a header and quoted cells, as `table` does."""
    header: list[str] = []
    indices: list[int] = []
    last_row = 0

    def fed() -> Iterator[str]:
        nonlocal last_row
        for row, line in lines(path, kind, log):
            last_row = row
            yield line

    reader = csv.reader(fed(), strict=True)
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
                if missing := [name for name in columns if name not in header]:
                    wrong(path, kind, f"its header lacks {', '.join(missing)}")
                indices = [header.index(name) for name in columns]
            elif len(cells) == len(header):
                yield last_row, [cells[index].strip() for index in indices]
            elif cells:
                log.drop(path.name, last_row, f"not {len(header)} columns")
    except csv.Error as error:
        wrong(path, kind, f"near row {last_row} it is not CSV ({error})")
    if not header:
        wrong(path, kind, "it is empty")


def rrf(path: Path, kind: str, width: int, log: RowLog) -> Iterator[tuple[int, list[str]]]:
    """Yield (row, cells) of a Rich Release Format file of the NLM: `width` cells, each ended by "|".

    A row of another width is counted and skipped; a file whose first row is of another width is a `UserError`.
    """
    row = 0
    for row, line in lines(path, kind, log):
        cells = line.split("|")
        if len(cells) == width + 1 and not cells[-1]:
            yield row, cells[:-1]
        elif row == 1:
            wrong(path, kind, f"its first row has not {width} cells, each ended by '|'")
        elif line:
            log.drop(path.name, row, f"not {width} cells")
    if not row:
        wrong(path, kind, "it is empty")


def first_byte(path: Path, kind: str) -> bytes:
    """Return the first byte of the content that is not white space, b"" of an empty file."""
    with opened(path, kind) as stream:
        head: bytes = stream.read(1 << 12)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def read_all(path: Path, kind: str) -> bytes:
    """Return all bytes of a file, decompressed, at most `MAX_WHOLE`."""
    with opened(path, kind) as stream:
        data = stream.read(MAX_WHOLE + 1)
    if len(data) > MAX_WHOLE:
        wrong(path, kind, f"it is larger than {MAX_WHOLE:,} bytes")
    if not data.strip():
        wrong(path, kind, "it is empty")
    return data


def json_value(path: Path, kind: str) -> object:
    """Return what a JSON file holds."""
    try:
        return json.loads(read_all(path, kind))
    except (ValueError, RecursionError) as error:
        wrong(path, kind, f"it is not JSON ({str(error)[:80]})")


def json_items(path: Path, kind: str) -> list[Any]:
    """Return the list that a JSON file holds."""
    value = json_value(path, kind)
    if not isinstance(value, list) or not value:
        wrong(path, kind, "it is not a list of terms")
    return value


def recorded_release(path: Path, unknown: str = "not stated") -> str:
    """Return the release that `clinweave fetch` recorded for a file that does not state its own."""
    return recorded_fact(path, "release", unknown)


def recorded_fact(path: Path, fact: str, unknown: str = "not stated") -> str:
    """Return a fact that `clinweave fetch` recorded about a file's resource, such as its "release" or "licence"."""
    try:
        record = json.loads((path.parent / "resource.json").read_text("utf-8"))
        return str(record[fact] or unknown) if path.name in record["files"] else unknown
    except (OSError, ValueError, KeyError, TypeError):
        return unknown
