"""Search all files below a folder for a patient's identifiers, including compressed files."""

import gzip
import os
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.patients.notes_index import tag
from clinweave.patients.store import PatientStore

SHORTEST = 6  # characters of an identifier that is sought: shorter ones are found in anything
_PIECE = 1 << 20
_FOLDERS = {"collections": "collection", "patients": "store", "index": "index"}


def sought(patients: Collection[str], stores: Iterable[tuple[PatientStore, int]]) -> tuple[str, ...]:
    """Return what to search for: the ids given, and the patient's source id, number, tag and own identifiers.

    Identifiers that another patient of the store has as well (a telephone of a ward) are left out.
    """
    identifiers = set(patients)
    for store, subject in stores:
        person, rows = store.person(subject), store.people.to_pylist()
        shared = {item for row in rows if row["subject_id"] != subject for item in row["identifiers"]}
        identifiers |= {person.source_id, str(subject), tag(subject), *(set(person.identifiers) - shared)}
    return tuple(sorted(item for item in identifiers if len(item) >= SHORTEST))


def left_in(home: Path, patterns: list[bytes], done: Collection[Path] = ()) -> list[tuple[str, str, int]]:
    """Return (kind, path, places) of what below `home` holds one of these; a built folder is named as a whole.

    Fetched releases and the graph of public databases are not searched.
    """
    skipped = {home / "resources", home / "graph", home / "graph.vocabulary", *done}
    counts: dict[tuple[str, str], int] = {}
    for file in _files(home, skipped):
        if count := count_in(file, patterns):
            parts = file.relative_to(home).parts
            kind = _FOLDERS.get(parts[0], "file") if len(parts) > 1 else "file"
            path = (
                file if kind == "file" else home / parts[0] if kind == "index" else home / parts[0] / parts[1]
            )
            counts[kind, str(path)] = counts.get((kind, str(path)), 0) + count
    return [(kind, path, count) for (kind, path), count in counts.items()]


def count_in_folder(path: Path, patterns: list[bytes]) -> int:
    """Return how often a file, or the files below a folder, hold one of these."""
    if path.is_file():
        return count_in(path, patterns)
    return sum(count_in(file, patterns) for file in _files(path, set()))


def count_in(file: Path, patterns: list[bytes]) -> int:
    """Return how often a file holds one of these, in its bytes or, in gzip and Parquet, in what they hold."""
    if not patterns:
        return 0
    count = _count(_pieces(file), patterns)
    if file.suffix == ".parquet":
        count += _count(_texts(file), patterns)
    elif file.suffix == ".gz":
        count += _count(_unzipped(file), patterns)
    return count


def _files(folder: Path, skipped: set[Path]) -> Iterator[Path]:
    for root, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if Path(root, name) not in skipped)
        for name in sorted(files):
            file = Path(root, name)
            if file not in skipped and file.is_file() and not file.is_symlink():
                yield file


def _count(pieces: Iterable[bytes], patterns: list[bytes]) -> int:
    count, tail, longest = 0, b"", max(map(len, patterns))
    for piece in pieces:
        window = tail + piece
        count += sum(window.count(item) for item in patterns)
        tail = window[-(longest - 1) :]
        count -= sum(tail.count(item) for item in patterns)
    return count + sum(tail.count(item) for item in patterns)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _unzipped(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file) as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except (OSError, EOFError, zlib.error):  # not gzip, or cut short: what could be read was
        return


def _texts(file: Path) -> Iterator[bytes]:
    """Yield the text columns of a Parquet file as bytes."""
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches():
                for column in batch.columns:
                    yield from _buffers(column)
    except (OSError, pa.ArrowException):  # not Parquet: its bytes were searched
        return


def _buffers(column: pa.Array) -> Iterator[bytes]:
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    while pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = column.flatten()
    if pa.types.is_struct(column.type):
        for inner in column.flatten():
            yield from _buffers(inner)
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        yield "\n".join(text for text in column.to_pylist() if text).encode("utf-8", "replace") + b"\n"
