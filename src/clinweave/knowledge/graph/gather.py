"""Records of all kinds read into Arrow tables."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from clinweave import schemas
from clinweave.knowledge.graph import tables
from clinweave.records import Concept, Passage, Relation, Source

if TYPE_CHECKING:
    from clinweave.databases import Record, RowLog

_CHUNK = 20_000
_KINDS = {Concept: schemas.CONCEPTS, Relation: schemas.RELATIONS, Passage: schemas.PASSAGES}


@dataclass
class Gathered:
    """What was read: one plain table per kind of record, the releases, and the refused rows by source."""

    tables: dict[type, pa.Table]
    sources: dict[str, Source]
    logs: "dict[str, RowLog]" = field(default_factory=dict)


def gather(records: "Mapping[str, Iterable[Record]]") -> dict[type, pa.Table]:
    """Return one plain table per kind of record, in the order read; memory holds no more than a chunk of objects."""
    parts: dict[type, list[pa.Table]] = {kind: [] for kind in _KINDS}
    with _uncollected():
        _gather(records, parts)
    return {
        kind: tables.plain(
            pa.concat_tables(parts[kind]).unify_dictionaries() if parts[kind] else schema.empty_table()
        )
        for kind, schema in _KINDS.items()
    }


def _gather(records: "Mapping[str, Iterable[Record]]", parts: dict[type, list[pa.Table]]) -> None:
    for stream in records.values():
        walker = iter(stream)
        while chunk := list(islice(walker, _CHUNK)):
            for kind, schema in _KINDS.items():
                rows = [record for record in chunk if type(record) is kind]
                if rows:
                    parts[kind].append(schemas.table(rows, schema))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the collection of reference cycles: records make none, and looking for them took a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
