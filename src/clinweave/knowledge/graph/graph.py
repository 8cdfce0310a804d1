"""The knowledge graph, opened from its folder: look-ups, paths, classes and search, all memory-mapped."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from clinweave.core.artifacts import open_manifest
from clinweave.core.errors import UnknownConceptError, UserError
from clinweave.knowledge.graph.arrays import (
    Net,
    SortedTexts,
    closure,
    read_array,
    read_arrow,
    records_of,
    shortest_paths,
    slices,
    within,
)
from clinweave.knowledge.graph.frequency import is_absent
from clinweave.knowledge.graph.identity import is_code, is_curie, rank, spelt
from clinweave.knowledge.graph.search import NameSearch
from clinweave.records import Concept, Grade, Passage, Relation, Source, Tier

# Roots are too general: a path through one is no connection.
_ROOTS = """
MONDO:0000001 MONDO:0700096 HP:0000001 HP:0000118 HP:0000005 HP:0012823 HP:0031797
CHEBI:24431 CHEBI:23367 CHEBI:50906 CHEBI:24432 CHEBI:52211 CHEBI:33232 CHEBI:51086 CHEBI:36342 CHEBI:33579
CHEBI:24870 CHEBI:50860 CHEBI:36963 CHEBI:25367 CHEBI:36357 CHEBI:33675 CHEBI:37577 CHEBI:33285
"""
GENERIC = frozenset(_ROOTS.split())
# Two diseases that both begin in childhood have nothing to do with each other: qualities join nothing.
_QUALITIES = frozenset(
    f"biolink:{name}" for name in ("GeneticInheritance", "ClinicalCourse", "ClinicalModifier", "Attribute")
)
_HUB = 2000  # a concept with more neighbours than this is an end of a path, never a step of one
Ids = str | Collection[str]


class Graph:
    """A built graph. Identifiers may be given in any form that it knows (canonical, xref, another spelling)."""

    def __init__(self, path: Path, manifest: Mapping[str, Any]):
        self.path = path
        self.manifest = dict(manifest)
        self._concepts = read_arrow(path / "concepts.arrow")
        self._relations = read_arrow(path / "relations.arrow")
        self._ids = SortedTexts(self._concepts.column("id"))

    @classmethod
    def open(cls, path: Path | str) -> "Graph":
        """Open a graph's folder. Raises `UserError` if there is none."""
        folder = Path(path)
        manifest = open_manifest(
            folder, "graph", "`clinweave graph build` makes one", required={"counts": dict}
        )
        try:
            graph = cls(folder, manifest)
        except (OSError, pa.ArrowInvalid) as error:
            raise UserError(
                f"the graph in {folder} is damaged ({error}); delete the folder and build it again"
            ) from error
        if not {item.name for item in fields(Concept)} <= set(graph._concepts.column_names):
            raise UserError(f"the graph in {folder} is of an older clinweave: run `clinweave graph build`")
        return graph

    # Identity

    def resolve(self, curie: str) -> str | None:
        """Return the id of the one concept that this identifier means, or None (unknown, or it may mean several)."""
        ids = self.candidates(curie)
        return ids[0] if len(ids) == 1 else None

    def candidates(self, curie: str) -> list[str]:
        """Return the ids of all concepts that this identifier may mean; more than one where sources are ambiguous."""
        for spelling in dict.fromkeys((curie, curie.strip(), spelt(curie))):
            if self._ids.find(spelling) is not None:
                return [spelling]
            first, last = self._aliases[0].between(spelling, spelling + "\0")
            if last > first:
                return [str(item) for item in self._aliases[1][first:last].to_pylist()]
        return []

    def find(self, text: str) -> str:
        """Return the id of the concept that an identifier or an unambiguous name means; `UserError` with near ones."""
        id_ = self.resolve(text)
        if id_ is not None:
            return id_
        rows = [] if is_curie(text.strip()) else self._search.exact(text)
        if len(rows := self._leading(rows)) == 1:
            return self._ids[rows[0]]
        if rows:
            raise self._several(text, rows[:5], "give the identifier")
        raise self._unknown(text)

    def concept(self, curie: str) -> Concept:
        """Return the concept; raises `UserError` naming near identifiers where it is unknown."""
        id_ = self.resolve(curie)
        if id_ is None:
            raise self._unknown(curie)
        return self.concepts([id_])[0]

    def concepts(self, ids: Sequence[str]) -> list[Concept]:
        """Return the concepts in the order given; raises `UserError` for an unknown one."""
        rows = []
        for curie in ids:
            row = self._row(curie)
            if row is None:
                raise self._unknown(curie)
            rows.append(row)
        return records_of(Concept, self._concepts, np.array(rows, dtype=np.int64))

    # Relations

    def relations(
        self,
        subject: Ids | None = None,
        predicate: Ids | None = None,
        object: Ids | None = None,  # noqa: A002
        *,
        negated: bool | None = None,
        limit: int | None = None,
    ) -> list[Relation]:
        """Return the relations that fit all that is given, in table order (subject, predicate, object, ...).

        Each of subject, predicate and object is one id or a collection of them; an unknown id fits nothing.
        `negated` True keeps only rows that say NOT (or a frequency of "excluded"), False only the others.
        """
        rows = self._rows(subject, object)
        if predicate is not None:
            names = [predicate] if isinstance(predicate, str) else list(predicate)
            codes = [self._predicates[name] for name in names if name in self._predicates]
            rows = rows[np.isin(self._predicate_codes[rows], codes)]
        if negated is not None:
            rows = rows[self._array("negated")[rows] == negated]
        return records_of(Relation, self._relations, rows if limit is None else rows[:limit])

    def about(self, curie: str, limit: int | None = None) -> list[Relation]:
        """Return the relations of a concept in both directions, those that it is the subject of first."""
        row = self._row(curie)
        if row is None:
            raise self._unknown(curie)
        rows = np.concatenate([self._slice("by_subject", [row]), self._slice("by_object", [row])])
        return records_of(Relation, self._relations, rows if limit is None else rows[:limit])

    def degree(self, curie: str) -> int:
        """Return the number of distinct neighbours of this concept."""
        row = self._row(curie)
        return 0 if row is None else int(self._degree[row])

    def near(self, curie: str, hops: int = 2) -> list[str]:
        """Return the ids that 1 to `hops` relations reach, either way, negated ones aside; `UserError` if unknown."""
        row = self._row(curie)
        if row is None:
            raise self._unknown(curie)
        rows = within(self._array("beside"), self._array("beside_targets"), row, hops)
        return list(self._ids.array.take(pa.array(rows, pa.int64())).to_pylist())

    def paths(self, a: str, b: str, *, max_length: int = 4, limit: int = 5) -> list[list[Relation]]:
        """Return up to `limit` of the shortest paths between two concepts, each a list of relations as stated.

        No path runs through a generic root or a very well connected concept; among equally short ones, those through
        less connected concepts come first. No path goes by what is negated or was found in nobody. [] if there is none.
        """
        ends = [self._row(self.find(end)) for end in (a, b)]
        routes = shortest_paths(self._net, ends[0], ends[1], max_length, 4 * limit)  # type: ignore[arg-type]
        paths = [[self._step(*pair) for pair in pairwise(route)] for route in routes if len(route) > 1]
        return [path for path in paths if not any(is_absent(step.frequency) for step in path)][:limit]

    # Classes

    def parents(self, curie: str) -> list[str]:
        """Return the ids one is_a step up."""
        if (row := self._row(curie)) is None:
            return []
        start, targets = self._array("up"), self._array("up_targets")
        return [self._ids[int(item)] for item in targets[start[row] : start[row + 1]]]

    def ancestors(self, curie: str) -> frozenset[str]:
        """Return all ids above in is_a, without the concept itself."""
        return self._closure("up", self.resolve(curie))

    def descendants(self, curie: str) -> frozenset[str]:
        """Return all ids below in is_a, without the concept itself."""
        return self._closure("down", self.resolve(curie))

    # Search and whole tables

    def search(
        self, text: str, limit: int = 10, prefixes: Collection[str] | None = None
    ) -> list[tuple[Concept, float]]:
        """Return concepts by name with a score in 0..1: exact names first, then beginnings, then all words.

        An identifier finds its concept. `prefixes` keeps concepts such as ("MONDO", "HP") only.
        """
        id_ = self.resolve(text)
        if id_ is not None and (prefixes is None or id_.partition(":")[0] in prefixes):
            return [(self.concept(id_), 1.0)]
        ranked = self._search.ranked(text, self._allowed(prefixes))[:limit]
        concepts = records_of(Concept, self._concepts, np.array([row for row, _ in ranked], dtype=np.int64))
        return [(concept, score) for concept, (_, score) in zip(concepts, ranked, strict=True)]

    def names(self) -> pa.Table:
        """Return all names as an Arrow table (name, id, kind: label | exact | lay | abbreviation)."""
        import pyarrow.parquet as pq

        return pq.read_table(self.path / "names.parquet")

    def passages(self) -> Iterator[Passage]:
        """Yield the definitions and descriptions of the databases, in order of their ids."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path / "passages.parquet") as file:
            for batch in file.iter_batches(4096):
                yield from records_of(Passage, batch, np.arange(len(batch)))

    def merges(self) -> pa.Table:
        """Return all identifiers that became another one (id, canonical, because, source)."""
        import pyarrow.parquet as pq

        return pq.read_table(self.path / "merges.parquet")

    def sources(self) -> dict[str, Source]:
        """Return the releases that the graph was built from."""
        return {
            name: Source(**{**item, "tier": Tier(item["tier"])})
            for name, item in self.manifest["sources"].items()
        }

    def info(self) -> dict[str, Any]:
        """Return the manifest's facts: counts, merges, dropped rows and why, sources with release and licence.

        `examples` are the first refused rows of each source (file, row, reason), `dangling` the first relations with an
        end that no database describes, `warnings` what does not fit together, such as mixed releases.
        """
        keys = ("counts", "concepts", "relations", "passages", "merged", "dropped", "sources", "licences")
        more = {key: self.manifest.get(key, []) for key in ("warnings", "examples", "dangling")}
        return {"path": str(self.path), **{key: self.manifest[key] for key in keys}, **more}

    def of_categories(self, names: Collection[str]) -> pa.Array:
        """Return the ids of all concepts of these Biolink categories as an Arrow array."""
        return self._ids.array.filter(pa.array(self._of_category(names)))

    # Inside

    def _row(self, curie: str) -> int | None:
        id_ = self.resolve(curie)
        return None if id_ is None else self._ids.find(id_)

    def _nodes(self, ids: Ids) -> list[int]:
        rows = (self._row(curie) for curie in ([ids] if isinstance(ids, str) else ids))
        return sorted({row for row in rows if row is not None})

    def _rows(self, subject: Ids | None, target: Ids | None) -> np.ndarray:
        if subject is not None:
            rows = self._slice("by_subject", self._nodes(subject))
            return rows if target is None else rows[np.isin(self._array("object")[rows], self._nodes(target))]
        if target is not None:
            return np.sort(self._slice("by_object", self._nodes(target)))
        return np.arange(len(self._relations))

    def _slice(self, name: str, nodes: Sequence[int]) -> np.ndarray:
        if not nodes:
            return np.array([], dtype=np.int64)
        positions, _ = slices(self._array(name), np.array(nodes))
        return (
            positions if name == "by_subject" else self._array("by_object_rows")[positions].astype(np.int64)
        )

    def _step(self, a: int, b: int) -> Relation:
        """Return the best stated relation between two neighbours: curated first, then the first in the table."""
        forth, back = self._slice("by_subject", [a]), self._slice("by_subject", [b])
        targets = self._array("object")
        rows = np.concatenate([forth[targets[forth] == b], back[targets[back] == a]])
        rows = rows[~self._array("negated")[rows]]
        candidates: list[Relation] = records_of(Relation, self._relations, rows)
        return min(candidates, key=lambda item: (is_absent(item.frequency), item.grade != Grade.CURATED))

    def _array(self, name: str) -> np.ndarray:
        return self._arrays(name)

    @cached_property
    def _arrays(self) -> Callable[[str], np.ndarray]:
        return lru_cache(None)(lambda name: read_array(self.path / f"{name}.npy"))

    @cached_property
    def _predicates(self) -> dict[str, int]:
        return {
            name: code for code, name in enumerate(self._relations.column("predicate").dictionary.to_pylist())
        }

    @cached_property
    def _predicate_codes(self) -> np.ndarray:
        codes: np.ndarray = self._relations.column("predicate").indices.to_numpy()
        return codes

    def _of_category(self, names: Collection[str]) -> np.ndarray:
        """Mark the concepts of these categories."""
        column = self._concepts.column("category")
        codes = [code for code, name in enumerate(column.dictionary.to_pylist()) if name in names]
        return np.isin(column.indices.to_numpy(), codes)

    @cached_property
    def _degree(self) -> np.ndarray:
        return np.diff(self._array("beside"))

    @cached_property
    def _net(self) -> Net:
        passable = self._degree <= _HUB
        passable[[row for row in map(self._ids.find, GENERIC) if row is not None]] = False
        passable[self._of_category(_QUALITIES)] = False
        return Net(self._array("beside"), self._array("beside_targets"), passable, np.log1p(self._degree))

    @cached_property
    def _aliases(self) -> tuple[SortedTexts, pa.Array]:
        batch = read_arrow(self.path / "aliases.arrow")
        return SortedTexts(batch.column("alias")), batch.column("id")

    @cached_property
    def _search(self) -> NameSearch:
        return NameSearch(self.path / "search.arrow", self._degree)

    @cached_property
    def _closure(self) -> Callable[[str, str | None], frozenset[str]]:
        def reach(way: str, curie: str | None) -> frozenset[str]:
            row = None if curie is None else self._ids.find(curie)
            if row is None:
                return frozenset()
            rows = closure(self._array(way), self._array(f"{way}_targets"), row)
            return frozenset(self._ids.array.take(pa.array(rows, pa.int64())).to_pylist())

        return lru_cache(200_000)(reach)

    def _allowed(self, prefixes: Collection[str] | None) -> np.ndarray | None:
        if prefixes is None:
            return None
        allowed = np.zeros(len(self._ids), dtype=bool)
        for prefix in prefixes:
            allowed[slice(*self._ids.beginning(f"{prefix}:"))] = True
        return allowed

    def _named(self, rows: Sequence[int]) -> tuple[tuple[str, str], ...]:
        concepts = records_of(Concept, self._concepts, np.array(rows, dtype=np.int64))
        return tuple((item.id, item.name) for item in concepts)

    def _several(self, text: str, rows: Sequence[int], hint: str) -> UnknownConceptError:
        near = self._named(rows)
        return UnknownConceptError(f"{text!r} may be {_listed(near)}: {hint}", near, ambiguous=True)

    def _unknown(self, text: str) -> UnknownConceptError:
        several = self.candidates(text)
        if len(several) > 1:
            rows = [row for row in map(self._ids.find, several[:5]) if row is not None]
            return self._several(text, rows, "give one of these")
        identifier = is_curie(text.strip())
        near = self._named(self._near_ids(text) if identifier else self._search.suggestions(text))
        hint = f"near it: {_listed(near)}" if near else "`clinweave graph search` finds names"
        return UnknownConceptError(f"the graph knows no {text!r}; {hint}", near, identifier=identifier)

    def _leading(self, rows: list[int]) -> list[int]:
        """Return the one of several namesakes that stands for all, else all of them.

        A code never competes with what it classifies; else it is the one whose prefix goes first, where a source
        links all others to it.
        """
        ids = sorted((self._ids[row] for row in rows), key=rank)
        ids = [curie for curie in ids if not is_code(curie)] or ids
        if len(ids) > 1 and rank(ids[0]) < rank(ids[1]):
            links = self.relations(ids, ("biolink:close_match", "biolink:related_to"), ids)
            ends = {(item.subject, item.object) for item in links}
            if all((ids[0], other) in ends or (other, ids[0]) in ends for other in ids[1:]):
                ids = ids[:1]
        return [row for row in rows if self._ids[row] in ids]

    def _near_ids(self, text: str) -> list[int]:
        curie = spelt(text)
        low, high = self._ids.beginning(curie[: max(len(curie) - 3, curie.find(":") + 1)])
        low, high = max(low, 0), min(high, low + 2000)
        near = get_close_matches(curie, [self._ids[row] for row in range(low, high)], n=5, cutoff=0.6)
        return [row for row in map(self._ids.find, near) if row is not None]


def _listed(named: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{id_} ({name})" for id_, name in named)
