"""Sentences of running text with their offsets, and the evidence markers that an answer carries."""

import re
from typing import NamedTuple

# A full stop after these does not end a sentence.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "e.g i.e etc vs cf al fig figs dr prof mr mrs ms no nos approx ca resp syn inc st dept ed eds vol pp p var "
        "spp sp subsp a.k.a incl excl max min avg est u.s",
    )
)
_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$|\[)|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)")
_MARKER = re.compile(r"\[\s*(\d+(?:\s*(?:[,;]|and|-|–)\s*\d+)*)\s*\]")
_MARKERS_AFTER = re.compile(r"(?:\s*\[\s*\d+(?:\s*(?:[,;]|and|-|–)\s*\d+)*\s*\])+[.!?]?")
_WORD_END = re.compile(r"[\w.]*$")
_TEXT = re.compile(r"\S")
_LONGEST_WORD = 60  # characters before a full stop that are looked at
_HEADING = re.compile(r"^[A-Z][^.?!]{3,120}\?: (?=\S)")  # "Is X inherited?: X is ...", repeated from a prompt
_BULLET = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")


class Span(NamedTuple):
    """One sentence: `text == document[start:end]`."""

    start: int
    end: int
    text: str


class Marked(NamedTuple):
    """One sentence of an answer without its markers, and the evidence ids that they named."""

    text: str
    ids: tuple[str, ...]


def split(text: str) -> list[Span]:
    """Return the sentences of `text` in order; a trailing "[1]" belongs to the sentence before it."""
    spans: list[Span] = []
    start = position = 0
    while match := _END.search(text, position):
        end = position = match.end()
        if match.group()[0] == "." and _no_end(text, match):
            continue
        if after := _MARKERS_AFTER.match(text, end):
            end = position = after.end()
        _add(spans, text, start, end)
        start = end
    _add(spans, text, start, len(text))
    return spans


split_sentences = split  # the name under which the package offers it


def marked(text: str) -> list[Marked]:
    """Return the sentences of an answer, each without its markers and with the ids they point at."""
    result = []
    for span in split(text):
        ids: dict[str, None] = {}
        for match in _MARKER.finditer(span.text):
            ids.update(dict.fromkeys(_numbers(match[1])))
        bare = _MARKER.sub(" ", span.text)
        bare = _HEADING.sub(
            "", _BULLET.sub("", re.sub(r"\s+([.,;:!?])", r"\1", " ".join(bare.split())), count=1)
        )
        if re.search(r"\w", bare):
            result.append(Marked(bare, tuple(ids)))
        elif ids and result:  # markers on a line of their own belong to the sentence before
            result[-1] = Marked(result[-1].text, tuple(dict.fromkeys((*result[-1].ids, *ids))))
    return result


_VERB = (
    r"(?:is|are|was|were|has|have|can|may|might|does|do|shows?|follows?|features?|causes?|affects?|presents?|treats?|acts?|"
    r"belongs?|includes?|occurs?)"
)
_NEXT_FACT = re.compile(rf",?\s+and\s+(?:it |they )?(?={_VERB}\b)|;\s+(?:and )?(?:it |they )(?={_VERB}\b)")


def facts(sentence: str) -> tuple[str, ...]:
    """Return "X has A and is B" as "X has A" and "X is B"; the sentence itself where it states one thing."""
    pieces = _NEXT_FACT.split(sentence)
    first = re.search(rf"\s(?={_VERB}\b)", pieces[0])
    if len(pieces) == 1 or first is None:
        return (sentence,)
    subject = re.sub(r"^(?:yes|no)\s*,\s*", "", pieces[0][: first.start()], flags=re.IGNORECASE)
    return (pieces[0], *(f"{subject} {piece}" for piece in pieces[1:]))


_PRONOUN = re.compile(
    r"^(?:it|they|this (?:condition|disease|disorder|syndrome|drug|medicine|medication))\b", re.IGNORECASE
)
_LONGEST_TOPIC = 6  # words


def topic_of(sentence: str) -> str:
    """Return what a sentence is about: the few words before its first verb; "" where they are no plain name."""
    bare = re.sub(r"^(?:yes|no)\s*,\s*", "", sentence, flags=re.IGNORECASE)
    first = re.search(rf"\s(?={_VERB}\b)", bare)
    head = bare[: first.start()] if first else ""
    plain = (
        head
        and len(head.split()) <= _LONGEST_TOPIC
        and not re.search(r"[,;:]|\b(?:and|or|in|with|for|of)\b", head)
    )
    return head if plain and not _PRONOUN.match(head) else ""


def with_topic(sentence: str, topic: str) -> str:
    """Return a sentence with its first pronoun replaced by a topic; "" where it begins with none."""
    return _PRONOUN.sub(topic, sentence, count=1) if _PRONOUN.match(sentence) else ""


def _numbers(inside: str) -> list[str]:
    """Return the ids in "1, 2", "1-3" or "1 and 2"; a range over 50 ids is taken as its two ends."""
    ids: list[str] = []
    for piece in re.split(r"\s*(?:[,;]|and)\s*", inside):
        ends = [int(end[:9]) for end in re.split(r"\s*[-–]\s*", piece)]
        wide = len(ends) != 2 or not 0 <= ends[1] - ends[0] <= 50
        ids.extend(str(value) for value in (ends if wide else range(ends[0], ends[1] + 1)))
    return ids


def _no_end(text: str, match: re.Match[str]) -> bool:
    """Tell whether a full stop is part of an abbreviation, an initial or a number."""
    before = _WORD_END.search(text[max(0, match.start() - _LONGEST_WORD) : match.start()])
    word = before.group().lower() if before else ""
    following = _TEXT.search(text, match.end())
    if match.group() != "." or following is None:
        return False
    rest = following.group()
    if word in _ABBREVIATIONS:
        return True
    if len(word) == 1 and word.isalpha() and rest[0].isupper() and text[match.start() - 1].isupper():
        return True  # an initial: "J. Smith", "E. coli" is covered below
    return rest[0].islower() or bool(re.fullmatch(r"\d+", word) and _line_start(text, match.start(), word))


def _line_start(text: str, stop: int, word: str) -> bool:
    """Tell whether "1." stands at the beginning of a line, as a list number does."""
    begin = stop - len(word)
    return not text[text.rfind("\n", 0, begin) + 1 : begin].strip()


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = end - (len(piece) - len(piece.rstrip()))
    if left < right:
        spans.append(Span(left, right, text[left:right]))
