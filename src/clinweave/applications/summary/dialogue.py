"""Questions and answers of a dialogue as one statement: a plain "no" to "any fever?" denies the fever, both cited."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.summary.note_cues import cue
from clinweave.applications.summary.note_facts import PROBLEMS, Fact
from clinweave.records import Mention

ASKING = frozenset({"doctor", "physician", "clinician", "nurse", "provider", "dr"})
_LONGEST = 240  # characters of a quoted answer
_FILLER = re.compile(r"^(?:\W|\b(?:uh+|um+|oh|well|so|hm+|mm+|okay|ok|no problem)\b)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer: `text` is a template around words of the question, or quotes both."""

    question: Fact
    answers: tuple[Fact, ...]
    text: str
    status: str
    mentions: tuple[Mention, ...]


def exchanges(facts: Sequence[Fact]) -> list[Exchange]:
    """Return the questions of the clinician that name something, each with the answer of the next speaker."""
    result = []
    for number, fact in enumerate(facts):
        sentence = fact.sentence
        if sentence.speaker not in ASKING or not sentence.text.rstrip().endswith("?") or not topic_of(fact):
            continue
        if number + 1 < len(facts) and facts[number + 1].sentence.turn == sentence.turn:
            continue  # what is answered is the last sentence of the turn
        answers = [item for item in facts[number + 1 : number + 8] if item.sentence.turn == sentence.turn + 1]
        if answers and answers[0].sentence.speaker not in ASKING:
            result.append(_exchange(fact, answers))
    return result


def topic_of(question: Fact) -> str:
    """Return the section of the summary that a question is about, "" where it names nothing."""
    if question.section:
        return question.section
    if cue("past").search(question.sentence.text):
        return "Past history"
    if cue("drug").search(question.sentence.text):
        return "Medications"
    return "Problems" if question.mentions else ""


def _exchange(question: Fact, answers: Sequence[Fact]) -> Exchange:
    reply = " ".join(item.sentence.text for item in answers)
    asked = question.sentence.text
    word = _polarity(asked, answers[0].sentence.text)
    findings = _asked_for(question)
    names = ", ".join(dict.fromkeys(item.text for item in findings))
    first = tuple(answers[:1])
    if findings and word == "no":
        return Exchange(question, first, f"Denies {names}.", "absent", findings)
    if len(findings) == 1 and word == "yes":
        return Exchange(question, first, f"Reports {names}.", "present", findings)
    quoted = reply if len(reply) <= _LONGEST else f"{reply[:_LONGEST].rsplit(' ', 1)[0]} [...]"
    text = f"Asked \u201c{asked}\u201d: \u201c{quoted}\u201d"
    return Exchange(question, tuple(answers), text, "mixed", question.mentions)


def _asked_for(question: Fact) -> tuple[Mention, ...]:
    """Return the findings that a plain answer would deny or affirm, () where it might mean something else.

    Every finding must follow the words of asking, none may be a relative's or so general that its place matters
    ("any pain in your calves?").
    """
    asked = cue("asks").search(question.sentence.text)
    findings = [item for item in question.mentions if item.category in PROBLEMS]
    if asked is None or not findings or cue("relative").search(question.sentence.text):
        return ()
    begin = question.sentence.clean_start + asked.end()
    if any(
        item.start < begin or item.experiencer or cue("general").fullmatch(item.name) for item in findings
    ):
        return ()
    longest = [
        item
        for item in findings
        if not any(
            other is not item and other.start <= item.start and item.end <= other.end for other in findings
        )
    ]
    return tuple(longest)


def _polarity(question: str, answer: str) -> str:
    """Return "yes" or "no" where a question asks plainly for a finding and the answer begins so."""
    asked = cue("asks").search(question)
    if asked is None or cue("turned").search(question[asked.end() :]):
        return ""
    start = _FILLER.match(answer)
    reply = answer[start.end() :] if start else answer
    if cue("hedged").search(reply):
        return ""
    if cue("no").match(reply):
        return "no"
    return "yes" if cue("yes").match(reply) else ""
