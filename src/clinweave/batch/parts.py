"""Inputs as parts, each named by the digest of its bytes: lines of JSONL, row groups of Parquet, files of PubMed."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.core.artifacts import read_manifest, sha256
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.core.filesystem import kind_of, reason, regular_file

PART_BYTES = 8 << 20
JOB_FILE = "job.json"  # of the folder that a job writes
ROWS = 256  # rows of a batch
LINES, PACKED, TABLE = (".jsonl", ".ndjson"), (".jsonl.gz", ".ndjson.gz"), (".parquet",)
PUBMED = (".xml", ".xml.gz")
_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeError, OverflowError)


@dataclass(frozen=True)
class Part:
    """A piece of an input file: bytes `start` to `stop` of its lines, or row groups `start` to `stop`.

    `name` is the digest of its content, `line` the number of its first row in the file, from 1.
    """

    name: str
    file: str
    start: int
    stop: int
    line: int = 1


@dataclass(frozen=True)
class Rows:
    """Up to `ROWS` rows of a part: the ids of all, a batch of the good ones, and what is wrong with the others."""

    ids: list[str | None]
    batch: pa.RecordBatch
    bad: dict[int, str]


def plan(source: Path, size: int = PART_BYTES) -> list[Part]:
    """Return the parts of a file, or of all files of a folder in the order of their names, of about `size` bytes each.

    Equal parts get names of their own. Raises `UserError` for a file of another kind: none is left out.
    """
    parts: list[Part] = []
    times: dict[str, int] = {}
    for file in _files(source):
        for part in _parts(file, size):
            times[part.name] = number = times.get(part.name, 0) + 1
            parts.append(part if number == 1 else replace(part, name=f"{part.name}-{number}"))
    return parts


def _files(source: Path) -> list[Path]:
    if kind_of(source) != "a folder":
        return [regular_file(source)]
    if (source / JOB_FILE).is_file():
        return _results(source)
    files = sorted(item for item in source.rglob("*") if item.is_file() and not item.name.startswith("."))
    if not files:
        raise UserError(f"{source} holds no files")
    return files


def _results(folder: Path) -> list[Path]:
    """Return the files that a job wrote, in the order of its input. Raises `UserError` unless it is done."""
    manifest = read_manifest(folder) or {}
    files = [folder / f"{name}{TABLE[0]}" for name in manifest.get("parts", ())]
    if not files or not any(file.is_file() for file in files):
        made = "" if not files else ", or makes something else than rows"
        raise UserError(f"{folder}: the job that writes here is not finished{made}; run it to its end")
    if missing := [file.name for file in files if not file.is_file()]:
        raise UserError(f"{folder}: {missing[0]} is missing; run the job that wrote here again")
    return files


def _parts(file: Path, size: int) -> Iterator[Part]:
    if file.name.endswith(LINES):
        yield from _line_parts(file, size)
    elif file.name.endswith((*PACKED, *PUBMED)):
        yield Part(sha256(file)[:16], str(file.resolve()), 0, 0)
    elif file.name.endswith(TABLE):
        yield from _table_parts(file, size)
    else:
        raise UserError(f"{file} is not read: give {', '.join((*LINES, *PACKED, *TABLE, *PUBMED))} files")


def _line_parts(file: Path, size: int) -> Iterator[Part]:
    size = min(size, max(file.stat().st_size, 1))  # what is asked for is reserved
    with file.open("rb") as stream:
        start, line = 0, 1
        while data := stream.read(size):
            data += stream.readline()
            name = hashlib.sha256(data).hexdigest()[:16]
            yield Part(name, str(file.resolve()), start, start + len(data), line)
            start, line = start + len(data), line + data.count(b"\n")


def _table_parts(file: Path, size: int) -> Iterator[Part]:
    try:
        groups = pq.read_metadata(file)
    except pa.ArrowInvalid as error:
        raise UserError(f"{file} cannot be read as Parquet: {error}") from error
    content, start, line, held, rows = sha256(file), 0, 1, 0, 0
    for number in range(groups.num_row_groups):
        group = groups.row_group(number)
        held, rows = held + group.total_byte_size, rows + group.num_rows
        if held >= size or number == groups.num_row_groups - 1:
            name = hashlib.sha256(f"{content} {start} {number + 1}".encode()).hexdigest()[:16]
            yield Part(name, str(file.resolve()), start, number + 1, line)
            start, line, held, rows = number + 1, line + rows, 0, 0


def read_rows(part: Part, needs: pa.Schema) -> Iterator[Rows]:
    """Yield the rows of a part with the columns `needs`. Raises `ClinweaveError` where lines changed since `plan`."""
    if part.file.endswith(TABLE):
        rows = _table_rows(part, needs)
    else:
        rows = _citations(part) if part.file.endswith(PUBMED) else _line_rows(part)
    where = Path(part.file).name
    while chunk := list(islice(rows, ROWS)):
        yield _fitted(chunk, needs, where)


def _line_rows(part: Part) -> Iterator[tuple[int, object]]:
    """Yield number and value of each line that is not empty; a `ValueError` stands for what is no JSON."""
    if part.file.endswith(PACKED):
        try:
            with gzip.open(part.file, "rb") as stream:
                yield from _parsed(stream, part.line)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ClinweaveError(f"{part.file} is damaged ({reason(error)}): copy it again") from error
        return
    with Path(part.file).open("rb") as file:
        file.seek(part.start)
        data = file.read(part.stop - part.start)
    if hashlib.sha256(data).hexdigest()[:16] != part.name[:16]:
        raise ClinweaveError(f"{part.file} was changed while the job ran: run it again")
    yield from _parsed(data.split(b"\n"), part.line)


def _parsed(lines: Any, first: int) -> Iterator[tuple[int, object]]:
    for number, raw in enumerate(lines, first):
        if raw.strip():
            try:
                yield number, json.loads(raw)
            except (ValueError, RecursionError):
                yield number, ValueError("not JSON")


def _table_rows(part: Part, needs: pa.Schema) -> Iterator[tuple[int, object]]:
    with pq.ParquetFile(part.file) as file:
        columns = [name for name in ("id", *needs.names) if name in file.schema_arrow.names]
        number = part.line
        for batch in file.iter_batches(ROWS, row_groups=list(range(part.start, part.stop)), columns=columns):
            for row in batch.to_pylist():
                yield number, row
                number += 1


def _citations(part: Part) -> Iterator[tuple[int, object]]:
    """Yield a row for each citation; one that is withdrawn, or has no abstract, has no text."""
    from clinweave.databases import citations

    for number, item in enumerate(citations(Path(part.file)), 1):
        text = "\n\n".join(text for _, text in item.parts) or None
        sections = [{"label": label, "text": words} for label, words in item.parts]
        yield number, {"id": item.id, "text": text, "title": item.title, "sections": sections,
                       "concepts": list(item.concepts), "withdrawn": item.withdrawn}  # fmt: skip


def _fitted(chunk: Sequence[tuple[int, object]], needs: pa.Schema, file: str) -> Rows:
    ids: list[str | None] = []
    good: list[dict[str, object]] = []
    bad: dict[int, str] = {}
    for position, (number, row) in enumerate(chunk):
        ids.append(_id_of(row))
        if wrong := _wrong(row, needs):
            bad[position] = f"{file}, line {number}: {wrong}"
        elif isinstance(row, dict):
            good.append({name: row.get(name) for name in needs.names})
    return Rows(ids, pa.RecordBatch.from_pylist(good, schema=needs), bad)


def _id_of(row: object) -> str | None:
    value = row.get("id") if isinstance(row, dict) else None
    if value is None or isinstance(value, str):
        return value if value is None else value.encode("utf-8", "replace").decode()
    return json.dumps(value, ensure_ascii=True)


def _wrong(row: object, needs: pa.Schema) -> str:
    """Return what is wrong with a row, without its content."""
    if not isinstance(row, dict):
        return str(row) if isinstance(row, ValueError) else "not a JSON object"
    if row.get("id") is None or row["id"] == "":
        return 'needs an "id"'
    for column in needs:
        value = row.get(column.name)
        if value is None:
            if not column.nullable:
                return f'needs "{column.name}"'
            continue
        try:
            pa.array([value], column.type)
            fits = isinstance(value, list) == pa.types.is_list(
                column.type
            )  # Arrow takes a text as a list of letters
        except _UNFIT:
            fits = False
        if not fits:
            return f'"{column.name}" is not {_plain(column.type)}'
    return ""


def _plain(kind: pa.DataType) -> str:
    """Return a column's type in words."""
    if pa.types.is_list(kind):
        inner = (
            "objects"
            if pa.types.is_struct(kind.value_type)
            else f"{_plain(kind.value_type).partition(' ')[2]}s"
        )
        return f"a list of {inner}"
    names = {
        pa.string(): "a text",
        pa.int64(): "a number",
        pa.float64(): "a number",
        pa.bool_(): "true or false",
    }
    return names.get(kind, str(kind))
