"""Streaming XML parser: one element at a time, no entity declarations, bounded depth and text.

Entities are never expanded and no other file is ever read. A DOCTYPE is refused at all, but for publishers whose
every file names their DTD (MeSH, PubMed, JATS): there a DOCTYPE without declarations of its own passes, the DTD
is not fetched, and of the entities that it would define only the names of HTML's characters are known.
"""

import html
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from clinweave.databases.files import opened, wrong

_PIECE = 1 << 16  # bytes fed at once
_MAX_DEPTH = 60
_MAX_ELEMENT = 64 << 20  # bytes of input between two complete elements


class _RefusedError(Exception):
    """What the document holds that it must not."""


class _Collector:
    """Builds each element named in `tags` (outermost ones) and drops everything else."""

    def __init__(self, tags: frozenset[str], roots: frozenset[str], doctype: bool) -> None:
        self.done: list[tuple[int, Element]] = []
        self._tags, self._roots, self._depth, self._inside, self._row = tags, roots, 0, 0, 0
        self._builder = TreeBuilder()
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._named_only if doctype else self._refuse
        self.parser.SkippedEntityHandler = self._skipped
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise _RefusedError("it declares a DOCTYPE or an entity, which no release does")

    def _named_only(self, _name: str, _system: str | None, _public: str | None, subset: int) -> None:
        if subset:
            self._refuse()

    def _skipped(self, name: str, is_parameter: bool) -> None:
        """Put in the character of HTML that an entity of an unread DTD names; others are left out."""
        text = html.unescape(f"&{name};")
        if self._inside and not is_parameter and len(text) <= 2:
            self._builder.data(text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name not in self._roots:
            raise _RefusedError(f"its root is <{name[:40]}>, not <{'> or <'.join(sorted(self._roots))}>")
        if self._depth > _MAX_DEPTH:
            raise _RefusedError(f"it is nested deeper than {_MAX_DEPTH}")
        if not self._inside and name in self._tags:
            self._inside, self._row = self._depth, self.parser.CurrentLineNumber
            self._builder = TreeBuilder()
            self.parser.CharacterDataHandler = self._builder.data
        if self._inside:
            self._builder.start(name, attributes)

    def _end(self, name: str) -> None:
        if self._inside:
            self._builder.end(name)
            if self._depth == self._inside:
                self.done.append((self._row, self._builder.close()))
                self._inside = 0
                self.parser.CharacterDataHandler = None
        self._depth -= 1


def elements(
    path: Path, root: str | Collection[str], tag: str | Collection[str], kind: str, *, doctype: bool = False
) -> Iterator[tuple[int, Element]]:
    """Yield (line number, element) for each outermost `tag` of a document whose root is `root` (or one of several).

    `doctype` lets pass a DOCTYPE that declares nothing itself. Raises `UserError` where the file is not well-formed,
    has another root, or declares more.
    """
    tags, roots = (frozenset([item] if isinstance(item, str) else item) for item in (tag, root))
    collector = _Collector(tags, roots, doctype)
    since = 0
    try:
        with opened(path, kind) as stream:
            while True:
                piece = stream.read(_PIECE)
                collector.parser.Parse(piece, not piece)
                since += len(piece)
                if collector.done:
                    ready, collector.done, since = collector.done, [], 0
                    yield from ready
                if since > _MAX_ELEMENT:
                    raise _RefusedError(
                        f"it holds no whole <{sorted(tags)[0]}> within {_MAX_ELEMENT:,} bytes"
                    )
                if not piece:
                    return
    except expat.ExpatError as error:
        wrong(path, kind, f"it is not well-formed XML ({error})")
    except (_RefusedError, ValueError) as error:  # ValueError: an encoding that Python cannot decode
        wrong(path, kind, str(error))
