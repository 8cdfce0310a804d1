"""Recognise concepts in texts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.core.artifacts import home, read_manifest
from clinweave.core.errors import UserError
from clinweave.core.typed import path_key
from clinweave.records import Mention, to_json

if TYPE_CHECKING:
    from clinweave.knowledge import Linker

MENTION = pa.struct(
    [
        ("start", pa.int64()), ("end", pa.int64()), ("text", pa.string()), ("id", pa.string()), ("name", pa.string()),
        ("category", pa.string()), ("negated", pa.bool_()), ("score", pa.float64()), ("reason", pa.string()),
        ("experiencer", pa.string()), ("status", pa.string()),
    ]
)  # fmt: skip
_Find = Callable[[list[str]], list[list[Mention]]]


@dataclass(frozen=True)
class Link:
    """Mentions of concepts, as `clinweave link` gives them; offsets are in characters of the text.

    `graph`: the graph's folder (that of the home if not given); `prefix`: only these vocabularies; `language`: of
    every text, detected for each if not given; `notes`: read clinical notes more fully (findings alone).
    """

    graph: str = field(default="", metadata=path_key())
    prefix: tuple[str, ...] = ()
    language: str = ""
    notes: bool = False

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = pa.schema([pa.field("text", pa.string(), nullable=False)])

    @property
    def gives(self) -> pa.Schema:
        """Return the mentions, and why a text was not read ("" where it was)."""
        return pa.schema([("mentions", pa.list_(MENTION)), ("unread", pa.string())])

    def key(self) -> str:
        """Return a hash of the graph whose names are linked."""
        return graph_key(self._graph())

    def open(self) -> Transform:
        """Return the linker as a function over batches."""
        linker, find = self._finder()

        def linked(batches: Batches) -> Batches:
            for batch in batches:
                yield self._batch(batch.column("text").to_pylist(), linker, find)

        return linked

    def _graph(self) -> Path:
        return Path(self.graph or home() / "graph").resolve()

    def _finder(self) -> "tuple[Linker, _Find]":
        from clinweave.knowledge import Graph, Linker, NoteReader, with_translations

        linker = with_translations(Linker.open(Graph.open(self._graph())), home(), language=self.language)
        if self.notes:
            return linker, NoteReader(linker).read_many
        return linker, lambda texts: linker.link_many(texts, self.prefix)

    def _batch(self, texts: list[str], linker: "Linker", find: _Find) -> pa.RecordBatch:
        from clinweave.knowledge import unread_language

        unread = ["" if self.language else unread_language(text, linker.languages) for text in texts]
        linked = iter(find([text for text, reason in zip(texts, unread, strict=True) if not reason]))
        mentions = [[] if reason else [to_json(item) for item in next(linked)] for reason in unread]
        return pa.RecordBatch.from_pydict({"mentions": mentions, "unread": unread}, schema=self.gives)


def graph_key(path: Path) -> str:
    """Return the key of the graph in a folder; `UserError` if there is none."""
    manifest = read_manifest(path)
    if manifest is None:
        raise UserError(f"there is no graph in {path}; run `clinweave setup`")
    return str(manifest.get("key"))
