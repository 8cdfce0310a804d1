"""OpenDocument text (.odt): headings, paragraphs, lists and tables of content.xml, without comments and deletions."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, check_unpacked, rows_of

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE = f"{_NAMES}text:1.0}}", f"{_NAMES}table:1.0}}"
_LEFT_OUT = frozenset({
    f"{_TEXT}tracked-changes", f"{_TEXT}note", f"{_NAMES}office:1.0}}annotation", f"{_TEXT}table-of-content",
    f"{_NAMES}office:1.0}}forms", f"{_TEXT}sequence-decls",
})  # fmt: skip
_MAX_REPEATED = 50


def read(content: bytes) -> list[Block]:
    """Return the blocks of an OpenDocument text."""
    body = content_of(content).find(f"{_NAMES}office:1.0}}body")
    return [block for block in _blocks(body) if block.text] if body is not None else []


def content_of(content: bytes) -> ElementTree.Element:
    """Return the root of an OpenDocument file's content; `UnreadableError` where it is encrypted or damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            check_unpacked(parts)
            if b"encryption-data" in parts.read("META-INF/manifest.xml"):
                raise UnreadableError("needs a password; save it without one")
            xml = parts.read("content.xml")
        if re.search(rb"<!ENTITY", xml, re.IGNORECASE):
            raise UnreadableError("XML that declares entities (refused: they can expand without bound)")
        return ElementTree.fromstring(xml)  # noqa: S314 (entities refused above)
    except UnreadableError:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ElementTree.ParseError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
    ) as error:
        raise UnreadableError(f"damaged, or not an OpenDocument file ({type(error).__name__})") from error


def _blocks(body: ElementTree.Element) -> Iterator[Block]:
    stack: list[tuple[ElementTree.Element, int]] = [(body, 0)]  # element, depth of lists
    while stack:
        item, depth = stack.pop()
        if item.tag == f"{_TEXT}h":
            level = item.get(f"{_TEXT}outline-level", "1")
            yield Block("heading", _text(item), int(level) if level.isdigit() else 1)
        elif item.tag == f"{_TEXT}p":
            yield Block("item" if depth else "paragraph", _text(item), max(depth, 1))
        elif item.tag == f"{_TABLE}table":
            yield from rows_of([_cells(row) for row in item.iter(f"{_TABLE}table-row")])
        elif item.tag not in _LEFT_OUT:
            deeper = depth + (item.tag == f"{_TEXT}list")
            stack.extend((child, deeper) for child in reversed(item))


def _cells(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        text = " ".join(filter(None, (_text(item) for item in cell.iter(f"{_TEXT}p"))))
        if cell.tag == f"{_TABLE}covered-table-cell" and cells and not text:
            text = cells[-1]  # the cell before spans this column
        repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
        cells.extend([text] * min(int(repeated) if repeated.isdigit() else 1, _MAX_REPEATED))
    return cells


def _text(item: ElementTree.Element) -> str:
    parts: list[str] = []
    stack: list[ElementTree.Element | str] = [item]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            parts.append(part)
            continue
        if part is not item and part.tail:
            stack.append(part.tail)
        if part.tag in _LEFT_OUT:
            continue
        if part.tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
            parts.append(" ")
        stack.extend(reversed(part))
        if part.text:
            parts.append(part.text)
    return re.sub(r"\s+", " ", "".join(parts)).strip()
