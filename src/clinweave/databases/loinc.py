"""LOINC (https://loinc.org), from your own copy of Loinc.csv. Access: gated, free after registration.

Each code is a concept, named by its long common name; short and consumer names are synonyms. A code that MapTo.csv
replaces by exactly one other is known as that one. Names of components are shared by many codes and name none.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import csv_table, needed, recorded_release
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Source, Tier

_FILE, _KIND = "Loinc.csv", "LOINC's Loinc.csv"
_MAPS = "MapTo.csv"
_COLUMNS = ("LOINC_NUM", "STATUS", "LONG_COMMON_NAME", "SHORTNAME", "CONSUMER_NAME", "VersionLastChanged")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "loinc")
    next(csv_table(path, _KIND, _COLUMNS, RowLog(keep=0)), None)
    return Source(
        id="loinc",
        name="LOINC",
        infores="infores:loinc",
        release=recorded_release(path),
        licence="LOINC licence of the Regenstrief Institute, your own copy",
        homepage="https://loinc.org",
        tier=Tier.GATED,
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "loinc")
    replaced = _replaced(files[_MAPS], log) if _MAPS in files else {}
    former = defaultdict(list)
    for old, new in replaced.items():
        former[new].append(old)
    seen: set[str] = set()
    for row, (code, _, name, short, consumer, _) in csv_table(path, _KIND, _COLUMNS, log):
        id_ = curie("LOINC", code)
        if not id_ or not name:
            log.drop(path.name, row, "no code or no name")
        elif id_ in seen:
            log.drop(path.name, row, "a code twice")
        elif id_ not in replaced:
            seen.add(id_)
            synonyms = dict.fromkeys(item for item in (short, consumer) if item and item != name)
            yield Concept(
                id_, "biolink:ClinicalAttribute", name, "loinc", tuple(synonyms), xrefs=tuple(former[id_])
            )


def _replaced(path: Path, log: RowLog) -> dict[str, str]:
    """Return the codes that one other took the place of."""
    replacements = defaultdict(set)
    for row, (old, new) in csv_table(path, "LOINC's MapTo.csv", ("LOINC", "MAP_TO"), log):
        deprecated, other = curie("LOINC", old), curie("LOINC", new)
        if not deprecated or not other or deprecated == other:
            log.drop(path.name, row, "no code")
        else:
            replacements[deprecated].add(other)
    return {deprecated: next(iter(others)) for deprecated, others in replacements.items() if len(others) == 1}


LOINC = Database("loinc", "LOINC", (_FILE,), _source, _read, optional=(_MAPS,))
