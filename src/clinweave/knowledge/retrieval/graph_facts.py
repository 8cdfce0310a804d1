"""The graph retriever: the records that answer a query, one function per intent, each returning groups of relations."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from clinweave.core.predicates import (
    GENE,
    HAS_PHENOTYPE,
    INHERITANCE,
    ROLE,
    SUBCLASS,
)
from clinweave.knowledge.graph.profiles import profiles
from clinweave.knowledge.graph.verbalise import phrase
from clinweave.knowledge.query.query import Intent, Kind, Query
from clinweave.knowledge.retrieval.drug_facts import (
    class_drugs,
    drug_and_disease,
    drug_roles,
    indications,
    treatments,
)
from clinweave.knowledge.retrieval.graph_groups import (
    Group,
    by_frequency,
    by_support,
    denied,
    kinds_of,
    subjects,
    with_counts,
)
from clinweave.knowledge.retrieval.icd_codes import codes_for
from clinweave.records import Evidence, Relation

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.retrieval.retrievers import KnowledgeParts

ATTRIBUTE = "biolink:has_attribute"
ONSET_ROOT = "HP:0003674"
FEW = 3  # records of a disease below which those of its kinds are read as well
KINDS = 40  # kinds of a disease that are read
RANKED = 8  # diseases of a differential


def facts(query: Query, graph: "Graph") -> list[Group]:
    """Return the groups that answer the query, the most direct first."""
    reader = _READERS.get(query.intent)
    groups = reader(query, graph) if reader is not None else []
    return sorted(groups, key=lambda group: -group.score)


def _of_disease(graph: "Graph", disease: str, predicate: str, *, forward: bool) -> list[Relation]:
    """Return the records of a disease; if there are few, also those of its kinds."""

    def read(ids: Sequence[str]) -> list[Relation]:
        return graph.relations(ids, predicate) if forward else graph.relations(None, predicate, ids)

    own = read([disease])
    if len(own) < FEW:
        own += read(kinds_of(graph, disease, KINDS))
    return own


def _features(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    organs = [ids[0] for _, ids in subjects(query, graph, Kind.ORGAN)]
    for _, ids in subjects(query, graph, Kind.DISEASE)[:2]:
        rows = _of_disease(graph, ids[0], HAS_PHENOTYPE, forward=True)
        if organs:
            rows = _under(organs, ids[0], rows, graph)
        yes = [row for row in rows if not denied(row)]
        no = [row for row in rows if denied(row) and row.subject == ids[0]]
        own = any(row.subject == ids[0] for row in yes)
        if yes:
            score = 2.0 if own else 0.7
            groups.append(Group("relation", ids[0], HAS_PHENOTYPE, by_frequency(yes, graph), score))
        if no:
            groups.append(
                Group("relation", ids[0], HAS_PHENOTYPE, by_frequency(no, graph), 0.5, negated=True)
            )
    return groups


def _under(organs: Sequence[str], disease: str, rows: Sequence[Relation], graph: "Graph") -> list[Relation]:
    """Return the records of a disease, else of its kinds, that are of findings in one of the organs."""
    wanted = {item for organ in organs for item in (organ, *graph.descendants(organ))}
    own = [row for row in rows if row.object in wanted and row.object not in organs]
    return own or [
        row
        for row in graph.relations(kinds_of(graph, disease, KINDS), HAS_PHENOTYPE)
        if row.object in wanted and row.object not in organs
    ]


def _related(query: Query, graph: "Graph") -> list[Group]:
    """Return what is recorded between the disease and each finding, organ or gene of the question."""
    groups: list[Group] = []
    diseases = subjects(query, graph, Kind.DISEASE)
    for _, ids in diseases[:2]:
        kin = [ids[0], *kinds_of(graph, ids[0], KINDS)]
        for _, findings in subjects(query, graph, Kind.FINDING, Kind.ORGAN):
            groups += _between(graph, ids[0], kin, findings)
        for topic in query.of_kind(Kind.GENE):
            above = [item for item in graph.ancestors(ids[0]) if item.startswith("MONDO:")]
            rows = graph.relations(topic.id, GENE, kin)
            kind = "relation" if rows else "nearby"
            rows = rows or graph.relations(topic.id, GENE, above)
            if rows:
                groups.append(Group(kind, topic.id, GENE, by_support(rows, forward=True), 3.0))
    for _, drugs in subjects(query, graph, Kind.DRUG):
        for _, roles in subjects(query, graph, Kind.ROLE):
            rows = graph.relations(
                drugs[0], ROLE, [roles[0], *sorted(graph.descendants(roles[0]))], negated=False
            )
            if rows:
                groups.append(Group("relation", drugs[0], ROLE, tuple(rows), 3.0))
    for (_, first), (_, second) in pairwise(diseases):
        rows = graph.relations(first[0], None, second[0]) + graph.relations(second[0], None, first[0])
        for predicate in dict.fromkeys(row.predicate for row in rows):
            same = tuple(row for row in rows if row.predicate == predicate)
            groups.append(Group("relation", same[0].subject, predicate, same, 2.5))
    return groups


def _between(graph: "Graph", disease: str, kin: Sequence[str], findings: Sequence[str]) -> list[Group]:
    terms = [item for item in findings if item.startswith("HP:")] or list(findings)
    below = {item for term in terms for item in graph.descendants(term)}
    rows = graph.relations(kin, HAS_PHENOTYPE, [*terms, *sorted(below)])
    groups = []
    yes = [row for row in rows if not denied(row)]
    no = [row for row in rows if denied(row) and row.object in terms]
    if yes:
        exact = [row for row in yes if row.object in terms and row.subject == disease]
        rest = [row for row in yes if row not in exact]
        ordered = (*with_counts(exact, graph), *by_frequency(rest, graph))
        groups.append(Group("relation", disease, HAS_PHENOTYPE, ordered, 3.0))
    if no:
        groups.append(Group("relation", disease, HAS_PHENOTYPE, by_frequency(no, graph), 2.9, negated=True))
    if not yes and not no:
        above = {item for term in terms for item in graph.ancestors(term)} - {"HP:0000001", "HP:0000118"}
        ancestors = [row for row in graph.relations(disease, HAS_PHENOTYPE, sorted(above)) if not denied(row)]
        ancestors = [row for row in ancestors if len(graph.ancestors(row.object)) > 3]
        if ancestors:
            groups.append(Group("nearby", disease, HAS_PHENOTYPE, by_frequency(ancestors, graph), 0.4))
    return groups


def _genes(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    for _, ids in subjects(query, graph, Kind.DISEASE)[:2]:
        rows = graph.relations(None, GENE, ids[0], negated=False)
        if rows:
            rows += _by_other_sources(rows, graph.descendants(ids[0]), graph)
        rows = rows or graph.relations(None, GENE, kinds_of(graph, ids[0], KINDS), negated=False)
        if rows:
            groups.append(
                Group("relation", ids[0], GENE, by_support(rows, forward=False), 2.0, forward=False)
            )
    return groups


def _by_other_sources(rows: Sequence[Relation], kinds: Collection[str], graph: "Graph") -> list[Relation]:
    """Return one record of each further source that names a gene of the disease for a kind of it."""
    held = {(row.subject, row.source) for row in rows}
    more: dict[tuple[str, str], Relation] = {}
    for row in graph.relations(sorted({row.subject for row in rows}), GENE, sorted(kinds), negated=False):
        if (row.subject, row.source) not in held:
            more.setdefault((row.subject, row.source), row)
    return list(more.values())


def _gene_diseases(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    for topic in query.of_kind(Kind.GENE)[:2]:
        rows = graph.relations(topic.id, GENE, negated=False)
        if rows:
            groups.append(Group("relation", topic.id, GENE, by_support(rows, forward=True), 2.0))
    return groups


def _inheritance(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    for _, ids in subjects(query, graph, Kind.DISEASE)[:2]:
        rows = graph.relations(ids[0], INHERITANCE, negated=False)
        rows = rows or graph.relations(kinds_of(graph, ids[0], KINDS), INHERITANCE, negated=False)
        if rows:
            groups.append(Group("relation", ids[0], INHERITANCE, by_support(rows, forward=True), 2.0))
    return groups


def _onset(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    onsets = {ONSET_ROOT, *graph.descendants(ONSET_ROOT)}
    for _, ids in subjects(query, graph, Kind.DISEASE)[:2]:
        rows = [row for row in graph.relations(ids[0], ATTRIBUTE, negated=False) if row.object in onsets]
        if not rows:
            kin = kinds_of(graph, ids[0], KINDS)
            rows = [row for row in graph.relations(kin, ATTRIBUTE, negated=False) if row.object in onsets]
        if rows:
            groups.append(Group("relation", ids[0], ATTRIBUTE, by_frequency(rows, graph), 2.0))
    return groups


def _differential(query: Query, graph: "Graph") -> list[Group]:
    """Return one group per disease: its records of the findings of the question."""
    present = [topic for topic in query.of_kind(Kind.FINDING, Kind.DISEASE) if not topic.negated]
    terms = [
        next((item for item in (topic.id, *topic.senses) if item.startswith("HP:")), "") for topic in present
    ]
    terms = [item for item in dict.fromkeys(terms) if item]
    groups = _with_own_finding(query, graph)
    if not terms:
        return groups
    below = {term: {term, *graph.descendants(term)} for term in terms}
    wanted = sorted({item for items in below.values() for item in items})
    for index, ranked in enumerate(profiles(graph).rank(terms, RANKED)):
        rows = [row for row in graph.relations(ranked.id, HAS_PHENOTYPE, wanted) if not denied(row)]
        chosen: list[Relation] = []
        for term in terms:
            of_term = [row for row in rows if row.object in below[term]]
            exact = [row for row in of_term if row.object == term]
            chosen += by_frequency(exact or of_term, graph)[:1]
        if chosen:
            groups.append(Group("ranking", ranked.id, HAS_PHENOTYPE, tuple(chosen), 2.0 - index / 100))
    return groups


def _with_own_finding(query: Query, graph: "Graph") -> list[Group]:
    """Return one group per disease that is recorded with a finding of the user's own, which no profile has."""
    groups = []
    for topic in query.of_kind(Kind.FINDING):
        if not topic.id or any(item.startswith("HP:") for item in (topic.id, *topic.senses)):
            continue
        rows = [row for row in graph.relations(None, HAS_PHENOTYPE, topic.id) if not denied(row)]
        by_disease = {row.subject: row for row in reversed(rows)}
        for index, row in enumerate(list(by_disease.values())[:RANKED]):
            groups.append(Group("ranking", row.subject, HAS_PHENOTYPE, (row,), 2.0 - index / 100))
    return groups


def _subtypes(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    for _, ids in subjects(query, graph, Kind.DISEASE, Kind.FINDING, Kind.DRUG)[:1]:
        rows = graph.relations(None, SUBCLASS, ids[0], negated=False)
        rows.sort(key=lambda row: (-graph.degree(row.subject), row.subject))
        if rows:
            groups.append(Group("relation", ids[0], SUBCLASS, tuple(rows), 2.0, forward=False))
    return groups


def _causes(query: Query, graph: "Graph") -> list[Group]:
    groups = [_lowered(group) for group in _genes(query, graph)]
    groups = [group for group in groups if any(row.object == group.centre for row in group.relations)]
    several = len(query.of_kind(Kind.DISEASE, Kind.FINDING)) > 1
    if not several and not query.of_kind(Kind.DRUG) and (not query.of_kind(Kind.DISEASE) or not groups):
        groups += [_lowered(group) for group in _differential(query, graph)]
    return groups


def _lowered(group: Group) -> Group:
    return replace(group, score=group.score - 1.0)


def _definition(query: Query, graph: "Graph") -> list[Group]:
    groups = []
    for topic in [topic for topic in query.topics if topic.id][:2]:
        if topic.kind == Kind.DRUG:
            groups += drug_roles(query, graph)
            continue
        rows = graph.relations(topic.id, SUBCLASS, negated=False)
        if rows:
            groups.append(Group("relation", topic.id, SUBCLASS, tuple(rows), 0.5))
    if not query.of_kind(Kind.DISEASE) and query.of_kind(Kind.GENE):
        groups += _gene_diseases(query, graph)
    return groups + [_lowered(group) for group in _genes(query, graph)]


_READERS = {
    Intent.GENES: _genes,
    Intent.GENE_DISEASES: _gene_diseases,
    Intent.FEATURES: _features,
    Intent.RELATED: _related,
    Intent.HOW_OFTEN: _related,
    Intent.INHERITANCE: _inheritance,
    Intent.ONSET: _onset,
    Intent.DRUG_CLASS: drug_roles,
    Intent.CLASS_DRUGS: class_drugs,
    Intent.INDICATIONS: indications,
    Intent.SAFETY: drug_and_disease,
    Intent.TREATMENT: treatments,
    Intent.DIFFERENTIAL: _differential,
    Intent.SUBTYPES: _subtypes,
    Intent.CAUSES: _causes,
    Intent.DEFINITION: _definition,
}


MAX_FACTS = 60  # relations of one item


class GraphRetriever:
    """Returns curated relations, ranked diseases and codes as evidence."""

    name = "graph"

    def __init__(self, parts: "KnowledgeParts") -> None:
        self._graph = parts.graph

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return at most `limit` items, the most direct first."""
        graph = self._graph
        if query.intent in {Intent.CODE, Intent.CODE_NAME}:
            items = [
                Evidence(str(number), "code", f"{match.id.partition(':')[2]}: {match.name}"
                         + (f" (under: {match.parent})" if match.parent else ""), round(match.score, 3))
                for number, match in enumerate(codes_for(query, graph), 1)
            ]  # fmt: skip
            return items[:limit]
        return [
            _evidence(group, str(number), graph)
            for number, group in enumerate(facts(query, graph)[:limit], 1)
        ]


def _evidence(group: Group, number: str, graph: "Graph") -> Evidence:
    relations = group.relations[:MAX_FACTS]
    ids = {group.centre, *(end for row in relations for end in (row.subject, row.object))}
    concepts = graph.concepts(sorted(ids))
    names = {concept.id: concept.name or concept.id for concept in concepts}
    for concept in concepts:
        if concept.category == "biolink:ChemicalRole" and concept.name.startswith("EC "):
            plain = _plain_role(concept.synonyms)
            if plain:
                names[concept.id] = f"{concept.name} (also: {plain})"
    words = phrase(group.predicate)
    others = "; ".join(
        names[row.object if group.forward or row.subject == group.centre else row.subject]
        for row in relations
    )
    verb = words.negated if group.negated else words.verb if group.forward else words.inverse
    text = f"{names[group.centre]} {verb}: {others}"
    return Evidence(
        number,
        group.kind,
        text,
        group.score,
        relations,
        about=group.centre,
        names=tuple(sorted(names.items())),
    )


def _plain_role(synonyms: tuple[str, ...]) -> str:
    """Return the name of an enzyme's inhibitor that a clinician uses, "" if there is none."""
    plain = [
        name
        for name in synonyms
        if not name.startswith("EC ") and name.endswith("inhibitor") and "(" not in name
    ]
    return min(plain, key=lambda name: (not name[:1].isupper(), len(name)), default="")
