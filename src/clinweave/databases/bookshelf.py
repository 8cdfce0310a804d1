"""Chapters of the NCBI Bookshelf (https://www.ncbi.nlm.nih.gov/books), such as StatPearls: one .nxml file per chapter.

The same elements as JATS, in a `book-part-wrapper`. StatPearls is under CC BY-NC-ND 4.0: read it on your own
machine, and do not pass on what you change.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.article_blocks import blocks
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.inline_markup import inline_text
from clinweave.databases.literature import passages, required_files
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Source

_FILE, _KIND = "chapter.nxml", "a chapter of the Bookshelf"
_ROOTS = ("book-part-wrapper", "book")


def _source(files: Mapping[str, Path]) -> Source:
    for path in required_files(files, _FILE, "bookshelf"):
        next(elements(path, _ROOTS, "book-part", _KIND, doctype=True), None)
    return Source(
        id="bookshelf",
        name="NCBI Bookshelf",
        infores="infores:ncbi-bookshelf",
        release="not stated",
        licence="each book's own (StatPearls: CC BY-NC-ND 4.0)",
        homepage="https://www.ncbi.nlm.nih.gov/books",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    seen: set[str] = set()
    for path in required_files(files, _FILE, "bookshelf"):
        for row, part in elements(path, _ROOTS, "book-part", _KIND, doctype=True):
            local = (part.get("id") or part.findtext("book-part-meta/book-part-id") or path.stem).strip()
            name = curie("NBK", local)
            if not name or name in seen:
                log.drop(path.name, row, "a chapter twice" if name else "no id")
                continue
            seen.add(name)
            title = inline_text(part.find("book-part-meta/title-group/title"), ("fn",))
            entries = [
                block for item in part.findall("body") + part.findall("back") for block in blocks(item, "")
            ]
            if not entries:
                log.drop(path.name, row, "a chapter without text")
            yield from passages(name, title, entries, "bookshelf")


BOOKSHELF = Database("bookshelf", "NBK", (_FILE,), _source, _read, many=True)
