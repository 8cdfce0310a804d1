"""The graph's records of drugs: classes, roles in the order of what tells a clinician most, uses, contraindications."""

import re
from typing import TYPE_CHECKING

from clinweave.core.predicates import CONTRAINDICATED, ROLE, SUBCLASS, TREATS
from clinweave.knowledge.query.query import Intent, Kind, Query
from clinweave.knowledge.retrieval.graph_groups import Group, by_support, subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinweave.knowledge.graph.graph import Graph
    from clinweave.records import Relation

DRUGS = 40
_METABOLITE = "CHEBI:25212"
_THERAPEUTIC = "CHEBI:23888"  # drug
# Metabolite, xenobiotic, contaminant, geroprotector, food roles, pesticide, mutagen, epitope, allergen.
_TELLS_LITTLE = frozenset(
    [
        "CHEBI:25212",
        "CHEBI:35703",
        "CHEBI:78298",
        "CHEBI:176497",
        "CHEBI:33229",
        "CHEBI:78295",
        "CHEBI:25944",
        "CHEBI:25435",
        "CHEBI:53000",
        "CHEBI:50904",
        "CHEBI:50905",
        "CHEBI:52209",
        "CHEBI:51086",
        "CHEBI:76924",
        "CHEBI:77746",
        "CHEBI:75767",
        "CHEBI:27027",
    ]
)
_NO_USE = re.compile(r"(?:allergen|toxic agent|toxin|activator|contaminant|metabolite|inducer)s?$")
_MECHANISM = re.compile(
    r"(?:antagonist|agonist|inhibitor|blocker|modulator|activator|diuretic|hormone|anticoagulant|coagulant|chelator)s?$"
)


def drug_roles(query: Query, graph: "Graph") -> list[Group]:
    """Return the classes and roles of the drugs of the question, those that tell a clinician most first."""
    groups = []
    for _, ids in subjects(query, graph, Kind.DRUG)[:2]:
        drug = ids[0]
        own = graph.relations(drug, ROLE, negated=False)
        above = [item for item in graph.ancestors(drug) if item.startswith("CHEBI:")]
        shared = [
            row for row in graph.relations(above, ROLE, negated=False) if role_rank(row.object, graph) < 2
        ]
        ordered = _telling_order(own, graph)
        telling = [row for row in ordered if role_rank(row.object, graph) < 2]
        if telling:
            groups.append(Group("relation", drug, ROLE, tuple(telling), 2.0))
        classes = {row.subject for row in shared}
        parents = graph.relations(drug, SUBCLASS)
        clinical = [row for row in parents if row.object in classes or classes & graph.ancestors(row.object)]
        if clinical:
            groups.append(Group("relation", drug, SUBCLASS, tuple(clinical), 2.1))
        groups += [
            Group("relation", source, ROLE, tuple(row for row in shared if row.subject == source), 1.9)
            for source in list(dict.fromkeys(row.subject for row in shared))[:3]
        ]
        rest = [row for row in ordered if row not in telling]
        if rest and not telling and not clinical:
            groups.append(Group("relation", drug, ROLE, tuple(rest), 0.6))
        if not clinical and not telling and parents:
            groups.append(Group("relation", drug, SUBCLASS, tuple(parents), 0.8))
    return list(dict.fromkeys(groups))


def _telling_order(rows: "Sequence[Relation]", graph: "Graph") -> "list[Relation]":
    """Return roles in the order of what they tell: the rarest therapeutic use, mechanisms, other uses, the rest."""
    ordered = sorted(rows, key=lambda row: (role_rank(row.object, graph), graph.degree(row.object)))
    uses = [row for row in ordered if role_rank(row.object, graph) == 0]
    mechanisms = [row for row in ordered if role_rank(row.object, graph) == 1]
    rest = [row for row in ordered if row not in uses and row not in mechanisms]
    return [*uses[:1], *mechanisms, *uses[1:], *rest]


def role_rank(role: str, graph: "Graph") -> int:
    """Return how telling a role is to a clinician: 0 a therapeutic use, 1 a mechanism, 2 other, 3 says little."""
    above = graph.ancestors(role) | {role}
    if _NO_USE.search(graph.concept(role).name):
        return 3
    if role in _TELLS_LITTLE or (above & _TELLS_LITTLE and _THERAPEUTIC not in above):
        return 3
    if _THERAPEUTIC in above:
        return 0
    return 1 if _MECHANISM.search(graph.concept(role).name) else 2


def indications(query: Query, graph: "Graph") -> list[Group]:
    """Return what the drugs of the question treat, then their roles."""
    groups = []
    for _, ids in subjects(query, graph, Kind.DRUG)[:2]:
        rows = graph.relations(ids[0], TREATS, negated=False)
        if rows:
            groups.append(Group("relation", ids[0], TREATS, by_support(rows, forward=True), 3.0))
    return groups + drug_roles(query, graph)


def _of_body(role: str, graph: "Graph") -> bool:
    """Say whether a role is that of a metabolite: what the body makes is no typical member of a class of drugs."""
    return _METABOLITE in graph.ancestors(role) or role == _METABOLITE


def class_drugs(query: Query, graph: "Graph") -> list[Group]:
    """Return the drugs that have a role or belong to a chemical class."""
    groups = []
    for topic, ids in subjects(query, graph, Kind.ROLE, Kind.DRUG)[:1]:
        roles = [ids[0], *sorted(graph.descendants(ids[0]))]
        predicate = ROLE if topic.kind == Kind.ROLE else SUBCLASS
        rows = graph.relations(None, predicate, roles, negated=False)
        members = {item.id: item for item in graph.concepts(sorted({row.subject for row in rows}))}
        rows = [row for row in rows if members[row.subject].category == "biolink:Drug"]
        listed = {
            row.subject
            for row in graph.relations([row.subject for row in rows], ROLE)
            if _of_body(row.object, graph)
        }
        rows.sort(key=lambda row: (row.subject in listed, -graph.degree(row.subject), row.subject))
        if rows:
            groups.append(Group("relation", ids[0], predicate, tuple(rows[:DRUGS]), 2.0, forward=False))
    return groups


def drug_and_disease(query: Query, graph: "Graph") -> list[Group]:
    """Return contraindications and indications between the drugs and the diseases of the question."""
    groups = []
    diseases = [item for _, ids in subjects(query, graph, Kind.DISEASE, Kind.FINDING) for item in ids]
    kin = {*diseases, *(item for disease in diseases for item in graph.ancestors(disease))}
    for topic in query.of_kind(Kind.DRUG):
        for predicate in (CONTRAINDICATED, TREATS):
            if query.intent == Intent.SAFETY and not kin and predicate == TREATS:
                continue
            rows = graph.relations(topic.id, predicate, sorted(kin) if kin else None)
            if rows:
                groups.append(Group("relation", topic.id, predicate, tuple(rows), 3.0))
    return groups


def treatments(query: Query, graph: "Graph") -> list[Group]:
    """Return the drugs recorded as treating the disease or finding of the question."""
    groups = []
    for _, ids in subjects(query, graph, Kind.DISEASE, Kind.FINDING)[:1]:
        rows = graph.relations(None, TREATS, ids, negated=False)
        if rows:
            groups.append(
                Group("relation", ids[0], TREATS, by_support(rows, forward=False), 1.0, forward=False)
            )
    return groups
