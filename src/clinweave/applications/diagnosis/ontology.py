"""The Human Phenotype Ontology as arrays: phenotypic abnormalities, parents before children."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from clinweave.records import Concept, Relation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]

WORD = re.compile(r"[^\s,;|/+&\"'“”‘’()\[\]{}<>!•·]+")
ROOT = (
    "HP:0000118"  # Phenotypic abnormality; terms outside it are modes of inheritance, modifiers and the like
)


@dataclass(frozen=True)
class Ontology:
    """Terms at or below the root, ordered so that a parent's index is smaller than its children's.

    `parents[i]` holds indices; `former` maps an alternate or replaced id to the current one; `outside` names the terms
    of other branches, to distinguish them from unknown ids.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]
    former: Mapping[str, str] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    release: str = ""
    synonyms: tuple[tuple[str, ...], ...] = ()  # of each term
    labels: Mapping[str, str] = field(default_factory=dict)  # names of terms of other branches

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Return the place of each name in lower case; a term's own label goes before a synonym of another."""
        names: dict[str, int] = {}
        for index, synonyms in enumerate(self.synonyms):
            for synonym in synonyms:
                names.setdefault(name_key(synonym), index)
        return names | {name_key(name): index for index, name in enumerate(self.names)}

    @cached_property
    def index(self) -> dict[str, int]:
        """Return id -> place, old ids included."""
        index_of = {id_: number for number, id_ in enumerate(self.ids)}
        return index_of | {old: index_of[new] for old, new in self.former.items() if new in index_of}

    def named(self, name: str) -> int | None:
        """Return the place of the term with a label or synonym, in any case, or None."""
        return self.by_name.get(name_key(name))

    def place(self, id_: str) -> int | None:
        """Return the place of an id, old or oddly written ("hp_0001166") ones included, or None if it is no term."""
        return self.index.get(id_.strip().replace("_", ":").upper())

    @cached_property
    def ancestors(self) -> "tuple[Ints, ...]":
        """Return for each term the sorted places of its ancestors and itself."""
        import numpy as np

        rows: list[Ints] = []
        for index, parents in enumerate(self.parents):
            above = [rows[parent] for parent in parents]
            rows.append(np.unique(np.concatenate([*above, np.array([index], np.int32)])).astype(np.int32))
        return tuple(rows)

    @cached_property
    def descendants(self) -> "tuple[Ints, ...]":
        """Return for each term the sorted places of its descendants and itself."""
        import numpy as np

        counts = [len(above) for above in self.ancestors]
        above, below = (
            np.concatenate(self.ancestors),
            np.repeat(np.arange(len(self.ids), dtype=np.int32), counts),
        )
        order = np.argsort(above, kind="stable")
        ends = np.cumsum(np.bincount(above, minlength=len(self.ids)))[:-1]
        return tuple(np.split(below[order], ends))

    @cached_property
    def levels(self) -> "tuple[tuple[Ints, Ints, Ints], ...]":
        """Return per depth below the root (terms, their parents end to end, where each term's parents start)."""
        import numpy as np

        depth: list[int] = []
        for parents in self.parents:
            depth.append(1 + max((depth[parent] for parent in parents), default=-1))
        result = []
        for level in range(1, max(depth, default=0) + 1):
            terms = [index for index, own_depth in enumerate(depth) if own_depth == level]
            sizes = [len(self.parents[index]) for index in terms]
            flat = [parent for index in terms for parent in self.parents[index]]
            starts = np.r_[0, np.cumsum(sizes)[:-1]]
            result.append((np.array(terms, np.int32), np.array(flat, np.int32), starts.astype(np.int32)))
        return tuple(result)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Return for each term the places of its direct children."""
        result: list[list[int]] = [[] for _ in self.ids]
        for index, parents in enumerate(self.parents):
            for parent in parents:
                result[parent].append(index)
        return tuple(tuple(children) for children in result)


def name_key(name: str) -> str:
    """Return the form under which names are compared: words in lower case, without punctuation between them."""
    return " ".join(WORD.findall(name.casefold()))


def build_ontology(records: Iterable[object], release: str = "", root: str = ROOT) -> Ontology:
    """Return the branch below `root` from the concepts and is_a relations of the HPO reader."""
    names: dict[str, str] = {}
    synonyms: dict[str, tuple[str, ...]] = {}
    former: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    for record in records:
        if isinstance(record, Concept):
            names[record.id] = record.name
            synonyms[record.id] = record.synonyms
            former.update({xref: record.id for xref in record.xrefs if xref.startswith("HP:")})
        elif isinstance(record, Relation) and record.predicate == "biolink:subclass_of":
            parents.setdefault(record.subject, []).append(record.object)
    order = _below(root, names, parents)
    index_of = {id_: index for index, id_ in enumerate(order)}
    return Ontology(
        ids=tuple(order),
        names=tuple(names[id_] for id_ in order),
        parents=tuple(
            tuple(sorted(index_of[parent] for parent in parents.get(id_, ()) if parent in index_of))
            if id_ != root
            else ()
            for id_ in order
        ),
        former={old: new for old, new in former.items() if new in index_of and old not in names},
        outside=frozenset(names.keys() - index_of.keys())
        | frozenset(old for old, new in former.items() if new not in index_of),
        release=release,
        synonyms=tuple(synonyms[id_] for id_ in order),
        labels={id_: name for id_, name in names.items() if id_ not in index_of},
    )


def _below(root: str, names: Mapping[str, str], parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the terms at or below the root, each after all of its parents there; the order is by id among equals."""
    children: dict[str, list[str]] = {}
    for id_ in sorted(names):
        for parent in parents.get(id_, ()):
            children.setdefault(parent, []).append(id_)
    inside, waiting = {root}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in inside:
                inside.add(child)
                waiting.append(child)
    missing = {id_: sum(parent in inside for parent in parents.get(id_, ())) for id_ in inside}
    missing[root] = 0
    order, ready = [], [root]
    while ready:
        current = ready.pop(0)
        order.append(current)
        for child in children.get(current, ()):
            missing[child] -= 1
            if child != root and missing[child] == 0:
                ready.append(child)
    return order
