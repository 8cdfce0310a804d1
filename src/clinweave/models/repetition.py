"""Find where a model's text begins to repeat itself: a run of words over and over, or a repeated sentence.

The same rules stop a generation while it runs and cut a finished text. Lists whose items differ, tables, short
answers ("No.") and repeats in a gene's sequence are no loops.
"""

import re

_LONGEST_UNIT = 160  # characters of a run that may repeat
_SHORT_UNIT = 12  # a shorter run without a blank is a sequence or a rule before it is a loop
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_MARKS = re.compile(r"\[[\d, ]*\]")
_NUMBERED = re.compile(r"^\W*\d{1,3}[.)]\s+")
_WORDS = 3  # a sentence of fewer words may be repeated ("Not reported.")
_SHORT_IN_A_ROW = 4  # unless it occurs this many times in a row


def find_repetition(text: str) -> int | None:
    """Return the length of the text before its first repetition, or None if there is none."""
    cuts = [cut for cut in (_run(text), _sentence(text)) if cut is not None]
    return min(cuts) if cuts else None


class RepetitionGuard:
    """Watches a text that grows by pieces."""

    def __init__(self) -> None:
        self.text = ""

    def repeats(self, piece: str) -> bool:
        """Add a piece and return whether the text now ends in a repetition."""
        self.text += piece
        if _unit_at(self.text, len(self.text)):
            return True
        return bool(_SENTENCE_END.search(self.text[-len(piece) - 2 :])) and _sentence(self.text) is not None


def _run(text: str) -> int | None:
    """Return the end of the first copy of a run that is repeated at once, or None."""
    for end in range(4, len(text) + 1):
        if unit := _unit_at(text, end):
            start = end - unit
            while start > 0 and text[start - 1 : start] == text[start - 1 + unit : start + unit]:
                start -= 1
            return len(text[: start + unit].rstrip())
    return None


def _unit_at(text: str, end: int) -> int:
    """Return the length of the run whose copies end at `end`, as many as make a loop, or 0."""
    if end < _MIN_CHARACTERS:
        return 0
    last = text[end - 1]
    for unit in range(1, min(_LONGEST_UNIT, end // 4) + 1):
        # most lengths are ruled out by one character
        if text[end - 1 - unit] != last or text[end - 1 - 2 * unit] != last:
            continue
        run = text[end - unit : end]
        copies = _copies(run)
        start = end - copies * unit
        if start < 0 or (run + run).find(run, 1) < unit:  # the run is itself a shorter one repeated
            continue
        if text[start : end - unit] == text[start + unit : end]:
            return unit
    return 0


_MIN_CHARACTERS = 12  # characters before anything can be called a loop


def _copies(unit: str) -> int:
    """Return how many copies of a run in a row are a loop."""
    if not any(character.isalnum() for character in unit):
        return max(4, 200 // len(unit))  # rules of a table, dots
    if len(unit) >= _SHORT_UNIT or len(re.findall(r"\s+", unit)) > 1:
        return 4
    return max(4, 60 // len(unit))  # "CAG CAG CAG CAG" is a sequence


def _sentence(text: str) -> int | None:
    """Return the offset of the first repeated sentence, or None."""
    seen: set[str] = set()
    start, last, in_a_row = 0, "", 0
    for end in [*(match.start() for match in _SENTENCE_END.finditer(text)), len(text)]:
        bare = _NUMBERED.sub("", _MARKS.sub("", text[start:end]))
        sentence = " ".join(bare.casefold().split()).strip(" .。-*")
        long = len(sentence.split()) >= _WORDS or (len(sentence) > 12 and not sentence.isascii())
        in_a_row = in_a_row + 1 if sentence and sentence == last else 1
        if (long and sentence in seen) or (len(sentence) > 3 and in_a_row >= _SHORT_IN_A_ROW):
            return len(text[:start].rstrip())
        if sentence:
            seen.add(sentence)
            last = sentence
        start = end
    return None
