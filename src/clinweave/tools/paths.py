"""The tool `paths`: how two concepts are connected in the graph."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import Parameter, Tool
from clinweave.tools.relations import RelationView, relation_views


@dataclass(frozen=True, slots=True)
class PathsInput:
    """Arguments of `paths`."""

    start: Annotated[str, Parameter("Identifier or unambiguous name of one concept.", required=True)]
    end: Annotated[str, Parameter("Identifier or unambiguous name of the other concept.", required=True)]
    max_length: Annotated[int, Parameter("Maximum number of relations in a path.", maximum=6)] = 4
    limit: Annotated[int, Parameter("Maximum number of paths.", maximum=20)] = 5


@dataclass(frozen=True, slots=True)
class EndConcept:
    """An end of the paths."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """The relations of one path, from start to end."""

    relations: tuple[RelationView, ...]


@dataclass(frozen=True, slots=True)
class PathsResult:
    """The shortest paths; none runs through a generic class or a very well connected concept."""

    start: EndConcept
    end: EndConcept
    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def paths(base: KnowledgeBase, arguments: PathsInput) -> PathsResult:
    """Return the shortest paths between two concepts."""
    graph = base.graph
    start, end = (graph.find(text) for text in (arguments.start, arguments.end))
    first, last = graph.concepts([start, end])
    routes = graph.paths(start, end, max_length=arguments.max_length, limit=arguments.limit)
    remark = f"no path of at most {arguments.max_length} relations is recorded between these concepts"
    if start == end:
        remark = "start and end are the same concept"
    return PathsResult(
        EndConcept(first.id, first.name),
        EndConcept(last.id, last.name),
        tuple(Path(relation_views(graph, steps)) for steps in routes),
        () if routes else (remark,),
    )


TOOL = Tool(
    "paths",
    "Find paths between concepts",
    "Find the shortest chains of recorded relations that connect two concepts, each step with its source.",
    PathsInput,
    PathsResult,
    paths,
    tier=lambda result: strictest(step.tier for path in result.paths for step in path.relations),
)
