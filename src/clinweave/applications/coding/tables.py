"""Rows of tables in a note: where each begins and ends, and what its other cells say of a condition."""

import re
from bisect import bisect_right

from clinweave.applications.coding.mention_state import ABSENT, FAMILY, HYPOTHETICAL, PAST, UNCERTAIN

_CELL = re.compile(r"[^|\t]+")
_LONGEST = 1000  # characters of a row
# What a cell says that has no other words.
_STATES = {
    PAST: r"resolved|past|historic(?:al)?|inactive|closed|previous|healed|cured|treated|recovered|old|completed",
    ABSENT: r"ruled out|excluded|never|denie[sd]|negative|none|no|n|not present|absent|nil|not confirmed|refuted|"
    r"disproved|entered in error|error|removed",
    UNCERTAIN: r"suspected|possible|probable|likely|query|queried|\?|provisional|to be confirmed|unconfirmed|unclear|"
    r"under investigation|differential(?: diagnosis)?|awaiting (?:tests|results)|working diagnosis",
    FAMILY: r"family(?: history)?(?: only)?|fh|relative|(?:grand)?(?:mother|father)|sister|brother|parent",
    HYPOTHETICAL: r"at risk|risk|planned|screening|screen|to screen|for screening|prevention|prophylaxis|education|"
    r"to discuss|future",
}
_OF_CELL = {
    state: re.compile(rf"\W*(?:{words})\W*(?:\(?(?:19|20)?\d\d\)?|in (?:19|20)\d\d)?\W*", re.IGNORECASE)
    for state, words in _STATES.items()
}


class Tables:
    """The rows of the tables of a note."""

    def __init__(self, text: str) -> None:
        lines: list[tuple[int, int, bool]] = []
        start = 0
        for line in text.split("\n"):
            lines.append((start, start + len(line), _is_row(line)))
            start += len(line) + 1
        self._text = text
        self._rows = [
            (begin, end)
            for number, (begin, end, row) in enumerate(lines)
            if row
            and any(
                near[2] for near in (*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2])
            )
        ]
        self._starts = [begin for begin, _ in self._rows]

    def separated(self) -> str:
        """Return the text with rows that end as sentences do; no character moves."""
        pieces = list(self._text)
        for begin, end in self._rows:
            line = self._text[begin:end].rstrip()
            if line.endswith("|"):
                pieces[begin + len(line) - 1] = "."
            first = begin + len(line) - len(line.lstrip())
            if line[first - begin : first - begin + 1] == "|":
                pieces[first] = " "
        return "".join(pieces)

    def row(self, offset: int) -> tuple[int, int] | None:
        """Return where the row at a place begins and ends, None outside tables."""
        number = bisect_right(self._starts, offset) - 1
        if number < 0 or offset >= self._rows[number][1]:
            return None
        return self._rows[number]

    def state(self, start: int) -> str:
        """Return what the other cells of the row say of a condition named in its first words, "" if nothing."""
        row = self.row(start)
        if row is None:
            return ""
        cells = list(_CELL.finditer(self._text, *row))
        own = next((number for number, cell in enumerate(cells) if cell.start() <= start < cell.end()), None)
        filled = [number for number, cell in enumerate(cells) if cell[0].strip(" |")]
        if own is None or not filled or own > filled[min(1, len(filled) - 1)]:
            return ""
        for number in filled:
            if number != own:
                for state, words in _OF_CELL.items():
                    if words.fullmatch(cells[number][0]):
                        return state
        return ""


def _is_row(line: str) -> bool:
    """Return whether a line has cells."""
    inner = line.strip().strip("|")
    return len(line) <= _LONGEST and ("|" in inner or "\t" in inner or line.strip().count("|") > 1)
