"""The final answer of a run: what the evidence says, and of a model's own sentences those that it supports."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinweave.agent.actions import RECORD
from clinweave.agent.memory import Memory, Observation
from clinweave.agent.rule_planner import followed_chain, latest_ranking
from clinweave.applications import DISCLAIMER
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Answer, Evidence, Sentence, Statement, Verdict

_MAX_STATEMENTS = 12
_MAX_DISEASES = 5
_MAX_SENTENCES = 4
_AMOUNT = re.compile(
    r"\d\s*(?:mg|g|µg|mcg|ug|ml|mL|l|IU|units?|tablets?|mmol|mg/kg)\b|\bdos(?:e|es|age)\b", re.I
)
_NO_EVIDENCE = "I do not know: no tool gave evidence that answers the question."


def compose(base: KnowledgeBase, memory: Memory, written: str, model: str) -> Answer:
    """Return the answer. `written` is a model's text, which is checked; sentences on doses are never a model's own."""
    answer = _basis(base, memory)
    if not written.strip():
        return answer
    checked = base.checker.check_answer(written, memory.evidence, memory.question, repair=True)
    return _with_sentences(answer, memory, checked, model)


def _basis(base: KnowledgeBase, memory: Memory) -> Answer:
    """Return what the evidence says without a model: a chain, a ranking, an answer of `ask`, or an abstention."""
    chain = followed_chain(memory)
    if chain is not None and chain.hops[-1]:
        statements, hidden = _chain_statements(memory, chain.hops)
        more = f"{hidden} more relations are in the evidence" if hidden else ""
        return _answer(base, memory, statements, notes=tuple(filter(None, [chain.left_out, more])))
    if (ranking := latest_ranking(memory)) is not None:
        statements, evidence = _ranking_statements(ranking.values, len(memory.evidence))
        return _answer(base, memory, statements, evidence)
    if (queried := _latest_rows(memory)) is not None:
        rows = tuple(Statement(item.text, RECORD, (item.id,)) for item in queried.evidence[:_MAX_STATEMENTS])
        left = len(queried.evidence) - len(rows)
        shortened = (f"{left} more rows are in the evidence",) if left else ()
        return _answer(base, memory, rows, notes=(*_remarks(queried.values), *shortened))
    answers = [item.answer for item in memory.observations if item.answer is not None]
    if answers:
        return next((item for item in reversed(answers) if not item.abstained), answers[-1])
    return _answer(base, memory, (), notes=(chain.left_out,) if chain is not None and chain.left_out else ())


def _latest_rows(memory: Memory) -> Observation | None:
    """Return the last query of patient records that gave rows, or None."""
    queries = (item for item in reversed(memory.observations) if item.call.tool == "query_records")
    return next((item for item in queries if item.evidence), None)


def _remarks(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in values.get("notes", ()))


def _chain_statements(memory: Memory, hops: Sequence[Sequence[str]]) -> tuple[tuple[Statement, ...], int]:
    """Return the last relations of a chain first, then those that lead to them, and how many are left out."""
    by_number = {item.id: item for item in memory.evidence}
    rows = [by_number[number] for numbers in reversed(hops) for number in numbers]
    unique = {item.text: item for item in reversed(rows)}
    ordered = sorted(unique.values(), key=rows.index)
    listed = tuple(Statement(item.text, "relation", (item.id,)) for item in ordered[:_MAX_STATEMENTS])
    return listed, len(ordered) - len(listed)


def _ranking_statements(
    values: Mapping[str, Any], count: int
) -> tuple[tuple[Statement, ...], tuple[Evidence, ...]]:
    statements, evidence = [], []
    for number, item in enumerate(values["ranking"][:_MAX_DISEASES], count + 1):
        reasons = [
            reason["name"] for reason in item["reasons"] if reason["finding"] and reason["contribution"] > 0
        ]
        because = f"; for it: {', '.join(reasons[:4])}" if reasons else ""
        text = f"{item['rank']}. {item['name']} ({item['id']}), share of belief {percent(item['share'])}{because}"
        statements.append(Statement(text, "ranking", (str(number),)))
        sources = "; ".join(dict.fromkeys(name for reason in item["reasons"] for name in reason["sources"]))
        evidence.append(
            Evidence(str(number), "ranking", f"{item['name']}: annotations of {sources}", item["score"])
        )
    return tuple(statements), tuple(evidence)


def percent(share: float) -> str:
    """Return a share in percent; one that is not zero is never shown as 0 %."""
    return "<1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def _answer(
    base: KnowledgeBase,
    memory: Memory,
    statements: tuple[Statement, ...],
    evidence: tuple[Evidence, ...] = (),
    notes: tuple[str, ...] = (),
) -> Answer:
    lines = [f"{item.text} {''.join(f'[{number}]' for number in item.evidence)}" for item in statements]
    text = "\n".join([*lines, DISCLAIMER]) if lines else f"{_NO_EVIDENCE}\n{DISCLAIMER}"
    return Answer(
        question=memory.question,
        text=text,
        abstained=not statements,
        statements=statements,
        evidence=(*memory.evidence, *evidence),
        mentions=memory.mentions,
        notes=notes,
        audience=base.audience,
    )


def _with_sentences(answer: Answer, memory: Memory, checked: Sequence[Sentence], model: str) -> Answer:
    """Return the answer with a model's supported sentences above it; their evidence is numbered on from its own."""
    judged = tuple(
        replace(item, verdict=Verdict.UNVERIFIED, reason="states an amount of a drug; doses are only quoted")
        if item.verdict is Verdict.SUPPORTED and _AMOUNT.search(item.text)
        else item
        for item in checked
    )
    supported = [item for item in judged if item.verdict is Verdict.SUPPORTED][:_MAX_SENTENCES]
    own = {item.id: item for item in answer.evidence}
    shared = all(own.get(item.id) == item for item in memory.evidence)
    numbers: dict[str, str] = {}
    added: list[Evidence] = []
    for item in memory.evidence:
        if shared:
            numbers[item.id] = item.id
        elif any(item.id in sentence.evidence for sentence in supported):
            numbers[item.id] = str(len(own) + len(added) + 1)
            added.append(replace(item, id=numbers[item.id]))
    judged = tuple(
        replace(item, evidence=tuple(numbers[number] for number in item.evidence if number in numbers))
        for item in judged
    )
    listed = [
        f"{item.text} {''.join(f'[{numbers[number]}]' for number in item.evidence)}" for item in supported
    ]
    below = "" if answer.abstained and listed else answer.text
    closing = "" if DISCLAIMER in below else DISCLAIMER
    text = "\n\n".join(part for part in (" ".join(listed), below, closing) if part)
    return replace(
        answer,
        text=text,
        abstained=answer.abstained and not listed,
        sentences=judged,
        evidence=(*answer.evidence, *added),
        model=model,
    )
