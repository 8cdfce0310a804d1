"""Annotated corpora and how they are scored.

Three forms: lines {"id", "text", "mentions": [{"start", "end", "id"}]} with HPO identifiers; a folder with `Text` and
`Annotations` (GSC-2024: start:end, identifier, words); and PubTator with identifiers of MeSH and OMIM ("-1" for none,
"D1|D2" and "D1+D2" for a mention of several concepts). An identifier that the graph knows under another one (an old HPO
id; MeSH and OMIM that Mondo joins) counts as the same.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from clinweave.knowledge import Graph

# The last two are never told: qualifiers of findings, and what no term replaced.
FATES = ("finding", "finding, another id today", "inheritance", "onset, course, modifier", "gone")
DISEASES = ("biolink:Disease", "biolink:PhenotypicFeature", "biolink:DiseaseOrPhenotypicFeature")
CHEMICALS = ("biolink:Drug", "biolink:ChemicalEntity", "biolink:SmallMolecule")


class Gold(NamedTuple):
    start: int
    end: int
    ids: tuple[str, ...]  # none where the corpus gives no identifier


class Document(NamedTuple):
    id: str
    text: str
    gold: tuple[Gold, ...]


@dataclass(frozen=True)
class Corpus:
    name: str
    documents: list[Document]
    prefixes: tuple[str, ...]
    categories: tuple[str, ...]

    @cached_property
    def texts(self) -> list[str]:
        return [item.text for item in self.documents]


class Found(NamedTuple):
    start: int
    end: int
    id: str


def read(path: Path) -> list[Corpus]:
    """Return the corpora of a file: one, or one for diseases and one for chemicals."""
    if path.is_dir():
        return [
            Corpus(
                path.name, [_pair(item, path) for item in sorted((path / "Text").glob("[!.]*"))], ("HP",), ()
            )
        ]
    if path.suffix == ".jsonl":
        return [Corpus(path.stem, _lines(path), ("HP",), ())]
    name = path.name.split(".")[0].removesuffix("_corpus")
    kinds = _pubtator(path)
    chemicals = kinds.pop("Chemical", None)
    if chemicals is None:  # NCBI: every class is a disease
        merged = [
            Document(first.id, first.text, tuple(sorted(gold for item in parts for gold in item.gold)))
            for first, *rest in zip(*kinds.values(), strict=True)
            for parts in [[first, *rest]]
        ]
        return [Corpus(name, merged, ("MESH", "OMIM"), DISEASES)]
    return [
        Corpus(f"{name}, diseases", kinds["Disease"], ("MESH", "OMIM"), DISEASES),
        Corpus(f"{name}, chemicals", chemicals, ("MESH",), CHEMICALS),
    ]


def _lines(path: Path) -> list[Document]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Document(
            str(row["id"]),
            row["text"],
            tuple(Gold(item["start"], item["end"], (item["id"],)) for item in row["mentions"]),
        )
        for row in rows
    ]


def _pair(text: Path, folder: Path) -> Document:
    rows = (folder / "Annotations" / text.name).read_text("utf-8").splitlines()
    result = (re.match(r"(\d+):(\d+)\t(HP:\d+)", row) for row in rows)
    gold = tuple(Gold(int(row[1]), int(row[2]), (row[3],)) for row in result if row)
    return Document(text.name, text.read_bytes().decode("utf-8", "replace"), gold)


def _pubtator(path: Path) -> dict[str, list[Document]]:
    texts: dict[str, dict[str, str]] = {}
    marked: dict[str, dict[str, list[Gold]]] = {}
    for line in path.read_text("utf-8").splitlines():
        head = re.match(r"(\d+)\|([ta])\|(.*)", line)
        cells = line.split("\t")
        if head:
            texts.setdefault(head[1], {})[head[2]] = head[3]
        elif len(cells) >= 6:
            ids = tuple(
                part if ":" in part else f"MESH:{part}"
                for part in map(str.strip, re.split(r"[|+]", cells[5]))
                if part not in {"", "-1"}
            )
            gold = Gold(int(cells[1]), int(cells[2]), ids)
            marked.setdefault(cells[4], {}).setdefault(cells[0], []).append(gold)
    return {
        kind: [
            Document(doc, f"{parts['t']} {parts['a']}", tuple(of.get(doc, ())))
            for doc, parts in texts.items()
        ]
        for kind, of in marked.items()
    }


@dataclass
class Tally:
    """Counts of what was found (right of all) and of the gold (met of all)."""

    right: int = 0
    found: int = 0
    met: int = 0
    gold: int = 0

    @property
    def scores(self) -> tuple[float, float, float]:
        """Return precision, recall, F1."""
        precision, recall = self.right / max(1, self.found), self.met / max(1, self.gold)
        return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


@dataclass
class Score:
    span: Tally = field(default_factory=Tally)
    document: Tally = field(default_factory=Tally)


class Scorer:
    """Compares mentions with the gold in the graph's identifiers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.phenotypes = frozenset({"HP:0000118", *graph.descendants("HP:0000118")})
        self._means: dict[str, frozenset[str]] = {}
        self._golds: dict[tuple[str, bool], list[set[Gold]]] = {}

    def means(self, curie: str) -> frozenset[str]:
        """Return the identifier and every concept of the graph that it may mean."""
        if curie not in self._means:
            self._means[curie] = frozenset([curie, *self.graph.candidates(curie)])
        return self._means[curie]

    def same(self, one: str, other: str) -> bool:
        return one == other or not self.means(one).isdisjoint(self.means(other))

    def gold(self, corpus: Corpus, *, live: bool) -> list[set[Gold]]:
        """Return each document's gold; `live` leaves out what no concept of the graph (for HPO: no phenotype) is."""
        if (corpus.name, live) not in self._golds:
            told = [{self._told(item) for item in document.gold} for document in corpus.documents]
            self._golds[corpus.name, live] = [
                {row for row in rows if not live or self._live(row, corpus)} for rows in told
            ]
        return self._golds[corpus.name, live]

    def _now(self, curie: str) -> str:
        return (self.graph.resolve(curie) or curie) if curie.startswith("HP:") else curie

    def _live(self, row: Gold, corpus: Corpus) -> bool:
        if corpus.prefixes == ("HP",):
            return row.ids[0] in self.phenotypes
        return bool(row.ids) and all(self.graph.candidates(item) for item in row.ids)

    def score(self, corpus: Corpus, found: Sequence[Sequence[Found]], *, live: bool = False) -> Score:
        """Return exact-span and document counts; a mention of several concepts is met by any of them."""
        score = Score()
        for gold, mentions in zip(self.gold(corpus, live=live), found, strict=True):
            hits = {
                item
                for item in mentions
                if not (live and corpus.prefixes == ("HP",)) or item.id in self.phenotypes
            }
            at: dict[tuple[int, int], set[str]] = {}
            for item in hits:
                at.setdefault((item.start, item.end), set()).add(item.id)
            met = sum(
                any(
                    self.same(entry, other) for entry in row.ids for other in at.get((row.start, row.end), ())
                )
                for row in gold
            )
            _add(score.span, met, len(hits), met, len(gold))
            expected, told = {entry for row in gold for entry in row.ids}, {item.id for item in hits}
            _add(
                score.document,
                sum(any(self.same(entry, other) for other in expected) for entry in told),
                len(told),
                sum(any(self.same(entry, other) for other in told) for entry in expected),
                len(expected),
            )
        return score

    def ceiling(self, corpus: Corpus, named: frozenset[str]) -> tuple[int, int, int]:
        """Return the mentions, those whose identifiers the graph knows, and those whose words are a name of one.

        `named` are the names of the graph, folded as `fold` does.
        """
        rows = [(document.text, item) for document in corpus.documents for item in document.gold]
        known = [(text, item) for text, item in rows if self._live(self._told(item), corpus)]
        words = sum(fold(text[item.start : item.end]) in named for text, item in known)
        return len(rows), len(known), words

    def fates(self, corpus: Corpus) -> Counter[str]:
        """Count what became of each mention's HPO identifier, as marked: `FATES`, in this order."""
        inherited = self.graph.descendants("HP:0000005") | {"HP:0000005"}
        counts = Counter(dict.fromkeys(FATES, 0))
        for marked in (item.ids[0] for document in corpus.documents for item in document.gold):
            now = self._now(marked)
            if now in self.phenotypes:
                counts[FATES[now != marked]] += 1
            elif now in inherited:
                counts[FATES[2]] += 1
            else:
                counts[FATES[3 if self.graph.candidates(now) else 4]] += 1
        return counts

    def _told(self, item: Gold) -> Gold:
        return Gold(item.start, item.end, tuple(sorted({self._now(entry) for entry in item.ids})))


def fold(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def _add(tally: Tally, right: int, found: int, met: int, gold: int) -> None:
    tally.right, tally.found = tally.right + right, tally.found + found
    tally.met, tally.gold = tally.met + met, tally.gold + gold
