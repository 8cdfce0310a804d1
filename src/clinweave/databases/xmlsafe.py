"""XML read as a stream: one element at a time, no entities of the document's own, bounded depth and text.

A DOCTYPE is refused at all, so that neither entity expansion nor an external file can come in.
"""

from collections.abc import Iterator
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
    """Builds each element named `tag` (outermost ones) and drops everything else."""

    def __init__(self, tag: str, root: str) -> None:
        self.done: list[tuple[int, Element]] = []
        self._tag, self._root, self._depth, self._inside, self._row = tag, root, 0, 0, 0
        self._builder = TreeBuilder()
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *_: object) -> NoReturn:
        raise _RefusedError("it declares a DOCTYPE or an entity, which no release does")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name != self._root:
            raise _RefusedError(f"its root is <{name[:40]}>, not <{self._root}>")
        if self._depth > _MAX_DEPTH:
            raise _RefusedError(f"it is nested deeper than {_MAX_DEPTH}")
        if not self._inside and name == self._tag:
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


def elements(path: Path, root: str, tag: str, kind: str) -> Iterator[tuple[int, Element]]:
    """Yield (line number, element) for each outermost `tag` of a document whose root is `root`.

    Raises `UserError` where the file is not well-formed, has another root, or declares a DOCTYPE.
    """
    collector = _Collector(tag, root)
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
                    raise _RefusedError(f"it holds no whole <{tag}> within {_MAX_ELEMENT:,} bytes")
                if not piece:
                    return
    except expat.ExpatError as error:
        wrong(path, kind, f"it is not well-formed XML ({error})")
    except (_RefusedError, ValueError) as error:  # ValueError: an encoding that Python cannot decode
        wrong(path, kind, str(error))
