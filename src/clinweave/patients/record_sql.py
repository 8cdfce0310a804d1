"""SQL on patient records: one read-only SELECT at a time, within limits of time, rows and memory.

The records are a DuckDB database, or a patient store, whose events and codes are two tables; the identities that a
store keeps apart cannot be read. The connection cannot reach files, attach, install or change settings, and a query
that takes too long is interrupted. SQLite's `datetime` and `strftime` work, which many models write.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinweave.core.errors import MissingDataError, UserError
from clinweave.patients.duckdb_session import quoted
from clinweave.patients.store import PatientStore

SECONDS = 10.0
FETCHED = 50_000  # rows at most; more is an error
MEMORY = "500MB"
_START = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
# what tells of this machine and not of patients
_FORBIDDEN = re.compile(
    r"\b(duckdb_(?:databases|settings|secrets|logs|temporary_files)|pragma_\w+|current_setting|getenv)\b",
    re.IGNORECASE,
)
# a value of these types may be larger in Python than the limit of memory
_NESTED = re.compile(r"\[\d*\]|^(?:STRUCT|MAP|UNION|VARIANT|LIST)\b|^BLOB$|^BIT$")
# both parts are always evaluated, so both are always valid
_MODIFIED = """date_trunc(case when m like 'start of %' then substr(m, 10) else 'microsecond' end, t)
  + cast(case when m like 'start of %' then '0 day' else ltrim(m, '+') end as interval)"""
_MACROS = f"""
create temp macro modified(t, m) as ({_MODIFIED});
create temp macro datetime(t) as cast(t as timestamp), (t, a) as modified(cast(t as timestamp), a),
  (t, a, b) as modified(modified(cast(t as timestamp), a), b),
  (t, a, b, c) as modified(modified(modified(cast(t as timestamp), a), b), c);
create temp macro sqlite_strftime(f, t) as (case when f = '%J' then julian(cast(t as timestamp))
  when f = '%s' then epoch(cast(t as timestamp)) end);
"""


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table with its columns and the number of its rows."""

    name: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class SqlRows:
    """The columns and rows of a query, with the values of the database; or why there are none."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    error: str = ""


class SqlSandbox:
    """Runs queries on one database, one at a time; an expired query leaves the connection usable.

    `now` is what SQL's `current_time` means, for records that end at a known time; the clock's where it is "".
    """

    def __init__(self, database: Path, seconds: float = SECONDS, now: str = "") -> None:
        import duckdb

        self._seconds, self._now = seconds, now
        self._lock = threading.Lock()
        settings = {"memory_limit": MEMORY, "threads": "1", "autoinstall_known_extensions": "false"}
        # a database in memory of its own: connections to one file would share its locked settings
        self._connection = duckdb.connect(":memory:", config=dict(settings))
        try:
            for statement in (
                "set enable_progress_bar = false",
                "set TimeZone = 'UTC'",
                *_opening(database),
                _MACROS,
                "set enable_external_access = false",
                "set lock_configuration = true",
            ):
                self._connection.execute(statement)
        except duckdb.Error as error:
            self._connection.close()
            raise UserError(
                f"{database} cannot be opened as a database of records: {str(error).splitlines()[0]}; give a DuckDB "
                "file or a folder that `clinweave patients load` made"
            ) from error

    def run(self, query: str, limit: int = FETCHED, *, cut: bool = False) -> SqlRows:
        """Return the rows of one SELECT, at most `limit`; an error for anything else and for what does not finish.

        More rows than the limit are an error. With `cut`, `limit` + 1 rows are returned instead.
        """
        import duckdb

        text = query.strip().rstrip(";").strip()
        if problem := _refused(text):
            return SqlRows(error=problem)
        with self._lock:
            timer = threading.Timer(self._seconds, self._connection.interrupt)
            timer.start()
            try:
                result = self._connection.execute(for_duckdb(text, self._now))
                described = result.description or ()
                columns = tuple(str(item[0]) for item in described)
                if nested := [str(item[0]) for item in described if _NESTED.search(str(item[1]))]:
                    return SqlRows(error=f"{nested[0]} is a list, a structure or bytes; select single values")
                rows: Sequence[tuple[object, ...]] = result.fetchmany(limit + 1)
            except duckdb.InterruptException:
                return SqlRows(error=f"took longer than {self._seconds:g} s")
            except (duckdb.Error, OverflowError, ValueError) as error:
                return SqlRows(error=str(error).splitlines()[0][:200])
            finally:
                timer.cancel()
        if len(rows) > limit and not cut:
            return SqlRows(error=f"more than {limit} rows")
        return SqlRows(columns, tuple(rows))

    def tables(self) -> tuple[SqlTable, ...]:
        """Return the tables by name."""
        listed = self.run(
            "select table_name, column_name from information_schema.columns where table_schema = 'main' "
            "and table_catalog = current_database() order by table_name, ordinal_position"
        )
        columns: dict[str, list[str]] = {}
        for table, column in listed.rows:
            columns.setdefault(str(table), []).append(str(column))
        return tuple(SqlTable(name, tuple(names), self._count(name)) for name, names in columns.items())

    def _count(self, table: str) -> int:
        name = table.replace('"', '""')
        rows = self.run(f'select count(*) from "{name}"').rows  # noqa: S608 - a name of the database, quoted
        return int(str(rows[0][0])) if rows else 0

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def open_records(path: Path | str | None) -> SqlSandbox:
    """Return the records of a path. Raises `MissingDataError` where none is named or there are none."""
    if path is None:
        raise MissingDataError(
            "no patient records were named: start with --records PATH (a DuckDB file, or a folder that "
            "`clinweave patients load` made)"
        )
    return SqlSandbox(Path(path))


def _opening(database: Path) -> tuple[str, ...]:
    """Return the statements that open the records. Raises `UserError` if there are none."""
    if not database.exists():
        raise MissingDataError(
            f"{database}: there are no patient records; give a DuckDB file, or a folder that `clinweave patients load` "
            "made"
        )
    if database.is_file():
        return (f"attach {quoted(database)} as records (read_only)", "use records")
    store = PatientStore.open(database)
    codes = store.path / "metadata" / "codes.parquet"
    folders = ", ".join(quoted(f"{folder.resolve()}/") for folder in (store.data, codes.parent))
    return (
        f"create view events as select * from {store.scan()}",  # noqa: S608 - a path, quoted
        f"create view codes as select * from read_parquet({quoted(codes)})",  # noqa: S608
        f"set allowed_directories = [{folders}]",  # and no others: the identities of the store stay apart
    )


def _refused(text: str) -> str:
    """Return why a query is not run, or ""."""
    if not _START.match(text):
        return "not a SELECT: a query begins with SELECT or WITH"
    if _statements(text) > 1:
        return "more than one statement"
    if (named := _FORBIDDEN.search(text)) is not None:
        return f"{named[1]} is not allowed"
    return ""


def _statements(text: str) -> int:
    """Return the number of statements; 1 for what cannot be parsed, which running it will say."""
    import duckdb

    try:
        return len(duckdb.extract_statements(text))
    except duckdb.Error:
        return 1


def for_duckdb(query: str, now: str = "") -> str:
    """Return a query with SQLite's forms as DuckDB writes them, and with `now` in the place of `current_time`."""
    if now:
        query = re.sub(r"\bcurrent_time\b(?!')", quoted(now), query, flags=re.IGNORECASE)
    query = re.sub(r"strftime\(\s*'%([Js])'", r"sqlite_strftime('%\1'", query, flags=re.IGNORECASE)
    return re.sub(
        r"strftime\(\s*('[^']*')\s*,\s*('[^']*')", r"strftime(\1, timestamp \2", query, flags=re.IGNORECASE
    )
