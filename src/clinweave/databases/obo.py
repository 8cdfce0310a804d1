"""The OBO flat file format (https://owlcollab.github.io/oboformat/doc/obo-syntax.html), as far as terms need it.

`header` and `stanzas` take obographs JSON as well (`obographs`), so that an ontology's reader takes either file.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clinweave.databases.base import RowLog
from clinweave.databases.files import first_byte, lines, wrong

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')  # "text" SCOPE ...
_ESCAPE = re.compile(r"\\(.)")


@dataclass
class Stanza:
    """One [Term] stanza: the row of its head and its values by tag."""

    row: int
    tags: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def first(self, tag: str) -> str:
        """Return the first value of a tag, or "" where it has none."""
        return self.tags[tag][0] if tag in self.tags else ""

    def all(self, tag: str) -> list[str]:
        """Return every value of a tag, without trailing comments ("! name")."""
        return [value.split(" ! ")[0].strip() for value in self.tags.get(tag, ())]


def header(path: Path, kind: str) -> dict[str, str]:
    """Return the tags before the first stanza; `UserError` where the file is not OBO or holds no stanza."""
    if first_byte(path, kind) == b"{":
        from clinweave.databases import obographs

        return obographs.header(path, kind)
    tags: dict[str, str] = {}
    for row, line in lines(path, kind):
        if row == 1 and not line.startswith("format-version:"):
            wrong(path, kind, "its first line is not format-version")
        if line.startswith("["):
            break
        tag, _, value = line.partition(": ")
        tags.setdefault(tag, value.strip())
    else:
        wrong(path, kind, "it holds no term" if tags else "it is empty")
    return tags


def stanzas(path: Path, kind: str, log: RowLog) -> Iterator[Stanza]:
    """Yield the [Term] stanzas; a line that is not "tag: value" is counted and skipped."""
    if first_byte(path, kind) == b"{":
        from clinweave.databases import obographs

        yield from obographs.stanzas(path, kind, log)
        return
    term: Stanza | None = None
    for row, line in lines(path, kind, log):
        if line.startswith("["):
            if term:
                yield term
            term = Stanza(row) if line.strip() == "[Term]" else None
        elif term and line.strip():
            tag, colon, value = line.partition(": ")
            if colon:
                term.tags[tag].append(value)
            else:
                log.drop(path.name, row, "not 'tag: value'")
    if term:
        yield term


def quoted(value: str) -> tuple[str, str] | None:
    """Return (text, scope) of a value such as '"Seizures" EXACT layperson []'; None where it is not quoted."""
    found = _QUOTED.match(value)
    return (_ESCAPE.sub(_unescape, found[1]), found[2]) if found else None


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "W": " "}.get(found[1], found[1])
