"""Passages of an article with their character offsets, shared by the literature readers."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.records import Passage

MAX_LENGTH = (
    2000  # characters of a passage; a longer block is cut at the end of a sentence, else of a line or a word
)


def required_files(files: Mapping[str, Path], name: str, database: str) -> list[Path]:
    """Return all files; `UserError` if there is none."""
    if not files:
        raise UserError(f"the database {database} needs the file {name} (given: none)")
    return [files[key] for key in sorted(files)]


def passages(
    document: str,
    title: str,
    paragraphs: Iterable[tuple[str, str]],
    source: str,
    concepts: tuple[str, ...] = (),
) -> Iterator[Passage]:
    """Yield passages of (section, paragraph) in order; the document is its paragraphs parted by an empty line."""
    offset = 0
    for number, (section, text) in enumerate(paragraphs):
        for start, end in _pieces(text):
            yield Passage(
                id=f"{document}#{number}.{start}",
                text=text[start:end],
                title=title,
                document=document,
                start=offset + start,
                end=offset + end,
                source=source,
                section=section,
                concepts=concepts,
            )
        offset += len(text) + 2


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of pieces of at most `MAX_LENGTH` characters, cut at a sentence, else at a line or a word."""
    start = 0
    while len(text) - start > MAX_LENGTH:
        least, most = start + MAX_LENGTH // 2, start + MAX_LENGTH
        sentence, line, word = (text.rfind(mark, least, most) for mark in (". ", "\n", " "))
        cut = max(sentence + 1, line) if max(sentence, line) > 0 else word
        end = cut if cut > 0 else most
        yield start, end
        start = end + 1 if cut > 0 else end
    if start < len(text):
        yield start, len(text)
