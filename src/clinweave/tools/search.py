"""The tool `search`: passages of the text index."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier
from clinweave.tools.base import LONGEST_QUESTION, Parameter, Tool


@dataclass(frozen=True, slots=True)
class SearchInput:
    """Arguments of `search`."""

    query: Annotated[str, Parameter("Words to search for.", LONGEST_QUESTION, required=True)]
    limit: Annotated[int, Parameter("Maximum number of passages.")] = 5


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage: `text` is characters `start` to `end` of `document`. Scores compare within one search only."""

    rank: int
    id: str
    text: str
    title: str
    section: str
    document: str
    start: int
    end: int
    source: str
    release: str
    licence: str
    tier: Tier
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Passages, best first."""

    passages: tuple[PassageHit, ...]
    notes: tuple[str, ...]


def search(base: KnowledgeBase, arguments: SearchInput) -> SearchResult:
    """Return the best passages for the words and concepts of a query."""
    hits = []
    for rank, hit in enumerate(base.search(arguments.query, limit=arguments.limit), 1):
        passage = hit.passage
        hits.append(
            PassageHit(
                rank=rank,
                id=passage.id,
                text=passage.text,
                title=passage.title,
                section=passage.section,
                document=passage.document,
                start=passage.start,
                end=passage.end,
                source=passage.source,
                release=passage.release,
                licence=passage.licence,
                tier=Tier(passage.tier),
                score=round(float(hit.score), 3),
                reason=hit.reason,
            )
        )
    return SearchResult(tuple(hits), () if hits else ("no passage has the words of the query",))


TOOL = Tool(
    "search",
    "Search passages",
    "Search the indexed documents for passages on a topic, each with its document, offsets, source and licence.",
    SearchInput,
    SearchResult,
    search,
    tier=lambda result: strictest(item.tier for item in result.passages),
)
