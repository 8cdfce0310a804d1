"""The concepts that the words of a question name, with everything below them in the graph."""

from collections.abc import Collection
from typing import Protocol

from clinweave.records import Mention

MAX_DESCENDANTS = 4000  # concepts below one: a broader word ("disease") names nothing in particular


class ConceptTree(Protocol):
    """What is needed of a graph."""

    def candidates(self, curie: str, /) -> list[str]:
        """Return the concepts that an identifier may mean."""
        ...

    def descendants(self, curie: str, /) -> Collection[str]:
        """Return all concepts below one."""
        ...


class NamesConcepts(Protocol):
    """What is needed of a linker."""

    def link(self, text: str, /) -> list[Mention]:
        """Return the concepts named in a text."""
        ...


class Meanings:
    """Gives the concepts that words name, and those below: "diabetes" also finds "type 2 diabetes mellitus"."""

    def __init__(self, graph: ConceptTree, linker: NamesConcepts) -> None:
        self._graph, self._linker = graph, linker

    def __call__(self, words: str) -> frozenset[str]:
        """Return the ids for words that are wholly the name of one concept, else nothing."""
        full_matches = [item for item in self._linker.link(words) if len(item.text) >= len(words.strip()) - 1]
        named = {curie for item in full_matches for curie in self._graph.candidates(item.id)}
        below = {curie: frozenset(self._graph.descendants(curie)) for curie in named}
        return frozenset(named).union(*(ids for ids in below.values() if len(ids) <= MAX_DESCENDANTS))
