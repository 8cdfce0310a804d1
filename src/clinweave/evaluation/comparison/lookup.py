"""What evidence holds by itself: options it names, the gold fact or text, and the recall of the text index."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.knowledge import ContextBuilder
from clinweave.models import same_option
from clinweave.records import Evidence, Question

CUTS = (1, 5, 10)  # ranks at which recall is measured


def named_options(question: Question, evidence: Sequence[Evidence]) -> list[int]:
    """Return the places of the options that the evidence names, by identifier or as whole words."""
    ids = {end for item in evidence for row in item.relations for end in (row.subject, row.object)}
    ids -= set(question.concepts)
    text = "\n".join(item.text for item in evidence)
    named = []
    for index, option in enumerate(question.options):
        in_graph = index < len(question.option_ids) and question.option_ids[index] in ids
        if in_graph or _holds(text, option):
            named.append(index)
    return named


def look_up(question: Question, evidence: Sequence[Evidence]) -> int | None:
    """Return the one option that the evidence names, or None where it names none or several (equal ones are one)."""
    named = named_options(question, evidence)
    agree = named and all(same_option(question.options, named[0], other) for other in named)
    return named[0] if agree else None


def has_gold(question: Question, evidence: Sequence[Evidence]) -> bool | None:
    """Return whether the gold relation or a part of the gold text is in the evidence; None if there is no gold."""
    if question.gold is not None:
        pair = {question.gold[0], question.gold[2]}
        return any({row.subject, row.object} == pair for item in evidence for row in item.relations)
    if question.context:
        return any(
            item.passage is not None and is_gold_text(question, item.passage.text) for item in evidence
        )
    return None


def supports(question: Question, item: Evidence) -> bool:
    """Return whether an item of evidence holds the answer: the gold relation or text, or the right option's name."""
    return bool(has_gold(question, [item])) or any(
        same_option(question.options, index, question.answer) for index in named_options(question, [item])
    )


def is_gold_text(question: Question, text: str) -> bool:
    """Return whether a passage is cut from the question's gold text (spaces aside)."""
    gold = " ".join(" ".join(question.context).split())
    part = " ".join(text.split())
    return len(part) > 20 and (part in gold or gold in part)


def _holds(text: str, name: str) -> bool:
    pattern = r"\s+".join(re.escape(word) for word in name.split())
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) is not None


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
