"""The graph and the text index as retrievers."""

from clinweave.knowledge.query import Query
from clinweave.knowledge.retrieval.retrievers import KnowledgeParts
from clinweave.knowledge.weaving.evidence import Weaver
from clinweave.records import Evidence

_WORDS = 400  # of the evidence of one retriever


class GraphRetriever:
    """Relations around the concepts of the question, and short paths between them."""

    name = "graph"

    def __init__(self, parts: KnowledgeParts) -> None:
        self._weaver = Weaver(parts.graph, parts.linker)

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return grouped relations, the most relevant first."""
        woven = self._weaver.evidence(query.text, retrievers=("graph",), budget=_WORDS, count_tokens=_words)
        return list(woven.items[:limit])


class TextRetriever:
    """Passages of the text index, each trimmed to the sentences nearest to the question."""

    name = "text"

    def __init__(self, parts: KnowledgeParts) -> None:
        self._weaver = Weaver(None, parts.linker if parts.has("graph") else None, parts.index)

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return passages, the most relevant first."""
        woven = self._weaver.evidence(query.text, retrievers=("text",), budget=_WORDS, count_tokens=_words)
        return list(woven.items[:limit])


def _words(text: str) -> int:
    return len(text.split())
