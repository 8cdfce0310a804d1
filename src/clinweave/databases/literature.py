"""Passages of an article: paragraphs found in its text, each with its place, for the readers of literature."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.errors import UserError
from clinweave.records import Passage

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST = 2000  # characters of a passage; a longer paragraph is cut at the end of a sentence


def given(files: Mapping[str, Path], name: str, database: str) -> list[Path]:
    """Return all files; `UserError` where there is none."""
    if not files:
        raise UserError(f"the database {database} needs the file {name} (given: none)")
    return [files[key] for key in sorted(files)]


def text_of(element: "Element | None", leave: frozenset[str] = frozenset()) -> str:
    """Return all text within an element, spaces made one, without the elements named in `leave`."""
    if element is None:
        return ""
    parts: list[str] = []
    _collect(element, leave, parts)
    return " ".join("".join(parts).split())


def _collect(element: "Element", leave: frozenset[str], parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        if child.tag not in leave:
            _collect(child, leave, parts)
        parts.append(child.tail or "")


def passages(
    document: str,
    title: str,
    paragraphs: Iterable[tuple[str, str]],
    source: str,
    concepts: tuple[str, ...] = (),
) -> Iterator[Passage]:
    """Yield passages of (section, paragraph) in order; the document is its paragraphs parted by an empty line."""
    at = 0
    for number, (section, text) in enumerate(paragraphs):
        for start, end in _pieces(text):
            yield Passage(
                id=f"{document}#{number}.{start}",
                text=text[start:end],
                title=title,
                document=document,
                start=at + start,
                end=at + end,
                source=source,
                section=section,
                concepts=concepts,
            )
        at += len(text) + 2


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of pieces of at most `MOST` characters."""
    start = 0
    while len(text) - start > MOST:
        cut = text.rfind(". ", start + MOST // 2, start + MOST)
        end = cut + 1 if cut > 0 else start + MOST
        yield start, end
        start = end + 1 if cut > 0 else end
    if start < len(text):
        yield start, len(text)
