"""UMLS Metathesaurus (https://www.nlm.nih.gov/research/umls), from your own licensed copy in RRF. Access: gated.

MRCONSO alone is enough; MRSTY gives categories, MRDEF definitions, MRREL relations. The first three are sorted by
concept and are read side by side, so memory stays small whatever the size. English names that nobody suppressed
are kept (`reader` takes other languages and chosen vocabularies). In MRREL a row says what its *second* concept
is to the first.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, recorded_release, rrf
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Relation, Source, Tier

_NAMES, _TYPES, _DEFINITIONS, _RELATIONS = "MRCONSO.RRF", "MRSTY.RRF", "MRDEF.RRF", "MRREL.RRF"
_WIDTH = {_NAMES: 18, _TYPES: 6, _DEFINITIONS: 8, _RELATIONS: 16}
_PREFIXES = {  # source vocabulary -> prefix; identity only where a concept has one code of it
    "SNOMEDCT_US": "SNOMEDCT", "MSH": "MESH", "HPO": "HP", "OMIM": "OMIM", "NCI": "NCIT", "RXNORM": "RXCUI",
    "DRUGBANK": "DRUGBANK", "HGNC": "HGNC", "ORPHANET": "ORPHA", "MDR": "MEDDRA", "ICD10CM": "ICD10CM",
    "ICD9CM": "ICD9CM", "LNC": "LOINC", "ATC": "ATC", "GO": "GO",
}  # fmt: skip
_SAME = frozenset({"SNOMEDCT", "MESH", "HP", "OMIM", "NCIT", "RXCUI", "DRUGBANK", "HGNC", "ORPHA"})
_SEMANTIC = {  # semantic type -> category; the first that a concept has, in this order
    "T047": "Disease", "T191": "Disease", "T048": "Disease", "T019": "Disease", "T046": "Disease",
    "T184": "PhenotypicFeature", "T033": "PhenotypicFeature", "T028": "Gene", "T200": "Drug", "T121": "Drug",
    "T195": "Drug", "T109": "ChemicalEntity", "T103": "ChemicalEntity", "T116": "ChemicalEntity",
    "T060": "Procedure", "T059": "Procedure", "T061": "Procedure", "T023": "GrossAnatomicalStructure",
    "T029": "GrossAnatomicalStructure", "T034": "ClinicalAttribute", "T201": "ClinicalAttribute",
}  # fmt: skip
_SAID = {  # RELA -> predicate between second and first concept
    "may_treat": "treats", "may_prevent": "preventative_for_condition",
    "contraindicated_with_disease": "contraindicated_in", "has_ingredient": "has_part",
    "causative_agent_of": "causes", "may_be_diagnosed_by": "related_to", "disease_has_finding": "has_phenotype",
    "disease_may_have_finding": "has_phenotype", "gene_associated_with_disease": "gene_associated_with_condition",
    "has_mechanism_of_action": "has_chemical_role",
}  # fmt: skip
_HIDDEN = frozenset("OEY")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _NAMES, "umls")
    next(rrf(path, "UMLS MRCONSO.RRF", _WIDTH[_NAMES], RowLog(keep=0)), None)
    return Source(
        id="umls",
        name="UMLS Metathesaurus",
        infores="infores:umls",
        release=recorded_release(path),
        licence="UMLS licence of the NLM, your own copy; each vocabulary has its own terms",
        homepage="https://www.nlm.nih.gov/research/umls",
        tier=Tier.GATED,
    )


def _read(
    files: Mapping[str, Path],
    log: RowLog,
    languages: Collection[str] = ("ENG",),
    vocabularies: Collection[str] | None = None,
) -> Iterator[Record]:
    types = _SideFile(files, _TYPES, log)
    definitions = _SideFile(files, _DEFINITIONS, log)
    for cui, rows in groupby(_rows(files, _NAMES, log), lambda item: item[1][0]):
        atoms: list[tuple[bool, bool, bool, int, str]] = []
        codes: list[str] = []
        for row, cells in rows:
            if cells[16] in _HIDDEN or cells[1] not in languages:
                continue
            if vocabularies is not None and cells[11] not in vocabularies:
                continue
            if not cells[14].strip():
                log.drop(_NAMES, row, "an atom without a name")
                continue
            atoms.append((cells[2] != "P", cells[4] != "PF", cells[6] != "Y", len(atoms), cells[14].strip()))
            if prefix := _PREFIXES.get(cells[11]):
                codes.append(curie(prefix, cells[13]))
        kinds = [cells[1] for cells in types.of(cui)]
        texts = [cells[5] for cells in definitions.of(cui) if cells[6] not in _HIDDEN]
        if atoms and cui.startswith("C"):
            yield _concept(cui, [atom[-1] for atom in sorted(atoms)], codes, kinds, texts)
    if _RELATIONS in files:
        yield from _relations(files, log, vocabularies)


def _concept(cui: str, names: list[str], codes: list[str], kinds: list[str], texts: list[str]) -> Concept:
    distinct = list(dict.fromkeys(filter(None, codes)))
    prefixes = [code.partition(":")[0] for code in distinct]
    same = [
        code
        for code, prefix in zip(distinct, prefixes, strict=True)
        if prefix in _SAME and prefixes.count(prefix) == 1
    ]
    category = next((category for kind, category in _SEMANTIC.items() if kind in kinds), "NamedThing")
    return Concept(
        f"UMLS:{cui}",
        f"biolink:{category}",
        names[0],
        "umls",
        tuple(dict.fromkeys(name for name in names[1:] if name != names[0])),
        " ".join(texts[0].split()) if texts else "",
        tuple(same),
        tuple(code for code in distinct if code not in same),
    )


def _relations(
    files: Mapping[str, Path], log: RowLog, vocabularies: Collection[str] | None
) -> Iterator[Relation]:
    for _, cells in _rows(files, _RELATIONS, log):
        first, relation, second, detail, vocabulary = cells[0], cells[3], cells[4], cells[7], cells[10]
        if cells[14] in _HIDDEN or first == second or (vocabularies and vocabulary not in vocabularies):
            continue
        if relation == "CHD" and detail in ("", "isa"):
            predicate = "subclass_of"
        elif detail in _SAID:
            predicate = _SAID[detail]
        else:
            continue  # the inverse of a row that is read, or a relation without a predicate here
        yield Relation(f"UMLS:{second}", f"biolink:{predicate}", f"UMLS:{first}", "umls", evidence=vocabulary)


class _SideFile:
    """A file sorted by concept, read side by side with MRCONSO."""

    def __init__(self, files: Mapping[str, Path], name: str, log: RowLog) -> None:
        self._groups = groupby(
            _rows(files, name, log) if name in files else iter(()), lambda item: item[1][0]
        )
        self._next: tuple[str, list[list[str]]] | None = ("", [])

    def of(self, cui: str) -> list[list[str]]:
        """Return the rows of this concept; concepts must be asked for in ascending order."""
        while self._next is not None and self._next[0] < cui:
            group = next(self._groups, None)
            self._next = (group[0], [cells for _, cells in group[1]]) if group else None
        return self._next[1] if self._next is not None and self._next[0] == cui else []


def _rows(files: Mapping[str, Path], name: str, log: RowLog) -> Iterator[tuple[int, list[str]]]:
    return rrf(needed(files, name, "umls"), f"UMLS {name}", _WIDTH[name], log)


def reader(languages: Collection[str] = ("ENG",), vocabularies: Collection[str] | None = None) -> Database:
    """Return the database with other filters: languages as UMLS writes them ("ENG", "SPA"), vocabularies by SAB."""
    read = partial(_read, languages=frozenset(languages), vocabularies=vocabularies)
    return Database("umls", "UMLS", (_NAMES,), _source, read, optional=(_TYPES, _DEFINITIONS, _RELATIONS))


UMLS = reader()
