"""DuckDB sessions for data larger than memory: a memory limit, a spill folder, and results as a stream of batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"


def connect(
    spill: Path, memory: str = MEMORY, threads: int = 2, database: str = ":memory:"
) -> "DuckDBPyConnection":
    """Return a DuckDB connection that holds at most `memory`, spills into `spill`, and reaches no network."""
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": memory,
        "threads": str(threads),
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
    }
    connection = duckdb.connect(database, read_only=database != ":memory:", config=settings)
    connection.execute("set enable_progress_bar = false")  # it would write to stdout
    connection.execute("set TimeZone = 'UTC'")  # times with a zone must not depend on the machine's
    return connection


def batches(connection: "DuckDBPyConnection", query: str, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield a query's result as it comes, never all of it."""
    relation = connection.sql(query)
    reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    yield from reader(rows)


def table(connection: "DuckDBPyConnection", query: str) -> pa.Table:
    """Return a small result at once."""
    relation = connection.sql(query)
    reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return reader(1 << 16).read_all()


def quoted(text: object) -> str:
    """Return text as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"
