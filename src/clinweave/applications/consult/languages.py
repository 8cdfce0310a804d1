"""Answers to questions in other languages: names of concepts in the language asked, and clinweave's own words in it.

Evidence is never translated. Relations are told in English with each concept's name in the other language behind it;
quotations stay as they are.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from clinweave.applications.consult.compose import (
    NEARBY,
    NEARBY_PASSAGES,
    NO_LABELS,
    REFERRAL,
    SEARCHED,
    WITHHELD,
    Composition,
    reason,
)
from clinweave.applications.consult.model_text import DISCLAIMER
from clinweave.knowledge import Intent, Query, language_of
from clinweave.records import Audience, Evidence, LocalName, Statement

_TOGETHER = frozenset({Intent.RELATED, Intent.HOW_OFTEN})
_JOINED = {"zh": "、", "ja": "、"}
_HEADS = (
    (SEARCHED, "searched"),
    (NEARBY_PASSAGES, "nearby_passages"),
    (NEARBY, "nearby"),
    (NO_LABELS, "no_labels"),
)
LocalNames = Callable[[str, str], str]  # (identifier, language) -> name, "" if there is none


def disclaimer(language: str) -> str:
    """Return the sentence that closes every answer, in a language (English if it has no phrases)."""
    return _phrases().get(language, {}).get("disclaimer", DISCLAIMER)


def notice(language: str, audience: Audience) -> str:
    """Return where help is, for the public in a language without guardrail rules; "" for any other."""
    return _phrases().get(language, {}).get("notice", "") if audience == Audience.PUBLIC else ""


def localised(
    query: Query, composition: Composition, evidence: Sequence[Evidence], local_name: LocalNames
) -> tuple[Composition, tuple[LocalName, ...]]:
    """Return the composition in the words of the question's language, and the names used; unchanged for English."""
    phrases = _phrases().get(query.language)
    if phrases is None:
        return composition, ()
    names = _names(query, composition, evidence, local_name)
    if composition.abstained:
        text = _abstention(query, composition.text, phrases)
        return replace(composition, text=text), _used(names, text)
    pattern, labels = _pattern(names), {item.name: item.label for item in names}
    statements = tuple(_labelled(item, pattern, labels) for item in composition.statements)
    text = composition.text
    for before, after in zip(composition.statements, statements, strict=True):
        text = text.replace(before.text, after.text, 1)
    used = _used(names, text)
    foreign = used or not all(_is_own(item, query.language) for item in statements)
    lead = [phrases["labels" if used else "english"] if foreign else "", _read(query, phrases)]
    text = "\n".join(filter(None, (" ".join(filter(None, lead)), text)))
    return replace(composition, statements=statements, text=text), used


def _is_own(statement: Statement, language: str) -> bool:
    """Say whether a statement is a quotation in a language."""
    return statement.kind == "quotation" and language_of(f"{statement.heading}. {statement.text}") == language


def _names(
    query: Query, composition: Composition, evidence: Sequence[Evidence], local_name: LocalNames
) -> tuple[LocalName, ...]:
    """Return the concepts of the question and of the evidence shown that have a name in the question's language."""
    shown = {number for item in composition.statements for number in item.evidence}
    pairs = [(topic.id, topic.name) for topic in query.topics]
    pairs += [pair for item in evidence if item.id in shown for pair in item.names]
    names = []
    for curie, name in dict.fromkeys(pairs):
        label = local_name(curie, query.language)
        if label and label.casefold() != name.casefold():
            names.append(LocalName(curie, name, label, query.language))
    return tuple(names)


def _used(names: Sequence[LocalName], text: str) -> tuple[LocalName, ...]:
    return tuple(item for item in names if f"({item.label})" in text)


def _pattern(names: Sequence[LocalName]) -> re.Pattern[str] | None:
    """Return a pattern of all names, the longest first."""
    ordered = sorted({item.name for item in names}, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered))})(?![\w-])") if ordered else None


def _labelled(statement: Statement, pattern: re.Pattern[str] | None, labels: Mapping[str, str]) -> Statement:
    """Return a statement with the local name behind the first mention of each concept; quotations are left alone."""
    if pattern is None or statement.kind == "quotation":
        return statement
    seen: set[str] = set()

    def with_label(match: re.Match[str]) -> str:
        if match[0] in seen:
            return match[0]
        seen.add(match[0])
        return f"{match[0]} ({labels[match[0]]})"

    return replace(statement, text=pattern.sub(with_label, statement.text))


def _read(query: Query, phrases: Mapping[str, str]) -> str:
    """Return which English names the words of the question were read as, and which adjacent words were not read."""
    pairs = [
        phrases["pair"].format(text=topic.text, name=topic.name)
        for topic in query.topics
        if topic.text.casefold() != topic.name.casefold()
    ]
    read = phrases["read"].format(pairs="; ".join(pairs)) if pairs else ""
    words = ", ".join(f"“{word}”" for word in query.unread)
    return " ".join(filter(None, (read, phrases["not_read"].format(words=words) if words else "")))


def _abstention(query: Query, text: str, phrases: Mapping[str, str]) -> str:
    """Return an abstention in the language; names of sources and titles of passages stay as they are."""
    if text in {REFERRAL, WITHHELD}:
        return phrases["referral" if text == REFERRAL else "withheld"]
    names = [
        topic.text if topic.text.casefold() == topic.name.casefold() else f"{topic.text} ({topic.name})"
        for topic in query.topics
    ]
    kind = "unknown" if names else "unrecognised"
    if len(names) > 1 and query.intent in _TOGETHER:
        kind = "together"
    own = phrases[kind].format(names=_JOINED.get(query.language, ", ").join(dict.fromkeys(names)))
    rest = text.removeprefix(reason(query)).strip()
    for english, key in _HEADS:
        rest = rest.replace(english, phrases[key], 1)
    return f"{own} {rest}".strip()


@cache
def _phrases() -> dict[str, dict[str, str]]:
    text = files("clinweave.applications.consult").joinpath("phrases.toml").read_text("utf-8")
    return tomllib.loads(text)
