"""Word documents (Office Open XML) by python-docx: tracked insertions accepted, deletions and comments left out."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinweave.databases import script_text, tidy_scripts
from clinweave.knowledge.retrieval.documents.blocks import (
    Block,
    UnreadableError,
    check_unpacked,
    rows_of,
    with_stamps,
)

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_LEFT_OUT = frozenset(
    {f"{_W}{name}" for name in ("del", "moveFrom", "delText", "instrText", "commentReference", "rPr", "pPr")}
    | {_FALLBACK}
)
_OLE = b"\xd0\xcf\x11\xe0"  # an encrypted .docx is an OLE container, as is an old .doc
_MARKS = {"superscript": "^", "subscript": "_"}


def read(content: bytes) -> list[Block]:
    """Return the blocks of a .docx file. Raises `UnreadableError` where it is encrypted, damaged or none."""
    if content.startswith(_OLE):
        raise UnreadableError("encrypted, or a .doc file of old Word; save it as .docx without a password")
    import docx

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            check_unpacked(parts)
        document = docx.Document(io.BytesIO(content))
        return with_stamps(_blocks(document), _headers(document))
    except UnreadableError:
        raise
    except Exception as error:  # the library raises many kinds for damaged files
        raise UnreadableError(f"damaged, or not a Word document ({type(error).__name__})") from error


def _headers(document: "Document") -> Iterator[str]:
    """Yield the lines of the headers and footers of all sections."""
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer):
            yield from (_text(paragraph._p) for paragraph in part.paragraphs)


def _blocks(document: "Document") -> Iterator[Block]:
    from docx.table import Table

    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield from rows_of(_rows(item))
        else:
            yield from _paragraph(item)


def _paragraph(paragraph: "Paragraph") -> Iterator[Block]:
    text = _text(paragraph._p)
    if not text:
        return
    style = str(getattr(paragraph.style, "name", "") or "")
    heading = re.fullmatch(r"(?:Heading|heading|\u00dcberschrift|Titre|T\u00edtulo) ?(\d)", style)
    if heading or style == "Title":
        yield Block("heading", text, int(heading[1]) + 1 if heading else 1)
    elif (level := _list_level(paragraph._p, style)) is not None:
        yield Block("item", text, level)
    else:
        yield Block("paragraph", text)


def _list_level(element: "BaseOxmlElement", style: str) -> int | None:
    """Return the depth of a list item from 1, or None for an ordinary paragraph."""
    numbering = element.find(f"{_W}pPr/{_W}numPr")
    if numbering is not None:
        level = numbering.find(f"{_W}ilvl")
        return 1 + (int(level.get(f"{_W}val", "0")) if level is not None else 0)
    match = re.match(r"List (?:Bullet|Number|Paragraph|Continue)(?: (\d))?", style)
    return int(match[1] or 1) if match else None


def _rows(table: "Table") -> list[list[str]]:
    """Return the cells of each row of a table."""
    rows: list[list[str]] = []
    for row in table._tbl.iterchildren(f"{_W}tr"):
        if not _deleted(row):
            rows.append(_cells(row, rows[-1] if rows else []))
    return rows


def _cells(row: "BaseOxmlElement", above: list[str]) -> list[str]:
    """Return the text of each grid column of a table row; a merged cell counts for each column and row it spans."""
    cells: list[str] = []
    for cell in row.iterchildren(f"{_W}tc", f"{_W}sdt"):
        span = cell.find(f"{_W}tcPr/{_W}gridSpan")
        times = min(int(span.get(f"{_W}val", "1")), 50) if span is not None else 1
        text = " ".join(filter(None, (_text(item) for item in cell.iter(f"{_W}p"))))
        merged = cell.find(f"{_W}tcPr/{_W}vMerge")
        if (
            merged is not None
            and merged.get(f"{_W}val", "continue") == "continue"
            and len(cells) < len(above)
        ):
            text = text or above[len(cells)]
        cells.extend([text] * max(times, 1))
    return cells


def _deleted(row: "BaseOxmlElement") -> bool:
    return row.find(f"{_W}trPr/{_W}del") is not None


def _is_hidden(run: "BaseOxmlElement") -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish") if run.tag == f"{_W}r" else None
    return mark is not None and mark.get(f"{_W}val", "1") not in {"0", "false"}


def _text(element: "BaseOxmlElement") -> str:
    """Return the text of a paragraph as it reads when all tracked changes are accepted."""
    parts: list[str] = []
    stack = list(reversed(element))
    while stack:
        item = stack.pop()
        if item.tag in _LEFT_OUT or _is_hidden(item):
            continue
        if item.tag == f"{_W}r" and (script := item.find(f"{_W}rPr/{_W}vertAlign")) is not None:
            mark = _MARKS.get(script.get(f"{_W}val", ""), "")
            run = "".join(node.text or "" for node in item.iter(f"{_W}t"))
            parts.append(script_text(run, mark, "".join(parts[-4:])) if mark else run)
        elif item.tag == f"{_W}t":
            parts.append(item.text or "")
        elif item.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append(" ")
        elif item.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        else:
            stack.extend(reversed(item))
    return re.sub(r"\s+", " ", tidy_scripts("".join(parts))).strip()
