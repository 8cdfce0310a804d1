"""Sentences of a language model over the statements of notes: what the citation check does not support is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinweave.applications.summary.checks import unsupported_numbers
from clinweave.applications.summary.note_facts import Link, status_of
from clinweave.applications.summary.note_sentences import read_sentences
from clinweave.applications.summary.results import Citation, LeftOut, Line, Summary
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.knowledge import CitationChecker
from clinweave.models import LanguageModel, Message
from clinweave.records import Evidence, Passage, Sentence, Tier, Verdict

SECTION = "Written by a model, each sentence checked"
TOKENS = 900  # of statements in a prompt
REPLY = 200  # tokens
Statement = tuple[str, tuple[Citation, ...]]  # text and places
_SYSTEM = (
    "You summarise clinical notes. Use only the numbered statements. Write at most 8 short sentences, the patient's"
    " problems first. After each sentence give the number of the statement that it repeats, like [3]. Copy numbers,"
    " doses, dates and negations exactly as they stand. Add nothing."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote: every sentence with its verdict, and the statements that it was shown."""

    sentences: tuple[Sentence, ...]
    evidence: tuple[Evidence, ...]
    places: tuple[tuple[Citation, ...], ...]  # of the evidence


def with_model(
    summary: Summary, model: LanguageModel, checker: CitationChecker, link: Link | None
) -> Summary:
    """Return the summary with the checked sentences of a model first; those that are not supported are listed.

    Raises `AccessError` for a model elsewhere: notes are private, and these are not pseudonymised.
    """
    written = sentences_of_model(summary, model, checker, link)
    lines, left_out = [], list(summary.left_out)
    for item in written.sentences:
        cited = tuple(
            position for number in item.evidence if number.isdigit() for position in _places(written, number)
        )
        if item.verdict == Verdict.SUPPORTED:
            lines.append(Line(SECTION, item.text, cited))
        else:
            left_out.append(LeftOut(item.text, f"written by {model.name}: {item.reason}", cited))
    if not written.sentences:
        left_out.append(LeftOut("sentences of the model", f"{model.name} wrote none"))
    return replace(summary, lines=(*lines, *summary.lines), left_out=tuple(left_out), model=model.name)


def sentences_of_model(
    summary: Summary, model: LanguageModel, checker: CitationChecker, link: Link | None
) -> Written:
    """Return what a model writes over the statements of a summary's notes, each sentence checked."""
    host = host_of_model(model)
    check_egress(Tier.PRIVATE, host, host, content="text of notes")
    statements = _statements(summary, model)
    evidence = tuple(_evidence(number, text, places) for number, (text, places) in enumerate(statements, 1))
    places = tuple(cited for _, cited in statements)
    if not evidence:
        return Written((), (), ())
    prompt = _prompt([text for text, _ in statements])
    reply = model.generate(prompt, max_tokens=REPLY)
    checked = checker.check_answer(reply.text, evidence, repair=True)
    by_id = {item.id: item.text for item in evidence}
    return Written(tuple(_stricter(item, by_id, link) for item in checked), evidence, places)


def _places(written: Written, number: str) -> tuple[Citation, ...]:
    index = int(number) - 1
    return written.places[index] if 0 <= index < len(written.places) else ()


def _prompt(statements: Sequence[str]) -> list[Message]:
    numbered = "\n".join(f"[{number}] {text}" for number, text in enumerate(statements, 1))
    return [
        Message(role="system", content=_SYSTEM),
        Message(role="user", content=f"Statements:\n{numbered}\n\nSummary:"),
    ]


def _statements(summary: Summary, model: LanguageModel) -> list[Statement]:
    """Return the sentences of short notes, all of them; of longer ones those of the summary, as many as fit."""
    if sum(len(text) for _, text in summary.notes) < TOKENS * 4:
        every = _every_sentence(summary)
        if model.count_tokens(_prompt([text for text, _ in every])) <= TOKENS:
            return every
    chosen: list[Statement] = []
    for line in summary.lines:
        chosen.append((line.text, line.citations))
        if model.count_tokens(_prompt([text for text, _ in chosen])) > TOKENS:
            return chosen[:-1]
    return chosen


def _every_sentence(summary: Summary) -> list[Statement]:
    statements: list[Statement] = []
    for name, text in summary.notes:
        for item in read_sentences(text).sentences:
            spoken = f"{item.speaker}: {item.text}" if item.speaker else item.text
            statements.append((spoken, (Citation(name, start=item.start, end=item.end, text=item.text),)))
    return statements


def _evidence(number: int, text: str, places: tuple[Citation, ...]) -> Evidence:
    first = places[0]
    passage = Passage(
        f"{first.source}#{number}", text, "", first.source, first.start, first.end, "note", tier=Tier.PRIVATE
    )
    return Evidence(str(number), "passage", text, 1.0, passage=passage)


def _stricter(sentence: Sentence, statements: dict[str, str], link: Link | None) -> Sentence:
    """Return a sentence as unverified where a number or the status of a finding is not that of what it cites."""
    if sentence.verdict != Verdict.SUPPORTED:
        return sentence
    cited = [statements[number] for number in sentence.evidence if number in statements]
    if wrong := unsupported_numbers(sentence.text, cited):
        return replace(
            sentence, verdict=Verdict.UNVERIFIED, reason=f"{', '.join(wrong)} stands in no cited statement"
        )
    if link is not None and (name := _other_status(sentence.text, cited, link)):
        return replace(
            sentence, verdict=Verdict.UNVERIFIED, reason=f"{name} has another status in what is cited"
        )
    return sentence


def _other_status(text: str, cited: Sequence[str], link: Link) -> str:
    """Return a finding that a sentence states with a status that none of the cited statements gives it, or ""."""
    stated: dict[str, set[str]] = {}
    for statement in cited:
        for mention in link(statement):
            stated.setdefault(mention.id, set()).add(status_of(mention))
    for mention in link(text):
        if mention.id in stated and status_of(mention) not in stated[mention.id]:
            return mention.text
    return ""
