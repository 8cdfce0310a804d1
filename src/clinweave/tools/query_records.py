"""The tool `query_records`: SQL on a database of patient records, read-only and limited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier
from clinweave.tools.base import Parameter, Tool
from clinweave.tools.errors import ErrorKind, ToolError

_LONGEST_QUERY = 5_000  # characters
_LONGEST_CELL = 200  # characters


@dataclass(frozen=True, slots=True)
class QueryRecordsInput:
    """Arguments of `query_records`."""

    sql: Annotated[
        str, Parameter("One SELECT (DuckDB); empty lists the tables with their columns.", _LONGEST_QUERY)
    ] = ""
    limit: Annotated[int, Parameter("Maximum number of rows.", maximum=100)] = 20


@dataclass(frozen=True, slots=True)
class RecordTable:
    """A table of the records, its columns, and the number of its rows."""

    name: str
    columns: tuple[str, ...]
    row_count: int


@dataclass(frozen=True, slots=True)
class QueryRecordsResult:
    """The rows of a query as text, "" for a missing value; `tables` where no query was given."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tables: tuple[RecordTable, ...]
    notes: tuple[str, ...]


def query_records(base: KnowledgeBase, arguments: QueryRecordsInput) -> QueryRecordsResult:
    """Return the rows of a query, or the tables. Raises `ToolError` for what is no SELECT that the database can run."""
    records = base.records
    if not arguments.sql.strip():
        tables = tuple(RecordTable(item.name, item.columns, item.rows) for item in records.tables())
        return QueryRecordsResult((), (), tables, () if tables else ("the database has no tables",))
    result = records.run(arguments.sql, arguments.limit, cut=True)
    if result.error:
        raise ToolError(ErrorKind.INVALID_REQUEST, f"the query was not run: {result.error}", argument="sql")
    rows = tuple(tuple(map(_cell, row)) for row in result.rows[: arguments.limit])
    notes = []
    if not rows:
        notes.append("the query ran and no row fits it")
    if len(result.rows) > arguments.limit:
        notes.append(f"the first {arguments.limit} rows; there are more")
    if any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        rows = tuple(tuple(map(_shortened, row)) for row in rows)
        notes.append(f"values are cut after {_LONGEST_CELL} characters")
    return QueryRecordsResult(result.columns, rows, (), tuple(notes))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    # cut first: one value may be hundreds of megabytes
    return str(value)[: _LONGEST_CELL + 1].encode("utf-8", "replace").decode()


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_CELL else f"{cell[:_LONGEST_CELL]} ..."


TOOL = Tool(
    "query_records",
    "Query patient records",
    "Run one read-only SQL SELECT on the patient records of this installation, within limits of time, memory and rows; "
    "for counts, values, times and drugs in records.",
    QueryRecordsInput,
    QueryRecordsResult,
    query_records,
    tier=lambda _: Tier.PRIVATE,
)
