"""Slides (.pptx) by python-pptx: each slide is a page, with its title, text, tables and notes."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, check_unpacked, rows_of

if TYPE_CHECKING:
    from pptx.slide import Slide

_OLE = b"\xd0\xcf\x11\xe0"


def read(content: bytes) -> list[Block]:
    """Return the blocks of a presentation with slide numbers as pages; hidden slides are left out."""
    if content.startswith(_OLE):
        raise UnreadableError(
            "encrypted, or a .ppt file of old PowerPoint; save it as PPTX without a password"
        )
    import pptx

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            check_unpacked(parts)
        slides = pptx.Presentation(io.BytesIO(content)).slides
        return [block for number, slide in enumerate(slides, 1) for block in _slide(slide, number)]
    except UnreadableError:
        raise
    except Exception as error:  # the library raises many kinds for damaged files
        raise UnreadableError(f"damaged, or not a presentation ({type(error).__name__})") from error


def _slide(slide: "Slide", number: int) -> Iterator[Block]:
    if slide._element.get("show") == "0":
        return
    title = slide.shapes.title
    if title is not None and title.has_text_frame and title.text_frame.text.strip():
        yield Block("heading", title.text_frame.text, 1, number)
    shapes = sorted(slide.shapes, key=lambda shape: (shape.top or 0, shape.left or 0))
    for shape in _flat(shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_table:
            yield from rows_of([_cells(row) for row in shape.table.rows], page=number)
        elif shape.has_text_frame:
            yield from _text(shape, number)
    if (
        slide.has_notes_slide
        and (notes := slide.notes_slide.notes_text_frame) is not None
        and notes.text.strip()
    ):
        yield Block("heading", "Notes", 2, number)
        yield from (
            Block("paragraph", item.text, page=number) for item in notes.paragraphs if item.text.strip()
        )


def _flat(shapes: Iterable[object]) -> Iterator[Any]:
    """Yield shapes and those of groups, in order."""
    stack = list(reversed(list(shapes)))
    while stack:
        shape = stack.pop()
        if hasattr(shape, "shapes"):
            stack.extend(reversed(list(shape.shapes)))
        else:
            yield shape


def _text(shape: Any, number: int) -> Iterator[Block]:
    lines = [item for item in shape.text_frame.paragraphs if item.text.strip()]
    for item in lines:
        text = item.text.replace("\x0b", " ")
        is_item = (
            shape.is_placeholder and len(lines) > 1 and not text.rstrip().endswith(":")
        ) or item.level > 0
        yield (
            Block("item", text, item.level + 1, number) if is_item else Block("paragraph", text, page=number)
        )


def _cells(row: Any) -> list[str]:
    """Return the text of the cells of a row; a merged cell counts for each one that it spans."""
    return [str(cell.text) for cell in row.cells]
