"""The page Graph: search, the neighbourhood of a concept with filters, and paths between two concepts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import UnknownConceptError, UserError
from clinweave.knowledge import phrase, verbalise
from clinweave.records import Concept, Grade, Relation
from clinweave.service.pages.drawing import (
    DrawnPaths,
    Neighbourhood,
    NodeName,
    draw_neighbourhood,
    draw_paths,
)
from clinweave.service.pages.rendering import render

if TYPE_CHECKING:
    from clinweave.knowledge import Graph
    from clinweave.service.state import ServiceState

MAX_NODES = 60  # drawn, the concept itself included
_MAX_ROWS = 20_000  # relations of a concept that are counted
_MAX_NAME = 200  # characters
_LENGTH, _PATHS = 4, 5
_EXCLUDED = "HP:0040285"  # a frequency that says "never"


@dataclass(frozen=True)
class RelationRow:
    """A relation in the table: its sentence, the neighbour, and the page with its source and papers."""

    sentence: str
    neighbour: NodeName
    source: str
    papers: int
    href: str


@dataclass(frozen=True)
class Filters:
    """What of a neighbourhood is shown; "" shows all."""

    predicate: str = ""
    category: str = ""
    source: str = ""


@dataclass(frozen=True)
class ConceptView:
    """A concept with its neighbourhood. `choices` are the values of the filters with their counts."""

    concept: Concept
    filters: Filters
    choices: Mapping[str, Sequence[tuple[str, int]]]
    drawing: Neighbourhood | None
    rows: tuple[RelationRow, ...]
    shown: int  # neighbours that are drawn
    total: int  # neighbours that the filters leave
    counted: bool  # whether all relations were counted


@dataclass(frozen=True)
class PathsView:
    """Paths between two concepts, as a drawing and as sentences."""

    start: NodeName
    end: NodeName
    drawing: DrawnPaths | None
    paths: tuple[tuple[RelationRow, ...], ...]


class GraphPage:
    """The routes of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """Show what the address asks for: a search, a concept or paths."""
        query = request.query_params
        name = _short(query, "q")
        view: object = None
        near: Sequence[tuple[str, str]] = ()
        problem = ""
        try:
            if query.get("from") or query.get("to"):
                view = await self._state.lookups.run(self._paths, _short(query, "from"), _short(query, "to"))
            elif query.get("id"):
                filters = Filters(
                    _short(query, "predicate"), _short(query, "category"), _short(query, "source")
                )
                view = await self._state.lookups.run(self._concept, _short(query, "id"), filters)
        except UnknownConceptError as error:
            problem, near = str(error), error.near
        results = await self._state.lookups.run(self._search, name, 20) if name else ()
        return render(
            request, "graph.html", status=400 if problem else 200, query=name, results=results, near=near,
            problem=problem, view=view if isinstance(view, ConceptView) else None, most=MAX_NODES,
            paths=view if isinstance(view, PathsView) else None, start=_short(query, "from"), end=_short(query, "to"),
        )  # fmt: skip

    async def names(self, request: Request) -> Response:
        """Return the concepts whose names complete what was typed."""
        name = _short(request.query_params, "q")
        results = await self._state.lookups.run(self._search, name, 8) if len(name) > 1 else ()
        return render(request, "graph_results.html", results=results, query=name)

    def _search(self, name: str, limit: int) -> tuple[NodeName, ...]:
        return tuple(_node(concept) for concept, _ in self._state.base.graph.search(name, limit))

    def _concept(self, name: str, filters: Filters) -> ConceptView:
        graph = self._state.base.graph
        concept = graph.concept(graph.find(name))
        relations = graph.about(concept.id, _MAX_ROWS)
        names = _nodes(graph, relations, concept.id)
        relations = [row for row in relations if _other(row, concept.id) in names]
        choices = {
            "predicate": Counter(row.predicate for row in relations).most_common(),
            "category": Counter(node.category for node in names.values()).most_common(),
            "source": Counter(row.source for row in relations).most_common(),
        }
        fitting = [row for row in relations if _fits(row, names[_other(row, concept.id)], filters)]
        groups = _groups(fitting, concept.id)
        total = len({_other(row, concept.id) for row in fitting})
        chosen = _chosen(groups, MAX_NODES - 1)
        drawing = draw_neighbourhood(
            _node(concept),
            [(label, [names[id_] for id_ in ids]) for label, ids in chosen.items()],
        )
        shown = {id_ for ids in chosen.values() for id_ in ids}
        rows = [row for row in fitting if _other(row, concept.id) in shown]
        return ConceptView(
            concept, filters, choices, drawing if shown else None,
            tuple(_row(graph, row, names[_other(row, concept.id)]) for row in rows[: 4 * MAX_NODES]),
            len(shown), total, len(relations) < _MAX_ROWS,
        )  # fmt: skip

    def _paths(self, start: str, end: str) -> PathsView:
        if not (start and end):
            raise UserError("paths need two concepts: give both names")
        graph = self._state.base.graph
        first, last = (graph.concept(graph.find(name)) for name in (start, end))
        if first.id == last.id:
            raise UserError(f"both names mean {first.name} ({first.id}); give two concepts")
        paths = graph.paths(first.id, last.id, max_length=_LENGTH, limit=_PATHS)
        chains: list[list[NodeName]] = []
        shown: list[tuple[RelationRow, ...]] = []
        for steps in paths:
            ids = [first.id]
            for step in steps:
                ids.append(_other(step, ids[-1]))
            chain = [_node(concept) for concept in graph.concepts(ids)]
            chains.append(chain)
            shown.append(tuple(_row(graph, step, node) for step, node in zip(steps, chain[1:], strict=True)))
        return PathsView(_node(first), _node(last), draw_paths(chains) if chains else None, tuple(shown))


def _short(query: QueryParams, name: str) -> str:
    return " ".join(query.get(name, "").split())[:_MAX_NAME]


def _node(concept: Concept) -> NodeName:
    return NodeName(concept.id, concept.name, concept.category)


def _other(row: Relation, id_: str) -> str:
    return row.object if row.subject == id_ else row.subject


def _nodes(graph: "Graph", relations: Sequence[Relation], own: str) -> dict[str, NodeName]:
    """Return the neighbours by id; an end that no source describes has no name and is left out."""
    ids = dict.fromkeys(_other(row, own) for row in relations)
    described = [id_ for id_ in ids if id_ != own and graph.resolve(id_) == id_]
    return {concept.id: _node(concept) for concept in graph.concepts(described)}


def _fits(row: Relation, neighbour: NodeName, filters: Filters) -> bool:
    return (
        filters.predicate in {"", row.predicate}
        and filters.category in {"", neighbour.category}
        and filters.source in {"", row.source}
    )


def _groups(relations: Sequence[Relation], own: str) -> dict[str, list[str]]:
    """Return the neighbours by the words of their relation, curated ones first, each once in a group."""
    groups: dict[str, dict[str, None]] = {}
    for row in sorted(relations, key=lambda item: item.grade != Grade.CURATED):
        words = phrase(row.predicate)
        denied = row.negated or row.frequency == _EXCLUDED
        if row.subject == own:
            label = words.negated if denied else words.verb
        else:
            label = words.inverse_negated if denied else words.inverse
        groups.setdefault(label, {})[_other(row, own)] = None
    return {label: list(ids) for label, ids in groups.items()}


def _chosen(groups: Mapping[str, Sequence[str]], most: int) -> dict[str, list[str]]:
    """Return at most `most` neighbours, taken from the groups in turn: no group hides another."""
    chosen: dict[str, list[str]] = {label: [] for label in groups}
    seen: set[str] = set()
    for depth in range(max(map(len, groups.values()), default=0)):
        for label, ids in groups.items():
            if depth < len(ids) and (ids[depth] in seen or len(seen) < most):
                chosen[label].append(ids[depth])
                seen.add(ids[depth])
    return {label: ids for label, ids in chosen.items() if ids}


def _row(graph: "Graph", row: Relation, neighbour: NodeName) -> RelationRow:
    key = "|".join((row.subject, row.predicate, row.object, row.source))
    source = f"{row.source} {row.release}".strip()
    return RelationRow(
        verbalise(graph, row), neighbour, source, len(row.publications), f"/relation?{urlencode({'r': key})}"
    )
