"""DrugBank's vocabulary (https://go.drugbank.com/releases/latest#open-data): identifiers and names of drugs, CC0.

The UNII names the same substance where one drug alone bears it. Former accession numbers still resolve.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import csv_table, needed, recorded_release
from clinweave.databases.prefixes import OneToOne, curie
from clinweave.records import Concept, Source

_FILE, _KIND = "drugbank vocabulary.csv", "DrugBank's vocabulary"
_COLUMNS = ("DrugBank ID", "Accession Numbers", "Common name", "CAS", "UNII", "Synonyms")
_ID = re.compile(r"DB\d{5}")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "drugbank_vocabulary")
    next(csv_table(path, _KIND, _COLUMNS, RowLog(keep=0)), None)
    return Source(
        id="drugbank_vocabulary",
        name="DrugBank vocabulary",
        infores="infores:drugbank",
        release=recorded_release(path),
        licence="CC0 1.0",
        homepage="https://go.drugbank.com/releases/latest#open-data",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "drugbank_vocabulary")
    drugs: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], list[str]]] = {}
    for row, (id_, former, name, cas, unii, synonyms) in csv_table(path, _KIND, _COLUMNS, log):
        if not _ID.fullmatch(id_) or not name or id_ in drugs:
            log.drop(path.name, row, "an id twice" if id_ in drugs else "no DrugBank id or no name")
            continue
        names = dict.fromkeys(text.strip() for text in synonyms.split("|"))
        old = tuple(f"DRUGBANK:{text}" for text in former.split(" | ") if _ID.fullmatch(text) and text != id_)
        xrefs = [xref for xref in (curie("UNII", unii), curie("CAS", cas)) if xref]
        drugs[id_] = name, tuple(text for text in names if text and text != name), old, xrefs
    rule = OneToOne((id_, xrefs) for id_, (_, _, _, xrefs) in drugs.items())
    for id_, (name, others, old, xrefs) in drugs.items():
        same, looser = rule.split(xrefs, frozenset({"UNII", "CAS"}))
        yield Concept(
            f"DRUGBANK:{id_}", "biolink:Drug", name, "drugbank_vocabulary", others,
            xrefs=(*same, *(x for x in old if x.removeprefix("DRUGBANK:") not in drugs)), related=looser,
        )  # fmt: skip


DRUGBANK_VOCABULARY = Database("drugbank_vocabulary", "DRUGBANK", (_FILE,), _source, _read)
