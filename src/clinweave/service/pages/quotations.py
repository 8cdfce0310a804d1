"""Where the sentences of a quotation stand in a text, and a text in marked and unmarked pieces."""

import re
from collections.abc import Iterator, Sequence

_GAP = re.compile(r"\s*\[(?:\.\.\.|…)\]\s*")  # a quotation leaves something out here
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
_MIN_CHARACTERS = 3  # characters of a piece that is looked for
Span = tuple[int, int]


def spans_of(quote: str, text: str) -> list[Span]:
    """Return where a quotation stands in a text, whatever its line breaks: whole, else sentence by sentence."""
    spans: list[Span] = []
    for part in _GAP.split(quote):
        if (whole := _span(part, text)) is not None:
            spans.append(whole)
            continue
        spans += [span for piece in _SENTENCE.split(part) if (span := _span(piece, text)) is not None]
    return sorted(set(spans))


def _span(piece: str, text: str) -> Span | None:
    parts = piece.split()
    if sum(map(len, parts)) < _MIN_CHARACTERS:
        return None
    match = re.search(r"\s+".join(map(re.escape, parts)), text)
    return match.span() if match else None


def marked(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether it is marked. Spans may overlap or lie beyond the text."""
    end = 0
    for start, stop in sorted(spans):
        start, stop = max(start, end), min(stop, len(text))  # noqa: PLW2901 - cut to what is left
        if start >= stop:
            continue
        if start > end:
            yield text[end:start], False
        yield text[start:stop], True
        end = stop
    if end < len(text):
        yield text[end:], False
