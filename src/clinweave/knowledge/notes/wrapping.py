"""Text of scans, columns and dictations as sentences: broken words and lines joined, spoken punctuation as signs."""

import re
from dataclasses import replace
from itertools import pairwise
from statistics import median

import numpy as np

from clinweave.knowledge.linking.normalise import Ints
from clinweave.knowledge.notes.dictation import undictated
from clinweave.records import Mention

_HYPHEN = re.compile(r"(?<=[a-z][a-z])[-\u00ad\u2010][ \t]*\r?\n[ \t]*(?=[a-z][a-z])")
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_ITEM = re.compile(r"[ \t]*(?:[-*\u2022>|#]|\d{1,2}[.)][ \t]|[A-Z][\w /()&-]{1,40}:)")
_FEWEST, _NARROWEST = 3, 25  # lines of a paragraph, and characters of its longest, that tell a column
_DOUBLE, _GOING_ON = 4, 0.3  # blank lines of a double-spaced text, and the share before a small letter
_FULL, _MAX_SHORT = 0.6, 0.2  # how full a line of a column is, and the share of lines that may be shorter


def unwrapped(text: str) -> tuple[str, Ints | None]:
    """Return the text with broken words and lines joined and spoken punctuation as signs, and the original places.

    The places are None where every character stands where it stood.
    """
    text = undictated(text)
    if "\n" not in text:
        return text, None
    text = _single_spaced(text)
    parts, at = [], 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        parts += [_joined(text[at:end]), text[end : gap.end()] if gap else ""]
        at = gap.end() if gap else end
    joined = "".join(parts)
    breaks = [found.span() for found in _HYPHEN.finditer(text)]
    if not breaks:
        return joined, None
    stays = np.ones(len(text), np.bool_)
    for start, end in breaks:
        stays[start:end] = False
    places = np.flatnonzero(stays)
    return "".join(map(joined.__getitem__, places.tolist())), places


def _single_spaced(text: str) -> str:
    """Return the text of a scan with a blank line after each line without these, with a blank for each."""
    gaps = list(_PARAGRAPH.finditer(text))
    if len(gaps) < _DOUBLE or text.count("\n") > 2.5 * len(gaps):
        return text
    goes_on = sum(text[gap.end() : gap.end() + 1].islower() for gap in gaps)
    if goes_on < _GOING_ON * len(gaps):
        return text
    return _PARAGRAPH.sub(lambda gap: " " * (len(gap[0]) - 1) + "\n", text)


def _joined(paragraph: str) -> str:
    """Return a paragraph with blanks for the ends of lines that only the width of a column made."""
    lines = paragraph.split("\n")
    if len(lines) < _FEWEST:
        return paragraph
    lengths = [len(line.rstrip()) for line in lines[:-1]]
    widest = max(lengths)
    short = sum(length < _FULL * widest for length in lengths)
    if widest < _NARROWEST or short > _MAX_SHORT * len(lengths) or median(lengths) < _FULL * widest:
        return paragraph
    pieces = [lines[0]]
    for before, line in pairwise(lines):
        ends = before.rstrip().endswith(":") or _ITEM.match(line) or not line.strip()
        pieces += ["\n" if ends else " ", line]
    return "".join(pieces)


def placed(mentions: list[Mention], text: str, places: Ints | None) -> list[Mention]:
    """Return mentions of the joined text where they stand in the original `text`."""
    spans = [
        (item.start, item.end) if places is None else (int(places[item.start]), int(places[item.end - 1]) + 1)
        for item in mentions
    ]
    return [
        replace(item, start=start, end=end, text=text[start:end])
        for item, (start, end) in zip(mentions, spans, strict=True)
    ]
