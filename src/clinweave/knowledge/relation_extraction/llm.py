"""Ask a model, and check its reply against the schema and the text.

A model that can score is asked yes or no for each candidate, and the difference of the two log-likelihoods is kept. One
that only writes is shown the concepts by number and writes a line for each relation; a line counts only where its
numbers exist, its predicate allows the two categories, and its quote stands in the passage and holds both.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinweave.knowledge.relation_extraction.candidates import Candidate
from clinweave.knowledge.relation_extraction.rules import Rule
from clinweave.models import LanguageModel, Message
from clinweave.records import Mention

SYSTEM = "You read medical texts and say only what they state."
_LINE = re.compile(r"^\W*(\d+)\s*\|\s*([\w:]+)\s*\|\s*(\d+)\s*\|\s*(.+?)\s*$")
_QUOTES = "\"'“”‘’`"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one candidate: its score (nats, yes over no; 0.0 where the model wrote it itself)."""

    candidate: Candidate
    score: float


def question(text: str, candidate: Candidate) -> list[Message]:
    """Return the prompt of one candidate: its quote, and the question of its rule."""
    asked = candidate.rule.question.format(
        subject=candidate.subject.text.strip(), object=candidate.object.text.strip()
    )
    quote = " ".join(text[candidate.start : candidate.end].split())
    return [
        Message(role="system", content=SYSTEM),
        Message(
            role="user",
            content=f'Text: "{quote}"\nQuestion: According to the text: {asked} Answer Yes or No.',
        ),
    ]


def by_score(model: LanguageModel, text: str, candidates: Sequence[Candidate]) -> list[Asked]:
    """Return every candidate with the model's log-likelihood of "Yes" over that of "No"."""
    asked = []
    for candidate in candidates:
        yes, no = model.score(question(text, candidate), ["Yes", "No"])
        asked.append(Asked(candidate, yes.logprob - no.logprob))
    return asked


def by_writing(
    model: LanguageModel,
    text: str,
    mentions: Sequence[Mention],
    rules: Sequence[Rule],
    refused: Counter[str],
    *,
    max_tokens: int = 400,
) -> list[Asked]:
    """Return what the model proposes in its own lines, those that pass; the others are counted by reason."""
    affirmed = _distinct([mention for mention in mentions if not mention.negated])
    reply = model.generate(writing_prompt(text, affirmed, rules), max_tokens=max_tokens, temperature=0.0)
    asked: dict[tuple[str, str, str], Asked] = {}
    for line in reply.text.splitlines():
        if "|" not in line:
            continue
        candidate = checked(line, text, affirmed, mentions, {rule.predicate: rule for rule in rules})
        if isinstance(candidate, str):
            refused[candidate] += 1
        else:
            asked.setdefault(candidate.key, Asked(candidate, 0.0))
    return list(asked.values())


def writing_prompt(text: str, concepts: Sequence[Mention], rules: Sequence[Rule]) -> list[Message]:
    """Return the prompt that shows concepts by number and asks for lines."""
    kinds = "\n".join(f"- {rule.predicate.removeprefix('biolink:')}: {_rule_line(rule)}" for rule in rules)
    listed = "\n".join(
        f"{number}. {mention.text.strip()} ({mention.category.removeprefix('biolink:')})"
        for number, mention in enumerate(concepts, 1)
    )
    asked = (
        "List each relation between the concepts that the text states, one a line, as\n"
        'NUMBER | RELATION | NUMBER | "QUOTE"\n'
        "where QUOTE is copied from the text word for word and holds both concepts. Write NONE where it states none."
    )
    content = f"Text: {text}\n\nConcepts:\n{listed}\n\nRelations:\n{kinds}\n\n{asked}"
    return [Message(role="system", content=SYSTEM), Message(role="user", content=content)]


def checked(
    line: str,
    text: str,
    concepts: Sequence[Mention],
    mentions: Sequence[Mention],
    rules: Mapping[str, Rule],
) -> Candidate | str:
    """Return the candidate that a written line states, or the reason why it does not count."""
    form = _LINE.match(line)
    if form is None:
        return "not a line of the form asked for"
    numbers = int(form[1]), int(form[3])
    if not all(1 <= number <= len(concepts) for number in numbers):
        return "a number that no concept has"
    subject, object_ = (concepts[number - 1] for number in numbers)
    rule = rules.get(f"biolink:{form[2].removeprefix('biolink:')}")
    if rule is None:
        return "a relation that was not asked for"
    if subject.id == object_.id or not rule.allows(subject.category, object_.category):
        return "categories that the relation does not take"
    return _quoted(form[4].strip(_QUOTES + " "), text, rule, (subject.id, object_.id), mentions)


def _quoted(
    quote: str, text: str, rule: Rule, ends: tuple[str, str], mentions: Sequence[Mention]
) -> Candidate | str:
    """Return the candidate if its quote is in the text and contains both ends, else the reason why not."""
    start, end = _find(quote, text)
    if start < 0:
        return "a quote that is not in the passage"
    inside = [item for item in mentions if start <= item.start and item.end <= end and not item.negated]
    subject, object_ = (next((item for item in inside if item.id == id_), None) for id_ in ends)
    if subject is None or object_ is None:
        return "a quote without one of the concepts"
    return Candidate(rule, subject, object_, start, end)


def _find(quote: str, text: str) -> tuple[int, int]:
    """Return the offsets of a quote in the text (runs of white space count as one), or (-1, -1)."""
    words = quote.split()
    if not words:
        return -1, -1
    match = re.search(r"\s+".join(re.escape(word) for word in words), text)
    return match.span() if match else (-1, -1)


def _distinct(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the first mention of each concept."""
    first: dict[str, Mention] = {}
    for mention in mentions:
        first.setdefault(mention.id, mention)
    return list(first.values())


def _rule_line(rule: Rule) -> str:
    return _sides(rule.subjects) + " -> " + _sides(rule.objects)


def _sides(categories: frozenset[str]) -> str:
    return " or ".join(sorted(name.removeprefix("biolink:") for name in categories))
