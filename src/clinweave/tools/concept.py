"""The tool `concept`: a concept of the graph and its relations."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Concept, Relation, Tier
from clinweave.tools.base import Parameter, Tool
from clinweave.tools.errors import ErrorKind, Suggestion, ToolError
from clinweave.tools.relations import RelationView, relation_views


@dataclass(frozen=True, slots=True)
class ConceptInput:
    """Arguments of `concept`."""

    concept: Annotated[
        str, Parameter("An identifier such as MONDO:0007947, or an unambiguous name.", required=True)
    ]
    predicates: Annotated[
        tuple[str, ...],
        Parameter("Only relations of these kinds, such as biolink:has_phenotype; all if empty."),
    ] = ()
    direction: Annotated[
        Literal["both", "subject", "object"],
        Parameter("Whether the concept is the subject or the object of the relations."),
    ] = "both"
    limit: Annotated[int, Parameter("Maximum number of relations.", maximum=500)] = 40


@dataclass(frozen=True, slots=True)
class PredicateCount:
    """Number of relations of one kind that a concept has."""

    predicate: str
    count: int


@dataclass(frozen=True, slots=True)
class ConceptResult:
    """A concept, the number of its relations by kind, and the relations that were asked for.

    `count` is the number of relations that fit, of which `relations` has the first.
    """

    id: str
    name: str
    category: str
    definition: str
    synonyms: tuple[str, ...]
    xrefs: tuple[str, ...]
    related: tuple[str, ...]
    source: str
    tier: Tier
    predicates: tuple[PredicateCount, ...]
    count: int
    relations: tuple[RelationView, ...]
    notes: tuple[str, ...]


def concept(base: KnowledgeBase, arguments: ConceptInput) -> ConceptResult:
    """Return a concept with its relations, those that it is the subject of first."""
    graph = base.graph
    record = graph.concept(graph.find(arguments.concept))
    relations = graph.about(record.id)
    counts = Counter(item.predicate for item in relations)
    used = frozenset(graph.info()["relations"]["predicate"])
    fitting = _fitting(relations, record, arguments, used, counts)
    remarks = []
    if not fitting:
        remarks.append(f"no relation of {record.name} fits")
    elif len(fitting) > arguments.limit:
        remarks.append(f"{arguments.limit} of {len(fitting)} relations are shown; raise `limit` for more")
    return ConceptResult(
        id=record.id,
        name=record.name,
        category=record.category,
        definition=record.definition,
        synonyms=record.synonyms,
        xrefs=record.xrefs,
        related=record.related,
        source=record.source,
        tier=Tier(record.tier),
        predicates=tuple(PredicateCount(*item) for item in counts.most_common()),
        count=len(fitting),
        relations=relation_views(graph, fitting[: arguments.limit]),
        notes=tuple(remarks),
    )


def _fitting(
    relations: list[Relation],
    record: Concept,
    arguments: ConceptInput,
    used: frozenset[str],
    counts: Counter[str],
) -> list[Relation]:
    """Return the relations that fit the arguments. Raises `ToolError` for a predicate that the graph does not use."""
    predicates = {_predicate(item, used, counts) for item in arguments.predicates}
    return [
        item
        for item in relations
        if (not predicates or item.predicate in predicates)
        and (arguments.direction == "both" or getattr(item, arguments.direction) == record.id)
    ]


def _predicate(text: str, used: frozenset[str], counts: Counter[str]) -> str:
    """Return a predicate, with or without the prefix biolink:. Raises `ToolError` where the graph has none of it."""
    name = text.strip()
    name = name if ":" in name else f"biolink:{name.replace(' ', '_')}"
    if name not in used:
        raise ToolError(
            ErrorKind.INVALID_ARGUMENTS,
            f"the graph has no predicate {text[:80]!r}; this concept has {', '.join(counts) or 'none'}",
            argument="predicates",
            suggestions=tuple(Suggestion(item, item) for item in counts),
        )
    return name


TOOL = Tool(
    "concept",
    "Look up a concept",
    "Look up a disease, finding, gene, drug or code by identifier or name: definition, synonyms, and its relations to "
    "other concepts with their sources.",
    ConceptInput,
    ConceptResult,
    concept,
    tier=lambda result: strictest([result.tier, *(item.tier for item in result.relations)]),
)
