"""Evidence for a note: what the graph and the text index hold about the concepts that the note names."""

import re
from collections.abc import Callable, Sequence

from clinweave.evaluation.knowledge_bases import KnowledgeBase

# what a task asks for evidence: text of a note, retrievers, tokens -> lines, "" where nothing was found
FindEvidence = Callable[[str, Sequence[str], int], str]
QUERY = 6_000  # letters of a note that are searched for, its end: findings, diagnosis and treatment come last
_NUMBER = re.compile(r"^\d+ ", re.MULTILINE)


class NoteEvidence:
    """Finds evidence in a knowledge base, which is opened at the first use. It sees the note alone."""

    def __init__(self, open_base: Callable[[], KnowledgeBase]) -> None:
        self._open = open_base

    def __call__(self, note: str, retrievers: Sequence[str], budget: int) -> str:
        """Return evidence, one item per line, at most `budget` tokens of four letters each, whatever the model."""
        query = _query(note)
        if not re.search(r"\w", query):
            return ""
        context = self._open().context_builder.evidence(
            query, retrievers=retrievers, budget=budget, count_tokens=_tokens
        )
        # without numbers: those of the note's sentences are what is asked for
        return "\n".join(f"- {item.text}" for item in context.items)


def _query(note: str) -> str:
    """Return a note without the numbers of its sentences, as much of its end as a query may hold."""
    text = " ".join(_NUMBER.sub("", note).split())
    return text if len(text) <= QUERY else text[-QUERY:].partition(" ")[2]


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4
