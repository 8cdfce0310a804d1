"""The `Database` interface: read release files, yield records, and count and report every rejected row."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinweave.records import Concept, Dropped, Passage, Relation, Source

Record = Concept | Relation | Passage
READERS_VERSION = (
    2  # of what the readers share (OBO, XML, prefixes): raise it when that changes their records
)
_REPORTED = 3  # refused rows of a file that are named in the log
logger = logging.getLogger(__name__)


@dataclass
class RowLog:
    """Counts every refused row and keeps the first few with file, row number and reason."""

    keep: int = 20
    counts: dict[str, int] = field(default_factory=dict)  # "file: reason" -> rows
    examples: list[Dropped] = field(default_factory=list)

    def drop(self, file: str, row: int, reason: str) -> None:
        """Count one refused row; the first `keep` are kept for `report`."""
        key = f"{file}: {reason}"
        self.counts[key] = self.counts.get(key, 0) + 1
        if len(self.examples) < self.keep:
            self.examples.append(Dropped(file, row, reason))

    def report(self) -> None:
        """Log one line per file: how many rows were refused, and the first of them with the reason."""
        for file in dict.fromkeys(key.partition(": ")[0] for key in self.counts):
            count = sum(rows for key, rows in self.counts.items() if key.startswith(f"{file}: "))
            first = [item for item in self.examples if item.file == file][:_REPORTED]
            reasons = "; ".join(f"row {item.row}: {item.reason}" for item in first)
            more = "; ..." if count > len(first) else ""
            skipped = "1 row skipped" if count == 1 else f"{count:,} rows skipped"
            logger.warning("%s: %s%s", file, skipped, f" ({reasons}{more})" if reasons else "")

    @property
    def total(self) -> int:
        """Return how many rows were refused."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Database:
    """One clinical database. `read` maps its files (by catalogue name) to records.

    `source` is called first, with the same files, and returns the release that the files themselves state.
    Both raise `UserError` where a file is not of this database at all (wrong header, empty, not text).
    """

    id: str
    prefix: str  # the CURIE prefix of the concepts it defines
    files: tuple[str, ...]  # names of the files it needs, as in resources.toml
    source: Callable[[Mapping[str, Path]], Source]
    read: Callable[[Mapping[str, Path], RowLog], Iterator[Record]]
    optional: tuple[str, ...] = ()  # names of files that add to it
    also: Mapping[str, str] = field(default_factory=dict)  # other names of release files -> ours
    many: bool = False  # any number of such files, whatever their names (KGX, mapping sets, literature)
    repeats: bool = False  # any number of files of that one name, each from a folder of its own
    version: int = 1  # of the reader: raise it when the same files give other records
