"""The evidence behind a mark: a passage in its document, or relations with source, release and papers."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import UserError
from clinweave.knowledge import document_passages, verbalise
from clinweave.records import Passage, Relation
from clinweave.service.pages.quotations import Span, marked
from clinweave.service.pages.rendering import render

if TYPE_CHECKING:
    from clinweave.knowledge import Graph
    from clinweave.service.state import ServiceState

_AROUND = 2  # passages shown before and after the cited one
_MAX_ROWS = 40
_SPAN = re.compile(r"(\d{1,7})-(\d{1,7})")


@dataclass(frozen=True)
class PassageView:
    """A passage of a document in marked and unmarked pieces; `cited` for the one behind the mark."""

    passage: Passage
    pieces: tuple[tuple[str, bool], ...]
    cited: bool
    heading: str  # "" where it is that of the passage before


@dataclass(frozen=True)
class RelationView:
    """A relation in a sentence, with its source and the licence it comes under."""

    relation: Relation
    sentence: str
    source: str


class EvidencePages:
    """The routes /passage and /relation."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def passage(self, request: Request) -> Response:
        """Show a passage with what stands before and after it in its document."""
        query = request.query_params
        document, whole = query.get("document", ""), query.get("whole") == "yes"
        if not re.fullmatch(r"\d{1,9}", query.get("start", "")):
            raise UserError("the address of the passage lacks its start")
        start = int(query["start"])
        spans = [
            (int(match[1]), int(match[2]))
            for item in query.getlist("mark")
            if (match := _SPAN.fullmatch(item))
        ]
        views, hidden = await self._state.lookups.run(self._views, document, start, spans, whole)
        cited = next(view.passage for view in views if view.cited)
        name, _, part = cited.document.partition("#")
        rest = [(key, value) for key, value in query.multi_items() if key != "whole"]
        return render(
            request, "passage_part.html" if request.headers.get("hx-request") == "true" else "passage.html",
            views=views, cited=cited, document=name, part=part.replace("=", " ") if "=" in part else part,
            hidden=hidden, rest=rest,
        )  # fmt: skip

    def _views(
        self, document: str, start: int, spans: list[Span], whole: bool
    ) -> tuple[list[PassageView], int]:
        passages = document_passages(self._state.base.index, document)
        same = [n for n, item in enumerate(passages) if item.document == document and item.start == start]
        if not same:
            raise UserError("the text index has no such passage; it may have been rebuilt since the answer")
        low, high = (0, len(passages)) if whole else (max(0, same[0] - _AROUND), same[0] + _AROUND + 1)
        views: list[PassageView] = []
        heading = ""
        for number, item in enumerate(passages[low:high], low):
            own = " > ".join(dict.fromkeys(part for part in (item.title, item.section) if part))
            cited = number == same[0]
            pieces = tuple(marked(item.text, spans if cited else ()))
            views.append(PassageView(item, pieces, cited, "" if own == heading else own))
            heading = own
        return views, len(passages) - len(views)

    async def relation(self, request: Request) -> Response:
        """Show relations with their sources."""
        keys = [tuple(item.split("|")) for item in request.query_params.getlist("r")][:_MAX_ROWS]
        if not keys or any(len(key) != 4 for key in keys):
            raise UserError("the address of a relation is r=SUBJECT|PREDICATE|OBJECT|SOURCE")
        views = await self._state.lookups.run(self._relations, keys)
        return render(
            request, "relation_part.html" if request.headers.get("hx-request") == "true" else "relation.html",
            views=views, missing=len(keys) - len({(v.relation.subject, v.relation.predicate, v.relation.object,
                                                    v.relation.source) for v in views}),
        )  # fmt: skip

    def _relations(self, keys: list[tuple[str, ...]]) -> list[RelationView]:
        graph = self._state.base.graph
        sources = graph.sources()
        views: list[RelationView] = []
        for subject, predicate, target, source in keys:
            for row in graph.relations(subject, predicate, target):
                if row.source == source:
                    name = sources[source].name if source in sources else source
                    views.append(RelationView(row, verbalise(graph, row), name))
        if not views:
            raise UserError("the graph has no such relation; it may have been rebuilt since the answer")
        return views


def concept_name(graph: "Graph", curie: str) -> str:
    """Return the name of a concept, its identifier where the graph does not have it."""
    id_ = graph.resolve(curie)
    return graph.concept(id_).name if id_ else curie
