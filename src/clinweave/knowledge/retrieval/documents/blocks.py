"""The common form of a document: blocks in reading order, assembled into text with sections and pages.

Headings and lead-ins ("Do not:") stay with what they govern: a section carries its path of headings, a list item is
never separated from its lead-in, and a table row is one statement with its column heads.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from clinweave.core.errors import ClinweaveError
from clinweave.knowledge.retrieval.document_status import is_stamp
from clinweave.knowledge.retrieval.passages import MAX_WORDS

Kind = Literal["heading", "paragraph", "item", "row"]
SEPARATOR = " > "  # between the headings of a section's path
MAX_HEADING = 200  # characters
MAX_UNPACKED = 512 << 20  # bytes of all parts together
_LEAD_IN_WORDS = 25


_HYPHENS = ("-", "\u00ad", "\u2010")
_LINE_END = re.compile(r"(\w{1,40})([-\u00ad\u2010])$")
_CONJUNCTION = re.compile(r"(?:and|or|to|nor)\b")
# First parts of compounds, whose hyphen at a line's end is their own: "beta-blocker", "well-known".
_FIRST_PARTS = frozenset({
    "alpha", "beta", "gamma", "delta", "well", "low", "high", "first", "second", "third", "long", "short", "self",
    "half", "full", "broad", "narrow", "non", "pre", "post", "dose", "drug", "age", "sex", "weight", "evidence",
    "follow", "fast", "slow", "once", "twice", "early", "late", "right", "left", "life", "point", "close", "end",
    "risk", "time", "patient", "ill", "two", "three", "four", "five", "six", "ten",
})  # fmt: skip


class UnreadableError(ClinweaveError):
    """A file that cannot be read as text; the message is the reason, without the file's name."""


def check_unpacked(parts: zipfile.ZipFile) -> None:
    """Raise `UnreadableError` where the members of an archive are larger than `MAX_UNPACKED` together."""
    if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED:
        raise UnreadableError(f"unpacks to more than {MAX_UNPACKED >> 20} MiB")


def join_lines(lines: Iterable[str], separator: str) -> str:
    """Return lines as one text; a divided word is joined, a compound keeps its hyphen ("beta-blocker", "10-20")."""
    parts: list[str] = []
    for line in lines:
        match = _LINE_END.search(parts[-1]) if parts and parts[-1].endswith(_HYPHENS) else None
        if match and line[:1].isalnum() and not _CONJUNCTION.match(line):
            first, mark = match[1], match[2]
            divided = first[-2:].isalpha() and len(first) > 1 and first[-1].islower() and line[0].islower()
            if mark == "\u00ad" or (divided and first.lower() not in _FIRST_PARTS):
                parts[-1] = parts[-1][:-1]
        elif parts:
            parts.append(separator)
        parts.append(line)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `level` is the depth of a heading or list item from 1; `page` counts from 1, 0 if unknown."""

    kind: Kind
    text: str
    level: int = 1
    page: int = 0


class Section(NamedTuple):
    """A stretch of a document's text under one path of headings: `text[start:end]`, headings excluded."""

    start: int
    end: int
    heading: str


class Assembled(NamedTuple):
    """The text of one page, or of a whole document without pages."""

    page: int
    text: str
    sections: tuple[Section, ...]


def title_of(blocks: Iterable[Block]) -> str:
    """Return the first heading, else the first line of text, or "" where that is a sentence, a table row or nothing."""
    listed = [block for block in blocks if block.text.strip()]
    first = next((block for block in listed if block.kind == "heading"), listed[0] if listed else None)
    if first is not None and first.kind == "row":  # a table without a title: a row names nothing but itself
        return ""
    title = first.text.strip().splitlines()[0].strip("#=* \t") if first else ""
    is_prose = (
        first is not None and first.kind != "heading" and (len(title) > MAX_HEADING or title.endswith("."))
    )
    return "" if is_prose else title[:MAX_HEADING]


def with_stamps(blocks: Iterable[Block], lines: Iterable[str]) -> list[Block]:
    """Return the blocks with the lines of headers and watermarks that state the status, after the first block."""
    listed = list(blocks)
    stamps = [line for line in sorted({_one_line(line) for line in lines}) if is_stamp(line)]
    return (
        [*listed[:1], *(Block("paragraph", line, page=listed[0].page) for line in stamps), *listed[1:]]
        if listed
        else []
    )


def assemble(blocks: Iterable[Block], *, most_words: int = MAX_WORDS) -> Iterator[Assembled]:
    """Yield the text of each page in order with its sections; headings stand in the text and name the sections below.

    A run of list items or table rows that is longer than a passage is divided, and each part repeats the lead-in.
    """
    headings: list[tuple[int, str]] = []
    for page, of_page in groupby(blocks, key=lambda block: block.page):
        text, sections = "", []
        for is_heading, run in groupby(of_page, key=lambda block: block.kind == "heading"):
            members = list(run)
            if is_heading:
                for block in members:
                    headings = [item for item in headings if item[0] < block.level]
                    headings.append((block.level, _one_line(block.text)[:MAX_HEADING]))
                    text += f"{_one_line(block.text)}\n\n"
                continue
            body = "\n\n".join(_units(members, most_words))
            sections.append(
                Section(len(text), len(text) + len(body), SEPARATOR.join(name for _, name in headings))
            )
            text += f"{body}\n\n"
        yield Assembled(page, text.rstrip("\n"), tuple(sections))


def _units(blocks: list[Block], most_words: int) -> Iterator[str]:
    """Yield paragraphs, and each list or table together with its lead-in."""
    start = 0
    while start < len(blocks):
        block = blocks[start]
        after = blocks[start + 1].kind if start + 1 < len(blocks) else "paragraph"
        lead_in = (
            block.text
            if block.kind == "paragraph" and after in {"item", "row"} and _leads_in(block.text)
            else ""
        )
        if block.kind == "paragraph" and not lead_in:
            yield block.text
            start += 1
            continue
        end = start + bool(lead_in)
        kind = blocks[end].kind
        while end < len(blocks) and blocks[end].kind == kind:
            end += 1
        lines = [_line(item) for item in blocks[start + bool(lead_in) : end]]
        yield from _divided(lead_in, lines, most_words)
        start = end


def _leads_in(text: str) -> bool:
    return text.rstrip().endswith((":", "\u2014", "\u2026")) and len(text.split()) <= _LEAD_IN_WORDS


def _line(block: Block) -> str:
    text = _one_line(block.text)
    return text if block.kind == "row" else f"{'  ' * (block.level - 1)}- {text}"


def _divided(lead_in: str, lines: list[str], most_words: int) -> Iterator[str]:
    """Yield the lines in parts of at most `most_words` words, each after the lead-in."""
    words = start = len(lead_in.split())
    part = [lead_in] if lead_in else []
    for line in lines:
        count = len(line.split())
        if words > start and words + count > most_words:
            yield "\n".join(part)
            part, words = ([lead_in] if lead_in else []), start
        part.append(line)
        words += count
    if part:
        yield "\n".join(part)


def row_text(heads: list[str], cells: list[str]) -> str:
    """Return a table row as one statement: "Drug: Cefalexin; Safe in penicillin anaphylaxis?: No"."""
    parts = []
    for index, cell in enumerate(cells):
        value = _one_line(cell)
        head = _one_line(heads[index]) if index < len(heads) else ""
        if value:
            parts.append(f"{head.rstrip(':')}: {value}" if head else value)
    return "; ".join(parts)


def rows_of(table: list[list[str]], *, header: bool = True, page: int = 0) -> list[Block]:
    """Return the rows of a table as blocks, each with the column heads of the first row."""
    filled = [row for row in table if any(cell.strip() for cell in row)]
    if not filled:
        return []
    if (not header or len(filled) == 1) and not _is_form(filled):
        return table_rows(filled, [], page)
    heads, body, before = split_heads(filled)
    return [*(Block("paragraph", text, page=page) for text in before), *table_rows(body, heads, page)]


def split_heads(rows: list[list[str]]) -> tuple[list[str], list[list[str]], list[str]]:
    """Return the column heads, the rows below, and what spans the table above them (its title).

    Two rows of heads, of which the upper one spans columns of the lower, become one ("Dose CKD 4").
    """
    if _is_form(rows):
        return [], [_pairs(row) for row in rows], []
    begin = 0
    while begin + 2 < len(rows) and _spans(rows[begin]):
        begin += 1
    above = [_one_line(row[0]) for row in rows[:begin]]
    heads, body = [_one_line(cell) for cell in rows[begin]], rows[begin + 1 :]
    lower = [_one_line(cell) for cell in body[0]] if len(body) > 1 else []
    spanned = {
        index + step
        for index, (one, other) in enumerate(pairwise(heads))
        if one and one == other and index + 1 < len(lower) and lower[index] != lower[index + 1]
        for step in (0, 1)
    }
    if (
        len(lower) == len(heads)
        and spanned
        and all(
            bool(lower[index]) if index in spanned else lower[index] in {"", heads[index]}
            for index in range(len(heads))
        )
    ):
        heads = [
            f"{head} {lower[index]}".strip() if index in spanned else head for index, head in enumerate(heads)
        ]
        body = body[1:]
    return heads, body, above


def _is_form(rows: list[list[str]]) -> bool:
    """Say whether a table has no heads but labels with adjacent values ("Version:", "3")."""
    labels = [_one_line(cell) for row in rows for cell in row[::2]]
    return (
        len(rows[0]) % 2 == 0
        and all(_one_line(row[0]) for row in rows)
        and all(label.endswith((":", "\uff1a")) for label in labels if label)
    )


def _pairs(row: list[str]) -> list[str]:
    """Return each label of a row with its value as one cell."""
    cells = [_one_line(cell) for cell in row]
    return [f"{label} {value}".strip() for label, value in zip(cells[::2], cells[1::2], strict=True)]


def table_rows(rows: list[list[str]], heads: list[str], page: int = 0) -> list[Block]:
    """Return rows as blocks with their heads; a row that spans the table stands before each row below it."""
    blocks: list[Block] = []
    group = ""
    for number, row in enumerate(rows):
        if heads and [_one_line(cell) for cell in row] == heads:
            continue
        if _spans(row) and number + 1 < len(rows):
            group = _one_line(row[0]).rstrip(":;")
        elif text := row_text([] if _spans(row) else heads, row[:1] if _spans(row) else row):
            blocks.append(Block("row", f"{group}; {text}" if group else text, page=page))
    return blocks


def _spans(row: list[str]) -> bool:
    """Say whether one cell spans the whole row: it counts for every column."""
    return len(row) > 1 and bool(row[0].strip()) and len(set(row)) == 1


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
