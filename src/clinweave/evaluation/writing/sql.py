"""SQL that a model wrote, run read-only by DuckDB within limits of time, rows and memory.

The connection opens the database read-only, cannot read files, attach, install or change settings, and a query that
takes too long is interrupted. Date functions of SQLite (`datetime`, `strftime`), which EHRSQL's queries use, are
macros.
"""

import re
import threading
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from clinweave.evaluation.writing.ehr_database import NOW
from clinweave.patients import quoted

SECONDS = 10.0
ROWS = 100  # as the published scorer compares
FETCHED = 50_000  # rows at most; more is an error
MEMORY = "500MB"
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_START = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
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


class SqlResult(NamedTuple):
    """The rows of a query as text, sorted, at most `ROWS`; or why there are none."""

    rows: tuple[tuple[str, ...], ...] = ()
    error: str = ""


class SqlSandbox:
    """Runs queries on one database, one at a time; an expired query leaves the connection usable."""

    def __init__(self, database: Path, seconds: float = SECONDS) -> None:
        import duckdb

        self._seconds = seconds
        settings = {"memory_limit": MEMORY, "threads": "1", "autoinstall_known_extensions": "false"}
        # a database in memory of its own: connections to one file would share its locked settings
        self._connection = duckdb.connect(":memory:", config=dict(settings))
        for statement in (
            "set enable_progress_bar = false",
            f"attach {quoted(database)} as ehr (read_only)",
            "use ehr",
            _MACROS,
            "set enable_external_access = false",
            "set lock_configuration = true",
        ):
            self._connection.execute(statement)

    def run(self, query: str) -> SqlResult:
        """Return the rows of one SELECT; an error for anything else and for what does not finish."""
        import duckdb

        text = query.strip().rstrip(";").strip()
        if not _START.match(text):
            return SqlResult(error="not a SELECT")
        if _statements(text) > 1:
            return SqlResult(error="more than one statement")
        timer = threading.Timer(self._seconds, self._connection.interrupt)
        timer.start()
        try:
            rows = self._connection.execute(for_duckdb(text)).fetchmany(FETCHED + 1)
        except duckdb.InterruptException:
            return SqlResult(error=f"took longer than {self._seconds:g} s")
        except (duckdb.Error, OverflowError, ValueError) as error:
            return SqlResult(error=str(error).splitlines()[0][:200])
        finally:
            timer.cancel()
        if len(rows) > FETCHED:
            return SqlResult(error=f"more than {FETCHED} rows")
        return SqlResult(comparable_rows(rows))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _statements(text: str) -> int:
    """Return the number of statements; 1 for what cannot be parsed, which running it will say."""
    import duckdb

    try:
        return len(duckdb.extract_statements(text))
    except duckdb.Error:
        return 1


def for_duckdb(query: str) -> str:
    """Return a query with the current time of the database, and with SQLite's forms as DuckDB writes them."""
    query = re.sub(r"\bcurrent_time\b(?!')", f"'{NOW}'", query, flags=re.IGNORECASE)
    query = re.sub(r"strftime\(\s*'%([Js])'", r"sqlite_strftime('%\1'", query, flags=re.IGNORECASE)
    query = re.sub(
        r"strftime\(\s*('[^']*')\s*,\s*('[^']*')", r"strftime(\1, timestamp \2", query, flags=re.IGNORECASE
    )
    return re.sub(r"\s+", " ", query)


def comparable_rows(rows: object) -> tuple[tuple[str, ...], ...]:
    """Return rows as the published scorer compares them: numbers to one decimal, as text, sorted, the first 100."""
    listed = [tuple(_cell(cell) for cell in row) for row in rows]  # type: ignore[attr-defined]
    return tuple(sorted(listed)[:ROWS])


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return str(round(float(text), 1)) if _NUMBER.fullmatch(text) else text
