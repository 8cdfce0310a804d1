"""The text index together with vectors: passages by words, by concepts and by nearness in meaning.

Scores are a weighted sum of both rankings, each scaled to 0..1 over a question's candidates; the weight was chosen on
one half of the benchmark's questions (docs/text_index.md).
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from clinweave.core.errors import UserError
from clinweave.knowledge.retrieval.index_store import IndexedGraph
from clinweave.knowledge.retrieval.text_index import PREFERENCE, Hit, TextIndex
from clinweave.knowledge.retrieval.vectors import Halves, open_vectors
from clinweave.records import Passage

if TYPE_CHECKING:
    from clinweave.knowledge.linking.linker import Linker

CANDIDATES = 200  # of each ranking
DENSE_WEIGHT = 0.9  # chosen on the development half of benchmarks/passage_search.py
_ALIKE = 0.02  # cosines no farther apart say nothing of the order
_ROWS = 1 << 14  # compared at once; bounds memory for large collections
Scores = npt.NDArray[np.float64]


class QueryEncoder(Protocol):
    """Turns questions into unit vectors."""

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return the vectors of the texts."""
        ...


def fused(lexical: Scores, cosine: Scores, preference_boost: Scores | float = 1.0) -> Scores:
    """Return the weighted sum of two scores of the same candidates, each scaled to 0..1 over them.

    `lexical` is 0 for a candidate that is not among the first by words and concepts; `cosine` is 0 for one without a
    vector, whose lexical score then stands for both. `preference_boost` multiplies the cosines of preferred
    collections (their lexical scores are raised already).
    """
    words = scaled(lexical)
    encoded = cosine != 0
    cosines = cosine[encoded]
    meaning = words.copy()
    meaning[encoded] = scaled(cosines) if len(cosines) and np.ptp(cosines) > _ALIKE else cosines
    return (1 - DENSE_WEIGHT) * words + DENSE_WEIGHT * np.where(encoded, meaning * preference_boost, meaning)


def scaled(values: Scores) -> Scores:
    """Return scores between 0 (the least) and 1 (the largest); zeros where all are the same."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


class HybridIndex:
    """Searches like `TextIndex`, with vectors of the collections that have some. At least one must."""

    def __init__(self, index: TextIndex, encoder: QueryEncoder, home: Path) -> None:
        self._index = index
        self.manifest = index.manifest
        opened = {name: open_vectors(index, name, home) for name in index.manifest["parts"]}
        self._vectors: dict[str, Halves] = {name: rows for name, rows in opened.items() if rows is not None}
        if not self._vectors:
            raise UserError("no collection has vectors: run `clinweave index vectors [COLLECTION]`")
        self._query = lru_cache(maxsize=64)(lambda text: encoder.encode([text])[0])

    def first(self, part: str) -> Passage | None:
        """Return the first passage of a collection, None if it is empty."""
        return self._index.first(part)

    def titled(
        self,
        names: Sequence[str],
        *,
        k: int,
        parts: Collection[str] | None = None,
        prefer: str = "",
        body: str = "",
    ) -> list[Hit]:
        """Return up to `k` passages whose title has all words of a name, with a word of `body` in the text."""
        return self._index.titled(names, k=k, parts=parts, prefer=prefer, body=body)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        concepts: Collection[str] = (),
        linker: "Linker | None" = None,
        graph: IndexedGraph | None = None,
        parts: Collection[str] | None = None,
        meaning: str = "",
    ) -> list[Hit]:
        """Return the `k` best passages, best first; options are those of `TextIndex.search`.

        `meaning` is the text to be encoded, the query if not given.
        """
        lexical = self._index.search(
            query, k=max(k, CANDIDATES), concepts=concepts, linker=linker, graph=graph, parts=parts
        )
        vector = self._query(meaning or query)
        names = [name for name in self._vectors if parts is None or name in parts]
        places = {(hit.part, hit.row): hit for hit in lexical}
        cosines = {name: self._cosines(name, vector) for name in names}
        nearest = {address: cosine for name in names for address, cosine in _nearest(name, cosines[name])}
        first = sorted(nearest, key=lambda address: (-nearest[address], address))[: max(k, CANDIDATES)]
        candidates = list(dict.fromkeys((*places, *first)))
        lexical_scores = np.array([places[item].score if item in places else 0.0 for item in candidates])
        cosine = np.array([cosines[name][row] if name in cosines else 0.0 for name, row in candidates])
        preference_boost = np.array(
            [PREFERENCE if name in self._index.preferred else 1.0 for name, _ in candidates]
        )
        scores = fused(lexical_scores, cosine, preference_boost)
        order = np.argsort(-scores, kind="stable")
        ranked = [(candidates[address], float(scores[address]), float(cosine[address])) for address in order]
        return self._hits(ranked, places, k)

    def _hits(
        self,
        ranked: Sequence[tuple[tuple[str, int], float, float]],
        lexical: Mapping[tuple[str, int], Hit],
        k: int,
    ) -> list[Hit]:
        """Return the first `k` as hits; one text in two collections is shown once."""
        hits: list[Hit] = []
        seen: dict[tuple[str, str], str] = {}
        for (part, row), score, cosine in ranked:
            if len(hits) == k:
                break
            hit = lexical.get((part, row))
            passage = hit.passage if hit is not None else self._index.passage(part, row)
            same = (passage.text, passage.title if "#" in passage.document else "")
            if seen.setdefault(same, part) == part:
                hits.append(Hit(passage, round(score, 4), partial(_reason, hit, cosine), part, row))
        return hits

    def _cosines(self, name: str, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        rows = self._vectors[name]
        blocks = (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))
        return np.concatenate([block.astype(np.float32) @ vector for block in blocks] or [np.zeros(0)])


def _nearest(name: str, cosines: npt.NDArray[Any]) -> list[tuple[tuple[str, int], float]]:
    many = min(CANDIDATES, len(cosines))
    rows = np.argpartition(-cosines, many - 1)[:many] if many else np.zeros(0, np.int64)
    return [((name, int(row)), float(cosines[row])) for row in rows if cosines[row]]


def _reason(lexical: Hit | None, cosine: float) -> str:
    reasons = [lexical.reason] if lexical is not None else []
    if cosine:
        reasons.append(f"similar meaning ({cosine:.2f})")
    return "; ".join(reasons)
