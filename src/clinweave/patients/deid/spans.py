"""A stretch of a note that says who somebody is, and how stretches that overlap are settled."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a stretch says of a person."""

    NAME = "name"
    DATE = "date"
    ID = "id"
    CONTACT = "contact"
    PLACE = "place"
    AGE = "age"


class Span(NamedTuple):
    """`text[start:end]` is of this kind, found by this rule; `new` is what stands there instead."""

    start: int
    end: int
    kind: Kind
    rule: str
    new: str = ""


def settled(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap: the longest first, then the earliest; what it overlaps is joined to it.

    No character that any rule marked is ever left out: the rest of an overlapped span stays a span of its own.
    """
    taken: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.start - item.end, item.start, item.kind.value)):
        pieces = [(span.start, span.end)]
        for other in taken:
            pieces = [part for start, end in pieces for part in _without(start, end, other)]
        for start, end in pieces:
            # a piece of a date is no date: it is only taken out
            taken.append(span if (start, end) == span[:2] else Span(start, end, span.kind, span.rule))
    return sorted(taken)


def joined(spans: Iterable[Span], text: str) -> list[Span]:
    """Return spans, in order, with names that only a space parts taken as one."""
    made: list[Span] = []
    for span in spans:
        last = made[-1] if made else None
        if last and last.kind is span.kind is Kind.NAME and not text[last.end : span.start].strip(" ,"):
            made[-1] = last._replace(end=span.end)
        else:
            made.append(span)
    return made


def _without(start: int, end: int, other: Span) -> list[tuple[int, int]]:
    if other.end <= start or end <= other.start:
        return [(start, end)]
    return [part for part in ((start, other.start), (other.end, end)) if part[0] < part[1]]
