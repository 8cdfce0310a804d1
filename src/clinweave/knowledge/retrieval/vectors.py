"""Vectors of passages beside the text index: computed once per text, mapped when read, in the rows of the index.

`home/vectors/COLLECTION` holds `vectors.npy` (16-bit floats, a row of the index each) and `texts.npy` (a hash of each
row's text). A changed collection keeps the vectors of the texts that it still has; a row without a vector is all
zeros until `update_vectors` is run with an encoder. An interrupted run goes on after its last whole block.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from clinweave.core.access_policy import close_folder
from clinweave.core.artifacts import Artifact, appearing, read_manifest, remove_built, stage
from clinweave.core.errors import UserError
from clinweave.knowledge.retrieval.sentence_encoder import DIMENSIONS
from clinweave.records import Passage, Tier

if TYPE_CHECKING:
    from clinweave.knowledge.retrieval.text_index import TextIndex

KIND = "passage-vectors"
FOLDER = "vectors"
VERSION = 1
_BLOCK = 64  # texts encoded between two writes: a few seconds of work
_HASH = 16  # bytes
Halves = npt.NDArray[np.float16]
Progress = Callable[[str, int, int], None]  # collection, texts encoded, texts to encode


class Encoding(Protocol):
    """What vectors are made with."""

    key: str

    def encode(self, texts: list[str], /) -> npt.NDArray[np.float32]:
        """Return the unit vectors of the texts."""
        ...


def collections_with_vectors(home: Path) -> list[str]:
    """Return the names of the collections that have vectors."""
    root = home / FOLDER
    folders = root.iterdir() if root.is_dir() else ()
    return sorted(item.name for item in folders if not item.name.startswith(".") and item.is_dir())


def count_vectors(name: str, home: Path, passages: Iterable[Passage]) -> int:
    """Return how many of these passages have a vector in a collection, those of an interrupted run included."""
    folder = home / FOLDER / name
    stored: set[bytes] = set()
    for texts in (folder / "texts.npy", *folder.parent.glob(f".{name}.*.blocks/*.npz")):
        try:
            array = np.load(texts)
            stored.update(item.tobytes() for item in (array if texts.suffix == ".npy" else array["texts"]))
        except (OSError, ValueError, KeyError):
            continue  # not there, or damaged and computed again
    return sum(_hash(encoded_text(passage)) in stored for passage in passages)


def remove_vectors(name: str, home: Path) -> None:
    """Delete a collection's vectors, if there are any."""
    folder = home / FOLDER / name
    for blocks in folder.parent.glob(f".{name}.*.blocks"):
        shutil.rmtree(blocks, ignore_errors=True)
    if folder.is_dir():
        remove_built(folder, KIND)


def update_vectors(
    index: "TextIndex",
    home: Path,
    names: Iterable[str] | None = None,
    *,
    encoder: Encoding | None = None,
    progress: Progress | None = None,
) -> dict[str, Artifact]:
    """Make the vectors of these collections (those that have some, if not given) follow the index.

    Known vectors are kept by the hash of their text, those of texts that are gone are dropped, and missing ones are
    computed where an `encoder` is given. Returns the folder of each collection. Vectors of a collection that the
    index lacks are deleted.
    """
    parts = index.manifest["parts"]
    for name in collections_with_vectors(home):
        if name not in parts:
            remove_vectors(name, home)
    current = {_blocks(home / FOLDER / name, part["key"]) for name, part in parts.items()}
    for blocks in set((home / FOLDER).glob(".*.blocks")) - current:
        shutil.rmtree(blocks, ignore_errors=True)  # of texts that may be gone
    wanted = collections_with_vectors(home) if names is None else list(names)
    for name in wanted:
        if name not in parts:
            raise UserError(
                f"there is no collection {name!r} in the text index; there are: {', '.join(parts)}"
            )
    return {
        name: _update(index, name, home / FOLDER / name, encoder, progress or (lambda *_: None))
        for name in wanted
    }


def _update(
    index: "TextIndex", name: str, folder: Path, encoder: Encoding | None, progress: Progress
) -> Artifact:
    part = index.manifest["parts"][name]
    old = read_manifest(folder) or {}
    before = old.get("inputs", {})
    if encoder is None and before.get("part") == part["key"]:
        return Artifact(folder, old, fresh=False)
    key = encoder.key if encoder is not None else str(before.get("encoder", ""))

    blocks = _blocks(folder, part["key"])

    def build(work: Path) -> dict[str, Any]:
        texts = [encoded_text(passage) for passage in index.rows(name)]
        hashes = [_hash(text) for text in texts]
        vectors = _stored(folder, key) | _stored_blocks(blocks, key)
        if encoder is not None:
            missing = dict(zip(hashes, texts, strict=True))
            missing = {item: text for item, text in missing.items() if item not in vectors}
            vectors |= _encode(missing, encoder, blocks, lambda done: progress(name, done, len(missing)))
        rows = np.zeros((len(hashes), DIMENSIONS), np.float16)
        for row, item in enumerate(hashes):
            if item in vectors:
                rows[row] = vectors[item]
        np.save(work / "vectors.npy", rows)
        np.save(work / "texts.npy", np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _HASH))
        close_folder(work, Tier(part["tier"]))
        return {"missing": sum(item not in vectors for item in hashes), "passages": len(hashes)}

    inputs = {"part": str(part["key"]), "encoder": key}
    done = stage(folder, KIND, inputs, {"complete": encoder is not None}, build, version=VERSION)
    shutil.rmtree(blocks, ignore_errors=True)
    if Tier(part["tier"]) != Tier.PUBLIC:
        folder.parent.chmod(0o700)
    return done


def encoded_text(passage: Passage) -> str:
    """Return what of a passage is encoded: its title, the headings above it and its text."""
    heads = dict.fromkeys(item for item in (passage.title, *passage.section.split(" > ")) if item)
    return ". ".join((*heads, passage.text))


def open_vectors(index: "TextIndex", name: str, home: Path) -> Halves | None:
    """Return a collection's vectors, mapped, a row for each of the index; None if there are none.

    Raises `UserError` where they are of another state of the collection.
    """
    folder = home / FOLDER / name
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    part = index.manifest["parts"][name]
    try:
        rows: Halves = np.load(folder / "vectors.npy", mmap_mode="r")
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} is damaged ({error}): {_advice(name)}") from error
    if manifest["inputs"].get("part") != part["key"] or len(rows) != part["passages"]:
        raise UserError(f"the vectors of {name} are of another state of the collection: {_advice(name)}")
    return rows


def _advice(name: str) -> str:
    return f"run `clinweave index vectors {name}`"


def _encode(
    missing: Mapping[bytes, str], encoder: Encoding, blocks: Path, tell: Callable[[int], None]
) -> dict[bytes, Halves]:
    """Return the vectors of texts, written block by block while they are made."""
    blocks.mkdir(parents=True, exist_ok=True, mode=0o700)
    order = sorted(missing)
    result: dict[bytes, Halves] = {}
    for start in range(0, len(order), _BLOCK):
        hashes = order[start : start + _BLOCK]
        values = encoder.encode([missing[item] for item in hashes]).astype(np.float16)
        keys = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, _HASH)
        with appearing(blocks / f"{hashes[0].hex()}.npz", private=True) as file, file.open("wb") as stream:
            np.savez(stream, texts=keys, vectors=values, encoder=np.array(encoder.key))
        result |= dict(zip(hashes, values, strict=True))
        tell(start + len(hashes))
    return result


def _blocks(folder: Path, part: str) -> Path:
    return folder.with_name(f".{folder.name}.{part}.blocks")


def _stored(folder: Path, encoder: str) -> dict[bytes, Halves]:
    """Return hash -> vector of a finished folder made with this encoder."""
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("inputs", {}).get("encoder") != encoder:
        return {}
    try:
        hashes, rows = np.load(folder / "texts.npy"), np.load(folder / "vectors.npy")
    except (OSError, ValueError):
        return {}
    used = rows.any(1)
    return {item.tobytes(): row for item, row in zip(hashes[used], rows[used], strict=True)}


def _stored_blocks(blocks: Path, encoder: str) -> dict[bytes, Halves]:
    """Return hash -> vector of the blocks that an interrupted run has left."""
    result: dict[bytes, Halves] = {}
    for path in sorted(blocks.glob("*.npz")):
        try:
            block = np.load(path)
            if str(block["encoder"]) == encoder:
                hashes = (item.tobytes() for item in block["texts"])
                result |= dict(zip(hashes, block["vectors"], strict=True))
        except (OSError, ValueError, KeyError):
            continue  # computed again
    return result


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_HASH]
