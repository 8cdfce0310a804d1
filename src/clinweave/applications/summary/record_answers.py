"""Answers to questions about one patient's record: entries with their citations, or that the record holds none."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from clinweave.applications.summary import record_topics as topics
from clinweave.applications.summary.other_people import (
    RELATIVE,
    sex_differs,
    somebody_else,
    without_own_names,
)
from clinweave.applications.summary.question import RecordQuestion, Related, parse_record_question
from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.record_lookup import Reply
from clinweave.applications.summary.results import RecordAnswer
from clinweave.core.errors import InputTooLongError, UserError

_OWN_ID = " Give that patient's own id."
LONGEST = 1000  # characters of a question


def answer_from_record(
    record: Record, question: str, related: Related = lambda _: frozenset()
) -> RecordAnswer:
    """Return what the record of one patient states on a question (English), with citations; nothing else is read.

    No model is asked. `related` gives the concepts that words name, and those below them in a graph. The answer is
    `abstained`, with a text that says what was searched, where the record holds nothing, where the question is about
    somebody else, and where it asks for a judgement. Raises `UserError` for an empty or too long question.
    """
    text = " ".join(question.split())
    if not re.search(r"\w", text):
        raise UserError("the question is empty: write it after the command, in quotes")
    if len(text) > LONGEST:
        raise InputTooLongError(f"the question has {len(text):,} characters and the limit is {LONGEST:,}")
    if why := somebody_else(text, record, _known_words(record)):
        return RecordAnswer(
            question,
            f"Not answered: {why}. Only the record of the patient given with --patient is read.{_OWN_ID}",
            abstained=True,
            kind="other patient",
        )
    asked = parse_record_question(without_own_names(text, record), related)
    warning = sex_differs(text, record)
    warnings = (warning,) if warning else ()
    if asked.unanswerable:
        reply = RecordAnswer(
            question, f"Not answered: {asked.unanswerable}.", abstained=True, kind="judgement"
        )
    else:
        found = _answer(record, asked)
        reply = RecordAnswer(question, found.text, found.citations, found.abstained, asked.kind or found.kind)
    return RecordAnswer(question, reply.text, reply.citations, reply.abstained, reply.kind, warnings)


def _answer(record: Record, asked: RecordQuestion) -> Reply:
    if RELATIVE.search(asked.text) or asked.kind == "family":
        return topics.family(record, asked)
    if asked.kind in {"birth", "sex", "death"}:
        return topics.person(record, asked)
    return _TOPICS.get(asked.kind, topics.anything)(record, asked)


_TOPICS: dict[str, Callable[[Record, RecordQuestion], Reply]] = {
    "value": topics.values,
    "drug": topics.drugs,
    "allergy": topics.allergies,
    "vaccine": topics.vaccines,
    "problem": topics.problems,
    "procedure": partial(topics.events, kind="procedure"),
    "visit": partial(topics.events, kind="visit"),
}


def _known_words(record: Record) -> frozenset[str]:
    names: Sequence[Entry] = record.entries
    return frozenset(
        word
        for name in {item.name for item in names}
        for word in re.findall(r"[a-z\u00e0-\u00ff'-]+", name.lower())
    )
