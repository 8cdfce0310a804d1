"""Follow-up questions: put the subject of the question before in the place of a pronoun, or add it.

The question as read is shown: a wrong reading is seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.records import Answer, Mention

_SUBJECTS = frozenset(
    f"biolink:{name}" for name in ("Disease", "DiseaseOrPhenotypicFeature", "Gene", "Drug", "ChemicalEntity",
                                   "SmallMolecule", "MolecularMixture")
)  # fmt: skip
_NOUN = r"(?:condition|disease|disorder|syndrome|illness|drug|medicine|medication|gene|finding)"
_POSSESSIVE = re.compile(rf"\b(?:its|their|(?:this|that|the) {_NOUN}'s)\b(?=\s+\w)", re.IGNORECASE)
_PRONOUN = re.compile(rf"\b(?:it|they|them|(?:this|that|the) {_NOUN})\b", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"^\s*(?:and|or|but|what about|how about|and what about)\b[\s,]*(?P<rest>.+)$", re.IGNORECASE
)
_QUALIFIER = re.compile(
    r"^(?:in|for|with|without|during|after|before|among|at|when|if|under|over)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Subject:
    """What the question before was about: its name, the words it had there, and that question."""

    name: str
    text: str
    question: str


def subject_of(answer: Answer) -> Subject | None:
    """Return the subject of an answered question: the first disease, drug or gene in it, else its first concept."""
    own = _own_subjects(answer.mentions) or list(answer.mentions)
    return Subject(own[0].name, own[0].text, answer.question) if own and not answer.guardrail else None


def _own_subjects(mentions: Sequence[Mention]) -> list[Mention]:
    return [mention for mention in mentions if mention.category in _SUBJECTS]


def with_subject(question: str, mentions: Sequence[Mention], subject: Subject) -> str:
    """Return a follow-up question with its subject named; the question itself where it names one of its own.

    `mentions` are the concepts that were recognised in the question. "And in children?" repeats the question before
    with that condition; "What about X?" repeats it about X.
    """
    fragment = _FRAGMENT.match(question)
    if fragment and not re.match(
        r"(?:what|which|how|why|when|who|is|are|does|do|can)\b", fragment["rest"], re.I
    ):
        return _repeated(fragment["rest"], mentions, subject)
    if _own_subjects(mentions):
        return question
    # the name without quotation marks, as a function: a name may hold a backslash
    for pattern, name in ((_POSSESSIVE, f"{subject.name}'s"), (_PRONOUN, subject.name)):
        if pattern.search(question):
            return pattern.sub(lambda _, text=name: text, question, count=1)  # type: ignore[misc]
    if mentions:
        return question
    return f"{question.rstrip(' ?.!')} in {subject.name}?"


def _repeated(rest: str, mentions: Sequence[Mention], subject: Subject) -> str:
    """Return the question before, with another condition or about another subject."""
    rest, before = rest.rstrip(" ?.!"), subject.question.rstrip(" ?.!")
    if _QUALIFIER.match(rest):
        return f"{before} {rest}?"
    if mentions and subject.text in before:
        return f"{before.replace(subject.text, rest, 1)}?"
    return f"{rest} in {subject.name}?"
