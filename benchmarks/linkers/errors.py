"""Classes of the concepts that a linker misses or reports wrongly on a corpus of findings (HPO), by document.

For each class the document F1 that would be reached if that class alone were read as the corpus marks it.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.linking.stems import content
from clinweave.records import Mention
from linkers.corpora import Corpus, Gold, Scorer

_DRAWS = 2000


class _Document(NamedTuple):
    """The gold of each concept of a document, and the mentions of each that was reported."""

    text: str
    gold: Mapping[str, list[Gold]]
    told: Mapping[str, list[Mention]]


def report(graph: Graph, linker: Linker, scorer: Scorer, corpus: Corpus) -> None:
    """Print the classes of errors with their counts and what each costs."""
    documents = [
        _Document(
            document.text,
            _grouped((entry, row) for row in rows for entry in row.ids),
            _grouped((item.id, item) for item in mentions),
        )
        for document, rows, mentions in zip(
            corpus.documents,
            scorer.gold(corpus, live=False),
            linker.link_many(corpus.texts, corpus.prefixes),
            strict=True,
        )
    ]
    counts = [(len(set(item.gold) & set(item.told)), len(item.told), len(item.gold)) for item in documents]
    draw = random.Random(0)
    drawn = sorted(_score(draw.choices(counts, k=len(counts))) for _ in range(_DRAWS))
    right, told, gold = (sum(column) for column in zip(*counts, strict=True))
    interval = f"{drawn[_DRAWS // 40]:.3f} to {drawn[-1 - _DRAWS // 40]:.3f}"
    print(
        f"\n{corpus.name}: document F1 {_score(counts):.3f} ({interval}); right {right} of {told}, gold {gold}"
    )
    kinds = _Kinds(graph)
    missed = Counter(kind for document in documents for kind in kinds.missed(document))
    wrong = Counter(kind for document in documents for kind in kinds.wrong(document))
    for title, classes, reach in (
        ("missed", missed, lambda n: 2 * (right + n) / (gold + told + n)),
        ("wrong", wrong, lambda n: 2 * right / (gold + told - n)),
    ):
        print(f"\n| {title} | concepts | share | F1 without them |\n|---|---|---|---|")
        for kind, count in classes.most_common():
            print(f"| {kind} | {count} | {count / classes.total():.0%} | {reach(count):.3f} |")


class _Kinds:
    """Sorts errors into classes."""

    def __init__(self, graph: Graph) -> None:
        self.findings = graph.descendants("HP:0000118") | {"HP:0000118"}
        self.inherited = graph.descendants("HP:0000005") | {"HP:0000005"}
        self._graph = graph
        self._below: dict[str, frozenset[str]] = {}
        self._names: dict[str, list[frozenset[str]]] = {}
        table = graph.names()
        for name, curie in zip(table.column("name").to_pylist(), table.column("id").to_pylist(), strict=True):
            if curie.startswith("HP:"):
                self._names.setdefault(curie, []).append(frozenset(content(words_of(name))))

    def missed(self, document: _Document) -> Iterator[str]:
        """Yield the class of each concept that was not reported."""
        words = frozenset(content(words_of(document.text)))
        for curie in document.gold.keys() - document.told.keys():
            there = {
                other
                for other, items in document.told.items()
                if any(_overlaps(item, row) for item in items for row in document.gold[curie])
            }
            yield self._outside(curie) or self._beside(curie, there) or self._wording(curie, document, words)

    def wrong(self, document: _Document) -> Iterator[str]:
        """Yield the class of each reported concept that the gold lacks."""
        rows = [row for group in document.gold.values() for row in group]
        for curie in document.told.keys() - document.gold.keys():
            items = document.told[curie]
            near = [row for row in rows if any(_overlaps(item, row) for item in items)]
            if any((row.start, row.end) == (item.start, item.end) for row in near for item in items):
                yield "the very words are marked as another concept"
            elif any(row.start <= item.start and item.end <= row.end for row in near for item in items):
                yield "within the words of another concept"
            else:
                yield "overlaps the words of another concept" if near else "nothing is marked there"

    def _outside(self, curie: str) -> str:
        if curie in self.inherited:
            return "inheritance"
        return "" if curie in self.findings else "onset, course, modifier or gone"

    def _beside(self, curie: str, there: set[str]) -> str:
        if any(curie in self._under(other) for other in there):
            return "a broader concept is reported there"
        if there & self._under(curie):
            return "a narrower concept is reported there"
        return "another concept is reported there" if there else ""

    def _under(self, curie: str) -> frozenset[str]:
        if curie not in self._below:
            self._below[curie] = self._graph.descendants(curie)
        return self._below[curie]

    def _wording(self, curie: str, document: _Document, words: frozenset[str]) -> str:
        marked = frozenset(
            content(
                word for row in document.gold[curie] for word in words_of(document.text[row.start : row.end])
            )
        )
        names = [name for name in self._names.get(curie, ()) if name]
        if any(name <= marked for name in names):
            return "all words of a name are marked, apart or shared"
        if any(name <= words for name in names):
            return "words of a name that are not marked stand elsewhere"
        shared = any(name & marked for name in names)
        return "some word of a name is marked" if shared else "no word of a name is marked"


def _overlaps(item: Mention, row: Gold) -> bool:
    return item.start < row.end and row.start < item.end


def _grouped(pairs: Iterator[tuple[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key, item in pairs:
        groups.setdefault(key, []).append(item)
    return groups


def _score(counts: Sequence[tuple[int, int, int]]) -> float:
    right, told, gold = (sum(column) for column in zip(*counts, strict=True))
    return 2 * right / max(1, told + gold)
