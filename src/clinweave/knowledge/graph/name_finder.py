"""The concept that an identifier or a name in a user's own table means, looked up while the graph is built."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyarrow as pa

from clinweave.knowledge.graph.identity import is_code, is_curie, rank, spelt


class NameFinder:
    """Finds concepts by identifier, by preferred name, else by synonym; a name that several share finds none."""

    def __init__(
        self, concepts: pa.Table, resolve: Mapping[str, str], links: Iterable[tuple[str, str]]
    ) -> None:
        """Take the joined concepts, identifier -> concept, and the pairs of concepts that a source links."""
        self._resolve = resolve
        self._linked = {frozenset(pair) for pair in links}
        self._labels: dict[str, list[str]] = defaultdict(list)
        self._synonyms: dict[str, list[str]] = defaultdict(list)
        self._category: dict[str, str] = {}
        columns = (concepts.column(name).to_pylist() for name in ("id", "name", "synonyms", "category"))
        for curie, name, synonyms, category in zip(*columns, strict=True):
            self._category[curie] = category
            self._labels[_folded(name)].append(curie)
            for synonym in dict.fromkeys(map(_folded, synonyms)):
                self._synonyms[synonym].append(curie)

    def __call__(self, text: str, category: str = "") -> tuple[str, str]:
        """Return (the concept's id, ""), or ("", why there is none); of namesakes that of a category is meant."""
        curie = self._resolve.get(text) or self._resolve.get(spelt(text))
        if curie:
            return curie, ""
        if is_curie(text):
            return "", "is no identifier of the graph: name it in a table of concepts, or add its database"
        for names in (self._labels, self._synonyms):
            ids = names.get(_folded(text), [])
            ids = self._leading([curie for curie in ids if self._category[curie] == category] or ids)
            if len(ids) == 1:
                return ids[0], ""
            if ids:
                return "", f"may be {', '.join(ids[:4])}: give the identifier"
        return "", "is no name in the graph: give an identifier, or name it in a table of concepts"

    def _leading(self, ids: list[str]) -> list[str]:
        """Return the one of several namesakes that stands for all, else all: as `Graph.find` chooses."""
        ids = sorted(set(ids), key=rank)
        ids = [curie for curie in ids if not is_code(curie)] or ids
        leads = len(ids) > 1 and rank(ids[0]) < rank(ids[1])
        if leads and all(frozenset((ids[0], other)) in self._linked for other in ids[1:]):
            return ids[:1]
        return ids


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
