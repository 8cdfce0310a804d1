"""General equivalence mappings (GEMs) between ICD-9-CM and ICD-10-CM (https://www.cms.gov), with ICD-9-CM's titles.

Read as CMS publishes them (codes parted by spaces, five flags) or as CSV with one column a flag. A code is never
merged with another: a mapping is `biolink:close_match`, its evidence "exact" or "approximate", with "combination" where
only several codes together say the same. Rows that map to no code are counted.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import csv_table, lines, needed, recorded_release, wrong
from clinweave.records import Concept, Relation, Source

_FILE, _KIND = "icd9toicd10cmgem.csv", "the mappings of ICD-9-CM to ICD-10-CM"
_BACK, _BACK_KIND = "icd10cmtoicd9gem.csv", "the mappings of ICD-10-CM to ICD-9-CM"
_TITLES, _TITLES_KIND = "CMS32_DESC_LONG_DX.txt", "the titles of ICD-9-CM"
_NINE = re.compile(r"(?:\d{3}|V\d\d|E\d{3})\d{0,2}")
_TEN = re.compile(r"[A-Z]\d[0-9A-Z][0-9A-Z]{0,4}")
_ROW = re.compile(r"(\w+)\s+(\w+)\s+([01])([01])([01])(\d)(\d)")


def nine(code: str) -> str:
    """Return the CURIE of an ICD-9-CM code that lacks its dot ("25000" -> "ICD9CM:250.00")."""
    split = 4 if code.startswith("E") else 3
    return f"ICD9CM:{code[:split]}.{code[split:]}" if len(code) > split else f"ICD9CM:{code}"


def ten(code: str) -> str:
    """Return the CURIE of an ICD-10-CM code that lacks its dot ("E119" -> "ICD10CM:E11.9")."""
    return f"ICD10CM:{code[:3]}.{code[3:]}" if len(code) > 3 else f"ICD10CM:{code}"


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "icd_maps")
    next(_mappings(path, _KIND, RowLog(keep=0)), None)
    return Source(
        id="icd_maps",
        name="General equivalence mappings of ICD-9-CM and ICD-10-CM",
        infores="infores:cms-gem",
        release=recorded_release(path),
        licence="public domain (US government)",
        homepage="https://www.cms.gov/medicare/coding-billing/icd-10-codes",
    )


def _mappings(path: Path, kind: str, log: RowLog) -> Iterator[tuple[int, str, str, str]]:
    """Yield (row, code, code, flags): flags are approximate, no map, combination, scenario, choice."""
    first = next(lines(path, kind), (0, ""))[1]
    if not first:
        wrong(path, kind, "it is empty")
    if "," in first:
        ends = ("icd9cm", "icd10cm") if kind is _KIND else ("icd10cm", "icd9cm")
        for row, cells in csv_table(path, kind, (*ends, "approximate", "no_map", "combination"), log):
            yield row, cells[0], cells[1], "".join(cells[2:])
        return
    for row, line in lines(path, kind, log):
        if match := _ROW.fullmatch(line.strip()):
            yield row, match[1], match[2], "".join(match.groups()[2:])
        elif row == 1:
            wrong(path, kind, "its first row is no mapping")
        elif line.strip():
            log.drop(path.name, row, "not a mapping")


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    titles = _titles(files[_TITLES], log) if _TITLES in files else {}
    seen: set[str] = set()
    for name, kind, shapes in ((_FILE, _KIND, (_NINE, _TEN)), (_BACK, _BACK_KIND, (_TEN, _NINE))):
        if name == _BACK and name not in files:
            continue
        path = needed(files, name, "icd_maps")
        spell = (nine, ten) if name == _FILE else (ten, nine)
        for row, source, target, flags in _mappings(path, kind, log):
            if flags[1] == "1":
                log.drop(path.name, row, "a code that maps to none")
                continue
            if not shapes[0].fullmatch(source) or not shapes[1].fullmatch(target):
                log.drop(path.name, row, "an end is no code")
                continue
            ends = spell[0](source), spell[1](target)
            old = next(end for end in ends if end.startswith("ICD9CM:"))
            if old not in seen:
                seen.add(old)
                yield Concept(old, "biolink:DiseaseOrPhenotypicFeature", titles.get(old, old), "icd_maps")
            exact = "approximate" if flags[0] == "1" else "exact"
            yield Relation(
                ends[0],
                "biolink:close_match",
                ends[1],
                "icd_maps",
                evidence=f"{exact}, combination" if flags[2] == "1" else exact,
            )


def _titles(path: Path, log: RowLog) -> dict[str, str]:
    """Return the title of each ICD-9-CM code; CMS publishes the list in Latin-1."""
    titles = {}
    for row, line in lines(path, _TITLES_KIND, log, encoding="latin-1"):
        code, _, title = line.strip().partition(" ")
        if _NINE.fullmatch(code) and title.strip():
            titles[nine(code)] = title.strip()
        else:
            log.drop(path.name, row, "not a code and its title")
    if not titles:
        wrong(path, _TITLES_KIND, "it holds no code")
    return titles


ICD_MAPS = Database("icd_maps", "ICD9CM", (_FILE,), _source, _read, optional=(_BACK, _TITLES))
