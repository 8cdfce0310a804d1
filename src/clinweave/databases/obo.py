"""The OBO flat file format (https://owlcollab.github.io/oboformat/doc/obo-syntax.html), as far as terms need it.

`header` and `stanzas` take obographs JSON as well (`obographs`), so that an ontology's reader takes either file.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from clinweave.databases import obographs
from clinweave.databases.base import RowLog
from clinweave.databases.files import first_byte, lines, wrong
from clinweave.databases.stanza import Stanza

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')  # "text" SCOPE ...
_ESCAPE = re.compile(r"\\(.)")


def header(path: Path, kind: str) -> dict[str, str]:
    """Return the tags before the first stanza; `UserError` where the file is not OBO or holds no stanza."""
    if first_byte(path, kind) == b"{":
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
