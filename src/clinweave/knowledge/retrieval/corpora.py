"""The user's own collections, kept as Parquet under home()/collections, and the index of graph and collections."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave import schemas
from clinweave.core.artifacts import (
    MANIFEST,
    Artifact,
    check,
    digest,
    read_manifest,
    recover_all,
    remove_built,
    require,
    sha256,
    stage,
)
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, regular_file
from clinweave.databases import RowLog
from clinweave.knowledge.retrieval.archives import MAX_FILE, READABLE, is_archive
from clinweave.knowledge.retrieval.folders import check_name, read_folder
from clinweave.knowledge.retrieval.index_store import GRAPH_PART, Progress, build_parts
from clinweave.knowledge.retrieval.left_out import documents_left_out
from clinweave.knowledge.retrieval.retrievers import prefer_collections, preferred_collections
from clinweave.knowledge.retrieval.superseded import file_of
from clinweave.knowledge.retrieval.text_index import TextIndex
from clinweave.knowledge.retrieval.vectors import FOLDER as VECTORS
from clinweave.knowledge.retrieval.vectors import remove_vectors, update_vectors
from clinweave.records import Passage, Tier

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker

VERSION = 5
_CHUNK = 5000
_STEP = 50  # passages between two reports of progress
_MAX_EXAMPLES = 3  # rows named for each reason
_NEEDED = {"path": str, "tier": str, "passages": int, "documents": int}  # of a manifest


def add_collection(
    path: Path,
    home: Path,
    *,
    name: str = "",
    tier: Tier = Tier.PUBLIC,
    licence: str = "",
    origin: str = "",
    all_versions: bool = False,
    keep: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    replace: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Artifact:
    """Read a file, folder or archive into `home`/collections/`name`; the same files again change nothing.

    `origin` is recorded as where the texts come from, `path` if not given. With `all_versions`, older and withdrawn
    documents are indexed, too; `keep` and `leave_out` are names of documents (`*` for any characters) that are indexed,
    or not, whatever they look like. Raises `UserError` where nothing in it can be read, or, unless `replace`, a
    collection of this name was made from another place that still exists; the old collection then stays.
    """
    name = check_name(name or _name_of(path))
    if name == GRAPH_PART:
        raise UserError(
            f"{GRAPH_PART!r} is the name of the databases' own passages; give another with --name"
        )
    if kind_of(path) != "a folder":
        regular_file(path)
    folder = home / "collections" / name
    origin = origin or str(path.resolve())
    if not replace:
        _check_origin(name, path, origin, home)

    def build(into: Path) -> dict[str, Any]:
        log = FileLog()
        passages = read_folder(path, source=name, tier=tier, licence=licence, log=log)
        count, documents = _write(into / "passages.parquet", passages, progress)
        if not count:
            raise UserError(f"nothing in {path} could be read as text: {_why(log)}")
        return {
            "name": name,
            "path": origin,
            "tier": tier.value,
            "passages": count,
            "documents": documents,
            "dropped": dict(sorted(log.reasons.items())),
            "examples": dict(sorted(log.rows.items())),
            "unreadable": log.unread,
        }

    settings: dict[str, object] = {"name": name, "tier": tier.value, "licence": licence}
    if all_versions:
        settings["all_versions"] = "yes"
    for key, patterns in (("keep", keep), ("leave_out", leave_out)):
        if patterns:
            settings[key] = sorted(set(patterns))
    artifact = stage(folder, "collection", {"files": corpus_hash(path)}, settings, build, version=VERSION)
    if tier is not Tier.PUBLIC:
        folder.chmod(0o700)
    return artifact


def _check_origin(name: str, path: Path, origin: str, home: Path) -> None:
    """Raise `UserError` where a collection of this name was made from another place that still exists."""
    before = collections(home).get(name)
    if before and before["path"] != origin and Path(before["path"]).exists():
        raise UserError(
            f"the collection {name} holds the texts of {before['path']}: give another --name, or put these in "
            f"their place with `clinweave index replace {name} {path}`"
        )


def replace_collection(
    name: str,
    path: Path,
    home: Path,
    *,
    tier: Tier | None = None,
    licence: str = "",
    keep: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Artifact:
    """Put the texts of `path` in the place of a collection's, in one step; what is not given stays as it was.

    Raises `UserError` if there is no collection of this name, or nothing in `path` can be read (the old one stays).
    """
    before = _known(name, home)
    settings = before["parameters"]
    return add_collection(
        path,
        home,
        name=name,
        tier=tier or Tier(before["tier"]),
        licence=licence or settings.get("licence", ""),
        all_versions="all_versions" in settings,
        keep=keep or settings.get("keep", ()),
        leave_out=leave_out or settings.get("leave_out", ()),
        replace=True,
        progress=progress,
    )


def _known(name: str, home: Path) -> dict[str, Any]:
    """Return the manifest of a collection; `UserError` if there is none of this name."""
    manifests = collections(home)
    if name not in manifests:
        raise UserError(f"there is no collection {name!r}; there are: {', '.join(manifests) or 'none'}")
    return manifests[name]


def collections(home: Path) -> dict[str, dict[str, Any]]:
    """Return the manifests of all collections by name."""
    result = {}
    recover_all(home / "collections")
    for folder in sorted((home / "collections").glob("*")):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        manifest = read_manifest(folder)
        if manifest is None and (folder / "passages.parquet").exists():
            raise UserError(f"{folder} lacks its manifest: delete it and add the collection again")
        if manifest is not None:
            if manifest.get("kind") != "collection":
                raise UserError(
                    f"{folder / MANIFEST} is damaged: it is of no collection. Add the collection again"
                )
            require(folder, manifest, _NEEDED)
            result[folder.name] = manifest
    return result


def collection_passages(name: str, home: Path) -> Iterator[Passage]:
    """Yield the passages of a collection, each with its tier; `UserError` if there is none of this name."""
    _known(name, home)
    return _read(home / "collections" / name / "passages.parquet")


def remove_collection(name: str, home: Path) -> None:
    """Delete a collection's own copy. Raises `UserError` if there is none of this name."""
    _known(name, home)
    remove_built(home / "collections" / name, "collection")
    remove_vectors(name, home)
    preferred = preferred_collections(home)
    if name in preferred:
        prefer_collections([item for item in preferred if item != name], home, preferred)


def build_home_index(
    graph: "Graph | None", linker: "Linker | None", home: Path, *, progress: Progress | None = None
) -> Artifact:
    """Make `home`/index the index of the graph's passages and of every collection; only what changed is indexed.

    Withdrawn documents, older versions and second copies are left out; the manifest lists them in `left_out`.
    Vectors of passages that are gone are dropped; `update_vectors` makes those of new ones.
    """
    parts: dict[str, Any] = {}
    keys: dict[str, str] = {}
    if graph is not None:
        parts[GRAPH_PART] = graph.passages
        keys[GRAPH_PART] = digest({"graph": str(graph.manifest["key"])})
    judged = documents_left_out(home, collections(home))
    out = [item for item in judged if not item.is_kept]
    for name, manifest in collections(home).items():
        names = frozenset(item.document for item in out if item.collection == name)
        parts[name] = partial(_read, home / "collections" / name / "passages.parquet", names)
        keys[name] = digest([manifest["key"], sorted(names)]) if names else str(manifest["key"])
    if not parts:
        raise UserError(
            "there is nothing to index: run `clinweave graph build`, or `clinweave index add PATH`"
        )
    facts = {
        "left_out": [asdict(item) for item in out],
        "possibly_older": [asdict(item) for item in judged if item.is_kept],
    }
    index = build_parts(parts, keys, linker, graph, home / "index", progress=progress, facts=facts)
    if any(item["tier"] != Tier.PUBLIC for item in collections(home).values()):
        index.path.chmod(0o700)
    if (home / VECTORS).is_dir():  # also without vectors: a stopped run leaves blocks
        update_vectors(TextIndex.open(index.path), home)
    return index


def corpus_hash(path: Path) -> str:
    """Return a hash of a file's, or of all of a folder's, names and contents.

    Of a file that is not read (over `MAX_FILE`, or without permission) size and time stand for the content.
    """
    if path.is_file():
        return sha256(path) if is_archive(path) else _file_hash(path)
    files = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    return digest([(file.relative_to(path).as_posix(), _file_hash(file)) for file in files])


def _file_hash(path: Path) -> str:
    status = path.stat()
    if status.st_size <= MAX_FILE:
        with suppress(PermissionError):
            return sha256(path)
    return f"unread {status.st_size} {status.st_mtime_ns}"


class FileLog(RowLog):
    """Counts reasons with the first rows of each, and lists every file that was not read, or not wholly (`row` 0)."""

    def __init__(self) -> None:
        super().__init__(keep=0)
        self.reasons: dict[str, int] = {}
        self.unread: dict[str, str] = {}
        self.rows: dict[str, list[str]] = {}  # reason -> "file, line 3" of the first rows

    def drop(self, file: str, row: int, reason: str) -> None:
        """Count one refused file, row or answer."""
        super().drop(file, row, reason)
        if row == 0:
            self.unread.setdefault(file, reason)
        elif len(rows := self.rows.setdefault(reason, [])) < _MAX_EXAMPLES:
            rows.append(file if "#" in file else f"{file}, line {row}")
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def _why(log: FileLog) -> str:
    return "; ".join(f"{reason} ({count})" for reason, count in sorted(log.reasons.items())) or "it is empty"


def _name_of(path: Path) -> str:
    name = path.resolve().name
    for ending in (".tar.gz", ".tgz", ".tar", ".zip", *READABLE):
        name = name.removesuffix(ending)
    return "".join(
        part if part.isascii() and (part.isalnum() or part in "._-") else "-" for part in name
    ).strip("-.")


def _write(
    path: Path, passages: Iterator[Passage], progress: Callable[[int], None] | None
) -> tuple[int, int]:
    count, documents, last = 0, 0, None
    counted = _counted(passages, progress)
    with pq.ParquetWriter(path, schemas.PASSAGES, compression="zstd") as file:
        while chunk := list(islice(counted, _CHUNK)):
            chunk = [_clean(item) for item in chunk]
            file.write_table(schemas.table(chunk, schemas.PASSAGES))
            for item in chunk:
                documents += file_of(item.document) != last
                last = file_of(item.document)
            count += len(chunk)
    return count, documents


def _counted(passages: Iterable[Passage], progress: Callable[[int], None] | None) -> Iterator[Passage]:
    """Yield the passages; every few, say how many there were."""
    for count, passage in enumerate(passages, 1):
        if progress is not None and count % _STEP == 0:
            progress(count)
        yield passage


def _clean(passage: Passage) -> Passage:
    """Return the passage with lone surrogates (from JSON escapes) as question marks: Parquet holds UTF-8."""
    try:
        f"{passage.id}{passage.title}{passage.text}".encode()
    except UnicodeEncodeError:
        from dataclasses import replace

        values = {
            item: getattr(passage, item).encode("utf-8", "replace").decode()
            for item in ("id", "title", "text", "document")
        }
        return replace(passage, **values)
    return passage


def _read(path: Path, without: Collection[str] = ()) -> Iterator[Passage]:
    """Yield the passages of a collection but of some documents."""
    check(path.parent, "collection")
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_CHUNK):
            plain = pa.Table.from_batches([batch])
            for passage in schemas.records_of(Passage, plain):
                if not without or file_of(passage.document) not in without:
                    yield passage
