"""An OMOP database in a DuckDB file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from clinweave.core.errors import UserError
from clinweave.patients import duckdb_session
from clinweave.patients.batches import ROWS
from clinweave.patients.omop import quoted


class DuckDBSource:
    """An OMOP database in a DuckDB file, opened for reading only."""

    cast = "try_cast"

    def __init__(self, connection: Any, name: str) -> None:
        self._connection, self.name = connection, name
        self._tables: dict[str, str] = {}

    def columns(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> the name as the database spells it."""
        import duckdb

        query = "select table_schema, table_name, column_name from information_schema.columns order by 1, 2"
        by_table: dict[str, dict[str, str]] = {}
        try:
            rows = self._connection.execute(query).fetchall()
        except duckdb.Error as error:
            raise UserError(f"{self.name}: its list of tables is damaged") from error
        for schema, table, column in rows:
            self._tables.setdefault(table.lower(), f"{quoted(schema)}.{quoted(table)}")
            by_table.setdefault(table.lower(), {})[column.lower()] = column
        return by_table

    def table(self, name: str) -> str:
        """Return a table's name as it stands in a query."""
        return self._tables[name]

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as batches. Raises `UserError` where the file is damaged."""
        import duckdb

        try:
            yield from duckdb_session.batches(self._connection, query, ROWS)
        except (duckdb.Error, RuntimeError) as error:
            # the engine's own words may repeat a row
            raise UserError(
                f"{self.name} cannot be read to its end ({type(error).__name__}): the file is damaged, or a view in it"
                " refers to a table that is missing"
            ) from error


@contextmanager
def open_duckdb(path: Path, spill: Path, memory: str) -> Iterator[DuckDBSource]:
    """Open a DuckDB file. Raises `UserError` where it is none."""
    import duckdb

    try:
        connection = duckdb_session.connect(spill, memory, database=str(path))
    except duckdb.Error as error:
        raise UserError(
            f"{path} is not a DuckDB database that this version reads: {' '.join(str(error).split())[:200]}"
        ) from error
    try:
        yield DuckDBSource(connection, path.name)
    finally:
        connection.close()
