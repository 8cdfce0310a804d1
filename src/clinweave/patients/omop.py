"""OMOP CDM 5.3 and 5.4 in DuckDB or PostgreSQL. https://ohdsi.github.io/CommonDataModel/cdm54.html

One SELECT for each clinical table, in SQL that both engines speak, joined there with the vocabulary; rows come as a
stream. Table and column names are found whatever their case.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.databases import RowLog
from clinweave.errors import UserError
from clinweave.patients import engine
from clinweave.patients.batches import ROWS, checked
from clinweave.patients.vocabularies import OMOP_VOCABULARIES, coded

_RAW = pa.schema(
    [
        ("row", pa.int64()),
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        *[(name, pa.string()) for name in ("cv", "cc", "cn", "sv", "sc", "sn", "cid", "source")],
        ("numeric_value", pa.float64()),
        ("text_value", pa.string()),
        ("unit", pa.string()),
    ]
)
_NONE = "cast(null as {})"


class Source(Protocol):
    """An open OMOP database of either engine."""

    name: str
    cast: str  # the SQL function that casts; DuckDB's gives null for what cannot be cast

    def columns(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> the name as the database spells it, both in lower case."""

    def table(self, name: str) -> str:
        """Return a table's name as it stands in a query."""

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as batches of at most `ROWS`."""


@dataclass(frozen=True)
class Table:
    """A clinical table: which of its columns say what."""

    name: str
    kind: str
    concept: str
    dates: tuple[str, ...]  # first non-null wins
    source: str = ""  # the value as the source wrote it
    source_concept: str = ""
    number: str = ""
    texts: tuple[str, ...] = ()
    unit: str = ""
    key: str = ""


def _clinical(name: str, short: str, kind: str, date: str, **more: Any) -> Table:
    return Table(
        name, kind, f"{short}_concept_id", (f"{date}time", date), f"{short}_source_value",
        f"{short}_source_concept_id", key=f"{name}_id", **more,
    )  # fmt: skip


TABLES = (
    _clinical("condition_occurrence", "condition", "problem", "condition_start_date"),
    _clinical("drug_exposure", "drug", "drug", "drug_exposure_start_date"),
    _clinical("procedure_occurrence", "procedure", "procedure", "procedure_date"),
    _clinical("measurement", "measurement", "lab", "measurement_date", number="value_as_number",
              texts=("value_source_value",), unit="unit_source_value"),
    _clinical("observation", "observation", "observation", "observation_date", number="value_as_number",
              texts=("value_as_string",), unit="unit_source_value"),
    _clinical("device_exposure", "device", "procedure", "device_exposure_start_date"),
    _clinical("visit_occurrence", "visit", "visit", "visit_start_date"),
    Table("note", "note", "note_class_concept_id", ("note_datetime", "note_date"), "note_title",
          texts=("note_text",), key="note_id"),
)  # fmt: skip


def read(source: Source, log: RowLog) -> Iterator[pa.RecordBatch]:
    """Yield the events of an open OMOP database. Raises `UserError` where it has no person table."""
    columns = source.columns()
    if "person_id" not in columns.get("person", {}):
        raise UserError(
            f"{source.name} has no table person with a column person_id: it is no OMOP CDM database"
        )
    vocabulary = {"concept_id", "vocabulary_id", "concept_code", "concept_name"} <= columns.get(
        "concept", {}
    ).keys()
    if not vocabulary:
        log.drop(
            "concept", 0, "the vocabulary tables are missing: codes are OMOP concept ids, names the source's"
        )
    yield from _people(source, columns, log)
    for table in TABLES:
        have = columns.get(table.name)
        if have is None:
            continue
        if lacking := [name for name in ("person_id", table.concept) if name not in have]:
            log.drop(table.name, 0, f"the table has no column {' and '.join(lacking)}: skipped")
            continue
        for batch in source.stream(_select(source, table, columns, vocabulary)):
            yield from checked(_events(batch, table), table.name, log)


def _people(
    source: Source, columns: Mapping[str, Mapping[str, str]], log: RowLog
) -> Iterator[pa.RecordBatch]:
    have, cast = columns["person"], source.cast
    year, month, day = (
        f"{cast}(p.{_quoted(have[name])} as integer)" if (name := f"{part}_of_birth") in have else "null"
        for part in ("year", "month", "day")
    )
    born = f"{cast}({year} || '-' || coalesce({month}, 1) || '-' || coalesce({day}, 1) as timestamp)"
    sex = have.get("gender_source_value")
    sex_sql = f"{cast}(p.{_quoted(sex)} as varchar)" if sex else _NONE.format("varchar")
    subject = f"{cast}(p.{_quoted(have['person_id'])} as bigint)"
    people = f"from {source.table('person')} p"
    yield from _coded(
        source, f"select {subject} as subject_id, {born} as time, 'MEDS_BIRTH' as code {people}", log
    )
    query = f"select {subject} as subject_id, {sex_sql} as sex {people}"
    for batch in source.stream(query):
        codes = pc.binary_join_element_wise(
            "GENDER", pc.fill_null(batch.column("sex").cast(pa.string()), "unknown"), "//"
        )
        held = pa.RecordBatch.from_pydict(
            {"subject_id": batch.column("subject_id"), "code": codes, "kind": _all("person", len(batch))}
        )
        yield from checked(held, "person", log, timeless=True)
    death = columns.get("death", {})
    if {"person_id", "death_date"} <= death.keys():
        when = f"{cast}(d.{_quoted(death['death_date'])} as timestamp)"
        subject = f"{cast}(d.{_quoted(death['person_id'])} as bigint)"
        query = f"select {subject} as subject_id, {when} as time, 'MEDS_DEATH' as code from {source.table('death')} d"  # noqa: S608
        yield from _coded(source, query, log)


def _coded(source: Source, query: str, log: RowLog) -> Iterator[pa.RecordBatch]:
    for batch in source.stream(query):
        yield from checked(batch.append_column("kind", _all("person", len(batch))), "person", log)


def _select(source: Source, table: Table, columns: Mapping[str, Mapping[str, str]], vocabulary: bool) -> str:
    have, cast = columns[table.name], source.cast

    def field(name: str, kind: str) -> str:
        return f"{cast}(t.{_quoted(have[name])} as {kind})" if name in have else _NONE.format(kind)

    # the first of date and time that holds something; an absent column is null
    times = ", ".join(field(name, "timestamp") for name in table.dates)
    text = ", ".join(field(name, "varchar") for name in table.texts) or _NONE.format("varchar")
    parts = [
        f"{field(table.key, 'bigint')} as row",
        f"{field('person_id', 'bigint')} as subject_id",
        f"coalesce({times}) as time",
        *_concept(columns.get("concept", {}), vocabulary, table.source_concept in have, cast),
        f"{field(table.concept, 'varchar')} as cid",
        f"{field(table.source, 'varchar')} as source",
        f"{field(table.number, 'double precision' if cast == 'cast' else 'double')} as numeric_value",
        f"coalesce({text}, {_NONE.format('varchar')}) as text_value",
        f"{field(table.unit, 'varchar')} as unit",
    ]
    query = f"select {', '.join(parts)} from {source.table(table.name)} t"  # noqa: S608
    if vocabulary:
        key = _quoted(columns["concept"]["concept_id"])
        query += f" left join {source.table('concept')} c on c.{key} = t.{_quoted(have[table.concept])}"
        if table.source_concept in have:
            query += (
                f" left join {source.table('concept')} s on s.{key} = t.{_quoted(have[table.source_concept])}"
            )
    return query


def _concept(have: Mapping[str, str], vocabulary: bool, with_source: bool, cast: str) -> list[str]:
    found = []
    for letter, there in (("c", vocabulary), ("s", vocabulary and with_source)):
        for name, column in (("v", "vocabulary_id"), ("c", "concept_code"), ("n", "concept_name")):
            value = (
                f"{cast}({letter}.{_quoted(have[column])} as varchar)" if there else _NONE.format("varchar")
            )
            found.append(f"{value} as {letter}{name}")
    return found


def _events(batch: pa.RecordBatch, table: Table) -> pa.RecordBatch:
    """Return raw rows of a table as events: the standard concept is the code, the source's concept a further code."""
    rows = {name: batch.column(name).cast(_RAW.field(name).type) for name in _RAW.names}
    memo: dict[tuple[str | None, ...], tuple[str | None, str, str]] = {}
    keys = zip(
        *(rows[name].to_pylist() for name in ("cv", "cc", "cn", "sv", "sc", "sn", "cid", "source")),
        strict=True,
    )
    codes, names, others = [], [], []
    for key in keys:
        if key not in memo:
            memo[key] = _code(table, *key)
        code, name, other = memo[key]
        codes.append(code)
        names.append(name)
        others.append(other)
    made = {
        **{name: rows[name] for name in ("row", "subject_id", "time", "numeric_value", "text_value", "unit")},
        "code": pa.array(codes, pa.string()),
        "name": pa.array(names, pa.string()),
        "other_codes": pa.array(others, pa.string()),
        "kind": _all(table.kind, len(batch)),
    }
    return pa.RecordBatch.from_pydict(made)


def _code(  # noqa: PLR0917
    table: Table, cv: str | None, cc: str | None, cn: str | None, sv: str | None, sc: str | None, sn: str | None,
    cid: str | None, source: str | None,
) -> tuple[str | None, str, str]:  # fmt: skip
    """Return (code, name, further code) of one row."""
    standard = _spelt(cv, cc)
    stated = _spelt(sv, sc)
    code = standard or stated
    if code:
        return code, (cn if standard else sn) or source or "", stated if stated != code else ""
    if table.kind == "note":
        return f"NOTE//{source or 'unnamed'}", source or "", ""
    if cid and cid not in {"0", "0.0"}:
        return coded("OMOP", cid.removesuffix(".0")), source or "", ""
    return (coded("LOCAL", source[:120]) if source else None), source or "", ""


def _spelt(vocabulary: str | None, code: str | None) -> str:
    if not vocabulary or not code or vocabulary == "None" or code == "No matching concept":
        return ""
    return coded(OMOP_VOCABULARIES.get(vocabulary, vocabulary.replace(" ", "")), code)


def _all(text: str, rows: int) -> pa.Array:
    return pa.array([text] * rows, pa.string())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class DuckDBSource:
    """An OMOP database in a DuckDB file, opened for reading only."""

    cast = "try_cast"

    def __init__(self, connection: Any, name: str) -> None:
        self._connection, self.name = connection, name
        self._tables: dict[str, str] = {}

    def columns(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> the name as the database spells it."""
        query = "select table_schema, table_name, column_name from information_schema.columns order by 1, 2"
        found: dict[str, dict[str, str]] = {}
        for schema, table, column in self._connection.execute(query).fetchall():
            self._tables.setdefault(table.lower(), f"{_quoted(schema)}.{_quoted(table)}")
            found.setdefault(table.lower(), {})[column.lower()] = column
        return found

    def table(self, name: str) -> str:
        """Return a table's name as it stands in a query."""
        return self._tables[name]

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as batches."""
        yield from engine.batches(self._connection, query, ROWS)


@contextmanager
def open_duckdb(path: Path, spill: Path, memory: str) -> Iterator[DuckDBSource]:
    """Open a DuckDB file. Raises `UserError` where it is none."""
    import duckdb

    try:
        connection = engine.connect(spill, memory, database=str(path))
    except duckdb.Error as error:
        raise UserError(
            f"{path} is not a DuckDB database that this version reads: {str(error)[:200]}"
        ) from error
    try:
        yield DuckDBSource(connection, path.name)
    finally:
        connection.close()
