"""The compiled names of a graph: the dictionary, and for each key its senses, best first. Built once per graph."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from clinweave.core.artifacts import Artifact, digest, stage
from clinweave.core.errors import UserError
from clinweave.knowledge.linking import everyday, ranking
from clinweave.knowledge.linking.bag_of_words import BagOfWords
from clinweave.knowledge.linking.crosswalk import NAMED, Crosswalk, save_crosswalk
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import Ints
from clinweave.knowledge.linking.stems import word_lists
from clinweave.records import Concept

VERSION = 19
LONGEST = 150  # characters; longer names are formulas in words
FREE_ORDER = frozenset({"biolink:Disease", "biolink:PhenotypicFeature"})
_EVERYDAY = frozenset({everyday.EVERYDAY, everyday.ADJECTIVE})
_ARRAYS = ("sense_offsets", "concept", "score", "exact_case", "plural", "kind", "name", "prefix", "groups")


class NamedGraph(Protocol):
    """The methods of a graph that a vocabulary uses."""

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
    plural: NDArray[np.bool_]  # per sense: the name's last word lost an ending in normalisation
    kind: NDArray[np.uint8]
    name: NDArray[np.int32]  # per sense: row of `names`
    prefix: NDArray[np.int16]  # per concept: which of `prefixes`
    groups: NDArray[np.uint8]  # per concept: disease, chemical or other (ranking.GROUPS)

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.dictionary = Dictionary.open(folder)
        self.bag_of_words = BagOfWords.open(folder, self.dictionary)
        for array in _ARRAYS:
            setattr(self, array, np.load(folder / f"{array}.npy", mmap_mode="r").view(np.ndarray))
        self.names = _mapped(folder / "names.arrow").column("name").chunk(0)
        table = _mapped(folder / "concepts.arrow")
        self.ids, self.labels, self.categories = (
            table.column(item).chunk(0) for item in ("id", "name", "category")
        )
        self.prefixes: list[str] = json.loads((folder / "prefixes.json").read_text("utf-8"))
        self.crosswalk = Crosswalk.open(folder)
        self.scope = lru_cache(maxsize=16)(self._scope)

    def senses(self, key: int, scope: "Scope") -> list[int]:
        """Return the senses of a key that the scope allows, best first."""
        rows = np.arange(int(self.sense_offsets[key]), int(self.sense_offsets[key + 1]))
        rows = rows[scope.allowed[self.concept[rows]]]
        value = self.score[rows] - scope.price[self.concept[rows]]
        return [int(item) for item in rows[np.argsort(-value, kind="stable")]]

    @cached_property
    def senses_per_key(self) -> Ints:
        """Return the number of senses of each key, everyday names aside."""
        total = np.concatenate([[0], np.cumsum(~np.isin(self.kind, ranking.EVERYDAY_KINDS))])
        return np.asarray(np.diff(total[self.sense_offsets]))

    def shown(self, concepts: NDArray[Any], scope: "Scope") -> tuple[Ints, Any]:
        """Return, for each concept, the row whose name and category are shown, and the identifier, by the scope."""
        rows = np.asarray(concepts, np.int64)
        if scope.row is None or not len(rows):
            return rows, self.ids.take(pa.array(rows))
        entry = scope.row[rows]
        concept_rows = self.crosswalk.concept_row[entry]
        return np.where(concept_rows >= 0, concept_rows, rows), self.crosswalk.text.take(pa.array(entry))

    def _scope(
        self,
        prefixes: tuple[str, ...],
        categories: tuple[str, ...],
        furthest: int = NAMED,
        usage: bool = True,
    ) -> "Scope":
        allowed = np.ones(len(self.ids), np.bool_)
        price = np.zeros(len(self.ids))
        row: Ints | None = None
        if prefixes:
            row, price = self.crosswalk.best(prefixes, furthest)
            allowed = row >= 0
        if categories:
            listed = self.categories.to_pylist()
            allowed &= np.fromiter((item in categories for item in listed), np.bool_, len(listed))
        key = np.repeat(np.arange(len(self.dictionary), dtype=np.int32), np.diff(self.sense_offsets))
        good = allowed[self.concept]
        if not prefixes or not usage:
            good &= self.kind != ranking.USAGE
        elif "HP" in self.crosswalk.prefixes and row is not None:
            # Names that annotators of diseases use are no names of findings.
            finding = self.crosswalk.prefix[np.maximum(row, 0)] == self.crosswalk.prefixes.index("HP")
            good &= (self.kind != ranking.USAGE) | ~finding[self.concept]
        if "HP" not in prefixes:
            good &= ~np.isin(self.kind, ranking.EVERYDAY_KINDS)
        best = np.full((2, len(self.dictionary)), -1, np.int32)
        free = np.flatnonzero(good & ~self.exact_case)[::-1]
        # Of "Glutamate" and "Glutamates" the one that the text's number agrees with; and the price of the way to the
        # wanted vocabulary may turn the order of senses round.
        value = self.score[free] - price[self.concept[free]]
        value += ranking.PREFERRED * (self.kind[free] == ranking.USAGE)
        for number in (0, 1):
            order = np.argsort(value - ranking.OTHER_NUMBER * (self.plural[free] != number), kind="stable")
            best[number][key[free[order]]] = free[order]
        cased = np.zeros(len(self.dictionary), np.bool_)
        cased[key[good & self.exact_case]] = True
        adjective = self.kind[np.maximum(best[0], 0)] == ranking.ADJECTIVES
        adjective &= best[0] >= 0
        reorders = (best[0] >= 0) & ~np.isin(self.kind[np.maximum(best[0], 0)], ranking.EVERYDAY_KINDS)
        return Scope(
            best, cased, allowed, price, row, reorders, prefixes, adjective if adjective.any() else None
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Scope of linking: limited to vocabularies and categories, or everything."""

    best: NDArray[
        np.int32
    ]  # [0: singular, 1: plural text, key]: the best sense that any case may have, -1: none
    cased: NDArray[np.bool_]  # per key: whether it has senses that need the same letters
    allowed: NDArray[np.bool_]  # per concept
    price: NDArray[np.float64]  # per concept: taken off for the way to the wanted vocabulary
    row: Ints | None  # per concept: its row of the crosswalk; None where all identifiers are the graph's own
    reorders: NDArray[np.bool_]  # per key: whether it may be found by its words in any order
    prefixes: tuple[str, ...] = ()  # the vocabularies that were asked for
    adjective: NDArray[np.bool_] | None = None  # per key: its best sense is an adjective; None: none is


def compile_vocabulary(graph: NamedGraph, out: Path | None = None) -> Artifact:
    """Compile the names of `graph` into the folder `out` (default: beside the graph), unless it is there already.

    A vocabulary of another release is compiled again. Raises `UserError` where the folder cannot be written.
    """
    folder = out or graph.path.with_name(f"{graph.path.name}.vocabulary")
    inputs = {
        "graph": str(graph.manifest.get("key") or digest(dict(graph.manifest))),
        "words": digest(
            [
                sorted(ranking.common_words()),
                ranking.phrases(),
                ranking.no_findings(),
                sorted(word_lists()),
                ranking.usage(),
                sorted(everyday.lists().broad.items()),
                sorted(everyday.lists().names.items()),
                sorted(everyday.lists().adjectives.items()),
                sorted(everyday.lists().clinical.items()),
                sorted(everyday.lists().excluded),
            ]
        ),
    }
    try:
        return stage(folder, "vocabulary", inputs, {}, lambda into: _compile(graph, into), version=VERSION)
    except PermissionError as error:
        raise UserError(
            f"{folder}: the vocabulary is missing or of another release and cannot be written here; "
            "make the folder above it writable, or copy the graph to where you may write"
        ) from error


def _compile(graph: NamedGraph, folder: Path) -> dict[str, object]:
    links = _links(graph)
    names, ids, kinds, concepts = _all_names(graph, links)
    rows = {curie: row for row, curie in enumerate(sorted(concepts))}
    category = [concepts[curie].category for curie in ids]
    for number, (name, curie) in enumerate(zip(names, ids, strict=True)):
        if ranking.is_acronym(name, concepts[curie].name, category[number]):
            names[number], kinds[number] = name.upper(), "abbreviation"
    usable = [name if len(name) <= LONGEST else "" for name in names]
    # Phrases without a sense are keys all the same: their words are then not put in another order.
    dictionary, key = Dictionary.build([*usable, *ranking.phrases(), *ranking.no_findings()])
    key = key[: len(names)]
    spelt = [dictionary.key(number) if number >= 0 else None for number in key.tolist()]
    cased = [ranking.needs_case(*row) for row in zip(names, kinds, category, strict=True)]
    modifiers = _modifiers(graph, concepts)
    columns: dict[str, NDArray[Any]] = {
        "concept": np.fromiter((rows[curie] for curie in ids), np.int32, len(ids)),
        "score": _scores(zip(spelt, names, kinds, ids, cased, strict=True), modifiers),
        "exact_case": np.array(cased, np.bool_),
        "plural": np.fromiter(map(_is_plural, names, spelt), np.bool_, len(names)),
        "kind": np.fromiter((_kind(kind) for kind in kinds), np.uint8, len(ids)),
        "name": np.arange(len(ids), dtype=np.int32),
    }
    tie = np.fromiter((ranking.order_of(item) for item in category), np.int64, len(ids))
    selected = _senses(key, columns, tie)
    np.save(folder / "sense_offsets.npy", np.searchsorted(key[selected], np.arange(len(dictionary) + 1)))
    for item, values in columns.items():
        np.save(folder / f"{item}.npy", values[selected])
    dictionary.save(folder)
    free = {
        number
        for number, item, kind in zip(key.tolist(), category, kinds, strict=True)
        if number >= 0 and item in FREE_ORDER and kind not in _EVERYDAY
    }
    owners: dict[int, set[str]] = {}
    for number, curie, kind in zip(key.tolist(), ids, kinds, strict=True):
        if number >= 0 and curie.startswith("HP:") and kind not in {"abbreviation", "usage", *_EVERYDAY}:
            owners.setdefault(number, set()).add(curie)
    BagOfWords.build(dictionary, sorted(free), owners).save(folder)
    listed = [concepts[curie] for curie in rows]
    _save_concepts(folder, names, listed)
    # Concepts that bear the same name, whatever its letters' case.
    plain = selected[
        ~columns["exact_case"][selected] & ~np.isin(columns["kind"][selected], ranking.EVERYDAY_KINDS)
    ]
    groups = np.split(columns["concept"][plain], np.flatnonzero(np.diff(key[plain])) + 1)
    save_crosswalk(folder, listed, links, groups)
    return {
        "names": len(names),
        "keys": len(dictionary),
        "senses": len(selected),
        "left out": int((key < 0).sum()),
    }


def _all_names(
    graph: NamedGraph, links: dict[str, tuple[list[str], list[str]]]
) -> tuple[list[str], list[str], list[str], dict[str, Concept]]:
    """Return name, CURIE and kind of every name (the graph's, those in use, everyday words), and the concepts."""
    table = graph.names()
    names, ids, kinds = (table.column(item).to_pylist() for item in ("name", "id", "kind"))
    for name, curie in _usage(set(ids), links):
        names.append(name)
        ids.append(curie)
        kinds.append("usage")
    concepts = _concepts(graph, set(ids))
    rows = [
        (name, curie, kind, concepts[curie].category)
        for name, curie, kind in zip(names, ids, kinds, strict=True)
    ]
    for name, curie, kind in everyday.everyday_names(rows, ranking.common_words()):
        names.append(name)
        ids.append(curie)
        kinds.append(kind)
    return names, ids, kinds, concepts


def _scores(
    rows: Iterable[tuple[str | None, str, str, str, bool]], modifiers: frozenset[str]
) -> NDArray[np.float32]:
    """Return the score of each name, of rows (key, name, kind, id, needs its case); 0 where it is no key."""
    return np.array(
        [
            0.0
            if key is None
            else ranking.score_of(
                name, key, kind, curie.partition(":")[0], exact_case=exact, modifier=curie in modifiers
            )
            for key, name, kind, curie, exact in rows
        ],
        np.float32,
    )


def _is_plural(name: str, key: str | None) -> bool:
    """Say whether the last word of a name lost an ending in its key."""
    return key is not None and not name.lower().endswith(key.rpartition(" ")[2])


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


def _usage(ids: set[str], links: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> list[tuple[str, str]]:
    """Return the names of `ranking.usage` with the ids of the concepts that they mean in this graph."""
    pairs = ranking.usage()
    missing = {curie for _, curie in pairs} - ids
    heirs = {item: curie for curie, (stated, _) in links.items() for item in stated if item in missing}
    return [(name, heirs.get(curie, curie)) for name, curie in pairs if curie in ids or curie in heirs]


def _links(graph: NamedGraph) -> dict[str, tuple[list[str], list[str]]]:
    """Return the (xrefs, related) of each concept, where the graph's own table is at hand."""
    table = graph.path / "concepts.parquet"
    if not table.is_file():
        return {}
    rows = pq.read_table(table, columns=["id", "xrefs", "related"])
    columns = (rows.column(item).to_pylist() for item in ("id", "xrefs", "related"))
    return {curie: (stated, related) for curie, stated, related in zip(*columns, strict=True)}


def _modifiers(graph: NamedGraph, concepts: Mapping[str, Concept]) -> frozenset[str]:
    """Return the terms of HPO and Mondo that are no findings or diseases ("severe", "sporadic"), and the roots."""
    curies = set(ranking.ROOTS)
    for prefix, roots in ranking.PROPER.items():
        proper = set().union(*({root} | graph.descendants(root) for root in roots if root in concepts))
        if proper:
            curies |= {curie for curie in concepts if curie.startswith(f"{prefix}:") and curie not in proper}
    return frozenset(curies)


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
    unique = sorted(set(prefixes))
    number_of = {prefix: number for number, prefix in enumerate(unique)}
    np.save(folder / "prefix.npy", np.array([number_of[prefix] for prefix in prefixes], np.int16))
    np.save(
        folder / "groups.npy",
        np.array([ranking.group_of(concept.category) for concept in concepts], np.uint8),
    )
    (folder / "prefixes.json").write_text(json.dumps(unique), "utf-8")
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
