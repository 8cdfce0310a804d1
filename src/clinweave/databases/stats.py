"""Statistics of a database read from given files: records by kind, rejected rows, time and memory."""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinweave.databases.base import Database, RowLog
from clinweave.records import Concept, Relation


def count_records(database: Database, files: Mapping[str, Path]) -> dict[str, Any]:
    """Read a whole database and return its counts.

    Keys: release, concepts, names, xrefs, relations, passages, kinds (category or predicate -> n; negated and not
    curated relations apart), dropped ("file: reason" -> rows), cpu_seconds.
    """
    start = time.process_time()
    log = RowLog(keep=0)
    source = database.source(files)
    total: Counter[str] = Counter(concepts=0, names=0, xrefs=0, relations=0, passages=0)
    kinds: Counter[str] = Counter()
    for record in database.read(files, log):
        if isinstance(record, Concept):
            total.update(concepts=1, names=1 + len(record.synonyms), xrefs=len(record.xrefs))
            kinds[record.category] += 1
        elif isinstance(record, Relation):
            total["relations"] += 1
            marks = ["negated"] * record.negated + [record.grade.value] * (record.grade != "curated")
            kinds[" ".join([record.predicate, *marks])] += 1
        else:
            total["passages"] += 1
    return {
        "release": source.release,
        **total,
        "kinds": dict(kinds.most_common()),
        "dropped": dict(log.counts),
        "cpu_seconds": round(time.process_time() - start, 1),
    }
