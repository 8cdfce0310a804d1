"""A text index in shards: built apart from one another, then joined into one index that is searched as one.

Segments of tantivy are independent of each other, so the joined index holds those of all shards as hard links and its
statistics are those of all passages: results are the same as of an index that was built at once. A document that a
later shard has again, or withdraws, is deleted from the earlier ones by its term; nothing is rebuilt.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from clinweave.core.access_policy import close_folder
from clinweave.core.artifacts import Artifact, read_manifest, stage, write_json
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.knowledge.retrieval import index_store
from clinweave.knowledge.retrieval.index_store import Describer, linked_copy, schema
from clinweave.knowledge.retrieval.stored_part import part_name
from clinweave.records import Passage, Tier

FACTS, DOCUMENTS = "shard.json", "documents.npy"
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Shard:
    """Which shard it is: of a collection, with a number (32 bits, not 0) that no other has, and its passages' tier."""

    collection: str
    number: int
    tier: Tier = Tier.PUBLIC

    @property
    def name(self) -> str:
        """Return the number as files and manifests write it."""
        return f"{self.number:08x}"


def write_shard(
    passages: Iterable[Passage], gone: Iterable[str], shard: Shard, folder: Path, describer: Describer
) -> int:
    """Write a shard into an empty folder; return how many passages it has.

    `gone` are documents that it only takes out of earlier shards. No document of a shard stands in it twice.
    """
    import tantivy

    (folder / "parts").mkdir()
    (folder / "tantivy").mkdir()
    documents: set[int] = {_hash(name) for name in gone}

    def noted() -> Iterator[Passage]:
        for passage in passages:
            documents.add(_hash(passage.document))
            yield passage

    def term(passage: Passage) -> str:
        return _term(shard.collection, shard.name, _hash(passage.document))

    writer = tantivy.Index(schema(), str(folder / "tantivy")).writer(
        heap_size=index_store.HEAP, num_threads=1
    )
    count, _ = index_store.add_passages(
        writer, folder, shard.collection, noted(), describer=describer, shard=shard.name, term=term
    )
    writer.commit()
    writer.wait_merging_threads()
    np.save(folder / DOCUMENTS, np.array(sorted(documents), np.uint64))
    facts = {"collection": shard.collection, "shard": shard.name, "passages": count, "tier": shard.tier.value}
    write_json(folder / FACTS, facts)
    return count


def join_shards(folders: Sequence[Path], out: Path, base: Mapping[str, str]) -> Artifact:
    """Make `out` the index of these shards; of a document in several the last shard's version counts.

    `base` holds the keys of the graph and of the linker's vocabulary. Shards that `out` has already stay as they are.
    """
    facts = [json.loads((folder / FACTS).read_text("utf-8")) for folder in folders]
    names = [str(item["shard"]) for item in facts]
    if len(set(names)) < len(names):
        raise ClinweaveError("two shards have the same number: cut the input into parts of another size")
    if not facts:
        raise UserError("there are no shards to join")
    collection, tier = str(facts[0]["collection"]), Tier(facts[0]["tier"])

    def build(work: Path) -> dict[str, Any]:
        count = _standing(out, collection, names, base)
        for name in ("parts", "tantivy"):
            linked_copy(out / name, work / name) if count else (work / name).mkdir()
        new = list(zip(folders, names, strict=True))[count:]
        for folder, shard in new:
            file = part_name(collection, shard)
            index_store.link(folder / "parts" / file, work / "parts" / file)
        _add_segments([folder for folder, _ in new], work / "tantivy")
        hashes = [np.load(folder / DOCUMENTS) for folder in folders]
        passages = _delete(work / "tantivy", collection, names, _superseded(hashes, count))
        close_folder(work, tier)
        part = {"key": names[-1], "passages": passages, "tier": tier.value, "shards": names}
        return {"base": dict(base), "parts": {collection: part}, "tier": tier.value}

    inputs = {name: name for name in names}
    return stage(out, "text-index", {**base, **inputs}, {}, build, version=index_store.VERSION)


def _hash(document: str) -> int:
    return int.from_bytes(blake2b(document.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _term(collection: str, shard: str, document: int) -> str:
    """Return the term by which a document of one shard is deleted; no collection's name has a space."""
    return f"{collection} {shard} {document:016x}"


def _standing(out: Path, collection: str, names: Sequence[str], base: Mapping[str, str]) -> int:
    """Return how many of the shards, from the first, the index in `out` is already made of."""
    manifest = read_manifest(out) or {}
    part = manifest.get("parts", {}).get(collection, {})
    there = part.get("shards", [])
    same = manifest.get("version") == index_store.VERSION and manifest.get("base") == dict(base)
    return len(there) if same and there == list(names[: len(there)]) else 0


def _add_segments(folders: Sequence[Path], target: Path) -> None:
    """Put the segments of shards into an index: their files as hard links, their names in its list."""
    listed = target / "meta.json"
    meta: dict[str, Any] | None = json.loads(listed.read_text("utf-8")) if listed.exists() else None
    managed: set[str] = set(json.loads((target / ".managed.json").read_text("utf-8"))) if meta else set()
    for folder in folders:
        own = json.loads((folder / "tantivy" / "meta.json").read_text("utf-8"))
        if meta is None:
            meta = {**own, "segments": []}
        meta["segments"] += own["segments"]
        meta["opstamp"] = max(meta["opstamp"], own["opstamp"])
        for file in (folder / "tantivy").iterdir():
            if file.suffix not in {".json", ".lock"}:
                index_store.link(file, target / file.name)
                managed.add(file.name)
    listed.write_text(json.dumps(meta, indent=2), "utf-8")
    (target / ".managed.json").write_text(json.dumps(sorted({*managed, "meta.json"})), "utf-8")


def _superseded(hashes: Sequence[Hashes], first_new: int) -> Iterator[tuple[int, int]]:
    """Yield (shard, document) of what a later shard, from `first_new` on, has again or withdraws."""
    documents = np.concatenate(hashes)
    shards = np.repeat(np.arange(len(hashes), dtype=np.int32), [len(item) for item in hashes])
    order = np.argsort(documents, kind="stable")  # equal documents in the order of their shards
    documents, shards = documents[order], shards[order]
    older = np.flatnonzero((documents[:-1] == documents[1:]) & (shards[1:] >= first_new))
    yield from zip(shards[older].tolist(), documents[older].tolist(), strict=True)


def _delete(
    folder: Path, collection: str, names: Sequence[str], superseded: Iterable[tuple[int, int]]
) -> int:
    """Delete documents of shards; return how many passages remain. Small segments are merged by tantivy's own rule."""
    import tantivy

    index = tantivy.Index(schema(), str(folder))
    writer = index.writer(heap_size=index_store.HEAP, num_threads=1)
    for shard, document in superseded:
        writer.delete_documents_by_term("part", _term(collection, names[shard], document))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return int(index.searcher().num_docs)
