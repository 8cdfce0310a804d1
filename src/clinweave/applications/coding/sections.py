"""The sections of a clinical note, found by their headings."""

import re
from bisect import bisect_right
from typing import NamedTuple

from clinweave.applications.coding.patterns import table
from clinweave.knowledge import heading_reach

_OF: dict[str, str] = {name: kind for kind, names in table("sections").items() for name in names}
_HEADING = re.compile(
    r"(?:^|(?<=[.;!?]\s)|(?<=\n))[ \t]*(?:[#*>=-]+[ \t]*)?(?:\d{1,2}[.)][ \t]*)?"
    r"([A-Za-z][A-Za-z/& -]{0,45}?)[ \t]*(?:\([^)\n]{1,30}\))?[ \t]*(?:\*\*)?(?::|(?=\n)|--|\u2013|\u2014| - )",
    re.MULTILINE,
)
_ONE_LINE = frozenset({"family", "social", "allergies", "review", "surgical", "advice"})


class Section(NamedTuple):
    """A section from its heading to the next: `kind` is a key of the table, or "" for text without a known heading."""

    start: int
    end: int
    kind: str


class Sections:
    """The sections of one note."""

    def __init__(self, text: str) -> None:
        marks: list[tuple[int, str]] = [(0, "")]
        for match in _HEADING.finditer(text):
            kind = _kind(" ".join(match[1].lower().split()))
            bare = match.group()[-1] != ":"
            if kind is None or (bare and (len(match[1]) < 3 or not _alone(text, match))):
                continue
            marks.append((match.start(), kind))
        marks = _shortened(text, marks)
        self._starts = [start for start, _ in marks]
        self.sections = [
            Section(start, marks[number + 1][0] if number + 1 < len(marks) else len(text), kind)
            for number, (start, kind) in enumerate(marks)
        ]

    def at(self, offset: int) -> Section:
        """Return the section of a place in the text."""
        return self.sections[bisect_right(self._starts, offset) - 1]

    def has(self, *kinds: str) -> bool:
        """Return whether there is a section of one of these kinds."""
        return any(section.kind in kinds for section in self.sections)


def _kind(heading: str) -> str | None:
    """Return the kind of section that a heading opens, None if it is not known."""
    if heading in _OF:
        return _OF[heading]
    words = set(heading.split())
    if words & {"dx", "diagnosis", "diagnoses", "impression", "assessment"}:
        early = words & {"admission", "admitting", "preoperative", "differential", "provisional", "referring"}
        return "admission" if early else "diagnoses"
    return "medications" if words & {"medications", "meds"} else None


def _shortened(text: str, marks: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """End sections of one line ("Family history: ...") with it, where the heading's line has text."""
    result: list[tuple[int, str]] = []
    for number, (start, kind) in enumerate(marks):
        result.append((start, kind))
        if kind not in _ONE_LINE and kind != "history":
            continue
        stop = marks[number + 1][0] if number + 1 < len(marks) else len(text)
        end = heading_reach(text, start)
        if kind == "history" and not text[start:end].rstrip().endswith("."):
            continue  # a list that goes on in the next lines
        if end < stop:
            result.append((end, ""))
    return result


def _alone(text: str, match: re.Match[str]) -> bool:
    """Return whether a heading without colon is a line of its own, in capitals or before a rule or list."""
    begin = text.rfind("\n", 0, match.start(1)) + 1
    stop = text.find("\n", match.end())
    line = text[begin : stop if stop >= 0 else len(text)].strip(" \t#*=-")
    return line == match[1].strip() and (line.isupper() or line.istitle() or line[:1].isupper())
