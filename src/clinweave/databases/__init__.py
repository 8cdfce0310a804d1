"""Clinical databases: one file each, release files in, records out. `DATABASES` names them all."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.databases.base import Database, Record, RowLog
    from clinweave.databases.counting import count_records
    from clinweave.databases.prefixes import curie
    from clinweave.databases.registry import DATABASES, DEFAULT, OPEN

__all__ = ["DATABASES", "DEFAULT", "OPEN", "Database", "Record", "RowLog", "count_records", "curie"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "DATABASES": "registry",
        "DEFAULT": "registry",
        "OPEN": "registry",
        "Database": "base",
        "Record": "base",
        "RowLog": "base",
        "count_records": "counting",
        "curie": "prefixes",
    },
)
