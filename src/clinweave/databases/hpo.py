"""Human Phenotype Ontology (https://hpo.jax.org): findings, modes of inheritance, courses and modifiers, from hp.obo.

An old identifier (alt_id, or an obsolete term that names its one replacement) is a cross-reference of the term that
replaced it, and still resolves; an obsolete term with advice only ("consider") is a looser link of it.
Broader synonyms are not names of a term and are left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed
from clinweave.databases.obo import header, plain, quoted, stanzas
from clinweave.databases.obo_terms import Stanza
from clinweave.databases.prefixes import OneToOne, normal
from clinweave.records import Concept, Passage, Relation, Source

_FILE, _KIND = "hp.obo", "the HPO in OBO format"
LICENCE = "HPO licence: attribution with version, unmodified"
_ID = re.compile(r"HP:\d{7}")
_BRANCHES = {  # the first of these at or above a term decides its category
    "HP:0000118": "biolink:PhenotypicFeature",
    "HP:0000005": "biolink:GeneticInheritance",
    "HP:0031797": "biolink:ClinicalCourse",
    "HP:0012823": "biolink:ClinicalModifier",
    "HP:0040279": "biolink:Attribute",  # frequencies
}
_EXACT = frozenset({"UMLS", "SNOMEDCT", "NCIT", "MEDDRA"})


def _source(files: Mapping[str, Path]) -> Source:
    release = header(needed(files, _FILE, "hpo"), _KIND).get("data-version", "")
    return Source(
        id="hpo",
        name="Human Phenotype Ontology",
        infores="infores:hpo",
        release=release.removeprefix("hp/releases/") or "not stated",
        licence=LICENCE,
        homepage="https://hpo.jax.org",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "hpo")
    header(path, _KIND)
    current: dict[str, Stanza] = {}
    heirs: dict[str, set[str]] = defaultdict(set)  # old id -> what takes its place
    advised: dict[str, set[str]] = defaultdict(set)  # id -> obsolete ids whose stanza says "consider" it
    for term in stanzas(path, _KIND, log):
        id_ = term.first("id")
        if not _ID.fullmatch(id_):
            log.drop(path.name, term.row, "a term without an HP id")
        elif term.first("is_obsolete") == "true":
            heirs[id_].update(_ids(term, "replaced_by", path, log))
            for other in _ids(term, "consider", path, log):
                advised[other].add(id_)
        elif id_ in current or not term.first("name"):
            log.drop(path.name, term.row, "an id twice" if id_ in current else "a term without a name")
        else:
            current[id_] = term
            for other in _ids(term, "alt_id", path, log):
                heirs[other].add(id_)
    former = _former(heirs, current)
    xrefs = {
        id_: [xref for text in term.all("xref") if (xref := _xref(text))] for id_, term in current.items()
    }
    rule = OneToOne(xrefs.items())
    for id_ in current:
        same, looser = rule.split(xrefs[id_], _EXACT)
        old = [
            other
            for other in sorted(advised.get(id_, ()))
            if other not in current and other not in former[id_]
        ]
        links = (*same, *former[id_]), (*looser, *old)
        yield from _records(path, id_, current, links, log)


def _records(
    path: Path,
    id_: str,
    current: Mapping[str, Stanza],
    links: tuple[tuple[str, ...], tuple[str, ...]],
    log: RowLog,
) -> Iterator[Record]:
    """Yield the concept, its definition as a passage, and its parents."""
    term = current[id_]
    name = plain(term.first("name"))
    definition = (quoted(term.first("def")) or ("", ""))[0].strip()
    synonyms = [synonym for value in term.tags.get("synonym", ()) if (synonym := quoted(value))]
    names = dict.fromkeys(
        text.strip() for text, scope in synonyms if scope != "BROAD" and text.strip() != name
    )
    yield Concept(
        id=id_,
        category=_category(id_, current),
        name=name,
        source="hpo",
        synonyms=tuple(filter(None, names)),
        definition=definition,
        xrefs=links[0],
        related=links[1],
    )
    if definition:
        yield Passage(
            id=f"hpo:{id_}:definition",
            text=definition,
            title=name,
            document=id_,
            start=0,
            end=len(definition),
            source="hpo",
            section="definition",
            concepts=(id_,),
        )
    for parent in term.all("is_a"):
        target = parent.split()[0] if parent else ""
        if target in current:
            yield Relation(id_, "biolink:subclass_of", target, "hpo")
        else:
            log.drop(path.name, term.row, "is_a of an unknown term")


def _category(id_: str, current: Mapping[str, Stanza]) -> str:
    """Return the category of the first branch met on the way to the root."""
    waiting, seen = [id_], {id_}
    while waiting:
        term = waiting.pop(0)
        if term in _BRANCHES:
            return _BRANCHES[term]
        parents = (
            [parent.split()[0] for parent in current[term].all("is_a") if parent] if term in current else []
        )
        waiting += [parent for parent in parents if parent not in seen]
        seen.update(parents)
    return "biolink:PhenotypicFeature"


def _former(heirs: Mapping[str, set[str]], current: Mapping[str, Stanza]) -> dict[str, tuple[str, ...]]:
    """Return, for each current id, the old ids that lead to it and to nothing else."""
    former: dict[str, list[str]] = {id_: [] for id_ in current}
    for old in sorted(heirs):
        reached: set[str] = set()
        waiting = [old]
        while waiting and len(reached) < 100:
            node = waiting.pop()
            if node not in reached:
                reached.add(node)
                waiting += [] if node in current else sorted(heirs.get(node, ()))
        ends = reached & current.keys()
        if old not in current and len(ends) == 1:
            former[ends.pop()].append(old)
    return {id_: tuple(olds) for id_, olds in former.items()}


def _ids(term: Stanza, tag: str, path: Path, log: RowLog) -> list[str]:
    """Return the HP ids of a tag; a value that is no identifier of any ontology is counted."""
    values = term.all(tag)
    for value in values:
        if not normal(value):
            log.drop(path.name, term.row, f"{tag} that is no identifier")
    return [value for value in values if _ID.fullmatch(value)]


def _xref(text: str) -> str:
    return normal(plain(text.split(maxsplit=1)[0])) if text else ""


HPO = Database("hpo", "HP", (_FILE,), _source, _read)
