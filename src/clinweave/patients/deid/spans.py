"""Spans of identifying text in a note, and the resolution of overlaps."""

from collections.abc import Iterable, Iterator
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


class Mask:
    """Marks stretches of a text; a look-up costs the length of the stretch, whatever is marked."""

    def __init__(self, length: int, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._marked = bytearray(length)
        for start, end in spans:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Mark `start` to `end`."""
        self._marked[start:end] = b"\x01" * (end - start)

    def free(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of `start` to `end` that are not marked."""
        while start < end:
            low = self._marked.find(0, start, end)
            if low < 0:
                return
            high = self._marked.find(1, low, end)
            high = end if high < 0 else high
            yield low, high
            start = high

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether anything in `start` to `end` is marked."""
        return self._marked.find(1, start, end) >= 0


def settled(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap: the longest first, then the earliest; what it overlaps is joined to it.

    No character that any rule marked is ever left out: the rest of an overlapped span stays a span of its own.
    """
    listed = list(spans)
    taken: list[Span] = []
    marked = Mask(max((span.end for span in listed), default=0))
    for span in sorted(listed, key=lambda item: (item.start - item.end, item.start, item.kind.value)):
        for start, end in marked.free(span.start, span.end):
            # a piece of a date is no date: it is only taken out
            taken.append(span if (start, end) == span[:2] else Span(start, end, span.kind, span.rule))
        marked.add(span.start, span.end)
    return sorted(taken)


def joined(spans: Iterable[Span], text: str) -> list[Span]:
    """Return spans, in order, with names that only a space parts taken as one."""
    result: list[Span] = []
    for span in spans:
        last = result[-1] if result else None
        if last and last.kind is span.kind is Kind.NAME and not text[last.end : span.start].strip(" ,"):
            result[-1] = last._replace(end=span.end)
        else:
            result.append(span)
    return result
