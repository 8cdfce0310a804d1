"""Rich text (.rtf) by striprtf: text without its styles, read as plain text."""

import re

from clinweave.knowledge.retrieval.documents import plain
from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError


def read(content: bytes) -> list[Block]:
    """Return the blocks of a rich text file."""
    if not content.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("damaged, or not rich text")
    from striprtf.striprtf import rtf_to_text

    page = re.search(rb"\\ansicpg(\d{3,5})", content[:2000])
    try:
        # RTF is ASCII with escapes; raw bytes above 127 are of the code page that its head states.
        raw = content.decode(f"cp{page[1].decode()}" if page else "cp1252", "replace")
        text: str = rtf_to_text(raw, errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, KeyError, LookupError, RecursionError) as error:
        raise UnreadableError(f"damaged, or not rich text ({type(error).__name__})") from error
    return plain.read(
        "\n\n".join(line.replace("|", " | ").rstrip(" |") for line in text.splitlines()).encode()
    )
