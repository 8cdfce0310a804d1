"""What an index is made of: one part per collection, each an Arrow file of passages and their documents in tantivy.

An addition writes a new folder in which the parts and segments that are there already are hard links, so it costs only
what is added, and an interrupted one leaves the old index as it was. A removal rebuilds the index.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from clinweave import schemas
from clinweave.core.access_policy import close_folder, strictest
from clinweave.core.artifacts import Artifact, read_manifest, stage
from clinweave.knowledge.linking.normalise import SEPARATOR, join, tokenise, words_of
from clinweave.knowledge.retrieval.stored_part import CHUNK, SHARD_BITS, part_name
from clinweave.records import Passage, Tier

if TYPE_CHECKING:
    from tantivy import IndexWriter, Schema

    from clinweave.knowledge.linking.linker import Linker

VERSION = 2
GRAPH_PART = "graph"  # the passages of the databases; collections bear their own names
MAX_LINKED = 64  # concepts kept per passage for showing why it was found
HEAP = 96 << 20
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)|\bcode: (\d+)\b")
_STORED = pa.schema([*schemas.PASSAGES, ("linked", pa.list_(pa.string()))])
Progress = Callable[[str, int], None]  # what is being indexed, passages done


class IndexedGraph(Protocol):
    """What an index needs of a graph."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Return the graph's manifest."""

    def ancestors(self, curie: str, /) -> frozenset[str]:
        """Return the concepts above this one."""

    def resolve(self, curie: str, /) -> str | None:
        """Return the canonical id of an identifier."""


@lru_cache(maxsize=1)
def schema() -> "Schema":
    """Return the tantivy schema: normalised words, concept ids as they are, and where the passage is stored."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    for field in ("title", "body"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    for field in ("own", "mentioned", "above"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("part", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("row", stored=True)
    return builder.build()


def build_parts(
    parts: Mapping[str, Callable[[], Iterable[Passage]]],
    keys: Mapping[str, str],
    linker: "Linker | None",
    graph: IndexedGraph | None,
    out: Path,
    *,
    progress: Progress | None = None,
    replace: bool = True,
    facts: Mapping[str, object] | None = None,
) -> Artifact:
    """Make `out` the index of exactly these parts (name -> passages); where parts are only added, the others are kept.

    `keys` holds a hash for each part; `facts` is recorded in the manifest and must follow from the keys. A change of
    the graph or of the linker's vocabulary rebuilds every part.
    """
    base = {
        "graph": str(graph.manifest.get("key", "")) if graph is not None else "",
        "linker": str((read_manifest(linker.vocabulary.path) or {}).get("key", ""))
        if linker is not None
        else "",
    }

    @_disk_errors(out)
    def build(folder: Path) -> dict[str, Any]:
        old = _reusable(out, base)
        unchanged = {name: item for name, item in old.items() if keys.get(name) == item["key"]}
        if len(unchanged) < len(old):
            # Something was removed or replaced: rebuilt, to leave no trace of it and correct word statistics.
            unchanged = {}
        described = dict(unchanged)
        writer = _start(out, folder, unchanged)
        for name in sorted(set(keys) - set(unchanged)):
            count, tier = add_passages(
                writer, folder, name, parts[name](), describer=Describer(linker, graph), progress=progress
            )
            described[name] = {"key": keys[name], "passages": count, "tier": tier.value}
        writer.commit()
        writer.wait_merging_threads()
        tier = strictest(item.get("tier", Tier.PUBLIC) for item in described.values())
        close_folder(folder, tier)
        return {
            "base": base,
            "parts": dict(sorted(described.items())),
            "tier": tier.value,
            **(facts or {}),
        }

    inputs = {f"part {name}": key for name, key in keys.items()}
    return stage(out, "text-index", {**base, **inputs}, {}, build, version=VERSION, replace=replace)


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    """Raise what tantivy reports of the disk (a `ValueError` with the system's number) as the `OSError` that it is."""
    try:
        yield
    except ValueError as error:
        if number := _SYSTEM_ERROR.search(str(error)):
            raise OSError(code := int(number[1] or number[2]), os.strerror(code), str(out)) from error
        raise


def _reusable(out: Path, base: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the parts of an index that was made with the same graph and linker."""
    manifest = read_manifest(out) or {}
    same = (
        manifest.get("kind") == "text-index"
        and manifest.get("version") == VERSION
        and manifest.get("base") == base
    )
    return dict(manifest["parts"]) if same else {}


def _start(out: Path, folder: Path, unchanged: Mapping[str, object]) -> Any:
    """Return a writer on a copy of the old index, or on an empty one where nothing is kept."""
    import tantivy

    (folder / "parts").mkdir()
    (folder / "tantivy").mkdir()
    if unchanged:
        for name in unchanged:
            link(out / "parts" / f"{name}.arrow", folder / "parts" / f"{name}.arrow")
        linked_copy(out / "tantivy", folder / "tantivy")
    return tantivy.Index(schema(), str(folder / "tantivy")).writer(heap_size=HEAP, num_threads=1)


def linked_copy(source: Path, target: Path) -> None:
    """Make `target` a copy of an index's folder at the cost of its names.

    Segments are written once; what tantivy writes again (its .json files) is copied.
    """
    target.mkdir(exist_ok=True)
    for file in source.iterdir():
        if not file.name.endswith(".lock"):
            (shutil.copy2 if file.suffix == ".json" else link)(file, target / file.name)


def link(source: Path, target: Path) -> None:
    """Make `target` a hard link to a file, or a copy where the file system has none."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def add_passages(
    writer: "IndexWriter",
    folder: Path,
    name: str,
    passages: Iterable[Passage],
    *,
    describer: "Describer",
    progress: Progress | None = None,
    shard: str = "0",
    term: Callable[[Passage], str] | None = None,
) -> tuple[int, Tier]:
    """Index one part, or a shard of it, and write its passages; return how many, and the strictest tier among them.

    `term` gives a second term of each passage's field "part", by which it can be deleted.
    """
    import tantivy

    row, tier = 0, Tier.PUBLIC
    walker = iter(passages)
    first = int(shard, 16) << SHARD_BITS
    target = folder / "parts" / part_name(name, shard)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, _plain()) as file:
        while chunk := list(islice(walker, CHUNK)):
            titles, bodies = (
                normalised([headings(item) for item in chunk]),
                normalised([item.text for item in chunk]),
            )
            linked = describer.linked(chunk)
            tier = strictest([tier, *{item.tier for item in chunk}])
            for item, title, body, concepts in zip(chunk, titles, bodies, linked, strict=True):
                document = tantivy.Document()
                document.add_text("title", title)
                document.add_text("body", body)
                for field, terms in describer.terms(item, concepts).items():
                    for concept in terms:
                        document.add_text(field, concept)
                document.add_text("part", name)
                if term is not None:
                    document.add_text("part", term(item))
                document.add_unsigned("row", first + row)
                writer.add_document(document)
                row += 1
            file.write_batch(_batch(chunk, linked))
            if progress is not None:
                progress(name, row)
    return row, tier


def _plain() -> pa.Schema:
    """Return the stored columns without dictionary encoding, which a growing Arrow file cannot have."""
    return pa.schema(
        [(item.name, pa.string() if pa.types.is_dictionary(item.type) else item.type) for item in _STORED]
    )


def _batch(chunk: list[Passage], linked: list[list[str]]) -> pa.RecordBatch:
    columns: list[object] = []
    for item in _plain():
        if item.name == "linked":
            values: list[object] = [concepts[:MAX_LINKED] for concepts in linked]
        else:
            values = [_storable(getattr(passage, item.name)) for passage in chunk]
        columns.append(pa.array(values, item.type))
    return pa.record_batch(columns, schema=_plain())


def _storable(value: object) -> object:
    """Return a value that Arrow can hold: a lone surrogate becomes a question mark of the same length."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def headings(passage: Passage) -> str:
    """Return the title and the headings above a passage, each once: a passage is found by what it stands under."""
    return SEPARATOR.join(dict.fromkeys((passage.title, *passage.section.split(" > ")))).rstrip(SEPARATOR)


def normalised(texts: list[str]) -> list[str]:
    """Return each text as its normalised words with spaces between."""
    full_text, begins = join(texts)
    tokens = tokenise(full_text)
    bounds = np.searchsorted(tokens.start, begins)
    raw = tokens.buffer.tobytes()
    places = np.append(tokens.first, len(raw))[bounds].tolist()
    return [raw[low:high].decode("utf-8", "replace").rstrip() for low, high in pairwise(places)]


class Describer:
    """Finds the concepts of passages and what lies above them."""

    def __init__(self, linker: "Linker | None", graph: IndexedGraph | None) -> None:
        self.linker, self.graph = linker, graph
        self._above: dict[str, frozenset[str]] = {}
        self._of_key: dict[int, list[str]] = {}

    def linked(self, chunk: list[Passage]) -> list[list[str]]:
        """Return the concepts that the linker finds in each passage's title and text, the most frequent first."""
        if self.linker is None:
            return [[] for _ in chunk]
        spans = self.linker.spans([f"{headings(item)}{SEPARATOR}{item.text}" for item in chunk])
        counts: list[dict[str, int]] = [{} for _ in chunk]
        best = self.linker.vocabulary.ids.take(
            pa.array(self.linker.vocabulary.concept[spans.sense])
        ).to_pylist()
        for number, curie, key in zip(spans.document.tolist(), best, spans.key.tolist(), strict=True):
            count = counts[number]
            for concept in (curie, *self._others(key)):
                count[concept] = count.get(concept, 0) + 1
        return [sorted(count, key=lambda curie: (-count[curie], curie)) for count in counts]

    def terms(self, passage: Passage, linked: Iterable[str]) -> dict[str, Iterator[str] | list[str]]:
        """Return the concept terms of each field."""
        own = sorted(set(passage.concepts))
        mentioned = sorted(set(linked) - set(own))
        above = set().union(*(self._ancestors(curie) for curie in (*own, *mentioned)))
        return {"own": own, "mentioned": mentioned, "above": sorted(above - set(own) - set(mentioned))}

    def _others(self, key: int) -> list[str]:
        """Return the other concepts that a key may mean as well: a passage is found by each."""
        if key not in self._of_key and self.linker is not None:
            alternatives = self.linker.alternatives(key)
            best = alternatives[0][1] if alternatives else 0.0
            self._of_key[key] = [curie for curie, score in alternatives[1:4] if score >= best - 0.1]
        return self._of_key.get(key, [])

    def _ancestors(self, curie: str) -> frozenset[str]:
        if curie not in self._above:
            resolved = self.graph is not None and self.graph.resolve(curie)
            self._above[curie] = (
                self.graph.ancestors(curie) if self.graph is not None and resolved else frozenset()
            )
        return self._above[curie]


_PREFERRED = 4.0
_OF_BODY = 3.0  # weight of words of the text, relative to those of the title


def titled_query(names: Sequence[str], prefer: str, body: str) -> Any:
    """Return the tantivy query for titles with a name, None without a name; see `TextIndex.titled`."""
    import tantivy

    known, groups = schema(), []
    for name in names:
        terms = [tantivy.Query.term_query(known, "title", word) for word in dict.fromkeys(words_of(name))]
        if terms:
            every = tantivy.Query.boolean_query([(tantivy.Occur.Must, term) for term in terms])
            groups.append((tantivy.Occur.Should, every))
    if not groups:
        return None
    clauses = [(tantivy.Occur.Must, tantivy.Query.boolean_query(groups))]
    for word in words_of(prefer):
        term = tantivy.Query.term_query(known, "title", word)
        clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(term, _PREFERRED)))
    if words := dict.fromkeys(words_of(body)):
        terms = [tantivy.Query.term_query(known, "body", word, "freq") for word in words]
        wanted = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        clauses.append((tantivy.Occur.Must, tantivy.Query.boost_query(wanted, _OF_BODY)))
    return tantivy.Query.boolean_query(clauses)
