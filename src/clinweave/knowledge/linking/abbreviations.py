"""Abbreviations that a text defines itself: "Marfan syndrome (MFS)".

The algorithm is that of Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in
biomedical text", Pacific Symposium on Biocomputing 2003:451-462: a short form in parentheses is matched backwards,
letter by letter, against the words before it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

MOST = 500  # brackets of one text that are looked at

_BRACKETED = re.compile(r"\(([^()\s][^()]{0,40}?)\)")
_SHORT = re.compile(r"[^\W_][\w/.+-]{1,9}")


class Definition(NamedTuple):
    """A short form and the offsets of the long form that defines it; `at` is where the definition stands."""

    short: str
    start: int
    end: int
    at: int


def definitions(text: str) -> Iterator[Definition]:
    """Yield the abbreviations that `text` defines, in order; offsets are those of `text`."""
    for found in islice(_BRACKETED.finditer(text), MOST):
        short = re.split(r"[;,]", found[1], maxsplit=1)[0].strip()
        if not _is_short_form(short):
            continue
        words = min(len(short) + 5, 2 * len(short))
        before = text[max(0, found.start() - 20 * words) : found.start()].rstrip()
        end = max(0, found.start() - 20 * words) + len(before)
        begin = _window_start(before, words)
        start = _long_form(short, before[begin:])
        if start is not None:
            yield Definition(short, end - len(before) + begin + start, end, found.start())


def occurrences(text: str, shorts: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, short form) of every place where one of `shorts` stands as a word, its own plural included."""
    for short in shorts:
        at = text.find(short)
        while at >= 0:
            end = at + len(short)
            after = end + 1 if text[end : end + 1] == "s" else end
            if not text[after : after + 1].isalnum() and not (at and text[at - 1].isalnum()):
                yield at, end, short
            at = text.find(short, end)


def _is_short_form(short: str) -> bool:
    """Say whether it may be one. Beyond the paper: it has a capital, which "(gangrene)" and "(ulcers)" lack."""
    return _SHORT.fullmatch(short) is not None and any(part.isupper() for part in short)


def _window_start(before: str, words: int) -> int:
    """Return where the last `words` words of the same sentence begin."""
    sentence = max(before.rfind(mark) for mark in (". ", "; ", "\n\n", "("))
    starts = [found.start() for found in re.finditer(r"\S+", before) if found.start() > sentence]
    return starts[-words] if len(starts) >= words else (starts[0] if starts else len(before))


def _long_form(short: str, before: str) -> int | None:
    """Return where the long form of `short` begins in `before`, or None where its letters are not all there."""
    place = len(before) - 1
    letters = [letter.lower() for letter in short if letter.isalnum()]
    for number in range(len(letters) - 1, -1, -1):
        first = number == 0
        while place >= 0 and (
            before[place].lower() != letters[number] or (first and place > 0 and before[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
        place -= 1
    start = place + 1
    long_form = before[start:]
    if len(long_form) <= len(short) or short in long_form.split():
        return None
    return start
