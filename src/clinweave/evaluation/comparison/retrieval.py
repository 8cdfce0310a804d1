"""Recall of the text index: is the gold text retrieved from the question alone?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.evaluation.comparison.lookup import is_gold_text
from clinweave.knowledge import ContextBuilder
from clinweave.records import Question

CUTS = (1, 5, 10)


@dataclass(frozen=True)
class Recall:
    """Recall of gold texts at each cut, and the share of them that is in the index at all."""

    n: int
    gold_in_corpus: float
    recall: dict[str, float]  # "1", "5", "10" -> share


def retrieval(questions: Sequence[Question], context_builder: ContextBuilder) -> dict[str, Recall]:
    """Return the recall of each task with gold texts."""
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
        task: Recall(
            n=len(result),
            gold_in_corpus=round(sum(present[task]) / len(result), 6),
            recall={
                str(cut): round(sum(rank is not None and rank < cut for rank in result) / len(result), 6)
                for cut in CUTS
            },
        )
        for task, result in ranks.items()
    }


def _rank(context_builder: ContextBuilder, question: Question, query: str, k: int) -> int | None:
    """Return the rank from 0 of the first passage of the gold text among the first `k`, or None."""
    if context_builder.index is None:
        return None
    concepts = (
        tuple(mention.id for mention in context_builder.linker.link(query)) if context_builder.linker else ()
    )
    hits = context_builder.index.search(
        query, k=k, concepts=concepts, linker=context_builder.linker, graph=context_builder.graph
    )
    return next((rank for rank, hit in enumerate(hits) if is_gold_text(question, hit.passage.text)), None)
