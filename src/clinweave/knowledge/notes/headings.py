"""How far a heading of a note holds that has text on its own line: "Family history: asthma"."""

import re

_LINE = re.compile(r"[^\n]*")
_TEXT = re.compile(r"\S")
_BLANK = re.compile(r"(?<=\S)[^\S\n]*\n[^\S\n]*\n")
# A line ends its paragraph with a full stop, or where the next begins as another sentence or item does.
_PARAGRAPH = re.compile(r"(?<=[.;!?])[^\S\n]*\n|\n(?=[^\S\n]*(?:[A-Z\d#*\u2022>-]|\n))")
_OPEN = re.compile(
    r"(?:,|\b(?:and|or|of|the|a|an|with|for|in|to|by|from|his|her|no|is|was|are|were|has|had|at))[^\S\n]*$",
    re.IGNORECASE,
)


def heading_reach(text: str, start: int) -> int:
    """Return the offset after the lines that the heading at `start` governs.

    With text on its line ("Family history: asthma") it holds for that line, and for the next where that goes on with
    the sentence; alone on its line it holds up to a blank line after text.
    """
    line = _LINE.match(text, start)
    words = line[0].strip() if line else ""
    _, colon, rest = words.partition(":")
    if not (colon and rest.strip(" *")) or words.endswith(":"):
        first = _TEXT.search(text, line.end() if line else start)
        blank = _BLANK.search(text, first.end()) if first else None
        return blank.end() if blank else len(text)
    for end in _PARAGRAPH.finditer(text, start):
        before = text[text.rfind("\n", 0, end.start()) + 1 : end.start()]
        if not _OPEN.search(before) or re.match(r"\s*\n", text[end.end() :]):
            return end.end()
    return len(text)
