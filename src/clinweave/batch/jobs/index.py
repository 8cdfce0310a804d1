"""Index texts in shards that are searched as one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from clinweave.batch.jobs.link import graph_key
from clinweave.batch.parts import Part, read_rows
from clinweave.batch.worker import kind_of_error
from clinweave.core.artifacts import digest, home, read_manifest
from clinweave.core.typed import path_key
from clinweave.knowledge import JOINED
from clinweave.records import Passage, Tier

_NEEDS = pa.schema(
    [
        ("text", pa.string()),
        ("title", pa.string()),
        ("sections", pa.list_(pa.struct([("label", pa.string()), ("text", pa.string())]))),
        ("concepts", pa.list_(pa.string())),
        ("withdrawn", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Index:
    """The text index of a corpus: one shard for each part, joined below DIR/joined, where it is searched.

    A row has `text` or `sections`, and may have `title` and `concepts`. Of rows with one id the last counts, in the
    order of the files; one without text, or `withdrawn`, takes the earlier ones out. `collection`: the name that
    passages bear; `tier` and `licence`: theirs; `graph`: whose names are linked, "none" for words alone.
    """

    collection: str = "corpus"
    graph: str = field(default="", metadata=path_key("none"))
    tier: Tier = Tier.PRIVATE
    licence: str = ""

    version: ClassVar[int] = 1
    suffix: ClassVar[str] = ".shard"

    def key(self) -> str:
        """Return the keys of the graph and of the compiled names."""
        return " ".join(self._base().values())

    def open(self) -> Callable[[Part, Path], tuple[int, dict[str, int]]]:
        """Return the function that writes a shard."""
        from clinweave.knowledge import Describer, Graph, Linker, Shard, write_shard

        graph = Graph.open(self._graph()) if self.graph != "none" else None
        describer = Describer(Linker.open(graph) if graph is not None else None, graph)

        def indexed(part: Part, folder: Path) -> tuple[int, dict[str, int]]:
            latest, rows, errors = self._latest(part)
            number = int(digest(part.name)[:8], 16) or 1
            gone = [name for name, passages in latest.items() if not passages]
            passages = (passage for several in latest.values() for passage in several)
            shard = Shard(self.collection, number, Tier(self.tier))
            write_shard(passages, gone, shard, folder, describer)
            return rows, errors

        return indexed

    def finish(self, folders: Sequence[Path], out: Path) -> dict[str, object]:
        """Join the shards; those that were joined before stay as they are."""
        from clinweave.knowledge import join_shards

        joined = join_shards(folders, out / JOINED, self._base())
        return {"index": str(joined.path), "passages": joined.manifest["parts"][self.collection]["passages"]}

    def _latest(self, part: Part) -> tuple[dict[str, list[Passage]], int, dict[str, int]]:
        """Return the passages of each document, of its last row; how many rows there are, and the bad ones."""
        latest: dict[str, list[Passage]] = {}
        errors: Counter[str] = Counter()
        rows = 0
        for chunk in read_rows(part, _NEEDS):
            rows += len(chunk.ids)
            errors.update(map(kind_of_error, chunk.bad.values()))
            good = [str(name) for position, name in enumerate(chunk.ids) if position not in chunk.bad]
            for name, row in zip(good, chunk.batch.to_pylist(), strict=True):
                latest.pop(name, None)
                latest[name] = list(self._of_row(name, row))
        return latest, rows, dict(errors)

    def _of_row(self, name: str, row: Mapping[str, object]) -> Iterator[Passage]:
        from clinweave.databases import passages

        if row["withdrawn"]:
            return
        sections = [(str(item["label"] or ""), str(item["text"] or "")) for item in row["sections"] or []]  # type: ignore[attr-defined]
        sections = sections or [("", str(row["text"] or ""))]
        concepts = tuple(str(item) for item in row["concepts"] or [])  # type: ignore[attr-defined]
        for passage in passages(name, str(row["title"] or ""), sections, self.collection, concepts):
            yield replace(passage, tier=Tier(self.tier), licence=self.licence)

    def _graph(self) -> Path:
        return Path(self.graph or home() / "graph").resolve()

    def _base(self) -> dict[str, str]:
        """Return the keys of what passages are described with, as the manifest of an index has them."""
        if self.graph == "none":
            return {"graph": "", "linker": ""}
        from clinweave.knowledge import Graph, Linker

        linker = Linker.open(Graph.open(self._graph()))
        return {"graph": graph_key(self._graph()),
                "linker": str((read_manifest(linker.vocabulary.path) or {}).get("key", ""))}  # fmt: skip
