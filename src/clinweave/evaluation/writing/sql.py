"""Queries that a model wrote for EHRSQL's database, and their rows as the published scorer compares them."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from clinweave.evaluation.writing.ehr_database import NOW
from clinweave.patients import SqlSandbox

SECONDS = 10.0
ROWS = 100  # as the published scorer compares
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


class SqlResult(NamedTuple):
    """The rows of a query as text, sorted, at most `ROWS`; or why there are none."""

    rows: tuple[tuple[str, ...], ...] = ()
    error: str = ""


class EhrSandbox:
    """Runs queries on EHRSQL's database, whose present time is the end of 2100."""

    def __init__(self, database: Path, seconds: float = SECONDS) -> None:
        self._sandbox = SqlSandbox(database, seconds, NOW)

    def run(self, query: str) -> SqlResult:
        """Return the comparable rows of one SELECT, or the error."""
        result = self._sandbox.run(query)
        return SqlResult(error=result.error) if result.error else SqlResult(comparable_rows(result.rows))

    def close(self) -> None:
        """Close the database."""
        self._sandbox.close()


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
