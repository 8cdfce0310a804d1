"""A retriever in a package of its own: it finds the one passage of a very small book."""

from clinweave.knowledge import KnowledgeParts, Query
from clinweave.records import Evidence, Passage

TEXT = "Alpha syndrome was first described in 1931."


class Almanac:
    """Returns its passage where the question asks when something was described."""

    name = "almanac"

    def __init__(self, parts: KnowledgeParts) -> None:
        self.home = parts.home

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return at most one passage."""
        if "when" not in query.text.lower().split():
            return []
        passage = Passage(
            "1931", TEXT, "Almanac", "almanac.txt", 0, len(TEXT), source="almanac", licence="CC0"
        )
        return [Evidence("1", "passage", TEXT, score=1.0, passage=passage)][:limit]
