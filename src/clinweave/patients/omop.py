"""OMOP CDM 5.3 and 5.4 in DuckDB or PostgreSQL. https://ohdsi.github.io/CommonDataModel/cdm54.html

One SELECT for each clinical table, in SQL that both engines speak, joined there with the vocabulary; rows come as a
stream. Table and column names are found whatever their case.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients import duckdb_session
from clinweave.patients.batches import PRESENT, checked
from clinweave.patients.status_words import status_of_term, status_of_words
from clinweave.patients.vocabularies import OMOP_VOCABULARIES, coded

_RAW = pa.schema(
    [
        ("row", pa.int64()),
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        *[(name, pa.string()) for name in ("cv", "cc", "cn", "sv", "sc", "sn", "cid", "source", "stated")],
        ("numeric_value", pa.float64()),
        ("text_value", pa.string()),
        ("unit", pa.string()),
    ]
)
_NONE = "cast(null as {})"
_VOCABULARY = {"concept_id", "vocabulary_id", "concept_code", "concept_name"}
# standard concepts that must be understood in a database without its vocabulary, too: https://athena.ohdsi.org
_SEXES = {8507: "male", 8532: "female", 8521: "other", 8551: "unknown"}
_OPERATORS = {4171756: "<", 4171754: "<=", 4172703: "=", 4171755: ">=", 4172704: ">"}
_STATUSES = {32899: "Preliminary diagnosis", 4033240: "Preliminary diagnosis"}
_UNREAD = ("specimen", "visit_detail", "episode")


class Source(Protocol):
    """An open OMOP database of either engine."""

    name: str
    cast: str  # the SQL function that casts; DuckDB's gives null for what cannot be cast

    def columns(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> the name as the database spells it, both in lower case."""

    def table(self, name: str) -> str:
        """Return a table's name as it stands in a query."""

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as batches of at most `batches.ROWS`."""


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
    status: str = ""
    end: str = ""  # the last day
    key: str = ""


def _clinical(name: str, short: str, kind: str, date: str, **more: Any) -> Table:
    return Table(
        name, kind, f"{short}_concept_id", (f"{date}time", date), f"{short}_source_value",
        f"{short}_source_concept_id", key=f"{name}_id", **more,
    )  # fmt: skip


TABLES = (
    _clinical("condition_occurrence", "condition", "problem", "condition_start_date", status="condition_status",
              end="condition_end_date"),
    _clinical("drug_exposure", "drug", "drug", "drug_exposure_start_date", texts=("sig",),
              end="drug_exposure_end_date"),
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
    if not columns.get("concept", {}).keys() >= _VOCABULARY:
        log.drop(
            "concept", 0, "the vocabulary tables are missing: codes are OMOP concept ids, names the source's"
        )
    for name in _UNREAD:
        if name in columns:
            log.drop(name, 0, "this table is not read")
    yield from _people(source, columns, log)
    for table in TABLES:
        have = columns.get(table.name)
        if have is None:
            continue
        if lacking := [name for name in ("person_id", table.concept) if name not in have]:
            log.drop(table.name, 0, f"the table has no column {' and '.join(lacking)}: skipped")
            continue
        for batch in source.stream(_select(source, table, columns)):
            yield from checked(_events(batch, table), table.name, log)


def _people(
    source: Source, columns: Mapping[str, Mapping[str, str]], log: RowLog
) -> Iterator[pa.RecordBatch]:
    sql = _Columns(source, columns, "person")
    year, month, day = (sql.field(f"{part}_of_birth", "integer") for part in ("year", "month", "day"))
    cast = source.cast
    born = f"{cast}({year} || '-' || coalesce({month}, 1) || '-' || coalesce({day}, 1) as timestamp)"
    partial = (
        f"case when {month} is null then {cast}({year} as varchar) when {day} is null then"
        f" {cast}({year} as varchar) || '-' || lpad({cast}({month} as varchar), 2, '0') end"
    )
    exact = sql.field("birth_datetime", "timestamp")
    subject = sql.field("person_id", "bigint")
    query = (
        f"select {subject} as subject_id, coalesce({exact}, {born}) as time, 'MEDS_BIRTH' as code,"
        f" case when {exact} is null then {partial} end as text_value {sql.tables()}"
    )
    yield from _coded(source, query, log)
    sex = sql.word_for("gender_concept_id", _SEXES)
    query = (
        f"select {subject} as subject_id, coalesce({sql.text('gender_source_value')}, lower({sex}), 'unknown') as sex"
        f" {sql.tables()}"
    )
    for batch in source.stream(query):
        codes = pc.binary_join_element_wise("GENDER", batch.column("sex").cast(pa.string()), "//")
        records = pa.RecordBatch.from_pydict(
            {
                "subject_id": batch.column("subject_id"),
                "code": codes,
                "kind": _all("person", len(batch)),
                "entry": _entries("person", batch.column("subject_id")),
            }
        )
        yield from checked(records, "person", log, timeless=True)
    if {"person_id", "death_date"} <= columns.get("death", {}).keys():
        sql = _Columns(source, columns, "death")
        when = f"coalesce({sql.field('death_datetime', 'timestamp')}, {sql.field('death_date', 'timestamp')})"
        subject = sql.field("person_id", "bigint")
        query = f"select {subject} as subject_id, {when} as time, 'MEDS_DEATH' as code {sql.tables()}"
        yield from _coded(source, query, log)


def _coded(source: Source, query: str, log: RowLog) -> Iterator[pa.RecordBatch]:
    for batch in source.stream(query):
        kinds, entries = _all("person", len(batch)), _entries("person", batch.column("subject_id"))
        yield from checked(batch.append_column("kind", kinds).append_column("entry", entries), "person", log)


class _Columns:
    """Columns of a table as SQL; a concept column is joined with the vocabulary if there is one."""

    def __init__(self, source: Source, columns: Mapping[str, Mapping[str, str]], table: str) -> None:
        self._source, self._have, self._table = source, columns[table], table
        self._concept = columns.get("concept", {})
        self.vocabulary = self._concept.keys() >= _VOCABULARY
        self._joined: dict[str, str] = {}  # column of a concept -> alias of its row in the vocabulary

    def field(self, name: str, kind: str) -> str:
        """Return a column cast to a type; an absent one is null."""
        if name not in self._have:
            return _NONE.format(kind)
        return f"{self._source.cast}(t.{quoted(self._have[name])} as {kind})"

    def text(self, name: str) -> str:
        """Return a column as text; null where it is blank."""
        return (
            f"nullif(trim({self.field(name, 'varchar')}), '')"
            if name in self._have
            else _NONE.format("varchar")
        )

    def concept(self, name: str, column: str) -> str:
        """Return a column of the vocabulary for the concept in the column `name`; null if there is none."""
        if not self.vocabulary or name not in self._have:
            return _NONE.format("varchar")
        alias = self._joined.setdefault(name, f"c{len(self._joined)}")
        return f"{self._source.cast}({alias}.{quoted(self._concept[column])} as varchar)"

    def word_for(self, name: str, words: Mapping[int, str], code: bool = False) -> str:
        """Return the word for a concept: of `words`, of the vocabulary, else "OMOP:" and its number; 0 is null.

        With `code`, a UCUM unit is given by its code, which is its symbol.
        """
        if name not in self._have:
            return _NONE.format("varchar")
        number = self.field(name, "bigint")
        word = self.concept(name, "concept_name")
        if code:
            symbol, vocabulary = self.concept(name, "concept_code"), self.concept(name, "vocabulary_id")
            word = f"case when {vocabulary} = 'UCUM' then {symbol} else {word} end"
        fixed = " ".join(f"when {key} then {duckdb_session.quoted(value)}" for key, value in words.items())
        fixed = f"case {number} {fixed} end" if fixed else _NONE.format("varchar")
        named = f"coalesce({fixed}, nullif({word}, ''), 'OMOP:' || {self._source.cast}({number} as varchar))"
        return f"case when coalesce({number}, 0) <> 0 then {named} end"

    def tables(self) -> str:
        """Return the FROM clause with the joins that the columns above need."""
        clause = f"from {self._source.table(self._table)} t"
        for name, alias in self._joined.items():
            key = quoted(self._concept["concept_id"])
            concepts = self._source.table("concept")
            clause += f" left join {concepts} {alias} on {alias}.{key} = t.{quoted(self._have[name])}"
        return clause


def _select(source: Source, table: Table, columns: Mapping[str, Mapping[str, str]]) -> str:
    sql, double = (
        _Columns(source, columns, table.name),
        "double precision" if source.cast == "cast" else "double",
    )
    number, sign = sql.field(table.number, double), sql.word_for("operator_concept_id", _OPERATORS)
    text = sql.text(table.texts[0]) if table.texts else _NONE.format("varchar")
    if table.number:
        # the concept is the standard's value, the text the source's; a bound stays a text ("<0.01")
        answer = sql.word_for("value_as_concept_id", {})
        both = f"case when {answer} = {text} then {answer} else {answer} || '; ' || {text} end"
        stated = f"coalesce({both if table.kind == 'observation' else answer}, {answer}, {text})"
        digits = f"regexp_replace({source.cast}({number} as varchar), '[.]0$', '')"
        label = f"case when {sign} like 'OMOP:%' then {sign} || ' ' else {sign} end"
        text = (
            f"case when left({text}, 1) in ('<', '>') then {text} when {number} is null then {stated}"
            f" when coalesce({sign}, '=') <> '=' then {label} || {digits} else {text} end"
        )
        number = f"case when coalesce({sign}, '=') = '=' then {number} end"
    if table.end:
        text = _until(sql, table.end, text)
    # the first of date and time that holds something; an absent column is null
    times = ", ".join(sql.field(name, "timestamp") for name in table.dates)
    concepts = [
        f"{sql.concept(name, column)} as {letter}{short}"
        for letter, name in (("c", table.concept), ("s", table.source_concept))
        for short, column in (("v", "vocabulary_id"), ("c", "concept_code"), ("n", "concept_name"))
    ]
    parts = [
        f"{sql.field(table.key, 'bigint')} as row",
        f"{sql.field('person_id', 'bigint')} as subject_id",
        f"coalesce({times}) as time",
        *concepts,
        f"{sql.field(table.concept, 'varchar')} as cid",
        f"{sql.text(table.source)} as source",
        f"coalesce({sql.word_for(f'{table.status}_concept_id', _STATUSES)}, {sql.text(f'{table.status}_source_value')})"
        " as stated",
        f"{number} as numeric_value",
        f"{text} as text_value",
        f"coalesce({sql.text(table.unit)}, {sql.word_for('unit_concept_id', {}, code=True)}) as unit",
    ]
    # a join may change the order, and the same database must give the same store everywhere
    order = " order by 1" if table.key in columns[table.name] else ""
    return f"select {', '.join(parts)} {sql.tables()}{order}"


def _until(sql: _Columns, end: str, text: str) -> str:
    """Return the text of an event followed by its last day, "until 2010-05-02", where one is stated."""
    last = f"'until ' || left({sql.text(end)}, 10)"
    return f"coalesce({text} || '; ' || {last}, {last}, {text})"


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
    columns = {
        "status": pa.array(_statuses(table, names, rows["stated"]), pa.string()),
        **{name: rows[name] for name in ("row", "subject_id", "time", "numeric_value", "text_value", "unit")},
        "code": pa.array(codes, pa.string()),
        "name": pa.array(names, pa.string()),
        "other_codes": pa.array(others, pa.string()),
        "kind": _all(table.kind, len(batch)),
        "entry": _entries(table.name, rows["row"]),
    }
    return pa.RecordBatch.from_pydict(columns)


def _entries(table: str, keys: pa.Array) -> pa.Array:
    """Return "table/key" of each row; the table alone where it has no key."""
    named = pc.binary_join_element_wise(table, keys.cast(pa.string()), "/")
    return pc.fill_null(named, table)


def _statuses(table: Table, names: list[str], stated: pa.Array) -> list[str]:
    """Return the status of each row of conditions, by its status concept, else by the name of the condition."""
    if table.kind != "problem":
        return [PRESENT] * len(names)
    terms = (status_of_term(term or "") for term in stated.to_pylist())
    return [status_of_words(name, term) for name, term in zip(names, terms, strict=True)]


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


def quoted(name: str) -> str:
    """Return a name of a table or column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
