"""Plain text: paragraphs between blank lines, list items, and short lines that stand alone as headings."""

import re

from clinweave.knowledge.retrieval.documents.blocks import Block, join_lines

_ITEM = re.compile(r"^(\s*)(?:[-*\u2022\u00b7\u25aa]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_NUMBERED = re.compile(r"^\d{1,2}[.)]\s+(?=[A-Z])")
_RULE = re.compile(r"^\s*[-=*_~#]{3,}\s*$")
_MAX_HEADING_WORDS = 12


def read(content: bytes) -> list[Block]:
    """Return the blocks of UTF-8 text."""
    lines = content.decode("utf-8", "replace").splitlines()
    chapters = _chapters(lines)
    blocks: list[Block] = []
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            blocks.append(Block("paragraph", join_lines(paragraph, "\n").replace("\u00ad", "")))
            paragraph.clear()

    for number, line in enumerate(lines):
        if not line.strip() or _RULE.match(line):
            close()
        elif number in chapters:
            close()
            blocks.append(Block("heading", _NUMBERED.sub("", line).strip(), level=2))
        elif match := _ITEM.match(line):
            close()
            blocks.append(
                Block("item", line[match.end() :].strip(), level=1 + len(match[1].expandtabs(4)) // 2)
            )
        elif not paragraph and _is_heading(line, lines, number):
            blocks.append(Block("heading", line.strip(" #=*\t"), level=1 if not blocks else 2))
        elif blocks and blocks[-1].kind == "item" and not paragraph and line[:1] in " \t":
            blocks[-1] = Block("item", f"{blocks[-1].text} {line.strip()}", blocks[-1].level)
        else:
            paragraph.append(line.strip())
    close()
    return blocks


def _chapters(lines: list[str]) -> frozenset[int]:
    """Return the lines that are numbered headings ("2. Dose", its text right below); none where some are list items.

    A heading of this kind begins a paragraph, is short, has no closing mark, and is followed by a line that is neither
    indented nor numbered.
    """
    numbered = [number for number, line in enumerate(lines) if _NUMBERED.match(line)]
    headed = [
        number
        for number in numbered
        if (not number or not lines[number - 1].strip())
        and number + 1 < len(lines)
        and re.match(r"[A-Z\d]", lines[number + 1])
        and not _ITEM.match(lines[number + 1])
        and len(lines[number].split()) <= _MAX_HEADING_WORDS
        and not lines[number].rstrip().endswith((".", "!", ";", ",", ":", "?"))
    ]
    return frozenset(headed) if len(headed) > 1 and headed == numbered else frozenset()


def _is_heading(line: str, lines: list[str], number: int) -> bool:
    """Tell whether a line stands alone (or is underlined) and reads as a title: short, without a closing mark."""
    after = lines[number + 1] if number + 1 < len(lines) else ""
    before = lines[number - 1] if number else ""
    if before.strip() or (after.strip() and not _RULE.match(after)) or number + 1 >= len(lines):
        return False
    text = line.strip()
    return (
        len(text.split()) <= _MAX_HEADING_WORDS
        and not text.endswith((".", "!", ";", ",", ":"))
        and text[0].isalnum()
    )
