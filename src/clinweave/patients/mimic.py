"""MIMIC-IV as published by PhysioNet: hosp/, icu/ and note/ with .csv.gz, read out of core by DuckDB."""

import csv
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients import duckdb_session, files
from clinweave.patients.batches import ROWS, checked
from clinweave.patients.mimic_tables import SOURCES, Source
from clinweave.patients.vocabularies import dotted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_LINE = 2 << 20  # bytes of one row; the longest discharge note has about 60,000
_NOT_READ = "this table is not read"
_FOLDERS = ("hosp", "icu", "note")


def is_mimic(path: Path) -> bool:
    """Say whether a folder (or the one folder in it) holds MIMIC-IV's tables."""
    return _root(path) is not None


def read(
    path: Path, log: RowLog, spill: Path, memory: str = duckdb_session.MEMORY
) -> Iterator[pa.RecordBatch]:
    """Yield the events of MIMIC-IV's tables in a folder or .tar.gz, with at most about `memory` held by the engine.

    A missing table is left out; a damaged row is counted with its file and line. Raises `UserError` where
    hosp/patients is missing.
    """
    folder = _unpacked(path, spill / "tables", log) if path.is_file() else path
    root = _root(folder)
    if root is None:
        raise UserError(
            f"{path} has no hosp/patients.csv.gz: it is not MIMIC-IV, or not the folder that holds hosp/"
        )
    connection = duckdb_session.connect(spill, memory, threads=1)
    try:
        _count_unread(root, log)
        tables = _Tables(connection, root, log)
        for source in SOURCES:
            yield from tables.events(source)
    finally:
        connection.close()


class _Tables:
    def __init__(self, connection: "DuckDBPyConnection", root: Path, log: RowLog) -> None:
        self._connection, self._root, self._log = connection, root, log
        self._headers: dict[str, list[str]] = {}
        self._loaded: set[str] = set()
        self._counted: set[tuple[str, int]] = set()  # files and rows that were refused

    def events(self, source: Source) -> Iterator[pa.RecordBatch]:
        """Yield the events of one SELECT, and count what the reader of CSV refused."""
        import duckdb

        scan = self._scan(source.file, source.needs, source.may_need)
        if scan is None:
            return
        for name in source.looks_into:
            self._hold(name)
        subject = "t.row as row, try_cast(t.subject_id as bigint) as subject_id"
        query = f"with t as ({scan}) select {subject}, {source.select}"
        file = self._file(source.file).name  # type: ignore[union-attr]
        try:
            for batch in duckdb_session.batches(self._connection, query, ROWS):
                yield from checked(
                    _with_entries(_with_points(batch), source.file), file, self._log, timeless=source.timeless
                )
        except duckdb.Error as error:
            self._once(file, 0, _unread(error))
        self._count_refused(file)

    def _hold(self, name: str) -> None:
        """Load a small table that others look into; an absent or damaged one is empty."""
        import duckdb

        short = name.partition("/")[2]
        if short in self._loaded:
            return
        self._loaded.add(short)
        needed = {
            "admissions": ("hadm_id", "admittime", "dischtime"),
            "d_labitems": ("itemid", "label", "fluid"),
        }.get(short, ("itemid", "label") if short == "d_items" else ("icd_code", "icd_version", "long_title"))
        scan = self._scan(name, needed)
        columns = ", ".join(needed)
        empty = "select " + ", ".join(f"null::varchar as {column}" for column in needed) + " where false"
        keys = needed[:2] if short.startswith("d_icd") else needed[:1]
        query = f"select distinct on ({', '.join(keys)}) {columns} from ({scan})" if scan else empty  # noqa: S608
        try:
            self._connection.execute(f"create temp table {short} as {query}")
        except duckdb.Error as error:
            file = self._file(name)
            self._once(file.name if file else name, 0, _unread(error))
            self._connection.execute(f"create temp table {short} as {empty}")
            return
        self._connection.execute("delete from reject_errors") if scan else None

    def _scan(self, name: str, needs: tuple[str, ...], may_need: tuple[str, ...] = ()) -> str | None:
        path = self._file(name)
        if path is None:
            return None
        header = self._headers.setdefault(name, _header(path, self._log))
        needed = ("subject_id", *needs) if not name.partition("/")[2].startswith("d_") else needs
        if lacking := [column for column in needed if column not in header]:
            if header:
                self._log.drop(path.name, 1, f"the header lacks {', '.join(lacking)}: table skipped")
            return None
        if len(set(needed)) < sum(column in needed for column in header):
            self._log.drop(path.name, 1, "the header repeats a column that is read: table skipped")
            return None
        columns = ", ".join(f"{duckdb_session.quoted(column)}: 'VARCHAR'" for column in _distinct(header))
        more = "".join(f", null::varchar as {column}" for column in may_need if column not in header)
        return (
            f"select *{more}, row_number() over () + 1 as row from"  # noqa: S608
            f" read_csv({duckdb_session.quoted(path)}, columns={{{columns}}}, compression='{_compression(path)}',"
            " auto_detect=false, delim=',', quote='\"', escape='\"', header=true, ignore_errors=true, nullstr='',"
            f" store_rejects=true, max_line_size={MAX_LINE}, parallel=false)"
        )

    def _file(self, name: str) -> Path | None:
        return next(
            (path for end in (".csv.gz", ".csv") if (path := self._root / f"{name}{end}").is_file()), None
        )

    def _count_refused(self, file: str) -> None:
        try:
            rows = self._connection.execute(
                "select line, error_type from reject_errors order by 1"
            ).fetchall()
            self._connection.execute("delete from reject_errors")
            self._connection.execute("delete from reject_scans")
        except Exception:
            return
        for line, kind in rows:
            self._once(file, int(line), f"damaged row ({str(kind).lower()})")

    def _once(self, file: str, row: int, reason: str) -> None:
        """Count a row once: a table is read for several kinds of events, and a row may lack several columns."""
        if (file, row) not in self._counted:
            self._counted.add((file, row))
            self._log.drop(file, row, reason)


def _count_unread(root: Path, log: RowLog) -> None:
    tables = {
        *(source.file for source in SOURCES),
        *(name for source in SOURCES for name in source.looks_into),
    }
    for folder in _FOLDERS:
        for file in sorted((root / folder).glob("*.csv*")):
            if f"{folder}/{file.name.partition('.')[0]}" not in tables:
                log.drop(f"{folder}/{file.name}", 0, _NOT_READ)
            elif not file.is_file():
                log.drop(f"{folder}/{file.name}", 0, files.IRREGULAR)


def _with_points(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with the points of ICD codes, which MIMIC-IV leaves out."""
    index = batch.schema.get_field_index("code")
    if not len(batch):
        return batch
    codes = pc.dictionary_encode(batch.column(index).cast(pa.string()))
    pointed = [None if code is None else _pointed(code) for code in codes.dictionary.to_pylist()]
    return batch.set_column(index, "code", pa.array(pointed, pa.string()).take(codes.indices))


def _with_entries(batch: pa.RecordBatch, table: str) -> pa.RecordBatch:
    """Return the batch with the table and row of each event: "hosp/labevents:1234"."""
    rows = pc.fill_null(batch.column("row").cast(pa.string()), "")
    return batch.append_column("entry", pc.binary_join_element_wise(table, rows, ":"))


def _pointed(code: str) -> str:
    prefix, colon, local = code.partition(":")
    return f"{prefix}:{dotted(prefix, local)}" if colon and prefix.startswith("ICD") else code


def _compression(path: Path) -> str:
    """Return how a file is compressed, by its first bytes, whatever its name says."""
    with path.open("rb") as stream:
        return "gzip" if stream.read(2) == b"\x1f\x8b" else "none"


def _distinct(header: list[str]) -> list[str]:
    """Return the names of columns without repetition; DuckDB tells apart no names that differ by case alone."""
    labels: dict[str, str] = {}
    for index, name in enumerate(header):
        key = name.lower() or "column"
        labels[key if key not in labels else f"{key} {index}"] = (
            name if key not in labels and name else f"{key} {index}"
        )
    return list(labels.values())


def _unread(error: Exception) -> str:
    """Return why a file was not read; the engine's own words may repeat a row."""
    return f"could not be read to its end ({type(error).__name__})"


def _header(path: Path, log: RowLog) -> list[str]:
    for member in files.members(path, lambda _: True, log):
        with files.surviving(path.name, log):
            line = member.stream.readline(1 << 16).decode("utf-8-sig", "replace")
            if not line.strip():
                log.drop(path.name, 0, "empty")
            try:
                return next(csv.reader([line.rstrip("\r\n")]), [])
            except csv.Error:
                log.drop(path.name, 1, "the header is no line of CSV: table skipped")
    return []


def _root(path: Path) -> Path | None:
    candidates = [path, *(sorted(item for item in path.iterdir() if item.is_dir()) if path.is_dir() else [])]
    return next((item for item in candidates if any((item / "hosp").glob("patients.csv*"))), None)


def _unpacked(path: Path, into: Path, log: RowLog) -> Path:
    """Unpack the tables that are read, and nothing else, from an archive; DuckDB needs files."""
    tables = {
        *(source.file for source in SOURCES),
        *(name for source in SOURCES for name in source.looks_into),
    }
    with files.surviving(path.name, log), tarfile.open(path, "r|*") as archive:
        for item in archive:
            parts = Path(item.name).parts
            name = "/".join(parts[-2:])
            table = name.partition(".")[0]
            if item.isfile() and table not in tables and ".csv" in name and name.startswith(_FOLDERS):
                log.drop(name, 0, _NOT_READ)
            stream = archive.extractfile(item) if item.isfile() and name.partition(".")[0] in tables else None
            if stream is not None and name.endswith((".csv", ".csv.gz")) and parts[-2] in _FOLDERS:
                (into / parts[-2]).mkdir(parents=True, exist_ok=True)
                with (into / name).open("wb") as out:
                    while piece := stream.read(1 << 20):
                        out.write(piece)
    return into
