"""The neighbourhood of a concept: at most 60 concepts around it and the relations among them."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools import Parameter, RelationView, Tool, relation_views

MAX_NODES = 60
_MAX_EDGES = 500
_SCANNED = 2000  # relations of one concept that are looked at


@dataclass(frozen=True, slots=True)
class NeighbourhoodInput:
    """Arguments of `neighbourhood`."""

    concept: Annotated[
        str, Parameter("An identifier such as MONDO:0007947, or an unambiguous name.", required=True)
    ]
    hops: Annotated[int, Parameter("Maximum number of relations from the concept.", maximum=2)] = 1
    predicates: Annotated[
        tuple[str, ...],
        Parameter("Only relations of these kinds, such as biolink:has_phenotype; all if empty."),
    ] = ()
    limit: Annotated[int, Parameter("Maximum number of concepts.", maximum=MAX_NODES)] = MAX_NODES


@dataclass(frozen=True, slots=True)
class NodeView:
    """A concept of a neighbourhood. `distance` is 0 for the concept itself."""

    id: str
    name: str
    category: str
    distance: int


@dataclass(frozen=True, slots=True)
class NeighbourhoodResult:
    """Concepts, nearest first, and the relations among them. `notes` says what was left out."""

    nodes: tuple[NodeView, ...]
    relations: tuple[RelationView, ...]
    notes: tuple[str, ...]


def neighbourhood(base: KnowledgeBase, arguments: NeighbourhoodInput) -> NeighbourhoodResult:
    """Return the concepts around one, breadth first in the order of the graph's relations."""
    graph = base.graph
    kinds = {
        item if ":" in item else f"biolink:{item.strip().replace(' ', '_')}" for item in arguments.predicates
    }
    distances = {graph.find(arguments.concept): 0}
    edges, left_out, layer = {}, 0, list(distances)
    for hop in range(1, arguments.hops + 1):
        following = []
        for center in layer:
            for item in graph.about(center, _SCANNED):
                if kinds and item.predicate not in kinds:
                    continue
                other = item.object if item.subject == center else item.subject
                if other not in distances:
                    if len(distances) >= arguments.limit:
                        left_out += 1
                        continue
                    distances[other] = hop
                    following.append(other)
                edges[item.subject, item.predicate, item.object, item.source] = item
        layer = following
    relations = list(edges.values())[:_MAX_EDGES]
    present = [id_ for id_ in distances if graph.resolve(id_) is not None]
    remarks = []
    if left_out:
        remarks.append(
            f"{left_out:,} relations to further concepts were left out: the limit is {arguments.limit} concepts"
        )
    if len(edges) > len(relations):
        remarks.append(f"{len(edges) - len(relations):,} relations were left out: the limit is {_MAX_EDGES}")
    if not relations:
        remarks.append("the graph has no such relation of this concept")
    return NeighbourhoodResult(
        tuple(NodeView(item.id, item.name, item.category, distances[id_])
              for id_, item in zip(present, graph.concepts(present), strict=True)),
        relation_views(graph, relations),
        tuple(remarks),
    )  # fmt: skip


TOOL = Tool(
    "neighbourhood",
    "Show the neighbourhood of a concept",
    "Show the concepts within one or two relations of a concept, and the relations among them, for a drawing.",
    NeighbourhoodInput,
    NeighbourhoodResult,
    neighbourhood,
    tier=lambda result: strictest(item.tier for item in result.relations),
)
