"""Abbreviations that a text defines itself: "Marfan syndrome (MFS)", "MFS (Marfan syndrome)".

The algorithm is that of Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in
biomedical text", Pacific Symposium on Biocomputing 2003:451-462: a short form in parentheses is matched backwards,
letter by letter, against the words before it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

MAX_BRACKETS = 500  # brackets of one text that are looked at

# A short form alone in brackets, or before a comma or semicolon there; it begins at once, and 41 characters at most.
_BRACKETED = re.compile(r"\((?=[^()]{1,41}\))([^\W_][\w/.+-]{1,9})\s*(?:[;,][^()]*)?\)")


# The other way round: a short form with its long form in brackets.
_EXPLANATION = re.compile(r"\(([^()]{4,80})\)")
_EXPLAINED = re.compile(r"(?<![\w-])([A-Z][A-Za-z0-9/-]{1,9})\s?$")


class Definition(NamedTuple):
    """A short form and the offsets of the long form that defines it; `first` is the offset of the definition."""

    short: str
    start: int
    end: int
    first: int


def definitions(text: str) -> Iterator[Definition]:
    """Yield the abbreviations that `text` defines, in order; offsets are those of `text`."""
    for match in islice(_BRACKETED.finditer(text), MAX_BRACKETS):
        short = match[1]
        if short == short.lower():
            continue  # beyond the paper: it has a capital, which "(gangrene)" and "(ulcers)" lack
        words = min(len(short) + 5, 2 * len(short))
        before = text[max(0, match.start() - 20 * words) : match.start()].rstrip()
        end = max(0, match.start() - 20 * words) + len(before)
        begin = _window_start(before, words)
        start = _long_form(short, before[begin:])
        if start is not None:
            yield Definition(short, end - len(before) + begin + start, end, match.start())
    for match in islice(_EXPLANATION.finditer(text), MAX_BRACKETS):
        name = _EXPLAINED.search(text[max(0, match.start() - 12) : match.start()])
        if name is None or sum(letter.isupper() for letter in name[1]) < 2:
            continue  # "Marfan (marfanoid habitus)" is a word and a remark
        start = _long_form(name[1], match[1])
        if start is not None and not match[1][:start].strip():
            end = match.start(1) + len(match[1].rstrip())
            yield Definition(name[1], match.start(1) + start, end, match.start())


def occurrences(text: str, shorts: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, short form) of every place where one of `shorts` stands as a word, its own plural included."""
    for short in shorts:
        start = text.find(short)
        while start >= 0:
            end = start + len(short)
            after = end + 1 if text[end : end + 1] == "s" else end
            if not text[after : after + 1].isalnum() and not (start and text[start - 1].isalnum()):
                yield start, end, short
            start = text.find(short, end)


def _window_start(before: str, words: int) -> int:
    """Return where the last `words` words of the same sentence begin."""
    sentence = max(before.rfind(mark) for mark in (". ", "; ", "\n\n", "("))
    start = sentence + 1
    if sentence >= 0 and before[sentence] == "(":  # what sticks to the bracket is no word of the sentence
        while start < len(before) and not before[start].isspace():
            start += 1
    part = before[start:]
    heads = part.rsplit(None, words)
    ahead = len(heads[0]) if len(heads) > words else 0
    return len(before) - len(part[ahead:].lstrip())


def _long_form(short: str, before: str) -> int | None:
    """Return where the long form of `short` begins in `before`, or None where its letters are not all there."""
    lower = before.lower()
    if len(lower) != len(before):
        lower = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in before)
    letters = [letter.lower() for letter in short if letter.isalnum()]
    position = len(before)
    for number in range(len(letters) - 1, -1, -1):
        position = lower.rfind(letters[number], 0, position)
        while number == 0 and position > 0 and before[position - 1].isalnum():
            position = lower.rfind(letters[0], 0, position)
        if position < 0:
            return None
    start = position
    long_form = before[start:]
    if len(long_form) <= len(short) or short in long_form.split():
        return None
    return start
