"""The text index with vectors as a retriever: what `text` finds, and passages near in meaning that share no word."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinweave.knowledge.retrieval.hybrid_index import HybridIndex
from clinweave.knowledge.retrieval.sentence_encoder import SentenceEncoder
from clinweave.knowledge.retrieval.text_retriever import TextRetriever, topic_ids, widened

if TYPE_CHECKING:
    from clinweave.knowledge.query.query import Query
    from clinweave.knowledge.retrieval.retrievers import KnowledgeParts
    from clinweave.knowledge.retrieval.text_index import Hit


class HybridRetriever(TextRetriever):
    """Returns passages like `text`, ranked by words, concepts and vectors together.

    Needs the resource all-minilm-l6-v2, the extra `dense` and `clinweave index vectors`.
    """

    name = "hybrid"

    def __init__(self, parts: "KnowledgeParts") -> None:
        super().__init__(parts)
        self._hybrid = HybridIndex(parts.index, SentenceEncoder.open(parts.home), parts.home)
        self._index = self._hybrid

    def _search(self, query: "Query", k: int, parts: Sequence[str]) -> "list[Hit]":
        """Search by the widened words, and by the meaning of the question as it was asked."""
        return self._hybrid.search(
            widened(query), k=k, parts=parts, concepts=topic_ids(query), meaning=query.text
        )
