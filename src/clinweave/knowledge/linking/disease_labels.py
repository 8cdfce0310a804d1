"""Disease names in other languages, each led to the concept of the graph that its English name or identifier means."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from clinweave.databases import Translation
from clinweave.knowledge.linking.crosswalk import STATED
from clinweave.knowledge.linking.linker import Linker

_CATEGORIES = frozenset({"biolink:Disease", "biolink:PhenotypicFeature"})


class DiseaseLabels:
    """Looks up what disease names of other languages mean in a graph."""

    def __init__(self, linker: Linker) -> None:
        """Take the linker of English names."""
        self.linker = linker

    def resolved(self, names: Iterable[Translation]) -> Iterator[Translation]:
        """Yield the names that mean a concept of the graph, with its identifier and an English name that is linked."""
        translated = [item if item.english else self._with_english(item) for item in names]
        named = [item for item in translated if item.english]
        distinct = list(dict.fromkeys(item.english for item in named))
        spans, vocabulary = self.linker.spans(distinct), self.linker.vocabulary
        lengths = np.array([len(english) for english in distinct], np.int64)
        whole = np.flatnonzero((spans.start == 0) & (spans.end == lengths[spans.document]))
        concepts: dict[str, str] = {}
        for document, row in zip(spans.document[whole], vocabulary.concept[spans.sense[whole]], strict=True):
            if vocabulary.categories[row].as_py() in _CATEGORIES:
                concepts[distinct[document]] = vocabulary.ids[row].as_py()
        for item in named:
            if curie := concepts.get(item.english):
                yield replace(item, id=curie)

    def _with_english(self, item: Translation) -> Translation:
        row = self._rows.get(item.id)
        return item if row is None else replace(item, english=self.linker.vocabulary.labels[row].as_py())

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        """Return the concept (row of the vocabulary) of each identifier that a source states to be the same."""
        walk = self.linker.vocabulary.crosswalk
        prefixes = [
            number for number, prefix in enumerate(walk.prefixes) if prefix in {"ORPHA", "DOID", "MONDO"}
        ]
        entries = np.flatnonzero((walk.level <= STATED) & np.isin(walk.prefix, prefixes))
        concepts = np.searchsorted(walk.offsets, entries, side="right") - 1
        order = np.argsort(
            -walk.level[entries].astype(np.int64), kind="stable"
        )  # the last write is the nearest
        identifiers = walk.text.take(entries[order]).to_pylist()
        return dict(zip(identifiers, concepts[order].tolist(), strict=True))
