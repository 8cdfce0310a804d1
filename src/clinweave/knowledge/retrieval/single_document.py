"""The plain text of one document that is not indexed: a letter that somebody hands in."""

from pathlib import PurePath

from clinweave.core.errors import UserError
from clinweave.knowledge.retrieval.documents import UnreadableError, read_blocks

TEXT_DOCUMENTS = (".docx", ".odt", ".pdf", ".rtf", ".html", ".htm")  # besides plain text


def document_text(name: str, content: bytes) -> str:
    """Return the text of a document of one of `TEXT_DOCUMENTS`, a line for each paragraph or table row.

    `name` is that of the file, of which only the ending counts. Raises `UserError` for another ending, and with the
    reason for a file that cannot be read.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in TEXT_DOCUMENTS:
        raise UserError(
            f"files of the type {ending or 'without an ending'} are not read here; use text, DOCX or PDF"
        )
    try:
        blocks = read_blocks(ending, content)
    except UnreadableError as error:
        raise UserError(f"the {ending[1:].upper()} file cannot be read: {error}") from error
    return "\n".join(block.text for block in blocks)
