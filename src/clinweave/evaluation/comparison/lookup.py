"""What evidence says by itself: which options it names, and whether the gold fact or passage is in it."""

import re
from collections.abc import Sequence

from clinweave.models import same_option
from clinweave.records import Evidence, Question


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
    whole = " ".join(" ".join(question.context).split())
    part = " ".join(text.split())
    return len(part) > 20 and (part in whole or whole in part)


def _holds(text: str, name: str) -> bool:
    pattern = r"\s+".join(re.escape(word) for word in name.split())
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) is not None
