"""Rich text (.rtf) by striprtf: text without its styles, read as plain text."""

import re

from clinweave.knowledge.retrieval.documents import plain
from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError

_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'[0-9a-fA-F]{2}|\\.|[{}]|[^\\{}]+|\\", re.DOTALL)
_INVISIBLE = frozenset({"deleted", "v"})  # tracked deletions, hidden text


def read(content: bytes) -> list[Block]:
    """Return the blocks of a rich text file."""
    if not content.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("damaged, or not rich text")
    from striprtf.striprtf import rtf_to_text

    page = re.search(rb"\\ansicpg(\d{3,5})", content[:2000])
    try:
        # RTF is ASCII with escapes; raw bytes above 127 are of the code page that its head states.
        raw = content.decode(f"cp{page[1].decode()}" if page else "cp1252", "replace")
        text: str = rtf_to_text(_visible(raw), errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, KeyError, LookupError, RecursionError, OverflowError) as error:
        raise UnreadableError(f"damaged, or not rich text ({type(error).__name__})") from error
    return plain.read(
        "\n\n".join(line.replace("|", " | ").rstrip(" |") for line in text.splitlines()).encode()
    )


def _visible(raw: str) -> str:
    """Return rich text without the words of tracked deletions and hidden text; control words and groups stay."""
    parts: list[str] = []
    active: list[frozenset[str]] = [frozenset()]  # for each open group, the invisible formats in force
    for token in _TOKEN.finditer(raw):
        word = token[1]
        if token[0] == "{":
            active.append(active[-1])
        elif token[0] == "}":
            if len(active) > 1:
                active.pop()
        elif word in _INVISIBLE:
            active[-1] = active[-1] - {word} if token[2] == "0" else active[-1] | {word}
        elif word == "plain":
            active[-1] = frozenset()
        elif active[-1] and (word is None or word == "u"):
            continue
        parts.append(token[0])
    return "".join(parts)
