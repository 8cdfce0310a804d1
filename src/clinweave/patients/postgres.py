"""An OMOP database in PostgreSQL, read through a server-side cursor. Needs the extra `postgres`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.patients.batches import ROWS

if TYPE_CHECKING:
    import psycopg


class PostgresSource:
    """An OMOP database in PostgreSQL, read in one read-only transaction: one state of the database."""

    cast = "cast"

    def __init__(self, connection: "psycopg.Connection", name: str, schema: str) -> None:
        self._connection, self.name, self._schema = connection, name, schema
        self._tables: dict[str, str] = {}

    def columns(self) -> dict[str, dict[str, str]]:
        """Return table -> column -> the name as the database spells it."""
        query = (
            "select table_schema, table_name, column_name from information_schema.columns where table_schema = "  # noqa: S608
            + ("%s" if self._schema else "any(current_schemas(false))")
        )
        by_table: dict[str, dict[str, str]] = {}
        rows = self._connection.execute(query, (self._schema,) if self._schema else None).fetchall()
        for schema, table, column in rows:
            self._tables.setdefault(table.lower(), f'"{schema}"."{table}"')
            by_table.setdefault(table.lower(), {})[column.lower()] = column
        return by_table

    def table(self, name: str) -> str:
        """Return a table's name as it stands in a query."""
        return self._tables[name]

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as batches; at most `ROWS` are in memory."""
        with self._connection.cursor(name="clinweave") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(ROWS):
                names = [item.name for item in (cursor.description or ())]
                columns = zip(*rows, strict=True)
                yield pa.RecordBatch.from_arrays([_array(column) for column in columns], names=names)


@contextmanager
def open_postgres(address: str) -> Iterator[PostgresSource]:
    """Open "postgresql://user@host/database?options"; a fragment ("#cdm") names the schema.

    A password comes from PGPASSWORD or ~/.pgpass, as with every PostgreSQL program. Raises `UserError` where the
    driver is missing, the address is none, or the server refuses.
    """
    try:
        import psycopg
    except ImportError as error:
        raise UserError("reading PostgreSQL needs its driver: pip install 'clinweave[postgres]'") from error
    plain, _, schema = address.partition("#")
    parts = urlsplit(plain)
    if parts.password:
        raise UserError("put the password into PGPASSWORD or ~/.pgpass: an address is seen by every program")
    name = f"PostgreSQL {parts.hostname or 'socket'}{parts.path}"
    try:
        connection = psycopg.connect(plain, connect_timeout=10, client_encoding="utf8")
    except psycopg.Error as error:
        raise UserError(f"{name} cannot be opened: {str(error).splitlines()[0]}") from error
    try:
        connection.read_only = True
        connection.execute("set time zone 'UTC'")  # times with a zone must not depend on the machine's
        yield PostgresSource(connection, name, schema)
    except psycopg.Error as error:
        # the server's own words may repeat a value of a row
        raise ClinweaveError(
            f"{name} refused a query ({type(error).__name__}); nothing was stored"
        ) from error
    finally:
        connection.close()


def _array(values: tuple[object, ...]) -> pa.Array:
    array = pa.array(values)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
