"""Readers of document formats: bytes of a file in, blocks (headings, paragraphs, list items, table rows) out.

A new format is one module with a `read(content, name) -> list[Block]` function and one line in `READERS`.
"""

from collections.abc import Callable

from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError, assemble

__all__ = ["READERS", "Block", "UnreadableError", "assemble", "read_blocks"]

Reader = Callable[[bytes], list[Block]]
READERS = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".txt": "plain",
}
TEXT_FORMATS = frozenset({".md", ".txt"})  # decoded by the caller, which knows about damaged encodings


def read_blocks(suffix: str, content: bytes) -> list[Block]:
    """Return the blocks of a file of format `suffix` (".pdf", ".docx", ...).

    Raises `UnreadableError` with the reason where the file is damaged, encrypted or has no text.
    """
    from importlib import import_module

    reader: Reader = import_module(f"{__name__}.{READERS[suffix]}").read
    return reader(content)
