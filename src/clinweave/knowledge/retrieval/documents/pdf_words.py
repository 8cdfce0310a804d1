"""Words and lines of a PDF page with their places, and its columns of prose."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from ctypes import ArgumentError, c_int, create_string_buffer
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

from pypdfium2 import raw

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_RUN = re.compile(r"[^\s\x00\x02\ufffe]+[\x02\ufffe]?")  # the marks are PDFium's for a hyphen at a line's end
_LETTERS = str.maketrans({
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\x02": "-", "\ufffe": "-",
})  # fmt: skip
_CELL_GAP = 1.0  # of the font size: a wider gap between words divides cells or columns
_ROW_TOLERANCE = 0.35  # of the font size: words whose middles differ by less stand on one line
_BOLD_WEIGHT = 600
_FONT_NAME = 64  # bytes that are read
_NAME, _UNUSED = create_string_buffer(_FONT_NAME), c_int()  # filled by each call
_STEP = 3  # points between the places tried for a gutter
_MIN_LINES = 6  # of each column
_COLUMN_SHARE = 0.5  # of a page's lines must leave the same gutter free for it to be two columns


@dataclass(frozen=True)
class Table:
    """A table: the text of each cell, where its columns begin and end, and whether its first row is set apart."""

    rows: list[list[str]]
    borders: tuple[float, ...]
    has_bold_head: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its box in points from the top left corner of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool


@dataclass
class Line:
    """The words of one line, in order, and its cells: runs of words without a wide gap."""

    words: list[Word]
    table: Table | None = None  # that stands here; `words` then holds its box

    @cached_property
    def cells(self) -> list[list[Word]]:
        """Return the words in runs that are divided by wide gaps."""
        runs = [[self.words[0]]]
        for word in self.words[1:]:
            previous = runs[-1][-1]
            if word.left - previous.right > _CELL_GAP * max(word.size, previous.size):
                runs.append([word])
            else:
                runs[-1].append(word)
        return runs

    @cached_property
    def text(self) -> str:
        """Return the line's words with single spaces."""
        return joined(self.words)

    @cached_property
    def size(self) -> float:
        """Return the font size of most words, in points."""
        return median(word.size for word in self.words)

    @property
    def top(self) -> float:
        """Return the upper edge in points."""
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        """Return the lower edge in points."""
        return max(word.bottom for word in self.words)


def words_of(text: "PdfTextPage", height: float, rotated: list[str]) -> Iterator[Word]:
    """Yield the horizontal words of a page and add the others to `rotated`.

    PDFium itself puts blanks where the gap between letters says so.
    """
    for match in _RUN.finditer(_characters(text)):
        word = _word(text, match, height)
        if word is None:
            rotated.append(match[0])
        else:
            yield word


def _characters(text: "PdfTextPage") -> str:
    """Return one character for each that PDFium counts: indices into it are PDFium's."""
    count = text.count_chars()
    try:
        page_text: str = text.get_text_range() if count else ""
    except (RecursionError, ArgumentError):  # pypdfium2 passes over characters without text by recursion
        page_text = ""
    if len(page_text) != count:
        page_text = "".join(chr(raw.FPDFText_GetUnicode(text, index)) for index in range(count))
    return page_text


def _word(text: "PdfTextPage", match: re.Match[str], height: float) -> Word | None:
    """Return the word of a run of characters, or None for one that is not horizontal."""
    first = match.start()
    angle = raw.FPDFText_GetCharAngle(text, first)
    if 0.1 < angle < 6.18:  # radians
        return None
    left, bottom, _, top = text.get_charbox(first, loose=True)
    right = text.get_charbox(match.end() - 1, loose=True)[2]
    size = raw.FPDFText_GetFontSize(text, first)
    size = size if size > 1.5 else max(top - bottom, 1.0)  # scaled by the text matrix instead
    bold = raw.FPDFText_GetFontWeight(text, first) >= _BOLD_WEIGHT or _has_bold_name(text, first)
    letters = match[0].translate(_LETTERS)
    return Word(letters, left, right, height - top, height - bottom, size, bold)


def _has_bold_name(text: "PdfTextPage", index: int) -> bool:
    """Say whether the font of a character is called bold: the weight of a standard font is not always stated."""
    raw.FPDFText_GetFontInfo(text, index, _NAME, _FONT_NAME, _UNUSED)
    return b"bold" in _NAME.value.lower()


def as_lines(words: Sequence[Word]) -> list[Line]:
    """Return words grouped by their vertical middle, from top to bottom, each line from left to right."""
    lines: list[Line] = []
    middle = -1e9
    for word in sorted(words, key=lambda item: ((item.top + item.bottom) / 2, item.left)):
        center = (word.top + word.bottom) / 2
        if lines and center - middle <= _ROW_TOLERANCE * word.size:
            lines[-1].words.append(word)
        else:
            lines.append(Line([word]))
            middle = center
    for line in lines:
        line.words.sort(key=lambda item: item.left)
    return lines


def gutter_of(lines: Sequence[Line], width: float) -> float | None:
    """Return the middle of the free stretch between two columns of prose, or None for one column.

    In a table most cells are short; in two columns of prose most lines fill both sides.
    """
    spans = [[(cell[0].left, cell[-1].right) for cell in line.cells] for line in lines if line.table is None]
    places = range(int(0.3 * width), int(0.7 * width), _STEP)
    changes = [0] * (len(places) + 1)
    for left, right in (cell for line in spans for cell in line):
        changes[bisect_right(places, left)] += 1  # the first place right of its beginning
        changes[bisect_left(places, right)] -= 1
    crossings = dict(zip(map(float, places), accumulate(changes), strict=False))
    least = min(crossings.values(), default=0)
    if least > (1 - _COLUMN_SHARE) * len(spans):
        return None
    free = [position for position, count in crossings.items() if count == least]
    gutter = median(_longest_run(free))
    sides: tuple[list[float], list[float]] = ([], [])
    for line in spans:
        for side, cells in zip(
            sides,
            ([item for item in line if item[1] <= gutter], [item for item in line if item[0] >= gutter]),
            strict=True,
        ):
            if cells:
                side.append(cells[-1][1] - cells[0][0])
    is_prose = all(
        len(side) >= _MIN_LINES and sum(reach > 0.25 * width for reach in side) >= 0.6 * len(side)
        for side in sides
    )
    return gutter if is_prose else None


def _longest_run(places: Sequence[float]) -> list[float]:
    """Return the longest stretch of neighbouring places."""
    runs: list[list[float]] = []
    for position in places:
        if runs and position - runs[-1][-1] <= _STEP:
            runs[-1].append(position)
        else:
            runs.append([position])
    return max(runs, key=len)


def columns_of(lines: Sequence[Line], gutter: float) -> list[list[Line]]:
    """Return stretches of lines in reading order: both columns between lines that cross the gutter."""
    parts: list[list[Line]] = []
    left: list[Line] = []
    right: list[Line] = []

    def close() -> None:
        parts.extend(part for part in (list(left), list(right)) if part)
        left.clear()
        right.clear()

    for line in lines:
        if any(cell[0].left < gutter < cell[-1].right for cell in line.cells):
            close()
            parts.append([line])
            continue
        for side, words in (
            (left, [word for word in line.words if word.right <= gutter]),
            (right, [word for word in line.words if word.left >= gutter]),
        ):
            if words:
                side.append(line if line.table else Line(words))
    close()
    return parts


def joined(words: Sequence[Word]) -> str:
    """Return the words with single spaces."""
    return " ".join(word.text for word in words)
