"""Parser of the OBO flat file format (https://owlcollab.github.io/oboformat/doc/obo-syntax.html), terms only.

A line that begins with "!" is a comment. A value may end with qualifiers (`{source="x"}`) and a comment (`! name`);
both are taken off, whatever the quoted text before them holds. `header` and `stanzas` take obographs JSON as well.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from clinweave.databases import obographs
from clinweave.databases.base import RowLog
from clinweave.databases.files import first_byte, lines, wrong
from clinweave.databases.obo_terms import Stanza

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')  # "text" SCOPE ...
_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"|\\.|[^"\\!{]+|.', re.DOTALL
)  # quoted text, an escape, plain text, a mark
_QUALIFIERS = re.compile(r'\{((?:\s*[^\s=,"{}]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",{}]*)\s*,?)*)\}\s*$')
_TAG = re.compile(r"([^:\s]+):[ \t]+")
_COMMENT = re.compile(r"\s!")
_ESCAPE = re.compile(r"\\(.)")


def header(path: Path, kind: str) -> dict[str, str]:
    """Return the tags before the first stanza; `UserError` where the file is not OBO or holds no stanza."""
    if first_byte(path, kind) == b"{":
        return obographs.header(path, kind)
    tags: dict[str, str] = {}
    for row, line in lines(path, kind):
        if _is_comment(line) and not line.startswith("format-version:"):
            continue
        if not tags and not line.startswith("format-version:"):
            wrong(path, kind, f"row {row}, its first tag, is not format-version")
        if line.startswith("["):
            break
        tag, _, value = line.partition(": ")
        tags.setdefault(tag, split_value(value)[0])
    else:
        wrong(path, kind, "it holds no term" if tags else "it is empty")
    return tags


def stanzas(path: Path, kind: str, log: RowLog) -> Iterator[Stanza]:
    """Yield the [Term] stanzas; a line that is not "tag: value" is counted and skipped."""
    if first_byte(path, kind) == b"{":
        yield from obographs.stanzas(path, kind, log)
        return
    term: Stanza | None = None
    for row, line in _joined(lines(path, kind, log)):
        if line.startswith("["):
            if term:
                yield term
            term = Stanza(row) if line.strip() == "[Term]" else None
        elif term and not _is_comment(line):
            if match := _TAG.match(line):
                term.add(match[1], *split_value(line[match.end() :]))
            else:
                log.drop(path.name, row, "not 'tag: value'")
    if term:
        yield term


def _joined(rows: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield lines, each with those that continue it: a line that ends with a single backslash goes on in the next."""
    for row, line in rows:
        full_line = line
        while full_line.endswith("\\") and (len(full_line) - len(full_line.rstrip("\\"))) % 2:
            _, more = next(rows, (0, ""))
            full_line = full_line[:-1] + more
        yield row, full_line


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("!")


def split_value(value: str) -> tuple[str, str]:
    """Return (value, text of its qualifiers) of what follows "tag: ", without a trailing comment.

    Marks within quoted text or after a backslash are content; "!" begins a comment only after a blank, and braces are
    qualifiers only where they hold `name=value`.
    """
    if "{" not in value and ("!" not in value or not ('"' in value or "\\" in value)):  # most lines
        return _COMMENT.split(f" {value}", maxsplit=1)[0].strip(), ""
    end, braces = 0, []
    for piece in _PIECE.finditer(value):
        if piece[0] == "!" and (not end or value[end - 1].isspace()):
            break
        braces += [end] if piece[0] == "{" else []
        end = piece.end()
    body = value[:end].rstrip()
    if not braces and body.endswith("}"):  # after an unpaired quotation mark (a name such as 5" needle)
        braces = [
            position
            for position in [body.rfind("{")]
            if position >= 0 and body[position - 1 : position] != "\\"
        ]
    for brace in braces:
        if qualifiers := _QUALIFIERS.match(body, brace):
            return body[:brace].rstrip(), qualifiers[1].strip()
    return body, ""


def plain(value: str) -> str:
    """Return an unquoted value (a name) without its escapes."""
    return " ".join(_ESCAPE.sub(_unescape, value).split())


def quoted(value: str) -> tuple[str, str] | None:
    """Return (text, scope) of a value such as '"Seizures" EXACT layperson []'; None where it is not quoted."""
    match = _QUOTED.match(value)
    return (_ESCAPE.sub(_unescape, match[1]), match[2]) if match else None


def _unescape(match: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "W": " "}.get(match[1], match[1])
