"""PDF by PDFium (pypdfium2): placed words become lines, columns, tables, paragraphs and headings."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from clinweave.knowledge.retrieval.documents.blocks import (
    Block,
    UnreadableError,
    join_lines,
    with_stamps,
)
from clinweave.knowledge.retrieval.documents.pdf_rules import grids
from clinweave.knowledge.retrieval.documents.pdf_tables import ITEM, TableReader, find_tables, ruled_tables
from clinweave.knowledge.retrieval.documents.pdf_words import Line, as_lines, columns_of, gutter_of, words_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PARAGRAPH_GAP = 0.75  # of the font size between two lines begins a paragraph
_HEADING_SIZE = 1.12  # of the body's font size
_MAX_HEADING_WORDS = 14
_MARGIN = 0.09  # of the page's height: where headers and footers stand


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of each column in reading order, the height of the page in points, and its rotated words."""

    columns: list[list[Line]]
    height: float
    rotated: str = ""  # words that are not horizontal: watermarks, labels of figures


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
    stamps = {page.rotated for page in pages}
    cleaned = _without_margins(pages, stamps)
    return with_stamps(_blocks(cleaned), stamps)


def _page(document: "PdfDocument", number: int) -> Page:
    """Return the lines of each column of a page in reading order."""
    page = document[number]
    width, height = page.get_size()
    text = page.get_textpage()
    rotated: list[str] = []
    try:
        tables, words = ruled_tables(grids(page, width, height), list(words_of(text, height, rotated)))
        lines = sorted([*as_lines(words), *tables], key=lambda line: line.top)
    finally:
        text.close()
        page.close()
    gutter = gutter_of(lines, width)
    columns = columns_of(lines, gutter) if gutter else [lines] if lines else []
    return Page(columns, height, " ".join(rotated))


def _without_margins(pages: list[Page], removed: set[str]) -> list[list[list[Line]]]:
    """Leave out lines in the margins that recur on most pages (numbers aside) and add their text to `removed`.

    Such are headers, footers and page numbers; a page with no other lines keeps them.
    """
    if len(pages) < 3:
        return [page.columns for page in pages]
    counts: Counter[tuple[str, int]] = Counter()
    for page in pages:
        for key in {_margin_key(line) for line in _edges(page)}:
            counts[key] += 1
    repeated = {key for key, count in counts.items() if count > len(pages) / 2}
    cleaned = []
    for page in pages:
        drop = {id(line): line.text for line in _edges(page) if _margin_key(line) in repeated}
        if len(drop) == sum(map(len, page.columns)):
            drop = {}
        removed.update(drop.values())
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
    reader = TableReader()
    for number, page in enumerate(pages, 1):
        if not page:
            yield Block("paragraph", "", page=number)
        reader.start_page()
        for part in page:
            for table, lines in find_tables(reader.with_last_row(part)):
                if table is None:
                    reader.end()
                    yield from _paragraphs(lines, body, number)
                else:
                    yield from reader.blocks(table, number)


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
    if ITEM.match(line.text) or (line.words[0].bold != last.words[-1].bold and _all_bold(last)):
        return True
    ended = last.text.endswith((".", ":", "?", "!", ";"))
    short = last.words[-1].right + line.words[0].right - line.words[0].left < right  # the next word had room
    return ended and short


def _block(run: list[Line], body: float, page: int) -> Block:
    text = _reflowed([line.text for line in run])
    size = run[0].size
    title = len(text.split()) <= _MAX_HEADING_WORDS and not text.endswith((".", ";", ",", ":"))
    if title and (size > _HEADING_SIZE * body or all(_all_bold(line) for line in run)):
        return Block(
            "heading", text, 1 if size > 1.5 * body else 2 if size > _HEADING_SIZE * body else 3, page
        )
    if match := ITEM.match(text):
        return Block("item", text[match.end() :], page=page)
    return Block("paragraph", text, page=page)


def _all_bold(line: Line) -> bool:
    return all(word.bold for word in line.words)


def _reflowed(lines: list[str]) -> str:
    """Return lines as one paragraph; a word divided at a line's end is joined, a compound keeps its hyphen."""
    return join_lines(lines, " ").replace("\u00ad", "")
