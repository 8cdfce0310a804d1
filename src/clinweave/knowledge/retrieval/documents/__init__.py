"""Readers of document formats: bytes of a file in, blocks (headings, paragraphs, list items, table rows) out.

A new format is one module with a `read(content: bytes) -> list[Block]` function and one line in `READERS`.
"""

from collections.abc import Callable

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, assemble

__all__ = ["READERS", "Block", "UnreadableError", "assemble", "read_blocks"]

Reader = Callable[[bytes], list[Block]]
READERS = {
    ".pdf": "pdf.read",
    ".docx": "docx.read",
    ".odt": "opendocument.read",
    ".rtf": "rtf.read",
    ".pptx": "slides.read",
    ".xlsx": "tables.read_workbook",
    ".xlsm": "tables.read_workbook",
    ".xls": "tables.read_workbook",
    ".ods": "tables.read_workbook",
    ".csv": "tables.read_csv",
    ".tsv": "tables.read_csv",
    ".eml": "mail.read",
    ".html": "html.read",
    ".htm": "html.read",
    ".md": "markdown.read",
    ".txt": "plain.read",
}
TEXT_FORMATS = frozenset(
    {".md", ".txt", ".csv", ".tsv"}
)  # decoded by the caller, which knows damaged encodings


def read_blocks(suffix: str, content: bytes) -> list[Block]:
    """Return the blocks of a file of format `suffix` (".pdf", ".docx", ...).

    Raises `UnreadableError` with the reason where the file is damaged, encrypted or has no text.
    """
    from importlib import import_module

    module, _, function = READERS[suffix].partition(".")
    reader: Reader = getattr(import_module(f"{__name__}.{module}"), function)
    return reader(content)
