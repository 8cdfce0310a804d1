"""The graph as a retriever: relations grouped around what the question names, in the order of what it asks."""

from typing import TYPE_CHECKING

from clinweave.knowledge.graph.verbalise import phrase
from clinweave.knowledge.query.query import Intent, Query
from clinweave.knowledge.retrieval.graph_facts import facts
from clinweave.knowledge.retrieval.graph_groups import Group
from clinweave.knowledge.retrieval.icd_codes import codes_for
from clinweave.records import Evidence

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.retrieval.retrievers import KnowledgeParts

MOST_FACTS = 60  # relations of one item


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
    relations = group.relations[:MOST_FACTS]
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
