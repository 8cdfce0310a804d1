"""The tool `summarize`: a note in its own sentences, by section."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.applications.summary import LeftOut, Line
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import LONGEST_TEXT, Parameter, Tool


@dataclass(frozen=True, slots=True)
class SummarizeInput:
    """Arguments of `summarize`."""

    note: Annotated[str, Parameter("The note of one patient.", LONGEST_TEXT, required=True)]
    limit: Annotated[int, Parameter("Maximum number of sentences of a section.", maximum=50)] = 12


@dataclass(frozen=True, slots=True)
class SummarizeResult:
    """Sentences by section with their spans in the note ("note"), contradictions, and what was left out."""

    lines: tuple[Line, ...]
    contradictions: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]
    notice: str


def summarize(base: KnowledgeBase, arguments: SummarizeInput) -> SummarizeResult:
    """Return the summary of a note; every sentence is the note's own or a template around its words."""
    from clinweave.applications.summary import summarize_notes

    link = base.linker.link if base.has("graph") else None
    result = summarize_notes({"note": arguments.note}, link, arguments.limit)
    warnings = result.warnings
    if not result.lines:
        warnings = (*warnings, "no finding, drug, result or plan was recognised in the note")
    return SummarizeResult(result.lines, result.contradictions, result.left_out, warnings, result.notice)


TOOL = Tool(
    "summarize",
    "Summarise a note",
    "Summarise the note of one patient in its own sentences, by section, each with its place in the note; "
    "contradictions are shown, not resolved.",
    SummarizeInput,
    SummarizeResult,
    summarize,
)
