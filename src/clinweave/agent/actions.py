"""Carry out a call: the tool's result as JSON values, and the records in it as evidence that the checker can read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinweave.core.typed import to_values
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Answer, Evidence, Grade, Passage, Relation, Tier
from clinweave.tools import JSON, AskInput, answer_view, ask_base, open_tool, typed_errors

_MAX_RELATIONS = 60  # of one call that become evidence
_MAX_ROWS = 20
RECORD = "record"  # the kind of evidence that a row of patient records is


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call: values that fit the tool's output schema, evidence, tier, and the answer of `ask`."""

    values: JSON
    evidence: tuple[Evidence, ...]
    tier: Tier
    answer: Answer | None = None


def carry_out(base: KnowledgeBase, tool_name: str, arguments: JSON) -> Outcome:
    """Return the outcome of a call. Raises `ToolError`."""
    tool = open_tool(tool_name)
    if tool.name == "ask":
        checked: AskInput = tool.read(arguments)
        with typed_errors():
            answer = ask_base(base, checked)
        view = answer_view(answer)
        return Outcome(to_values(view), answer.evidence, tool.tier(view), answer)
    result = tool.call(base, arguments)
    values: JSON = to_values(result)
    return Outcome(values, _evidence(tool_name, values), tool.tier(result))


def _evidence(tool_name: str, values: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Return the relations and passages of a result as evidence; its ids are given by the memory."""
    if tool_name == "concept":
        return tuple(_relation(item) for item in values["relations"][:_MAX_RELATIONS])
    if tool_name == "paths":
        return tuple(_relation(item) for path in values["paths"] for item in path["relations"])
    if tool_name == "search":
        return tuple(_passage(item) for item in values["passages"])
    if tool_name == "query_records":
        return tuple(_record(values["columns"], row) for row in values["rows"][:_MAX_ROWS])
    return ()


def _relation(item: Mapping[str, Any]) -> Evidence:
    names = {
        name: item[name] for name in ("subject", "predicate", "object", "source", "frequency", "negated")
    }
    relation = Relation(
        **names,
        publications=tuple(item["publications"]),
        grade=Grade(item["grade"]),
        release=item["release"],
        licence=item["licence"],
        tier=Tier(item["tier"]),
    )
    ends = ((item["subject"], item["subject_name"]), (item["object"], item["object_name"]))
    return Evidence("", "relation", item["sentence"], 1.0, (relation,), names=ends)


def _record(columns: Sequence[str], row: Sequence[str]) -> Evidence:
    """Return a row as evidence. Its passage states its tier."""
    text = "; ".join(f"{name}: {value or 'missing'}" for name, value in zip(columns, row, strict=True))
    passage = Passage(id="", text=text, title="Patient records", document="", start=0, end=len(text),
                      source="patient records", tier=Tier.PRIVATE)  # fmt: skip
    return Evidence("", RECORD, text, 1.0, passage=passage)


def _passage(item: Mapping[str, Any]) -> Evidence:
    names = ("id", "text", "title", "document", "start", "end", "source", "section", "release", "licence")
    passage = Passage(**{name: item[name] for name in names}, tier=Tier(item["tier"]))
    return Evidence("", "passage", passage.text, float(item["score"]), passage=passage)
