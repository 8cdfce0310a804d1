"""Load a source into a patient store: stream events, sort them out of core, and link codes to concepts."""

import gzip
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.core.artifacts import Artifact, digest, sha256, stage
from clinweave.core.errors import UserError
from clinweave.patients import coding, duckdb_session, fhir, files, meds, mimic, omop, omop_duckdb
from clinweave.patients.batches import PEOPLE, READ, ROWS, Person, QuietLog
from clinweave.patients.postgres import open_postgres
from clinweave.patients.store import KIND, seal
from clinweave.records import Tier
from clinweave.schemas import EVENTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from clinweave.knowledge import Graph, Linker

VERSION = 3
Progress = Callable[[str, int], None]  # what is being done, events so far


class SourceKind(StrEnum):
    """The forms of records that are read."""

    AUTO = "auto"
    FHIR = "fhir"
    OMOP = "omop"
    MIMIC = "mimic-iv"
    MEDS = "meds"


def load(
    source: str,
    out: Path,
    *,
    kind: SourceKind = SourceKind.AUTO,
    graph: "Graph | None" = None,
    linker: "Linker | None" = None,
    memory: str = duckdb_session.MEMORY,
    progress: Progress | None = None,
) -> Artifact:
    """Read `source` (a path, or postgresql://...) into the store `out`; the same files again change nothing.

    `memory` caps what the engine holds ("1GB"). What is refused is counted in the manifest with file and row. The store
    is private: only its owner can read it. Raises `UserError` where nothing can be read.
    """
    with _one_line_errors(source):
        _check_regular(source)
        source_kind = guess(source) if kind is SourceKind.AUTO else kind

    def build(work: Path) -> dict[str, Any]:
        log, people = QuietLog(), list[Person]()
        spill = work / "spill"
        spill.mkdir(mode=0o700)
        try:
            with ExitStack() as stack:
                batches = _events(source, source_kind, spill, memory, log, people, stack)
                rows = _gather(batches, spill / "events.parquet", progress)
            if not rows:
                raise UserError(f"no event could be read from {_shown(source)}: {_why(log)}")
            return _finish(work, spill, people, log, (source_kind, source), memory, graph, linker)
        finally:
            shutil.rmtree(spill, ignore_errors=True)
            seal(work)

    settings = {"kind": source_kind.value, "graph": "" if graph is None else str(graph.manifest.get("key", "")),
                "linked": linker is not None}  # fmt: skip
    with _one_line_errors(source):
        artifact = stage(out, KIND, {"source": _key(source)}, settings, build, version=VERSION)
        seal(artifact.path)
    return artifact


@contextmanager
def _one_line_errors(source: str) -> Iterator[None]:
    """Raise `UserError` where the system or the engine refuses: what a library says may repeat a record."""
    import duckdb

    try:
        yield
    except OSError as error:
        file = error.filename if isinstance(error.filename, str) else _shown(source)
        raise UserError(f"{file}: {error.strerror or type(error).__name__}; nothing was loaded") from error
    except (duckdb.Error, pa.ArrowException, RuntimeError) as error:
        raise UserError(
            f"{_shown(source)} cannot be read ({type(error).__name__}): a file in it is damaged or of another kind;"
            " nothing was loaded"
        ) from error


def guess(source: str) -> SourceKind:
    """Return what form a source has. Raises `UserError` naming the forms where it is none of them."""
    if source.startswith(("postgresql://", "postgres://")):
        return SourceKind.OMOP
    path = Path(source).expanduser()
    if not path.exists():
        raise UserError(f"{path} does not exist")
    _check_regular(source)
    name, first = path.name.lower(), b"" if path.is_dir() or files.is_tar(path) else _first_bytes(path)
    if name.endswith((".duckdb", ".duckdb.gz", ".db")) or first[8:12] == b"DUCK":
        return SourceKind.OMOP
    if path.is_dir() and meds.is_meds(path):
        return SourceKind.MEDS
    if (path.is_dir() and mimic.is_mimic(path)) or (files.is_tar(path) and _holds_mimic(path)):
        return SourceKind.MIMIC
    is_json = first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))
    if path.is_dir() or files.is_tar(path) or is_json or any(end in name for end in (".json", ".ndjson")):
        return SourceKind.FHIR
    raise UserError(
        f"{path} is none of: FHIR (.json, .ndjson, folder, .tar.gz), OMOP (.duckdb, postgresql://...), MIMIC-IV (a "
        "folder with hosp/), MEDS (folder with data/*.parquet); say which with --kind"
    )


def _check_regular(source: str) -> None:
    """Refuse a pipe or device, which may never end. Raises `UserError`."""
    path = Path(source).expanduser()
    if "://" not in source and path.exists() and not path.is_dir() and not path.is_file():
        raise UserError(f"{path} is a pipe or device, not a regular file or folder")


def _first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed; b"" where it cannot be read."""
    for member in files.members(path, lambda _: True, QuietLog()):
        with files.surviving(path.name, QuietLog()):
            return member.stream.read(4096)
    return b""


def _holds_mimic(path: Path) -> bool:
    log = QuietLog()
    return any(True for _ in files.members(path, lambda name: name.startswith("patients.csv"), log))


def _events(  # noqa: PLR0917
    source: str,
    kind: SourceKind,
    spill: Path,
    memory: str,
    log: QuietLog,
    people: list[Person],
    stack: ExitStack,
) -> Iterator[pa.RecordBatch]:
    if source.startswith(("postgresql://", "postgres://")):
        return omop.read(stack.enter_context(open_postgres(source)), log)
    path = Path(source).expanduser()
    if kind is SourceKind.FHIR:
        return fhir.read(path, log, people)
    if kind is SourceKind.MIMIC:
        return mimic.read(path, log, spill, memory)
    if kind is SourceKind.MEDS:
        return meds.read(path, log)
    if path.suffix == ".gz":
        path = _unzipped(path, spill / "source.duckdb")
    return omop.read(stack.enter_context(omop_duckdb.open_duckdb(path, spill, memory)), log)


def _unzipped(path: Path, into: Path) -> Path:
    try:
        with gzip.open(path) as stream, into.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path} is no gzip file, or cut short") from error
    return into


def _gather(batches: Iterator[pa.RecordBatch], spill: Path, progress: Progress | None) -> int:
    rows = 0
    with pq.ParquetWriter(spill, READ, compression="lz4") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += len(batch)
            if progress is not None:
                progress("reading", rows)
    return rows


def _finish(  # noqa: PLR0917
    work: Path, spill: Path, people: list[Person], log: QuietLog, origin: tuple[SourceKind, str], memory: str,
    graph: "Graph | None", linker: "Linker | None",
) -> dict[str, Any]:  # fmt: skip
    kind, source = origin
    with duckdb_session.connect(spill, memory) as connection:
        read = f"read_parquet({duckdb_session.quoted(spill / 'events.parquet')}, file_row_number=true)"
        order = "order by subject_id, time nulls first, file_row_number"
        query = f"select {', '.join(EVENTS.names)} from {read} {order}"  # noqa: S608
        sorted_events = (_cast(batch) for batch in duckdb_session.batches(connection, query, ROWS))
        events = meds.write_events(sorted_events, work / "data")
        codes = _codes(connection, read)
        subjects = duckdb_session.table(connection, f"select distinct subject_id from {read} order by 1")  # noqa: S608
    linked = coding.link_codes(codes, graph, linker)
    meds.write_metadata(work, f"{kind.value} {Path(source.partition('#')[0]).name}", linked, {})
    people_table = _people(people, subjects)
    (work / "private").mkdir()
    pq.write_table(people_table, work / "private" / "people.parquet", compression="zstd")
    return {
        "tier": Tier.PRIVATE.value,
        "source_kind": kind.value,
        "source": _shown(source),
        "counts": {"patients": len(subjects), "events": events, "codes": len(linked)},
        "coverage": coding.coverage(linked),
        "dropped": log.reasons(),
        "dropped_examples": [list(item) for item in log.examples],
    }


def _cast(batch: pa.RecordBatch) -> pa.RecordBatch:
    from clinweave.patients.batches import fitted

    return fitted(batch, EVENTS)


def _codes(connection: "DuckDBPyConnection", read: str) -> pa.Table:
    """Return the distinct codes: description, further codes, the kind most of its events have, and how many."""
    codes = duckdb_session.table(
        connection,
        "select code, coalesce(max(name), '') as description, coalesce(max(other_codes), '') as others,"  # noqa: S608
        " mode(kind) as kind, count(*)::bigint as events"
        f" from (select code::varchar as code, name::varchar as name, other_codes, kind::varchar as kind from {read})"
        " group by code order by code",
    )
    parents = pa.array([text.split() for text in codes.column("others").to_pylist()], pa.list_(pa.string()))
    return codes.set_column(2, "parent_codes", parents)


def _people(people: list[Person], subjects: pa.Table) -> pa.Table:
    if not people:
        numbers = subjects.column(0).to_pylist()
        people = [Person(number, str(number)) for number in numbers]
    people = sorted(people, key=lambda item: item.subject_id)
    return pa.table({name: [getattr(item, name) for item in people] for name in PEOPLE.names}, schema=PEOPLE)


def _key(source: str) -> str:
    """Return a hash of what the source holds; a server's is never the same twice, as it may have changed."""
    if "://" in source:
        return secrets.token_hex(8)
    path = Path(source).expanduser()
    if path.is_file():
        return sha256(path)
    if not path.is_dir():
        raise UserError(f"{path} does not exist")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest([(file.relative_to(path).as_posix(), sha256(file)) for file in files])


def _shown(source: str) -> str:
    return source.partition("?")[0] if "://" in source else str(Path(source).expanduser().resolve())


def _why(log: QuietLog) -> str:
    return "; ".join(f"{reason} ({count})" for reason, count in log.reasons().items()) or "it is empty"
