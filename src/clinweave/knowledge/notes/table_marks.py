"""Findings that a table or a form ticks: columns "present" and "absent", "+" and "-", boxes "[x]" and "[ ]"."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from clinweave.records import Mention

_DIVIDERS = ("|", "\t", "   ")  # one of these divides the cells of a row
_CELLS = re.compile(r"[ ]*[|\t][ ]*|[ ]{3,}")
_YES = frozenset({"yes", "y", "present", "+", "++", "+++", "positive", "pos", "true"})
_DASHES = ("-", "\u2212", "\u2013", "\u2014")
_CROSSES = ("\u2717", "\u2718", "\u2610", "\u274c")
_NO = frozenset({"no", "n", "absent", "negative", "neg", "false", *_DASHES, *_CROSSES})
_TICKS = frozenset(
    {"x", "\u2713", "\u2714", "\u2611", "\u2612", "\u2705", "*", "1", "[x]", "\u2022", "\u00d7"}
)
_BOX = re.compile(r"(\[[ xX\u2713\u2714]?\]|\([ xX]\)|[\u2610\u2611\u2612])[ \t]*(?=\w)")
_BOX_SIGNS = ("[", "( )", "(x)", "(X)", "\u2610", "\u2611", "\u2612")
_PLUS = re.compile(r"(?<!\S)\+[A-Za-z]")
_LINE = re.compile(r"[^\n]+")
_SIGN = re.compile(r"(?<=\s)([+-])(?=[A-Za-z])")
_SIGN_END = re.compile(r"[.;,](?=\s|$)")
_EMPTY = frozenset({"[]", "[ ]", "( )", "\u2610"})
_FEWEST = 2  # rows, and boxes, that make a table or a form


class _Row(NamedTuple):
    """A row of a table: where its first cell stands in the text, and all its cells."""

    start: int
    end: int  # of the first cell
    cells: tuple[str, ...]
    columns: tuple[int, ...]  # where each begins in its line, in characters; empty where signs divide them


def ticked(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Return the mentions with the status that the marks of their row or box give."""
    spans = tick_marks(text) if mentions else []
    if not spans:
        return list(mentions)
    starts = [start for start, _, _ in spans]
    result = []
    for item in mentions:
        at = bisect_right(starts, item.start) - 1
        _, end, stated = spans[at]
        if at < 0 or item.end > end or item.experiencer:
            result.append(item)
        else:
            result.append(with_mark(item, present=stated))
    return result


def with_mark(item: Mention, *, present: bool) -> Mention:
    """Return a mention with the status of its mark."""
    return replace(item, status="present" if present else "absent", negated=not present)


def tick_marks(text: str) -> list[tuple[int, int, bool]]:
    """Return (start, end, present) of the words that a mark of a table or form decides, by place."""
    return sorted([*_table_spans(text), *_box_spans(text), *_sign_spans(text)])


def _table_spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, present) of the first cells of rows that a mark decides."""
    for rows in _tables(text):
        titles = [cell.casefold().strip(" :?") for cell in rows[0].cells]
        yes = {number for number, title in enumerate(titles) if number and title in _YES}
        no = {number for number, title in enumerate(titles) if number and title in _NO}
        if yes and no:
            for row in rows[1:]:
                marked = {
                    _under(number, row, rows[0])
                    for number, cell in enumerate(row.cells)
                    if number and cell.casefold() in _TICKS
                }
                if len(marked & (yes | no)) == 1:
                    yield row.start, row.end, bool(marked & yes)
            continue
        yield from _signed(rows)


def _under(number: int, row: _Row, head: _Row) -> int:
    """Return the column of a cell: its number, or the heading that begins next to it where only blanks divide them."""
    if not row.columns or not head.columns:
        return number
    return min(range(len(head.columns)), key=lambda item: abs(head.columns[item] - row.columns[number]))


def _signed(rows: Sequence[_Row]) -> Iterator[tuple[int, int, bool]]:
    """Yield the rows whose second cell is a sign, where signs of both kinds stand in the column.

    A third cell is a comment; the sign before it must be a word ("Heart failure | N | echo 2024 normal").
    """
    signs = [_sign_of(row) for row in rows]
    if any(sign in _YES | _TICKS for sign in signs) and any(sign in _NO for sign in signs):
        for row, sign in zip(rows, signs, strict=True):
            if sign in _YES | _TICKS | _NO:
                yield row.start, row.end, sign not in _NO


def _sign_of(row: _Row) -> str:
    sign = row.cells[1].casefold() if len(row.cells) in {2, 3} else ""
    return sign if len(row.cells) == 2 or sign.isalpha() else ""


def _tables(text: str) -> Iterator[list[_Row]]:
    """Yield the rows of each run of lines with cells; rules between the rows ("|---|") are left out."""
    if not any(divider in text for divider in _DIVIDERS):
        return
    rows: list[_Row] = []
    start = 0
    for line in text.split("\n"):
        row = _row(line, start)
        if row is not None:
            rows.append(row)
        elif not re.fullmatch(r"[\s|:+=-]+", line) or not line.strip():
            if len(rows) > _FEWEST:
                yield rows
            rows = []
        start += len(line) + 1
    if len(rows) > _FEWEST:
        yield rows


def _row(line: str, start: int) -> _Row | None:
    if not any(divider in line for divider in _DIVIDERS):
        return None
    if re.fullmatch(r"[|:+=\s-]*", line):
        return None
    begin = len(line) - len(line.lstrip(" |"))
    body = line[begin:].rstrip("\r ").removesuffix("|")
    found = list(_CELLS.finditer(body))
    if not found:
        return None
    begins = [0, *(item.end() for item in found)]
    ends = [*(item.start() for item in found), len(body)]
    cells = tuple(body[low:high].strip() for low, high in zip(begins, ends, strict=True))
    blanks = all(not item.group().strip(" ") for item in found)
    columns = tuple(begin + item for item in begins) if blanks else ()
    return _Row(start + begin, start + begin + ends[0], cells, columns)


def _sign_spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield what follows each sign in a line with signs of both kinds right before words ("+nausea -syncope")."""
    if "+" not in text:
        return
    for line in _LINE.finditer(text):
        if not _PLUS.search(text, *line.span()):
            continue
        signs = list(_SIGN.finditer(text, *line.span()))
        if {sign[1] for sign in signs} < {"+", "-"}:
            continue
        ends = [*(sign.start() for sign in signs[1:]), line.end()]
        for sign, end in zip(signs, ends, strict=True):
            stop = _SIGN_END.search(text, sign.end(), end)
            yield sign.end(), stop.start() if stop else end, sign[1] == "+"


def _box_spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, present) of what follows each box of a form, to the next box or the end of the line."""
    if not any(sign in text for sign in _BOX_SIGNS):
        return
    boxes = list(_BOX.finditer(text))
    if len(boxes) < _FEWEST or len({box[1] in _EMPTY for box in boxes}) < _FEWEST:
        return
    for number, box in enumerate(boxes):
        line = text.find("\n", box.end())
        stop = min(
            len(text) if line < 0 else line,
            boxes[number + 1].start() if number + 1 < len(boxes) else len(text),
        )
        yield box.end(), stop, box[1] not in _EMPTY
