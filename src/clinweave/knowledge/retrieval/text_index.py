"""The text index: passages found by word and by concept, where an ancestor finds its descendants (tantivy).

Words are indexed in the linker's own normal form: queries and passages agree on spelling, plurals and Greek
letters. Queries are built term by term and never parsed, so no character of a question has a meaning of its own.
The folder holds one Arrow file of passages per collection beside tantivy's segments.
"""

import heapq
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import Artifact, digest, open_manifest
from clinweave.core.errors import UserError
from clinweave.knowledge.linking.normalise import tokenise, words_of
from clinweave.knowledge.linking.ranking import question_words
from clinweave.knowledge.retrieval.index_store import (
    GRAPH_PART,
    IndexedGraph,
    Progress,
    build_parts,
    normalised,
    schema,
    titled_query,
)
from clinweave.knowledge.retrieval.stored_part import StoredPart
from clinweave.records import Passage

if TYPE_CHECKING:
    from tantivy import Query

    from clinweave.knowledge.linking.linker import Linker

# Words that say nothing of what is sought. Where a question has no others, they are sought all the same.
QUESTION_WORDS = frozenset(words_of(" ".join(sorted(question_words()))))
MAX_TERMS = 48
MAX_CONCEPTS = 24
MAX_QUERY = 20_000  # characters of a query that are read; the rest adds no term that the first 48 lack
_SEVERAL = 8  # passages that spell a word so
_SMALL = 5_000  # passages of a collection in which a word is no misprint
PREFERENCE = 1.5  # scores of preferred collections are multiplied by this
_TIES = 32  # hits read beyond k, to order equal scores
WEIGHTS = {"title": 0.6, "body": 1.0}
CONCEPT_WEIGHTS = {"own": 2.0, "mentioned": 0.8, "above": 0.5}


@dataclass(frozen=True)
class Hit:
    """A passage found, how well (BM25 summed over fields; comparable within one search only), and by what."""

    passage: Passage
    score: float
    why: Callable[[], str] = field(repr=False, compare=False)
    part: str = field(default="", repr=False, compare=False)  # the collection, and the passage's row in it
    row: int = field(default=-1, repr=False, compare=False)

    @property
    def reason(self) -> str:
        """Return in words what of the query the passage has; worked out when asked for."""
        return self.why()


def build_index(
    passages: Iterable[Passage],
    linker: "Linker | None",
    graph: IndexedGraph | None,
    out: Path,
    *,
    inputs: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    replace: bool = True,
) -> Artifact:
    """Index `passages` in the folder `out`; an index of exactly these inputs is reused.

    `inputs` names what the passages were made from (name -> hash); without it the passages themselves are hashed.
    With `replace` off, an index of other inputs in `out` is an `OutdatedError`. Concepts are those of each passage and
    those that `linker` finds; `graph` gives their ancestors.
    """
    if inputs is None:
        passages = list(passages)
        inputs = {"passages": digest([(item.id, item.text, item.title, item.concepts) for item in passages])}
    keys = {GRAPH_PART: digest(dict(inputs))}
    return build_parts(
        {GRAPH_PART: lambda: passages}, keys, linker, graph, out, progress=progress, replace=replace
    )


class TextIndex:
    """An opened index. Searching takes a few milliseconds and is safe to repeat from one thread."""

    def __init__(
        self,
        path: Path,
        manifest: Mapping[str, Any],
        *,
        collections: Collection[str] | None = None,
        preferred: Collection[str] = (),
    ) -> None:
        import tantivy

        self.path, self.manifest = path, dict(manifest)
        self._every = manifest["parts"]
        self.collections = None if collections is None else tuple(sorted(set(collections)))
        if self.collections is not None:
            self.manifest["parts"] = {name: manifest["parts"][name] for name in self.collections}
        self.preferred = tuple(name for name in preferred if name in self.manifest["parts"])
        self._links = _lockable(path / "tantivy")  # removed with this object
        self._index = tantivy.Index(schema(), self._links.name if self._links else str(path / "tantivy"))
        self._searcher = self._index.searcher()
        self._parts: dict[str, StoredPart] = {}

    @classmethod
    def open(
        cls, path: Path | str, *, collections: Collection[str] | None = None, preferred: Collection[str] = ()
    ) -> "TextIndex":
        """Return the index in the folder `path`; raises `UserError` if there is none or it is damaged.

        With `collections` only these are searched (`UserError` for an unknown one); passages of the `preferred` ones
        rank higher.
        """
        folder = Path(path)
        manifest = open_manifest(
            folder, "text-index", "run `clinweave index build`", required={"parts": dict}
        )
        existing = manifest["parts"]
        for name in collections or ():
            if name not in existing:
                own = ", ".join(item for item in existing if item != GRAPH_PART) or "none"
                more = f"(and {GRAPH_PART!r}, the databases' own definitions)"
                raise UserError(f"there is no collection {name!r} in the text index; there are: {own} {more}")
        try:
            return cls(folder, manifest, collections=collections, preferred=preferred)
        except ValueError as error:
            raise UserError(
                f"the text index in {folder} is damaged ({error}): delete it and build it again"
            ) from error

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        concepts: Collection[str] = (),
        linker: "Linker | None" = None,
        graph: IndexedGraph | None = None,
        parts: Collection[str] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """Return the `k` best passages for the words of `query` and for concepts, best first.

        Concepts are the given ones (any identifier that `graph` knows) and those that `linker` finds in the query; a
        passage about a narrower concept is found too. Equal scores are in the order of the passages' ids. `parts`
        limits the search to these collections. `weights` of the fields (title, body, own, mentioned, above) replace
        the default ones; a field without a weight is not searched.
        """
        if k < 1:
            raise UserError(f"k must be at least 1, not {k}")
        query = query[:MAX_QUERY]
        words = self._words(query)
        wanted = self._concepts(query, concepts, linker, graph)
        question = _question(words, wanted, {**WEIGHTS, **CONCEPT_WEIGHTS} if weights is None else weights)
        if question is None:
            return []
        return self._hits(self._limited(question, parts), k, words, wanted, graph)

    def titled(
        self,
        names: Sequence[str],
        *,
        k: int,
        parts: Collection[str] | None = None,
        prefer: str = "",
        body: str = "",
    ) -> list[Hit]:
        """Return up to `k` passages whose title has all words of one of the names.

        Words of `prefer` in the title raise the rank. With `body`, the text must have one of its words.
        """
        question = titled_query(names, prefer, body)
        return self._hits(self._limited(question, parts), k, {}, [], None) if question is not None else []

    def _limited(self, question: "Query", parts: Collection[str] | None) -> "Query":
        """Return the query limited to some collections, those that are preferred with a higher score."""
        import tantivy

        if self.collections is not None:
            parts = self.collections if parts is None else set(parts) & set(self.collections)
        if not self.preferred or not any(parts is None or name in parts for name in self.preferred):
            return _within(question, parts)
        searched = self.manifest["parts"] if parts is None else parts
        first = [name for name in searched if name in self.preferred]
        rest = [name for name in searched if name not in self.preferred]
        raised = tantivy.Query.boost_query(_within(question, first), PREFERENCE)
        if not rest:
            return raised
        both = [(tantivy.Occur.Should, raised), (tantivy.Occur.Should, _within(question, rest))]
        return tantivy.Query.boolean_query(both)

    def has_word(self, word: str) -> bool:
        """Say whether the passages spell a word so: several do, or one of a small collection.

        A word that stands in few passages of a large collection may be a misprint.
        """
        import tantivy

        for item in words_of(word):
            count = self._searcher.doc_freq("body", item)
            if count >= _SEVERAL:
                continue
            query = tantivy.Query.term_query(schema(), "body", item)
            hits = self._searcher.search(query, limit=_SEVERAL, count=False).hits if count else []
            parts = {str(self._searcher.doc(address).get_first("part")) for _, address in hits}
            if not any(self._every[part]["passages"] <= _SMALL for part in parts):
                return False
        return True

    def _hits(
        self, question: "Query", k: int, words: dict[str, str], wanted: list[str], graph: IndexedGraph | None
    ) -> list[Hit]:
        match = self._searcher.search(question, limit=k + _TIES, count=False).hits
        least = round(match[min(k, len(match)) - 1][0], 4) if match else 0.0
        rows = []
        for score, address in match:
            if round(score, 4) >= least:
                stored = self._searcher.doc(address)
                part, row = str(stored.get_first("part")), int(str(stored.get_first("row")))
                rows.append((-round(score, 4), self._part(part).id(row), part, row))
        hits: list[Hit] = []
        seen: dict[tuple[str, str], str] = {}
        for minus, _, part, row in sorted(rows):
            if len(hits) == k:
                break
            passage, linked = self._part(part).passage(row)
            same = (passage.text, passage.title if "#" in passage.document else "")
            if seen.setdefault(same, part) == part:  # one text in two collections is shown once
                reason = partial(_reason, passage, linked, words, wanted, graph)
                hits.append(Hit(passage, -minus, reason, part, row))
        return hits

    def first(self, part: str) -> Passage | None:
        """Return the first passage of a collection, None if it is empty."""
        rows = self._part(part)
        return next((rows.passage(row)[0] for row in rows.rows()), None)

    def passages(self) -> Iterable[Passage]:
        """Yield every indexed passage."""
        for part in self.manifest["parts"]:
            yield from self.rows(part)

    def rows(self, part: str) -> Iterable[Passage]:
        """Yield the passages of a collection in the order of their rows."""
        rows = self._part(part)
        return (rows.passage(row)[0] for row in rows.rows())

    def rows_of_document(self, part: str, document: str) -> Iterable[int]:
        """Yield the rows of a collection whose document is this one, or a part of it."""
        return self._part(part).of_document(document)

    def passage(self, part: str, row: int) -> Passage:
        """Return the passage in a row of a collection."""
        return self._part(part).passage(row)[0]

    def info(self) -> dict[str, Any]:
        """Return the folder, and per collection how many passages it has."""
        return {
            "path": str(self.path),
            "passages": len(self),
            "parts": self.manifest["parts"],
            "left_out": self.manifest.get("left_out", []),
            "possibly_older": self.manifest.get("possibly_older", []),
        }

    def _words(self, query: str) -> dict[str, str]:
        """Return the distinct words to seek, with how the query writes them; at most `MAX_TERMS`, the rarest."""
        tokens = tokenise(query)
        every: dict[str, str] = {}
        for word, start, end in zip(tokens.words(0, len(tokens)), tokens.start, tokens.end, strict=True):
            every.setdefault(word, query[start:end].lower())
        words = {word: form for word, form in every.items() if word not in QUESTION_WORDS} or every
        if len(words) <= MAX_TERMS:
            return words
        count = {word: self._searcher.doc_freq("body", word) for word in words}
        rare = heapq.nsmallest(
            MAX_TERMS, (word for word in words if count[word]), key=lambda word: count[word]
        )
        return {word: words[word] for word in rare}

    def _concepts(
        self, query: str, concepts: Collection[str], linker: "Linker | None", graph: IndexedGraph | None
    ) -> list[str]:
        given = [graph.resolve(curie) or curie for curie in concepts] if graph is not None else list(concepts)
        linked = [mention.id for mention in linker.link(query)] if linker is not None else []
        return list(dict.fromkeys([*given, *linked]))[:MAX_CONCEPTS]

    def _part(self, name: str) -> StoredPart:
        if name not in self._parts:
            self._parts[name] = StoredPart(self.path, name, self._every[name].get("shards", ()))
        return self._parts[name]


def _question(words: Iterable[str], concepts: Sequence[str], weights: Mapping[str, float]) -> "Query | None":
    """Return the tantivy query: any of the words or concepts, or None where there is nothing to seek."""
    import tantivy

    columns = schema()
    clauses = []
    for fields, option, terms in ((WEIGHTS, "freq", words), (CONCEPT_WEIGHTS, "basic", concepts)):
        for term in terms:
            for name in fields:
                if weight := weights.get(name):
                    clause = tantivy.Query.term_query(columns, name, term, option)
                    clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(clause, weight)))
    return tantivy.Query.boolean_query(clauses) if clauses else None


def _within(question: "Query", parts: Collection[str] | None) -> "Query":
    """Return the query limited to some collections."""
    if parts is None:
        return question
    import tantivy

    columns = schema()
    allowed = [
        (tantivy.Occur.Should, tantivy.Query.term_query(columns, "part", name)) for name in sorted(parts)
    ]
    limit = tantivy.Query.const_score_query(tantivy.Query.boolean_query(allowed), 0.0)
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, question), (tantivy.Occur.Must, limit)])


def _reason(
    passage: Passage,
    linked: Sequence[str],
    words: Mapping[str, str],
    wanted: Sequence[str],
    graph: IndexedGraph | None,
) -> str:
    """Return in words what of the query the passage has."""
    has = set(normalised([f"{passage.title} {passage.text}"])[0].split(" "))
    parts = []
    shared = [form for word, form in words.items() if word in has]
    if shared:
        parts.append(f"words {', '.join(shared[:8])}")
    for curie in wanted:
        if curie in passage.concepts:
            parts.append(f"about {curie}")
        elif curie in linked:
            parts.append(f"mentions {curie}")
        elif graph is not None:
            below = [item for item in (*passage.concepts, *linked) if curie in graph.ancestors(item)]
            if below:
                parts.append(f"has {below[0]}, narrower than {curie}")
    return "; ".join(parts) or "a narrower concept"


def _lockable(folder: Path) -> "tempfile.TemporaryDirectory[str] | None":
    """Return None where tantivy can open a folder, else a temporary folder of links to its files that it can open.

    tantivy makes a lock file beside an index that it only reads, which fails on a file system mounted read-only.
    """
    if not folder.is_dir() or os.access(folder, os.W_OK):  # what is missing, tantivy says
        return None
    links = tempfile.TemporaryDirectory(prefix="clinweave-index-")
    for file in folder.resolve().iterdir():
        if not file.name.endswith(".lock"):
            (Path(links.name) / file.name).symlink_to(file)
    return links
