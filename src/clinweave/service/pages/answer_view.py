"""An answer as the page shows it: its text in pieces, the marks as links to the evidence, the sources below."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from clinweave.applications import disclaimer
from clinweave.records import Answer, Evidence, Passage, Relation, Sentence, Statement, Verdict
from clinweave.service.pages.quotations import spans_of

_AFTER = re.compile(r"”?(?: \((?P<date>[^()\n]{1,40})\))? ?(?P<marks>(?:\[\d{1,3}\])+)")
_MARK = re.compile(r"\[(\d{1,3})\]")
_MAX_RELATIONS = 40  # of one mark
_MAX_PAPERS = 3  # named in the list of sources


@dataclass(frozen=True)
class MarkLink:
    """A citation mark: its number, the page that shows its evidence, and what that is."""

    number: str
    href: str
    label: str


@dataclass(frozen=True)
class TextPiece:
    """A part of the text without a mark, or one mark (then `text` is "")."""

    text: str
    mark: MarkLink | None = None


@dataclass(frozen=True)
class AnswerLine:
    """One line of an answer. `kind` is "quotation", "statement", "model" or "plain"."""

    kind: str
    lead: str  # "Yes:", or the headings of a quotation
    pieces: tuple[TextPiece, ...]
    marks: tuple[MarkLink, ...] = ()
    date: str = ""


@dataclass(frozen=True)
class SourceRow:
    """One cited item in the list of sources."""

    mark: MarkLink
    title: str
    source: str
    licence: str
    papers: tuple[str, ...]
    more_papers: int


@dataclass(frozen=True)
class AnswerView:
    """Everything the template of an answer shows. `state` is "answered", "abstained" or "refused"."""

    question: str
    state: str
    lines: tuple[AnswerLine, ...]
    sources: tuple[SourceRow, ...]
    rejected: tuple[Sentence, ...]  # sentences of the model that are not shown in the text
    notes: tuple[str, ...]
    model: str
    model_failed: bool
    audience: str
    seconds: float
    more_retrieved: int


def answer_view(answer: Answer) -> AnswerView:
    """Return an answer in the form that the template shows."""
    body = answer.text.removesuffix(disclaimer(answer.language)).rstrip()
    quotes = _quotes(answer)
    marks = {item.id: _mark(item, quotes.get(item.id, ())) for item in answer.evidence}
    cited = {id_ for statement in answer.statements for id_ in statement.evidence}
    cited |= {id_ for sentence in answer.sentences for id_ in sentence.evidence}
    sources = [_source(item, marks[item.id]) for item in answer.evidence if item.id in cited]
    return AnswerView(
        question=answer.question,
        state="refused" if answer.guardrail else "abstained" if answer.abstained else "answered",
        lines=tuple(_lines(body, answer.statements, marks, has_model=bool(answer.sentences))),
        sources=tuple(sources),
        rejected=tuple(item for item in answer.sentences if item.verdict is not Verdict.SUPPORTED),
        notes=answer.notes,
        model=answer.model,
        model_failed=bool(answer.model_error),
        audience=answer.audience.value,
        seconds=sum(answer.timings.values()),
        more_retrieved=len(answer.evidence) - len(sources),
    )


def _quotes(answer: Answer) -> dict[str, list[str]]:
    """Return the texts that were quoted from each item."""
    quotes: dict[str, list[str]] = {}
    for statement in answer.statements:
        for id_ in statement.evidence if statement.kind == "quotation" else ():
            quotes.setdefault(id_, []).append(statement.text)
    for sentence in answer.sentences:
        for id_ in sentence.evidence:
            quotes.setdefault(id_, []).append(sentence.quotation or sentence.text)
    return quotes


def _lines(
    body: str, statements: Sequence[Statement], marks: Mapping[str, MarkLink], *, has_model: bool
) -> list[AnswerLine]:
    """Return the lines of a text, which has each statement with its marks, in order."""
    lines: list[AnswerLine] = []
    end = 0
    for statement in statements:
        start = body.find(statement.text, end)
        after = _AFTER.match(body, start + len(statement.text)) if start >= 0 else None
        if after is None:
            continue
        *before, lead = body[end:start].split("\n")
        lines += [_plain(line, marks, "plain") for line in before if line.strip()]
        lines.append(
            AnswerLine(
                "quotation" if statement.kind == "quotation" else "statement",
                lead.strip().removesuffix("“").rstrip(" :"),
                (TextPiece(statement.text),),
                tuple(marks[number] for number in _MARK.findall(after["marks"]) if number in marks),
                after["date"] or "",
            )
        )
        end = after.end()
    rest = [line for line in body[end:].split("\n") if line.strip()]
    lines += [_plain(line, marks, "model" if has_model else "plain") for line in rest]
    return lines


def _plain(line: str, marks: Mapping[str, MarkLink], kind: str) -> AnswerLine:
    """Return a line with its marks as links where they stand."""
    pieces: list[TextPiece] = []
    end = 0
    for match in _MARK.finditer(line):
        if match[1] in marks:
            pieces += [TextPiece(line[end : match.start()]), TextPiece("", marks[match[1]])]
            end = match.end()
    return AnswerLine(kind, "", (*pieces, TextPiece(line[end:])))


def _mark(item: Evidence, quotes: Sequence[str]) -> MarkLink:
    return MarkLink(item.id, evidence_address(item, quotes), _title(item))


def evidence_address(item: Evidence, quotes: Sequence[str] = ()) -> str:
    """Return the address of the page that shows an item: its passage with the quotes marked, or its relations.

    It names records of the knowledge base, never what a user wrote. "" for an item with neither.
    """
    if (passage := item.passage) is not None:
        spans = [span for quote in quotes for span in spans_of(quote, passage.text)]
        fields = [("document", passage.document), ("start", str(passage.start)), ("end", str(passage.end))]
        fields += [("mark", f"{start}-{end}") for start, end in dict.fromkeys(spans)]
        return f"/passage?{urlencode(fields)}"
    if item.relations:
        rows = [
            ("r", "|".join((row.subject, row.predicate, row.object, row.source))) for row in item.relations
        ]
        return f"/relation?{urlencode(list(dict.fromkeys(rows))[:_MAX_RELATIONS])}"
    return ""


def _title(item: Evidence) -> str:
    if (passage := item.passage) is not None:
        parts = (passage.title, "" if passage.section.startswith(passage.title) else passage.section)
        return ", ".join(part for part in parts if part) or passage.document
    return item.text if len(item.text) <= 160 else f"{item.text[:160].rsplit(' ', 1)[0]} ..."


def _source(item: Evidence, mark: MarkLink) -> SourceRow:
    records: list[Relation | Passage] = [*item.relations, *([item.passage] if item.passage else [])]
    papers = list(dict.fromkeys(name for relation in item.relations for name in relation.publications))
    return SourceRow(
        mark,
        mark.label,
        ", ".join(dict.fromkeys(f"{record.source} {record.release}".strip() for record in records)),
        ", ".join(dict.fromkeys(record.licence for record in records if record.licence)),
        tuple(papers[:_MAX_PAPERS]),
        max(0, len(papers) - _MAX_PAPERS),
    )
