"""RxNorm (https://www.nlm.nih.gov/research/umls/rxnorm), from your own copy in RRF. Access: gated.

RxNorm's own names (SAB RXNORM) make the concepts: ingredients, brand names and clinical drugs. Other vocabularies in
the file have their own terms; only their identifiers are taken. In RXNREL a row says what its *second* concept is to
the first.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, recorded_release, rrf
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Relation, Source, Tier

_FILE, _KIND = "RXNCONSO.RRF", "RxNorm's RXNCONSO.RRF"
_RELATIONS = "RXNREL.RRF"
_PREFIXES = {"DRUGBANK": "DRUGBANK", "MSH": "MESH", "SNOMEDCT_US": "SNOMEDCT", "ATC": "ATC", "MTHSPL": "UNII"}
_SAME = frozenset({"DRUGBANK", "UNII"})
_INGREDIENTS = frozenset({"IN", "PIN"})
_KINDS = {  # term type -> how much it is the name of the concept; lower speaks first
    "IN": 0, "PIN": 0, "MIN": 0, "BN": 0, "SCD": 0, "SBD": 0, "GPCK": 0, "BPCK": 0, "SCDC": 0, "SCDF": 0, "SBDC": 0,
    "SBDF": 0, "SCDG": 0, "SBDG": 0, "PSN": 1, "SY": 2, "TMSY": 2,
}  # fmt: skip
_SAID = {  # RELA -> predicate between second and first concept
    "has_ingredient": "has_part",
    "has_precise_ingredient": "has_part",
    "tradename_of": "related_to",
    "isa": "subclass_of",
}


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "rxnorm")
    next(rrf(path, _KIND, 18, RowLog(keep=0)), None)
    return Source(
        id="rxnorm",
        name="RxNorm",
        infores="infores:rxnorm",
        release=recorded_release(path),
        licence="UMLS licence of the NLM, your own copy (RxNorm's own names are in the public domain)",
        homepage="https://www.nlm.nih.gov/research/umls/rxnorm",
        tier=Tier.GATED,
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "rxnorm")
    names: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    codes: dict[str, list[str]] = defaultdict(list)
    for row, cells in rrf(path, _KIND, 18, log):
        rxcui, vocabulary, kind, code, name = cells[0], cells[11], cells[12], cells[13], cells[14].strip()
        if not rxcui.isdecimal() or not name:
            log.drop(path.name, row, "no RXCUI or no name")
        elif cells[16] in ("O", "E", "Y") or cells[1] != "ENG":
            continue
        elif vocabulary == "RXNORM" and kind in _KINDS:
            names[rxcui].append((_KINDS[kind], row, name, kind))
        elif vocabulary in _PREFIXES and (xref := curie(_PREFIXES[vocabulary], code)):
            codes[rxcui].append(xref)
    for rxcui, rows in names.items():
        rows.sort()
        distinct = list(dict.fromkeys(codes.get(rxcui, ())))
        prefixes = [xref.partition(":")[0] for xref in distinct]
        ingredient = any(kind in _INGREDIENTS for _, _, _, kind in rows)
        same = [
            xref
            for xref, prefix in zip(distinct, prefixes, strict=True)
            if ingredient and prefix in _SAME and prefixes.count(prefix) == 1
        ]
        others = dict.fromkeys(name for _, _, name, _ in rows[1:] if name != rows[0][2])
        looser = tuple(xref for xref in distinct if xref not in same)
        yield Concept(
            f"RXCUI:{rxcui}", "biolink:Drug", rows[0][2], "rxnorm", tuple(others), "", tuple(same), looser
        )
    if _RELATIONS in files:
        yield from _relations(files[_RELATIONS], log)


def _relations(path: Path, log: RowLog) -> Iterator[Relation]:
    for _, cells in rrf(path, "RxNorm's RXNREL.RRF", 16, log):
        first, second, detail = cells[0], cells[4], cells[7]
        if cells[10] == "RXNORM" and detail in _SAID and first and second and first != second:
            yield Relation(f"RXCUI:{second}", f"biolink:{_SAID[detail]}", f"RXCUI:{first}", "rxnorm")


RXNORM = Database("rxnorm", "RXCUI", (_FILE,), _source, _read, optional=(_RELATIONS,))
