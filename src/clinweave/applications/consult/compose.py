"""Compose an answer from evidence alone: verbalised relations and quoted passages, each with its citation."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.knowledge import Query
from clinweave.records import Audience, Evidence, Statement

NO_EVIDENCE = "I do not know: no evidence was retrieved for this question."
_MOST = 8


@dataclass(frozen=True, slots=True)
class Composition:
    """What is shown of the evidence: statements, their text with citations, and notes on gaps."""

    statements: tuple[Statement, ...]
    text: str
    abstained: bool
    notes: tuple[str, ...] = ()


def compose(
    query: Query,  # noqa: ARG001
    evidence: Sequence[Evidence],
    *,
    audience: Audience,  # noqa: ARG001
) -> Composition:
    """Return the statements that answer a query, best first; with none it abstains."""
    statements = tuple(
        Statement(
            item.passage.text if item.passage is not None else item.text,
            "quotation" if item.passage is not None else "relation",
            (item.id,),
            heading=item.passage.title if item.passage is not None else "",
            score=item.score,
        )
        for item in evidence[:_MOST]
    )
    if not statements:
        return Composition((), NO_EVIDENCE, True)
    lines = (f"{item.text} {''.join(f'[{number}]' for number in item.evidence)}" for item in statements)
    return Composition(statements, "\n".join(lines), False)
