"""Whether the text index finds what answers: recall of the gold text, from the question alone."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from clinweave.evaluation.lookup import is_gold_text
from clinweave.knowledge import ContextBuilder
from clinweave.records import Question

CUTS = (1, 5, 10)


def retrieval(questions: Sequence[Question], context_builder: ContextBuilder) -> dict[str, Any]:
    """Return, per task with gold texts, recall@k and the share whose gold text is in the index at all."""
    if context_builder.index is None:
        return {}
    ranks: dict[str, list[int | None]] = defaultdict(list)
    present: dict[str, list[bool]] = defaultdict(list)
    for question in questions:
        if not question.context:
            continue
        ranks[question.task].append(_rank(context_builder, question, question.question, max(CUTS)))
        own_words = " ".join(question.context)[:400]
        present[question.task].append(_rank(context_builder, question, own_words, 3) is not None)
    return {
        task: {
            "n": len(found),
            "gold_in_corpus": round(sum(present[task]) / len(found), 6),
            **{
                f"recall@{cut}": round(sum(rank is not None and rank < cut for rank in found) / len(found), 6)
                for cut in CUTS
            },
        }
        for task, found in ranks.items()
    }


def _rank(context_builder: ContextBuilder, question: Question, query: str, k: int) -> int | None:
    """Return the rank from 0 of the first passage of the gold text among the first `k`, or None."""
    if context_builder.index is None:
        return None
    concepts = tuple(one.id for one in context_builder.linker.link(query)) if context_builder.linker else ()
    hits = context_builder.index.search(
        query, k=k, concepts=concepts, linker=context_builder.linker, graph=context_builder.graph
    )
    return next((rank for rank, hit in enumerate(hits) if is_gold_text(question, hit.passage.text)), None)
