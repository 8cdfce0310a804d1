"""SIDER 4.1 (http://sideeffects.embl.de): side effects and indications, mined from package inserts.

Everything is text-mined. Side effects are stated once per drug and MedDRA preferred term, with the frequency where
`meddra_freq.tsv` states one; a frequency under placebo is left out. Drugs are PubChem compounds (the flat STITCH id).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, wrong
from clinweave.records import Concept, Grade, Relation, Source

_FILE, _KIND = "meddra_all_se.tsv", "SIDER's table of side effects"
_NAMES, _FREQUENCIES, _INDICATIONS = "drug_names.tsv", "meddra_freq.tsv", "meddra_all_indications.tsv"
_COMPOUND = re.compile(r"CID[01](\d{8,})")
_CUI = re.compile(r"C\d{7}")
_PERCENT = re.compile(r"\d+(?:\.\d+)?%")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "sider")
    first = next(lines(path, _KIND), (0, ""))[1].split("\t")
    if len(first) != 6 or not _COMPOUND.fullmatch(first[0]):
        wrong(path, _KIND, "its first row has not two compounds and four more columns")
    return Source(
        id="sider",
        name="SIDER",
        infores="infores:sider",
        release="4.1",
        licence="CC BY-NC-SA 4.0",
        homepage="http://sideeffects.embl.de",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "sider")
    names = dict(_names(files[_NAMES], log)) if _NAMES in files else {}
    frequencies = _frequencies(files[_FREQUENCIES], log) if _FREQUENCIES in files else {}
    seen: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for row, cells in _table(path, 6, log):
        drug, effect, kind = _compound(cells[0]), cells[4], cells[3]
        if not drug or (kind == "PT" and not _CUI.fullmatch(effect)):
            log.drop(path.name, row, "no compound or no UMLS concept")
        elif kind == "PT" and (drug, effect) not in pairs:
            pairs.add((drug, effect))
            yield from _ends(drug, effect, cells[5], names, seen)
            yield _mined(drug, "has_side_effect", effect, frequencies.get((drug, effect), ""))
    if _INDICATIONS in files:
        path = files[_INDICATIONS]
        for row, cells in _table(path, 7, log):
            drug, disease, kind = _compound(cells[0]), cells[5], cells[4]
            if not drug or (kind == "PT" and not _CUI.fullmatch(disease)):
                log.drop(path.name, row, "no compound or no UMLS concept")
            elif kind == "PT" and (drug, f"treats {disease}") not in pairs and cells[2] == "NLP_indication":
                pairs.add((drug, f"treats {disease}"))
                yield from _ends(drug, disease, cells[6], names, seen)
                yield _mined(drug, "treats", disease, "")


def _ends(drug: str, effect: str, name: str, names: Mapping[str, str], seen: set[str]) -> Iterator[Concept]:
    if drug not in seen:
        seen.add(drug)
        yield Concept(drug, "biolink:Drug", names.get(drug, drug), "sider")
    if effect not in seen and name.strip():
        seen.add(effect)
        yield Concept(f"UMLS:{effect}", "biolink:PhenotypicFeature", name.strip(), "sider")


def _mined(drug: str, predicate: str, effect: str, frequency: str) -> Relation:
    return Relation(
        drug,
        f"biolink:{predicate}",
        f"UMLS:{effect}",
        "sider",
        frequency=frequency,
        grade=Grade.TEXT_MINED,
        knowledge_level="not_provided",
        agent_type="text_mining_agent",
    )


def _names(path: Path, log: RowLog) -> Iterator[tuple[str, str]]:
    for row, cells in _table(path, 2, log):
        if (drug := _compound(cells[0])) and cells[1].strip():
            yield drug, cells[1].strip()
        else:
            log.drop(path.name, row, "no compound or no name")


def _frequencies(path: Path, log: RowLog) -> dict[tuple[str, str], str]:
    frequencies: dict[tuple[str, str], str] = {}
    for _, cells in _table(path, 10, log):
        if cells[7] == "PT" and not cells[3] and _PERCENT.fullmatch(cells[4]):
            frequencies.setdefault((_compound(cells[0]), cells[8]), cells[4])
    return frequencies


def _table(path: Path, width: int, log: RowLog) -> Iterator[tuple[int, list[str]]]:
    for row, line in lines(path, _KIND, log):
        cells = line.split("\t")
        if len(cells) == width:
            yield row, cells
        elif line:
            log.drop(path.name, row, f"not {width} columns")


def _compound(code: str) -> str:
    """Return the CURIE of the flat STITCH identifier: CID1 and eight digits or more."""
    match = _COMPOUND.fullmatch(code)
    return f"PUBCHEM.COMPOUND:{int(match[1])}" if match else ""


SIDER = Database(
    "sider", "PUBCHEM.COMPOUND", (_FILE,), _source, _read, optional=(_NAMES, _FREQUENCIES, _INDICATIONS)
)
