"""PDF by PDFium (pypdfium2): placed words become lines, columns, tables, paragraphs and headings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, join_lines, row_text

_ITEM = re.compile(r"^(?:[-\u2022\u2023\u25aa\u25cf\u25e6\uf0b7\u00b7*]|\(?\d{1,2}[.)])\s+(?=\S)")
_LIGATURES = str.maketrans({"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"})
_CELL_GAP = 1.0  # of the font size: a wider gap between words divides cells or columns
_ROW_TOLERANCE = 0.35  # of the font size: words whose middles differ by less stand on one line
_PARAGRAPH_GAP = 0.75  # of the font size between two lines begins a paragraph
_HEADING_SIZE = 1.12  # of the body's font size
_MOST_HEADING_WORDS = 14
_HYPHEN_MARKS = frozenset({0x02, 0xFFFE})  # how PDFium marks a hyphen at a line's end
_BOLD_WEIGHT = 600
_MARGIN = 0.09  # of the page's height: where headers and footers stand
_COLUMN_SHARE = 0.5  # of a page's lines must leave the same gutter free for it to be two columns


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


@dataclass(slots=True)
class Line:
    """The words of one line, in order, and its cells: runs of words without a wide gap."""

    words: list[Word]

    @property
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

    @property
    def text(self) -> str:
        """Return the line's words with single spaces."""
        return _joined(self.words)

    @property
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


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of each column in reading order, and the height of the page in points."""

    columns: list[list[Line]]
    height: float


def read(content: bytes) -> list[Block]:
    """Return the blocks of a PDF with their page numbers.

    Repeated headers and footers are left out; a table that goes on over a page keeps its column heads. Raises
    `UnreadableError` where the file is damaged, needs a password or is a scan without text.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(content) as document:
            pages = [_page(document, number) for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableError("needs a password; save it without one") from error
        raise UnreadableError(f"damaged, or not a PDF ({error})") from error
    if not pages:
        raise UnreadableError("a PDF without pages")
    if not any(page.columns for page in pages):
        raise UnreadableError("a scan without text; run optical character recognition (OCR) first")
    return list(_blocks(_without_margins(pages)))


def _page(document: Any, number: int) -> Page:
    """Return the lines of each column of a page in reading order."""
    page = document[number]
    width, height = page.get_size()
    text = page.get_textpage()
    try:
        lines = _as_lines(list(_words(text, height)))
    finally:
        text.close()
        page.close()
    gutter = _gutter(lines, width)
    return Page(_columns(lines, gutter) if gutter else [lines] if lines else [], height)


def _words(text: Any, height: float) -> Iterator[Word]:
    """Yield the horizontal words of a page; PDFium itself puts blanks where the gap between letters says so."""
    from pypdfium2 import raw

    letters: list[str] = []
    first = 0
    count = text.count_chars()
    for place in range(count + 1):
        code = raw.FPDFText_GetUnicode(text, place) if place < count else 0x20
        divides = code in _HYPHEN_MARKS  # the rest of the word is on the next line
        letter = "-" if divides else chr(code)
        blank = letter.isspace() or letter == "\x00"
        if not blank:
            first = first if letters else place
            letters.append(letter)
        if letters and (blank or divides):
            word = _word(text, "".join(letters), first, place - blank, height)
            letters = []
            if word is not None:
                yield word


def _word(text: Any, letters: str, first: int, last: int, height: float) -> Word | None:
    """Return the word of the characters `first` to `last`, or None for one that is not horizontal."""
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(text, first)
    if 0.1 < angle < 6.18:  # radians
        return None
    left, bottom, _, top = text.get_charbox(first, loose=True)
    right = text.get_charbox(last, loose=True)[2]
    size = raw.FPDFText_GetFontSize(text, first)
    size = size if size > 1.5 else max(top - bottom, 1.0)  # scaled by the text matrix instead
    bold = raw.FPDFText_GetFontWeight(text, first) >= _BOLD_WEIGHT
    return Word(letters.translate(_LIGATURES), left, right, height - top, height - bottom, size, bold)


def _as_lines(words: Sequence[Word]) -> list[Line]:
    """Return words grouped by their vertical middle, from top to bottom, each line from left to right."""
    lines: list[Line] = []
    middle = -1e9
    for word in sorted(words, key=lambda item: ((item.top + item.bottom) / 2, item.left)):
        at = (word.top + word.bottom) / 2
        if lines and at - middle <= _ROW_TOLERANCE * word.size:
            lines[-1].words.append(word)
        else:
            lines.append(Line([word]))
            middle = at
    for line in lines:
        line.words.sort(key=lambda item: item.left)
    return lines


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """Return the middle of the free stretch between two columns of prose, or None for one column."""
    divided = [line for line in lines if len(line.cells) == 2]
    if len(divided) < 6 or len(divided) < _COLUMN_SHARE * len(lines):
        return None
    left = median(line.cells[0][-1].right for line in divided)
    right = min(line.cells[1][0].left for line in divided)
    wide = [
        line for line in divided if all(cell[-1].right - cell[0].left > 0.25 * width for cell in line.cells)
    ]
    # In a table most cells are short; in two columns of prose most lines fill both.
    return (
        (min(left, right) + right) / 2
        if len(wide) >= 0.6 * len(divided) and right > left - width * 0.1
        else None
    )


def _columns(lines: Sequence[Line], gutter: float) -> list[list[Line]]:
    """Return stretches of lines in reading order: both columns between lines that cross the gutter."""
    parts: list[list[Line]] = []
    left: list[Line] = []
    right: list[Line] = []

    def close() -> None:
        parts.extend(part for part in (list(left), list(right)) if part)
        left.clear()
        right.clear()

    for line in lines:
        if any(word.left < gutter < word.right for word in line.words):
            close()
            parts.append([line])
            continue
        for side, words in (
            (left, [word for word in line.words if word.right <= gutter]),
            (right, [word for word in line.words if word.left >= gutter]),
        ):
            if words:
                side.append(Line(words))
    close()
    return parts


def _without_margins(pages: list[Page]) -> list[list[list[Line]]]:
    """Leave out lines in the margins that recur on most pages (numbers aside): headers, footers, page numbers."""
    if len(pages) < 3:
        return [page.columns for page in pages]
    counts: Counter[tuple[str, int]] = Counter()
    for page in pages:
        for key in {_margin_key(line) for line in _edges(page)}:
            counts[key] += 1
    repeated = {key for key, count in counts.items() if count > len(pages) / 2}
    cleaned = []
    for page in pages:
        drop = {id(line) for line in _edges(page) if _margin_key(line) in repeated}
        cleaned.append([[line for line in part if id(line) not in drop] for part in page.columns])
    return cleaned


def _edges(page: Page) -> list[Line]:
    """Return the lines in the upper and lower margin."""
    low, high = _MARGIN * page.height, (1 - _MARGIN) * page.height
    return [line for part in page.columns for line in part if line.bottom < low or line.top > high]


def _margin_key(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.top / 10)


def _blocks(pages: list[list[list[Line]]]) -> Iterator[Block]:
    sizes = [line.size for page in pages for part in page for line in part for _ in line.words]
    body = median(sizes) if sizes else 0.0
    heads: list[str] = []  # of the table that ended the page before
    for number, page in enumerate(pages, 1):
        continues = bool(heads)
        carried: list[str] = []
        for part in page:
            for table, lines in _tables(part):
                if table:
                    rows = _rows(lines)
                    heads = _heads(rows, heads if continues else [])
                    for row in rows:
                        if row != heads:
                            yield Block("row", row_text(heads, row), page=number)
                    carried = heads
                else:
                    yield from _paragraphs(lines, body, number)
                    carried = []
                continues = False
        heads = carried


def _heads(rows: list[list[str]], before: list[str]) -> list[str]:
    """Return the column heads: those of the page before if its table goes on, else the first row."""
    return before if before and len(before) == len(rows[0]) else rows[0]


def _tables(lines: list[Line]) -> Iterator[tuple[bool, list[Line]]]:
    """Yield (is a table, lines): a table is two or more lines with the same aligned cells."""
    place = 0
    prose: list[Line] = []
    while place < len(lines):
        end = place
        while end < len(lines) and _aligned(lines[place], lines[end]):
            end += 1
        if end - place >= 2:
            if prose:
                yield False, prose
                prose = []
            yield True, lines[place:end]
            place = end
        else:
            prose.append(lines[place])
            place += 1
    if prose:
        yield False, prose


def _aligned(first: Line, other: Line) -> bool:
    """Tell whether two lines have the same number of cells, two or more, that begin or stand in the same places."""
    cells, others = first.cells, other.cells
    if len(cells) < 2 or len(cells) != len(others) or _ITEM.match(first.text):
        return False
    tolerance = 1.5 * first.size
    return all(
        abs(mine[0].left - theirs[0].left) <= tolerance
        or abs((mine[0].left + mine[-1].right) - (theirs[0].left + theirs[-1].right)) <= 2 * tolerance
        for mine, theirs in zip(cells, others, strict=True)
    )


def _rows(lines: list[Line]) -> list[list[str]]:
    return [[_joined(cell) for cell in line.cells] for line in lines]


def _paragraphs(lines: list[Line], body: float, page: int) -> Iterator[Block]:
    """Yield paragraphs, list items and headings of lines in one column."""
    right = max(line.words[-1].right for line in lines) if lines else 0.0
    run: list[Line] = []
    for line in lines:
        if run and _begins(line, run, right):
            yield _block(run, body, page)
            run = []
        run.append(line)
    if run:
        yield _block(run, body, page)


def _begins(line: Line, run: list[Line], right: float) -> bool:
    """Tell whether a line begins a new paragraph after those of `run`."""
    last = run[-1]
    if line.top - last.bottom > _PARAGRAPH_GAP * last.size or abs(line.size - last.size) > 0.5:
        return True
    if _ITEM.match(line.text) or (line.words[0].bold != last.words[-1].bold and _all_bold(last)):
        return True
    ended = last.text.endswith((".", ":", "?", "!", ";"))
    short = last.words[-1].right + line.words[0].right - line.words[0].left < right  # the next word had room
    return ended and short


def _block(run: list[Line], body: float, page: int) -> Block:
    text = _reflowed([line.text for line in run])
    size = run[0].size
    title = len(text.split()) <= _MOST_HEADING_WORDS and not text.endswith((".", ";", ",", ":"))
    if title and (size > _HEADING_SIZE * body or all(_all_bold(line) for line in run)):
        return Block(
            "heading", text, 1 if size > 1.5 * body else 2 if size > _HEADING_SIZE * body else 3, page
        )
    if match := _ITEM.match(text):
        return Block("item", text[match.end() :], page=page)
    return Block("paragraph", text, page=page)


def _all_bold(line: Line) -> bool:
    return all(word.bold for word in line.words)


def _reflowed(lines: list[str]) -> str:
    """Return lines as one paragraph; a word divided at a line's end is joined, a compound keeps its hyphen."""
    return join_lines(lines, " ").replace("\u00ad", "")


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
