"""The compiled names of a graph: the dictionary, and for each key its senses, best first. Built once per graph."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from clinweave.artifacts import Artifact, digest, stage
from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.families import word_lists
from clinweave.knowledge.linking.normalise import Ints
from clinweave.knowledge.linking.word_sets import WordSets
from clinweave.records import Concept

VERSION = 7
LONGEST = 150  # characters; longer names are formulas in words
FREE_ORDER = frozenset({"biolink:Disease", "biolink:PhenotypicFeature"})
_ARRAYS = ("sense_offsets", "concept", "score", "exact_case", "kind", "name", "prefix")


class NamedGraph(Protocol):
    """What a vocabulary needs of a graph."""

    @property
    def path(self) -> Path:
        """Return the graph's folder."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Return the graph's manifest; its `key` names this very graph."""

    def names(self) -> pa.Table:
        """Return the names: columns name, id, kind."""

    def concepts(self, ids: Sequence[str], /) -> list[Concept]:
        """Return the concepts of these ids."""

    def descendants(self, curie: str, /) -> frozenset[str]:
        """Return the concepts under this one."""


class Vocabulary:
    """Keys, senses and concepts. Senses of key k are `sense_offsets[k]` to `sense_offsets[k + 1]`, best first."""

    sense_offsets: Ints
    concept: NDArray[np.int32]  # per sense: row of `ids`, `labels`, `categories`
    score: NDArray[np.float32]
    exact_case: NDArray[np.bool_]
    kind: NDArray[np.uint8]
    name: NDArray[np.int32]  # per sense: row of `names`
    prefix: NDArray[np.int16]  # per concept: which of `prefixes`

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.dictionary = Dictionary.open(folder)
        self.word_sets = WordSets.open(folder, self.dictionary)
        for array in _ARRAYS:
            setattr(self, array, np.load(folder / f"{array}.npy", mmap_mode="r").view(np.ndarray))
        self.names = _mapped(folder / "names.arrow").column("name").chunk(0)
        table = _mapped(folder / "concepts.arrow")
        self.ids, self.labels, self.categories = (
            table.column(item).chunk(0) for item in ("id", "name", "category")
        )
        self.prefixes: list[str] = json.loads((folder / "prefixes.json").read_text("utf-8"))
        self.best = lru_cache(maxsize=16)(self._best)

    def senses(self, key: int, prefixes: frozenset[str] | None = None) -> list[int]:
        """Return the senses of a key, best first, among concepts of these prefixes."""
        found = range(int(self.sense_offsets[key]), int(self.sense_offsets[key + 1]))
        if prefixes is None:
            return list(found)
        return [sense for sense in found if self.prefixes[self.prefix[self.concept[sense]]] in prefixes]

    def _best(self, prefixes: frozenset[str] | None) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return each key's best sense that any case may have (-1: none), and whether it has cased ones."""
        key = np.repeat(np.arange(len(self.dictionary), dtype=np.int32), np.diff(self.sense_offsets))
        allowed = np.ones(len(self.concept), np.bool_)
        if prefixes is not None:
            codes = [number for number, prefix in enumerate(self.prefixes) if prefix in prefixes]
            allowed = np.isin(self.prefix, codes)[self.concept]
        best = np.full(len(self.dictionary), -1, np.int32)
        free = np.flatnonzero(allowed & ~self.exact_case)[::-1]
        best[key[free]] = free
        cased = np.zeros(len(self.dictionary), np.bool_)
        cased[key[allowed & self.exact_case]] = True
        return best, cased


def compile_vocabulary(graph: NamedGraph, out: Path | None = None) -> Artifact:
    """Compile the names of `graph` into the folder `out` (default: beside the graph), unless it is there already."""
    folder = out or graph.path.with_name(f"{graph.path.name}.vocabulary")
    inputs = {
        "graph": str(graph.manifest.get("key") or digest(dict(graph.manifest))),
        "words": digest([sorted(ranking.common_words()), ranking.phrases(), sorted(word_lists())]),
    }
    return stage(folder, "vocabulary", inputs, {}, lambda into: _compile(graph, into), version=VERSION)


def _compile(graph: NamedGraph, folder: Path) -> dict[str, Any]:
    table = graph.names()
    names, ids, kinds = (table.column(item).to_pylist() for item in ("name", "id", "kind"))
    concepts = _concepts(graph, set(ids))
    rows = {curie: row for row, curie in enumerate(sorted(concepts))}
    category = [concepts[curie].category for curie in ids]
    usable = [name if len(name) <= LONGEST else "" for name in names]
    # Phrases without a sense are keys all the same: their words are then not put in another order.
    dictionary, key = Dictionary.build([*usable, *ranking.phrases()])
    key = key[: len(names)]
    cased = [ranking.needs_case(*row) for row in zip(names, kinds, category, strict=True)]
    modifiers = _modifiers(graph, concepts)
    score = [
        ranking.score_of(
            name,
            dictionary.key(number),
            kind,
            curie.partition(":")[0],
            exact_case=exact,
            modifier=curie in modifiers,
        )
        if number >= 0
        else 0.0
        for name, number, kind, curie, exact in zip(names, key.tolist(), kinds, ids, cased, strict=True)
    ]
    columns: dict[str, NDArray[Any]] = {
        "concept": np.fromiter((rows[curie] for curie in ids), np.int32, len(ids)),
        "score": np.array(score, np.float32),
        "exact_case": np.array(cased, np.bool_),
        "kind": np.fromiter((_kind(kind) for kind in kinds), np.uint8, len(ids)),
        "name": np.arange(len(ids), dtype=np.int32),
    }
    tie = np.fromiter((ranking.order_of(item) for item in category), np.int64, len(ids))
    kept = _senses(key, columns, tie)
    np.save(folder / "sense_offsets.npy", np.searchsorted(key[kept], np.arange(len(dictionary) + 1)))
    for item, values in columns.items():
        np.save(folder / f"{item}.npy", values[kept])
    dictionary.save(folder)
    free = {
        number
        for number, item in zip(key.tolist(), category, strict=True)
        if number >= 0 and item in FREE_ORDER
    }
    WordSets.build(dictionary, sorted(free)).save(folder)
    _save_concepts(folder, names, [concepts[curie] for curie in rows])
    return {
        "names": len(names),
        "keys": len(dictionary),
        "senses": len(kept),
        "left out": int((key < 0).sum()),
    }


def _concepts(graph: NamedGraph, ids: set[str]) -> dict[str, Concept]:
    """Return the id, category and name of each concept, read in bulk where the graph's own table is at hand."""
    table = graph.path / "concepts.parquet"
    if not table.is_file():
        return {concept.id: concept for concept in graph.concepts(sorted(ids))}
    rows = pq.read_table(table, columns=["id", "category", "name"])
    columns = (rows.column(item).to_pylist() for item in ("id", "category", "name"))
    return {
        curie: Concept(curie, kind, name, "")
        for curie, kind, name in zip(*columns, strict=True)
        if curie in ids
    }


def _modifiers(graph: NamedGraph, concepts: Mapping[str, Concept]) -> frozenset[str]:
    """Return the terms of HPO and Mondo that are no findings or diseases ("severe", "sporadic"), and the roots."""
    found = set(ranking.ROOTS)
    for prefix, roots in ranking.PROPER.items():
        proper = set().union(*({root} | graph.descendants(root) for root in roots if root in concepts))
        if proper:
            found |= {curie for curie in concepts if curie.startswith(f"{prefix}:") and curie not in proper}
    return frozenset(found)


def _kind(kind: str) -> int:
    return ranking.KINDS.index(kind) if kind in ranking.KINDS else ranking.KINDS.index("exact")


def _senses(key: Ints, columns: Mapping[str, NDArray[Any]], tie: Ints) -> Ints:
    """Return the rows that are senses, by key and then best first; a concept counts once per key and case rule."""
    concept, cased = columns["concept"], columns["exact_case"]
    order = np.lexsort((columns["name"], concept, tie, -columns["score"], key))
    order = order[key[order] >= 0]
    same = np.lexsort((np.arange(len(order)), cased[order], concept[order], key[order]))
    grouped = order[same]
    repeats = np.zeros(len(order), np.bool_)
    repeats[1:] = (
        (key[grouped][1:] == key[grouped][:-1])
        & (concept[grouped][1:] == concept[grouped][:-1])
        & (cased[grouped][1:] == cased[grouped][:-1])
    )
    # Names in another's letter case share a key; each symbol's own spelling must stay findable.
    stay = np.zeros(len(order), np.bool_)
    stay[same] = ~repeats | cased[grouped]
    return np.asarray(order[stay])


def _save_concepts(folder: Path, names: list[str], concepts: list[Concept]) -> None:
    prefixes = [concept.id.partition(":")[0] for concept in concepts]
    known = sorted(set(prefixes))
    places = {prefix: number for number, prefix in enumerate(known)}
    np.save(folder / "prefix.npy", np.array([places[prefix] for prefix in prefixes], np.int16))
    (folder / "prefixes.json").write_text(json.dumps(known), "utf-8")
    _write(folder / "names.arrow", pa.table({"name": pa.array(names, pa.string())}))
    columns = {item: [getattr(concept, item) for concept in concepts] for item in ("id", "name", "category")}
    _write(
        folder / "concepts.arrow",
        pa.table({item: pa.array(column, pa.string()) for item, column in columns.items()}),
    )


def _write(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(1, len(table)))


def _mapped(path: Path) -> pa.Table:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return (
        table
        if table.num_rows
        else pa.table({item: pa.array([], pa.string()) for item in table.column_names})
    )
