"""Markdown (CommonMark with GitHub's tables and strikethrough), by markdown-it-py."""

import re
from typing import TYPE_CHECKING

from clinweave.knowledge.retrieval.documents.blocks import Block, rows_of

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = "---\n"
_FLAGS = {"withdrawn", "superseded", "obsolete", "retired"}
_STATED = re.compile(
    r"^(status|version|revision|edition|date|issued|effective(?:[ _]date)?|valid[ _]from|last[ _]updated|published"
    r"|superseded[ _]by|replaced[ _]by|withdrawn|superseded|obsolete|retired)[ \t]*:[ \t]*(\S[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_NOTE = re.compile(r"^(\[\^\w{1,8}\]):[ \t]*(\S.*(?:\n(?!\[\^)[ \t]*\S.*)*)$", re.MULTILINE)
_MARK_AFTER_STOP = re.compile(r"([.!?])(\[\^\w{1,8}\])(?=\s|$)")
_MAX_OPEN = 200  # brackets of a block that are not closed


def read(content: bytes) -> list[Block]:
    """Return the blocks of UTF-8 Markdown; images give their description, links their text, HTML is left out."""
    from markdown_it import MarkdownIt

    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    if text.startswith(_FRONT_MATTER) and (end := text.find(f"\n{_FRONT_MATTER}", 3)) > 0:
        text = _with_status(text[end + len(_FRONT_MATTER) + 1 :], _stated(text[:end]))
    text = "\n\n".join(map(_escaped, with_notes_in_place(text).split("\n\n")))
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    collector = _Collector()
    for token in parser.parse(text):
        collector.take(token)
    return collector.blocks


def with_notes_in_place(text: str) -> str:
    """Return the text with each footnote below the paragraph, list or table that has its mark, and marks before a stop.

    At the end of a file a note would stand under another heading than what it restricts.
    """
    text = _MARK_AFTER_STOP.sub(r" \2\1", text)
    notes = {mark: f"{mark}: {' '.join(note.split())}" for mark, note in _NOTE.findall(text)}
    blocks = [block for block in _NOTE.sub("", text).split("\n\n") if block.strip()] if notes else [text]
    placed: list[str] = []
    for block in blocks:
        marks = [mark for mark in notes if mark in block]
        placed += [block, *(notes.pop(mark) for mark in marks)]
    return "\n\n".join([*placed, *notes.values()])


def _with_status(text: str, stated: str) -> str:
    """Return the text with what the front matter states, under the first heading where the text begins with one."""
    first, _, rest = text.lstrip().partition("\n")
    return f"{first}\n\n{stated}{rest}" if stated and first.startswith("#") else f"{stated}{text}"


def _stated(front: str) -> str:
    """Return what the front matter says of the document's status, version and date, a paragraph each."""
    lines = []
    for match in _STATED.finditer(front):
        key, value = match[1].lower().replace("_", " "), match[2].strip("\"' ")
        if key in _FLAGS and value.lower() in {"true", "yes"}:
            key, value = "status", key
        elif key in _FLAGS and value.lower() in {"false", "no", "", "null", "~"}:
            continue
        lines.append(f"{key.capitalize()}: {value}\n\n")
    return "".join(lines)


def _escaped(block: str) -> str:
    """Return a block with its brackets escaped where many stay open: each would be tried as a link to the end."""
    return block.replace("[", "\\[") if block.count("[") - block.count("]") > _MAX_OPEN else block


class _Collector:
    """Collects the blocks of a stream of tokens."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._list_depth = 0
        self._heading = 0  # level of the open heading, 0 outside
        self._table: list[list[str]] | None = None

    def take(self, token: "Token") -> None:
        """Read one token."""
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._list_depth += 1
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._list_depth -= 1
        elif kind == "heading_open":
            self._heading = int(token.tag[1])
        elif kind == "heading_close":
            self._heading = 0
        elif kind in ("inline", "fence", "code_block"):
            self._take_text(_inline(token))
        elif kind.startswith(("table", "tr")):
            self._take_table(kind)

    def _take_table(self, kind: str) -> None:
        if kind == "table_open":
            self._table = []
        elif kind == "tr_open" and self._table is not None:
            self._table.append([])
        elif kind == "table_close" and self._table is not None:
            self.blocks.extend(rows_of(self._table))
            self._table = None

    def _take_text(self, text: str) -> None:
        if self._table is not None:
            self._table[-1].append(text)
        elif text and self._heading:
            self.blocks.append(Block("heading", text, self._heading))
        elif text and self._list_depth:
            self.blocks.append(Block("item", text, self._list_depth))
        elif text:
            self.blocks.append(Block("paragraph", text))


def _inline(token: "Token") -> str:
    """Return the text of an inline token; what is struck through is left out."""
    if token.children is None:
        return token.content.strip()
    parts: list[str] = []
    struck = 0
    for child in token.children:
        if child.type in ("s_open", "s_close"):
            struck += 1 if child.type == "s_open" else -1
        elif struck or child.type == "html_inline":
            continue
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        else:
            parts.append(child.content)
    return "".join(parts).strip()
