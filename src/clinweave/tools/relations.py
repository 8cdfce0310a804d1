"""Relations of the graph as tools return them: a sentence, both ends by name, and the source."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.knowledge import Graph, verbalise
from clinweave.records import Grade, Relation, Tier


@dataclass(frozen=True, slots=True)
class RelationView:
    """A relation as a source states it. `negated`: the source says that it does not hold."""

    sentence: str
    subject: str
    subject_name: str
    predicate: str
    object: str
    object_name: str
    negated: bool
    frequency: str
    grade: Grade
    source: str
    release: str
    licence: str
    publications: tuple[str, ...]
    tier: Tier


def relation_views(graph: Graph, relations: Sequence[Relation]) -> tuple[RelationView, ...]:
    """Return relations in their order with the names of their ends; an end without a concept has its identifier."""
    ids = list(dict.fromkeys(end for item in relations for end in (item.subject, item.object)))
    resolved = [id_ for id_ in ids if graph.resolve(id_) is not None]
    names = {id_: concept.name for id_, concept in zip(resolved, graph.concepts(resolved), strict=True)}
    return tuple(
        RelationView(
            sentence=verbalise(graph, item, names),
            subject=item.subject,
            subject_name=names.get(item.subject) or item.subject,
            predicate=item.predicate,
            object=item.object,
            object_name=names.get(item.object) or item.object,
            negated=item.negated,
            frequency=item.frequency,
            grade=item.grade,
            source=item.source,
            release=item.release,
            licence=item.licence,
            publications=item.publications,
            tier=Tier(item.tier),
        )
        for item in relations
    )
