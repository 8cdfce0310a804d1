"""A document cut into passages at paragraph and sentence borders: `text == document[start:end]` for each."""

import re
from collections.abc import Iterator

MAX_WORDS = 180

_PARAGRAPH = re.compile(r"\n[ \t\r]*\n[\s]*")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n\s*(?=[-*\u2022]\s)")
_WORD = re.compile(r"\S+")


def split(document: str, most_words: int = MAX_WORDS) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of passages of at most `most_words` words, in order, without blank edges.

    Whole paragraphs are put together while they fit; a longer one is cut between sentences, and a longer sentence
    between words. Every word of the document is in exactly one passage.
    """
    begin = end = words = 0
    for start, stop, count in _units(document, most_words):
        if words and words + count > most_words:
            yield begin, end
            words = 0
        if not words:
            begin = start
        end, words = stop, words + count
    if words:
        yield begin, end


def _units(document: str, most_words: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, words) of paragraphs that fit, else of their sentences, else of runs of words."""
    for start, stop in _pieces(document, _PARAGRAPH, 0, len(document)):
        count = _count(document, start, stop)
        if count <= most_words:
            yield start, stop, count
            continue
        for begin, end in _pieces(document, _SENTENCE, start, stop):
            places = [match.span() for match in _WORD.finditer(document, begin, end)]
            for first in range(0, len(places), most_words):
                run = places[first : first + most_words]
                yield run[0][0], run[-1][1], len(run)


def _pieces(document: str, border: re.Pattern[str], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the non-blank stretches between borders, blank edges taken off."""
    begin = start
    for match in border.finditer(document, start, stop):
        yield from _trimmed(document, begin, match.end())
        begin = match.end()
    yield from _trimmed(document, begin, stop)


def _trimmed(document: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    text = document[start:stop]
    inner = text.strip()
    if inner:
        begin = start + len(text) - len(text.lstrip())
        yield begin, begin + len(inner)


def _count(document: str, start: int, stop: int) -> int:
    return sum(1 for _ in _WORD.finditer(document, start, stop))
