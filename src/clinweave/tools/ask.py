"""The tool `ask`: a question answered from the sources."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Answer, Evidence, Passage, Relation, Tier
from clinweave.tools.base import LONGEST_QUESTION, Parameter, Tool

if TYPE_CHECKING:
    from clinweave.applications import OnPart


@dataclass(frozen=True, slots=True)
class AskInput:
    """Arguments of `ask`."""

    question: Annotated[str, Parameter("The question.", LONGEST_QUESTION, required=True)]
    audience: Annotated[
        Literal["", "public", "clinician"],
        Parameter("Who reads the answer; a clinician's has doses. The server's setting if empty."),
    ] = ""
    retrievers: Annotated[
        tuple[str, ...], Parameter("What is searched: graph (relations), text (passages).", max_items=5)
    ] = ("graph", "text")
    language: Annotated[
        str, Parameter("Language of the question, as es; detected if empty.", max_length=8)
    ] = ""


@dataclass(frozen=True, slots=True)
class StatementView:
    """One thing the sources say, and the `EvidenceView.id` that it cites."""

    text: str
    kind: str
    evidence: tuple[str, ...]
    heading: str


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence that a model wrote and the citation checker supports."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A numbered item that the answer may cite. `document`, `start` and `end` are of a passage."""

    id: str
    kind: str
    text: str
    sources: tuple[str, ...]  # "source release (licence)"
    publications: tuple[str, ...]
    document: str
    start: int
    end: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class AskResult:
    """`answer` is the text to show. `abstained`: the sources do not answer the question.

    `guardrail` is the risk category whose fixed reply the answer is, or "".
    """

    question: str
    answer: str
    abstained: bool
    statements: tuple[StatementView, ...]
    sentences: tuple[SentenceView, ...]
    evidence: tuple[EvidenceView, ...]
    notes: tuple[str, ...]
    guardrail: str
    model: str


def ask_base(base: KnowledgeBase, arguments: AskInput, on_part: "OnPart" = lambda _: None) -> Answer:
    """Return the answer to the question of checked arguments; `on_part` gets its parts as they come."""
    return base.ask(
        arguments.question,
        retrievers=arguments.retrievers,
        audience=arguments.audience or None,
        language=arguments.language,
        on_part=on_part,
    )


def ask(base: KnowledgeBase, arguments: AskInput) -> AskResult:
    """Return the answer to a question with its evidence."""
    return answer_view(ask_base(base, arguments))


def answer_view(answer: Answer) -> AskResult:
    """Return an answer as the tool shows it: sentences that the checker does not support are left out."""
    remarks = list(answer.notes)
    if answer.abstained and not remarks:
        remarks.append("the sources do not answer the question")
    return AskResult(
        question=answer.question,
        answer=answer.text,
        abstained=answer.abstained,
        statements=tuple(
            StatementView(item.text, item.kind, item.evidence, item.heading) for item in answer.statements
        ),
        sentences=tuple(
            SentenceView(item.text, item.evidence) for item in answer.sentences if item.verdict == "supported"
        ),
        evidence=tuple(map(evidence_view, answer.evidence)),
        notes=tuple(remarks),
        guardrail=answer.guardrail,
        model=answer.model,
    )


def evidence_view(item: Evidence) -> EvidenceView:
    """Return an item of evidence with its sources as text."""
    passage = item.passage
    records: list[Relation | Passage] = [*item.relations, *([passage] if passage else [])]
    sources = dict.fromkeys(
        f"{record.source} {record.release}".strip() + (f" ({record.licence})" if record.licence else "")
        for record in records
    )
    return EvidenceView(
        id=item.id,
        kind=item.kind,
        text=item.text,
        sources=tuple(sources),
        publications=tuple(
            dict.fromkeys(name for relation in item.relations for name in relation.publications)
        ),
        document=passage.document if passage else "",
        start=passage.start if passage else 0,
        end=passage.end if passage else 0,
        tier=strictest(record.tier for record in records),
    )


TOOL = Tool(
    "ask",
    "Answer a question",
    "Answer a clinical question from the graph and the documents with citations, or say that the sources do not answer "
    "it.",
    AskInput,
    AskResult,
    ask,
    tier=lambda result: strictest(item.tier for item in result.evidence),
)
