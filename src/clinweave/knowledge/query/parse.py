"""Read a question: its concepts and the predicates that its words ask for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinweave.knowledge.query import asked
from clinweave.records import Mention

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it was understood. Retrievers read it; it opens nothing."""

    text: str
    language: str = "en"
    intent: str = ""
    yes_no: bool = False
    mentions: tuple[Mention, ...] = ()
    predicates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_query(question: str, *, graph: "Graph | None" = None, linker: "Linker | None" = None) -> Query:  # noqa: ARG001
    """Return what a question asks for. Raises `UserError` for an empty or over-long question."""
    text = asked.clean(question)
    mentions = tuple(linker.link(text)) if linker is not None else ()
    notes = () if mentions else ("no concept of the vocabularies was recognised in the question",)
    return Query(text, mentions=mentions, predicates=asked.wanted_predicates(text), notes=notes)
