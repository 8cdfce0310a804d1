"""A retriever: finds the one passage of a very small book."""

from clinweave.knowledge import KnowledgeParts, Query
from clinweave.records import Evidence, Passage

TEXT = "Alpha syndrome was first described in 1931."


class AlmanacRetriever:
    """Returns its passage if the question asks when something was described."""

    name = "almanac"

    def __init__(self, parts: KnowledgeParts) -> None:
        self.home = parts.home  # parts.graph, parts.linker and parts.index are opened when first read

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return at most `limit` items."""
        if "when" not in query.text.lower().split():
            return []
        passage = Passage(
            "1931", TEXT, "Almanac", "almanac.txt", 0, len(TEXT), source="almanac", licence="CC0-1.0"
        )
        return [Evidence("1", "passage", TEXT, score=1.0, passage=passage)][:limit]
