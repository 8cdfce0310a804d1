"""Which sentences of a passage are its own assertions, and which a heading or a later sentence takes back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clinweave.knowledge.citations.headings import denies, doubtful, may_be_shown_with, takes_away
from clinweave.knowledge.citations.instructions import gives_orders
from clinweave.knowledge.citations.lexicon import canonical
from clinweave.knowledge.citations.patterns import pattern
from clinweave.knowledge.citations.sentences import split
from clinweave.knowledge.citations.tokens import Token, tokens

_BULLET = re.compile(r"^\s*(?:[-*•–·o]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+")
# Headings and announcements under which a sentence is not what the passage says.
_DENYING = pattern("denying")
_VOID = pattern("void")
_ANNOUNCES = pattern("announces")
# "Many things are said that are not so.", "You may hear people say this."
_HEARSAY = pattern("hearsay")
# A later sentence that takes the one before it back.
_TAKES_BACK = pattern("takes_back")
_QUESTION_START = pattern("question")
# Headings of groups and settings: a sentence under one holds for that group alone.
_GROUP = pattern("group")
_GROUP_TITLE = pattern("group_in_title")
_INTRODUCES = re.compile(
    r"\b(?:include|includes|are|is)(?: the following| these| as follows)?\s*:\s*$", re.IGNORECASE
)
# A heading over a list that names what the items are: "Signs of opioid toxicity".
_LIST_OF = re.compile(
    r"^(?:the )?(?:common |main |usual |typical |early |late |possible )?(?:signs|symptoms|features|causes|"
    r"complications|side effects|adverse effects|risk factors|triggers)"
    r"(?: and (?:signs|symptoms|features|complications))? (?:of|for) [\w' -]+$",
    re.IGNORECASE,
)
# "Untreated, it can ...": the phrase before a pronoun.
_BEFORE_PRONOUN = re.compile(r"^([A-Z][^,.;:?!]{2,60}), ((?:it|they) [^?]+?)\.?$")
# A heading that is the beginning of a sentence: what stands under it is no sentence of its own.
_UNFINISHED = pattern("unfinished")
# "When your child has had a fit", "Sepsis — what the team should do": a topic, not the beginning of a sentence.
_TOPIC = re.compile(
    r"^(?:[^:?]*[—–] ?)?(?:what|how|when|where|why) "
    r"(?!.*\b(?:say|says|said|believe[sd]?|think|thinks|thought|people)\b)[^:?]*[^:?,]$",
    re.IGNORECASE,
)
_SPECIES = pattern("species")
_HUMAN = pattern("human")
_STRUCK_OUT = pattern("struck_out")
# "X treats Y (statement withdrawn)." and "X treats Y. [Retracted 2008.]"
_REMARK = pattern("remark")
_BRACKETED = pattern("bracketed")
_QUOTATION = re.compile(r"[\"“„«]\s*[^\"”“»]+\s[^\"”“»]+\s[^\"”“»]+[\"”“»]")  # three words or more
_PRONOUN = pattern("pronoun")


TAKEN_BACK = "the sentence after it takes it back"


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a passage: why it asserts nothing ("" if it does), and words that a claim must name."""

    text: str
    refused: str = ""
    group: tuple[str, ...] = ()
    pronoun: int = 0  # words of the pronoun that it begins with ("it", "this condition")
    heading: str = ""  # the line above it
    headings: str = ""  # with which it may be quoted, where they alone refuse it or name a group


@lru_cache(maxsize=512)
def statements(
    text: str, section: str = "", title: str = "", *, named: bool = False
) -> tuple[Statement, ...]:
    """Return the sentences of a passage in order, with the status that heading, list and neighbours give them.

    `named` says that the section is known to name a concept of a vocabulary: then its other words need not be known.
    """
    if gives_orders(text) or gives_orders(section) or gives_orders(title):
        return ()
    refused = _above(text, section, title, named=named)
    lines = list(_lines(text))
    whole = [sentence for _, sentence in lines]
    passage = f"{title} {text}"
    void = any(_VOID.search(sentence) for sentence in whole)
    if void:
        refused = refused or "the passage says that it, or a part of it, was withdrawn or is wrong"
    result: list[Statement] = []
    announced = ""
    animals = next((match.group() for sentence in whole if (match := _SPECIES.search(sentence))), "")
    for index, (heading, sentence) in enumerate(lines):
        why = refused or announced or _refusal(heading, sentence, whole[index + 1 : index + 2], passage)
        of_animals = animals and not (_SPECIES.search(sentence) or _HUMAN.search(sentence))
        if not why and of_animals:
            why = f"the passage speaks of {animals!r}"
        group = () if why else _groups(title, section, heading)
        moved = _pronoun_first(sentence)
        itself = (
            void or announced or of_animals or _refusal("", sentence, whole[index + 1 : index + 2], passage)
        )
        above = _headings(title, section, heading) if (why or group) and not itself else ""
        result.append(Statement(moved, why, group, _pronoun(moved), heading, above))
        denies = _DENYING.search(sentence) and _ANNOUNCES.search(sentence)
        if (denies or _HEARSAY.search(sentence)) and index + 1 < len(lines):
            announced = "it is announced as something that the passage does not say itself"
    return tuple(result)


def _pronoun_first(sentence: str) -> str:
    """Return "Untreated, it can cause X" as "it can cause X if untreated"; other sentences as they are."""
    match = _BEFORE_PRONOUN.match(sentence)
    if match is None or _UNFINISHED.search(match[1]):
        return sentence
    lead = match[1][0].lower() + match[1][1:]
    return f"{match[2]} {'if untreated' if lead == 'untreated' else lead}."


def _groups(title: str, section: str, heading: str) -> tuple[str, ...]:
    return (*_group_words(_GROUP, (section, heading)), *_group_words(_GROUP_TITLE, (title,)))


def _above(text: str, section: str, title: str, *, named: bool) -> str:
    """Return why the title or section takes away all that the passage says; "" where it does not."""
    if title and denies(title):
        return f"it stands under the heading {title!r}"
    if section and (takes_away(section) if named else doubtful(section, f"{title} {text}")):
        return f"it stands under the heading {section!r}"
    return ""


def _headings(*above: str) -> str:
    """Return the headings above a sentence, outermost first, for a quotation; "" where one takes its content away."""
    parts = [part.strip(" :#*") for heading in above for part in heading.split(" > ")]
    shown = list(dict.fromkeys(filter(None, parts)))
    return " > ".join(shown) if all(map(may_be_shown_with, shown)) else ""


def _refusal(heading: str, sentence: str, later: Sequence[str], passage: str) -> str:
    """Return why a sentence is no assertion of the passage, from its heading, its form and the sentence after it."""
    asks = sentence.rstrip(" \"'”’)]*_").endswith("?") or _QUESTION_START.search(sentence)
    after = later[0] if later else ""
    reasons = (
        (heading and doubtful(heading, passage), f"it stands under the heading {heading!r}"),
        (
            heading and _UNFINISHED.search(heading) and not _TOPIC.search(heading),
            f"it is part of a list that {heading!r} introduces",
        ),
        (asks, "the passage asks this"),
        (_STRUCK_OUT.search(sentence), "it is struck out"),
        ("|" in sentence, "it stands in a table"),
        (_REMARK.search(sentence), "a remark in brackets marks it as withdrawn or disputed"),
        (_BRACKETED.search(after), "the remark in brackets after it may take it back"),
        (_QUOTATION.search(sentence), "it is in quotation marks"),
        (_TAKES_BACK.search(after) or after[:1].islower(), TAKEN_BACK),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _group_words(pattern: re.Pattern[str], headings: Iterable[str]) -> tuple[str, ...]:
    """Return the words of headings that name a group or setting."""
    words = [match.group().lower() for heading in headings for match in pattern.finditer(heading)]
    small = {"with", "at", "who", "on", "and", "or", "the", "a", "of", "in"}
    return tuple(
        dict.fromkeys(item.text for word in words for item in _words(word) if item.text not in small)
    )


def _words(text: str) -> list[Token]:
    return [item for item in canonical(tokens(text)) if item.kind != "mark"]


def _pronoun(sentence: str) -> int:
    match = _PRONOUN.search(sentence)
    return len(match.group().split()) if match else 0


def _lines(text: str) -> Iterable[tuple[str, str]]:
    """Yield each sentence with the heading or list introduction above it; an introduction joins its plain list."""
    heading = ""
    listed: list[str] = []
    blocks = _blocks(text)
    for index, (line, bullet) in enumerate(blocks):
        if not bullet:
            yield from _joined(heading, listed)
            listed = []
            if _is_heading(
                line, alone=len(blocks) == 1, listed=index + 1 < len(blocks) and blocks[index + 1][1]
            ):
                heading = line.strip("#* ")
                continue
        elif heading.endswith(":") or _LIST_OF.search(heading):
            listed.append(line)
        for span in split(line):
            yield heading, span.text
    yield from _joined(heading, listed)


def _blocks(text: str) -> list[tuple[str, bool]]:
    """Return paragraphs, headings and list items; a wrapped line is joined to the one before."""
    blocks: list[tuple[str, bool]] = []
    fresh = True
    for line in text.split("\n"):
        if not line.strip():
            fresh = True
            continue
        bullet = _BULLET.match(line)
        wrapped = blocks and not fresh and not bullet and line.strip()[:1].islower()
        long = (
            blocks
            and not fresh
            and not bullet
            and len(blocks[-1][0]) > 60
            and blocks[-1][0][-1] not in ".!?:"
        )
        if wrapped or long:
            blocks[-1] = (f"{blocks[-1][0]} {line.strip()}", blocks[-1][1])
        else:
            blocks.append((line[bullet.end() :].strip() if bullet else line.strip(), bool(bullet)))
        fresh = False
    return blocks


def _is_heading(line: str, *, alone: bool, listed: bool) -> bool:
    if alone:
        return False
    return len(line) <= 120 and (
        line[-1] == ":"
        or line[0] == "#"
        or line[:2] == "**"
        or listed
        or (len(line) <= 80 and line[-1] not in '.!?;,"”')
    )


def _joined(heading: str, listed: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Yield "Symptoms include:" and its items as one sentence."""
    plain = [item.rstrip(" .;,") for item in listed]
    if _LIST_OF.search(heading):
        heading = f"{heading} include:"
    if plain and _INTRODUCES.search(heading) and all(len(item.split()) <= 8 for item in plain):
        lead = re.sub(r"\s*(?:the following|these|as follows|such as)?\s*:\s*$", "", heading)
        names = ", ".join(plain[:-1]) + (" and " if len(plain) > 1 else "") + plain[-1]
        yield "", f"{lead} {names}."
