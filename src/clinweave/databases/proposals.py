"""Relations proposed by a model from text (`clinweave graph propose`); merged into a graph only on request.

Every row stays what it is: grade text-mined, knowledge level not provided, made by a text mining agent. None of them
supports an answer. The tier is the strictest of the texts that they were read from.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, wrong
from clinweave.databases.prefixes import normal
from clinweave.records import Grade, Relation, Source, Tier

_FILE, _KIND = "proposals.jsonl", "a file of proposals"
_NEEDED = ("subject", "predicate", "object", "quote", "document", "model", "tier")


def _source(files: Mapping[str, Path]) -> Source:
    needed({Path(name).name: path for name, path in files.items()}, _FILE, "proposals")
    order = list(Tier)
    tier, models = Tier.PUBLIC, set()
    for path in files.values():
        some = False
        for row, line in lines(path, _KIND, RowLog(keep=0)):
            some = True
            try:
                record = json.loads(line)
                tier = max(tier, Tier(record["tier"]), key=order.index)
                models.add(str(record["model"]))
            except (ValueError, KeyError, TypeError):
                if row == 1:
                    wrong(path, _KIND, "its first line is no proposal")
                tier = Tier.PRIVATE  # a row that cannot be read may have been
        if not some:
            wrong(path, _KIND, "it is empty")
    return Source(
        id="proposals",
        name="relations proposed from text by a model",
        infores="infores:clinweave-proposals",
        release=", ".join(sorted(models)) or "not stated",
        licence="that of the texts read",
        homepage="not stated",
        tier=tier,
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    for name, path in files.items():
        yield from _rows(name, path, log)


def _rows(name: str, path: Path, log: RowLog) -> Iterator[Record]:
    for row, line in lines(path, _KIND, log):
        try:
            record = json.loads(line)
            values = [str(record[key]).strip() for key in _NEEDED]
        except (ValueError, KeyError, TypeError, RecursionError):
            log.drop(name, row, "not a proposal")
            continue
        subject, object_ = normal(values[0]), normal(values[2])
        if not subject or not object_ or not values[1].startswith("biolink:") or " " in values[1]:
            log.drop(name, row, "an end is no CURIE, or the predicate is not Biolink's")
        elif not values[3]:
            log.drop(name, row, "no quote")
        else:
            yield _relation(subject, values[1], object_, record)


def _relation(subject: str, predicate: str, object_: str, record: Mapping[str, object]) -> Relation:
    where = normal(str(record["document"]))
    return Relation(
        subject,
        predicate,
        object_,
        "proposals",
        publications=(where,) if where else (),
        evidence=f"proposed by {record['model']}",
        grade=Grade.TEXT_MINED,
        knowledge_level="not_provided",
        agent_type="text_mining_agent",
    )


PROPOSALS = Database("proposals", "", (_FILE,), _source, _read, repeats=True)
