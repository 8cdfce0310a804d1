"""What is known of each candidate passage of a question: scores of single fields, of concepts and of vectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from clinweave.knowledge import Graph, Linker, TextIndex
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.retrieval.index_store import headings, normalised
from clinweave.knowledge.retrieval.text_index import QUESTION_WORDS
from clinweave.records import Passage
from passage_search_parts.dense import Encoder, Floats

POOL = 200  # of each ranking that makes the pool
_DEEP = 600  # of the search by concepts alone, so that most candidates have their score
MAX_SYNONYMS = 12  # of one question
FIELDS = ("title", "body", "concepts", "synonyms", "coverage", "phrases")
VECTORS = ("dense", "dense title")
Scores = npt.NDArray[np.float64]


@dataclass
class Pool:
    """The candidates of one question: rows of passages, and their scores by name (0 where there is none)."""

    rows: npt.NDArray[np.int64]
    scores: dict[str, Scores]
    rankings: dict[str, list[int]]  # rows, best first
    query: Floats | None = None  # the question's vector


class Bm25:
    """BM25 of one field for any passage, with the constants of the index (k1 1.2, b 0.75)."""

    def __init__(self, texts: Sequence[str]) -> None:
        from scipy.sparse import coo_matrix

        self._column: dict[str, int] = {}
        rows, columns = [], []
        for row, text in enumerate(texts):
            for word in text.split():
                rows.append(row)
                columns.append(self._column.setdefault(word, len(self._column)))
        shape = (len(texts), len(self._column))
        counts = coo_matrix((np.ones(len(rows)), (rows, columns)), shape).tocsc()
        many = np.diff(counts.indptr)
        length = np.asarray(counts.sum(1)).ravel()
        norm = 1.2 * (0.25 + 0.75 * length / length.mean())
        counts.data *= 2.2 / (counts.data + norm[counts.indices])
        counts.data *= np.repeat(np.log(1 + (shape[0] - many + 0.5) / (many + 0.5)), many)
        self._values = counts

    def scores(self, words: Iterable[str], rows: npt.NDArray[np.int64]) -> Scores:
        """Return the sum over the words for these rows."""
        columns = [self._column[word] for word in words if word in self._column]
        total = np.asarray(self._values[:, columns].sum(1), np.float64).ravel()
        return total[rows]


@dataclass
class Corpus:
    """The index over all passages, their normalised words, and their vectors where there is an encoder."""

    index: TextIndex
    linker: Linker
    graph: Graph
    passages: list[Passage]
    matrix: Floats | None = None
    titles: Floats | None = None
    encoder: Encoder | None = None

    def __post_init__(self) -> None:
        self.row = {item.id: row for row, item in enumerate(self.passages)}
        bodies = normalised([item.text for item in self.passages])
        heads = normalised([headings(item) for item in self.passages])
        self.title, self.body = Bm25(heads), Bm25(bodies)
        self.words = [f"{head} . {body}".split(" ") for head, body in zip(heads, bodies, strict=True)]
        count: dict[str, int] = {}
        for words in self.words:
            for word in set(words):
                count[word] = count.get(word, 0) + 1
        self.weight = {word: float(np.log(1 + len(self.words) / many)) for word, many in count.items()}

    def ranking(self, question: str, k: int, **options: object) -> tuple[list[int], list[float]]:
        """Return rows and scores of one search, best first."""
        hits = self.index.search(question, k=k, **options)  # type: ignore[arg-type]
        return [self.row[hit.passage.id] for hit in hits], [hit.score for hit in hits]

    def concepts(self, question: str) -> list[str]:
        """Return the concepts that the linker finds in a question."""
        return list(dict.fromkeys(mention.id for mention in self.linker.link(question)))

    def synonyms(self, question: str, concepts: Sequence[str]) -> list[str]:
        """Return words of the other names of a question's concepts, without the question's own."""
        own, more = set(words_of(question)), []
        for concept in self.graph.concepts(list(concepts)):
            for name in (concept.name, *concept.synonyms):
                more += [word for word in words_of(name) if word not in own and word not in QUESTION_WORDS]
        return list(dict.fromkeys(more))[:MAX_SYNONYMS]


def searched(corpus: Corpus, question: str) -> dict[str, Any]:
    """Return the rankings by the index (rows and scores), and the words of other names of the question's concepts."""
    linked = corpus.concepts(question)
    given: dict[str, object] = {"concepts": linked, "graph": corpus.graph}
    nothing: tuple[list[int], list[float]] = ([], [])
    return {
        "words": corpus.ranking(question, POOL),
        "concepts": corpus.ranking("", _DEEP, **given) if linked else nothing,
        "both": corpus.ranking(question, POOL, **given),
        "synonyms": corpus.synonyms(question, linked),
    }


def pool(corpus: Corpus, question: str, by_index: Mapping[str, Any]) -> Pool:
    """Return the candidates of a question with all scores."""
    lists = {name: by_index[name] for name in ("words", "concepts", "both")}
    deep, more = lists["concepts"], by_index["synonyms"]
    vector = None
    if corpus.encoder is not None and corpus.matrix is not None and corpus.titles is not None:
        vector = corpus.encoder([question])[0]
        for name, matrix in (("dense", corpus.matrix), ("dense title", corpus.titles)):
            cosines = matrix @ vector
            best = np.argpartition(-cosines, POOL)[:POOL]
            best = best[np.argsort(-cosines[best], kind="stable")]
            lists[name] = (best.tolist(), cosines[best].tolist())
    rows = np.array(sorted({row for matches, _ in lists.values() for row in matches[:POOL]}), np.int64)
    result = Pool(rows, {}, {name: matches[:POOL] for name, (matches, _) in lists.items()}, vector)
    sought = [word for word in dict.fromkeys(words_of(question)) if word not in QUESTION_WORDS]
    result.scores["title"] = corpus.title.scores(sought, rows)
    result.scores["body"] = corpus.body.scores(sought, rows)
    result.scores["synonyms"] = corpus.body.scores(more, rows) + 0.6 * corpus.title.scores(more, rows)
    result.scores["concepts"] = _at(rows, *deep)
    result.scores["both"] = _at(rows, *lists["both"])
    result.scores["coverage"], result.scores["phrases"] = _overlap(corpus, question, rows)
    if vector is not None and corpus.matrix is not None and corpus.titles is not None:
        result.scores["dense"] = (corpus.matrix[rows] @ vector).astype(np.float64)
        result.scores["dense title"] = (corpus.titles[rows] @ vector).astype(np.float64)
    return result


def _at(rows: npt.NDArray[np.int64], found: Sequence[int], scores: Sequence[float]) -> Scores:
    held = dict(zip(found, scores, strict=True))
    return np.array([held.get(int(row), 0.0) for row in rows], np.float64)


def _overlap(corpus: Corpus, question: str, rows: npt.NDArray[np.int64]) -> tuple[Scores, Scores]:
    """Return for each row the share of the question's words, and of its pairs of neighbouring words, by rarity."""
    every = words_of(question)
    words = {word: corpus.weight.get(word, 0.0) for word in every if word not in QUESTION_WORDS}
    pairs = {
        pair: min(corpus.weight.get(pair[0], 0.0), corpus.weight.get(pair[1], 0.0))
        for pair in pairwise(every)
    }
    coverage, phrases = np.zeros(len(rows)), np.zeros(len(rows))
    for place, row in enumerate(rows.tolist()):
        text = corpus.words[row]
        held = set(text)
        coverage[place] = sum(weight for word, weight in words.items() if word in held)
        if pairs and coverage[place]:
            near = set(pairwise(text))
            phrases[place] = sum(weight for pair, weight in pairs.items() if pair in near)
    return coverage / (sum(words.values()) or 1.0), phrases / (sum(pairs.values()) or 1.0)
