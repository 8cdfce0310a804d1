"""What an ontology's classes mean to each other: ancestors, information content, Resnik's and Lin's similarity.

Everything is one sparse matrix: row i marks the ancestors of class i and i itself. Information content is in nats,
either by annotation (Resnik 1995: -ln of the share of annotated things that are annotated with the class or one below
it) or by structure (Seco 2004: 1 - ln(classes at or below) / ln(all classes), from 0 at the root to 1 at a leaf).
The similarity of two classes by Resnik is the information content of their most informative common ancestor, by Lin
(1998) twice that over the sum of their own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from clinweave.knowledge.graph.graph import Graph

Floats = np.ndarray[Any, np.dtype[np.float64]]
_CHUNK = 4096  # pairs compared at once


@dataclass(frozen=True)
class Semantics:
    """The classes of one ontology, with their ancestors and information content."""

    ids: tuple[str, ...]
    closure: "csr_array"  # scipy CSR, bool, (classes, classes): [i, j] where j is i or an ancestor of i
    information: Floats  # (classes,), nats or Seco's share; 0 at the root

    @classmethod
    def of(
        cls, graph: "Graph", root: str, *, annotations: str | Collection[str] | None = None
    ) -> "Semantics":
        """Return the semantics of all classes at or below `root`, from a graph's is_a relations.

        `annotations` names the predicates whose subjects annotate classes with their objects (not negated, curated),
        such as "biolink:has_phenotype"; None takes the structure. Raises `UserError` for an unknown root.
        """
        top = graph.concept(root).id
        ids = sorted({top, *graph.descendants(top)})
        row_of = {curie: row for row, curie in enumerate(ids)}
        pairs = [
            (row_of[curie], row_of[parent])
            for curie in ids
            for parent in graph.parents(curie)
            if parent in row_of
        ]
        closure = closed(pairs, len(ids))
        if annotations is None:
            return cls(tuple(ids), closure, structural(closure))
        relations = graph.relations(predicate=annotations, object=ids, negated=False)
        notes = [(item.subject, row_of[item.object]) for item in relations if item.grade == "curated"]
        return cls(tuple(ids), closure, annotated(closure, notes))

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {curie: row for row, curie in enumerate(self.ids)}

    def rows(self, ids: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Return the row of each class. Raises `UserError` for one that the ontology lacks."""
        if unknown := [curie for curie in ids if curie not in self._row_of]:
            raise UserError(
                f"{', '.join(map(repr, unknown[:5]))} not at or below the root of these semantics"
            )
        return np.array([self._row_of[curie] for curie in ids], dtype=np.int64)

    def ancestors(self, curie: str) -> list[str]:
        """Return the ids above a class, without itself, sorted."""
        row = int(self.rows([curie])[0])
        return [self.ids[item] for item in np.sort(self._above(row)) if item != row]

    def common(self, a: str, b: str) -> list[str]:
        """Return the ids at or above both classes, the most informative first."""
        first, other = self.rows([a, b])
        both = np.intersect1d(self._above(int(first)), self._above(int(other)))
        order = np.lexsort((both, -self.information[both]))
        return [self.ids[item] for item in both[order]]

    def most_informative(self, a: Sequence[str], b: Sequence[str]) -> list[str]:
        """Return, for each pair (a[i], b[i]), their most informative common ancestor; of equals the first by id."""
        return [self.ids[row] for row in self._best(a, b)[1]]

    def ic(self, ids: Sequence[str]) -> Floats:
        """Return the information content of each class."""
        return np.asarray(self.information[self.rows(ids)])

    def resnik(self, a: Sequence[str], b: Sequence[str]) -> Floats:
        """Return Resnik's similarity of each pair (a[i], b[i])."""
        return self._best(a, b)[0]

    def lin(self, a: Sequence[str], b: Sequence[str]) -> Floats:
        """Return Lin's similarity, 0 to 1, of each pair; 1 of a class with itself, also where it informs of nothing."""
        shared, own = self.resnik(a, b), self.ic(a) + self.ic(b)
        alike = np.divide(2 * shared, own, out=np.zeros_like(shared), where=own > 0)
        alike[self.rows(a) == self.rows(b)] = 1.0
        return np.minimum(alike, 1.0)

    def _above(self, row: int) -> np.ndarray:
        above: np.ndarray = self.closure.indices[self.closure.indptr[row] : self.closure.indptr[row + 1]]
        return above

    def _best(self, a: Sequence[str], b: Sequence[str]) -> tuple[Floats, Any]:
        """Return (information content, row) of the most informative common ancestor of each pair."""
        left, other = self.rows(a), self.rows(b)
        if len(left) != len(other):
            raise UserError(f"pairs need as many classes on either side: {len(left)} and {len(other)}")
        values, best = np.zeros(len(left)), np.zeros(len(left), dtype=np.int64)
        for first in range(0, len(left), _CHUNK):
            part = slice(first, first + _CHUNK)
            both = self.closure[left[part]].multiply(self.closure[other[part]]).tocsr()
            counts = np.diff(both.indptr)
            owner = np.repeat(np.arange(len(counts)), counts)
            shared = self.information[both.indices]
            order = np.lexsort((both.indices, -shared, owner))
            leading = order[both.indptr[:-1]]  # every pair shares the root at least
            values[part], best[part] = shared[leading], both.indices[leading]
        return values, best


def closed(pairs: Sequence[tuple[int, int]], size: int) -> "csr_array":
    """Return the reflexive, transitive closure of (child, parent) pairs as a CSR matrix of bool, by squaring."""
    from scipy.sparse import csr_array, eye_array

    child, parent = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    step = csr_array((np.ones(len(child), dtype=np.int8), (child, parent)), shape=(size, size))
    reach = (step + eye_array(size, dtype=np.int8, format="csr")).astype(bool).tocsr()
    while True:
        further = (reach.astype(np.int32) @ reach.astype(np.int32)).astype(bool).tocsr()
        if further.nnz == reach.nnz:
            further.sort_indices()
            return further
        reach = further


def structural(closure: "csr_array") -> Floats:
    """Return Seco's information content from the closure."""
    if closure.shape[0] < 2:
        return np.zeros(closure.shape[0])
    below = np.asarray(closure.sum(axis=0)).ravel().astype(float)
    return np.asarray(np.maximum(0.0, 1 - np.log(below) / np.log(closure.shape[0])))


def annotated(closure: "csr_array", notes: Sequence[tuple[str, int]]) -> Floats:
    """Return the information content by annotation; a class that annotates nothing is as rare as one thing's."""
    from scipy.sparse import csr_array

    things = {thing: row for row, thing in enumerate(sorted({thing for thing, _ in notes}))}
    if not things:
        raise UserError(
            "no annotation of these classes is in the graph: take the structure, or build it with hpoa"
        )
    cells = np.array([[things[thing], row] for thing, row in notes]).T
    direct = csr_array(
        (np.ones(cells.shape[1], dtype=np.int32), tuple(cells)), (len(things), closure.shape[0])
    )
    reached = (direct @ closure.astype(np.int32)).astype(bool)
    count = np.asarray(reached.sum(axis=0)).ravel().astype(float)
    return np.asarray(np.log(len(things)) - np.log(np.maximum(count, 1.0)))
