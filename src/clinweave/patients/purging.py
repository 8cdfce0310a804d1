"""Remove one patient from all of clinweave's data, and list where the patient's data were found."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave.core.artifacts import (
    appearing,
    leftovers_below,
    read_manifest,
    remove_built,
    rewriting,
    sweep_below,
    write_manifest,
)
from clinweave.core.errors import UserError
from clinweave.knowledge import (
    build_home_index,
    collection_passages,
    collections,
    count_vectors,
    remove_collection,
    remove_vectors,
)
from clinweave.patients import coding, duckdb_session
from clinweave.patients.batches import ROWS
from clinweave.patients.identifier_search import count_in_folder, left_in, sought
from clinweave.patients.notes_index import add_notes, holds, is_of
from clinweave.patients.purge_journal import Journal, finish, unfinished
from clinweave.patients.purge_relations import find_proposals, graphs_with, without_patient
from clinweave.patients.registry import proposals, stores
from clinweave.patients.store import PatientStore, seal
from clinweave.records import Passage

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Linker
    from clinweave.patients.deid.pseudonymise import Pseudonymiser


class Place(NamedTuple):
    """Where a patient was found, and whether the patient is gone from there."""

    kind: str  # store | collection | index | vectors | proposals | graph | leftover | file | source
    path: str
    found: int  # events, passages or places in a file
    removed: bool


def purge(
    patient: str,
    home: Path,
    *,
    also: tuple[Path, ...] = (),
    graph: "Graph | None" = None,
    linker: "Linker | None" = None,
    pseudonymiser: "Pseudonymiser | None" = None,
    dry_run: bool = False,
) -> list[Place]:
    """Remove a patient from every registered store (and those in `also`) and from all derived data.

    That is the collections of their notes, the index, the vectors of the notes' passages, and what a model proposed
    from the notes. A graph that took such proposals in is named and left: it must be rebuilt, which needs its user's
    files. Afterwards every file under `home` is searched for the patient's identifiers; those that hold one are
    listed as left, as are the files that a store was read from. `dry_run` only lists. Raises `UserError` where no store
    holds the patient.
    """
    locations: list[Place] = []
    journal = unfinished(home)
    if journal is not None and journal.patient != patient and not dry_run:
        options = {"graph": graph, "linker": linker, "pseudonymiser": pseudonymiser}
        locations += purge(journal.patient, home, also=also, **options)  # type: ignore[arg-type]
        journal = None
    if journal is None or journal.patient != patient:
        journal = _journal(patient, home, also)
    patterns = [item.encode() for item in journal.wanted]
    own = _passages(journal, home)
    encoded = {name: count_vectors(name, home, passages) for name, passages in own.items()}
    if not dry_run:
        journal.write(home)
    locations += _killed(home, [Path(path) for path, _, _ in journal.held], patterns, dry_run=dry_run)
    for path, subject, names in journal.held:
        if read_manifest(Path(path)) is not None:  # a store that was deleted since a killed purge
            locations += _from_store(path, subject, names, home, pseudonymiser, dry_run=dry_run)
    if not dry_run:
        changed = {name for _, _, names in journal.held for name in names}
        locations += _index_again(home, changed, patterns, graph, linker)
    locations += _vectors(home, own, encoded)
    if not dry_run:
        finish(home)
    done = {Path(location.path) for location in locations} if dry_run else set()
    return locations + [Place(*item, removed=False) for item in left_in(home, patterns, done)]


def _from_store(
    path: str,
    subject: int,
    names: tuple[str, ...],
    home: Path,
    pseudonymiser: "Pseudonymiser | None",
    *,
    dry_run: bool,
) -> Iterator[Place]:
    """Remove a patient from one store and from what was made of it."""
    store = PatientStore.open(path)
    passages = {
        name: count
        for name in names
        if name in collections(home) and (count := holds(home / "collections" / name, subject))
    }
    yield Place("store", path, _forget(store, subject, dry_run=dry_run), not dry_run)
    for name, count in passages.items():
        if not dry_run:
            _again(store, home, name, pseudonymiser)
        yield Place("collection", str(home / "collections" / name), count, not dry_run)
    yield Place("source", str(store.manifest.get("source", "")), 1, removed=False)
    yield from _proposed(home, subject, dry_run=dry_run)


def _index_again(
    home: Path, names: Collection[str], patterns: list[bytes], graph: "Graph | None", linker: "Linker | None"
) -> Iterator[Place]:
    """Make the index and the vectors follow the changed collections of notes; yield the index if it is clean."""
    index = home / "index"
    if names and index.is_dir():
        before = count_in_folder(index, patterns)
        if collections(home) or graph is not None:
            build_home_index(graph, linker, home)
        else:
            remove_built(index, "text-index")
        if not count_in_folder(index, patterns):
            yield Place("index", str(index), before, removed=True)
        return
    for name in names:  # without an index nothing says which vectors are of whom
        remove_vectors(name, home)


def _passages(journal: Journal, home: Path) -> dict[str, list[Passage]]:
    """Return the patient's passages in each collection of notes, without texts that another patient's notes have."""
    by_collection: dict[str, list[Passage]] = {}
    for _, subject, names in journal.held:
        for name in set(names).intersection(collections(home)):
            passages = list(collection_passages(name, home))
            others = {(item.title, item.text) for item in passages if not is_of(item.document, subject)}
            by_collection.setdefault(name, []).extend(
                item
                for item in passages
                if is_of(item.document, subject) and (item.title, item.text) not in others
            )
    return by_collection


def _vectors(home: Path, passages: Mapping[str, list[Passage]], before: Mapping[str, int]) -> Iterator[Place]:
    """Yield the collections that had vectors of the patient's passages."""
    for name, count in before.items():
        if count:
            left = count_vectors(name, home, passages[name])
            yield Place("vectors", str(home / "vectors" / name), count, removed=not left)


def _journal(patient: str, home: Path, also: tuple[Path, ...]) -> Journal:
    """Return what a purge of the patient has to do. Raises `UserError` where no store holds the patient."""
    registered = {**stores(home), **{path: [] for path in also}}
    affected = [(store, subject, tuple(names)) for path, names in registered.items()
            if (subject := (store := PatientStore.open(path)).find(patient)) is not None]  # fmt: skip
    if not affected:
        raise UserError(
            f"no store contains this patient; searched: {', '.join(map(str, registered)) or 'none'}"
        )
    patterns = sought({patient}, ((store, subject) for store, subject, _ in affected))
    return Journal(
        patient, tuple((str(store.path), subject, names) for store, subject, names in affected), patterns
    )


def _killed(home: Path, folders: list[Path], patterns: list[bytes], *, dry_run: bool) -> Iterator[Place]:
    """Remove what killed runs left, and yield what of it holds the patient."""
    for top in (home, *(path for path in folders if home not in path.parents)):
        for path in leftovers_below(top):
            if count := count_in_folder(path, patterns):
                yield Place("leftover", str(path), count, not dry_run)
        if not dry_run:
            sweep_below(top)


def _proposed(home: Path, subject: int, *, dry_run: bool) -> Iterator[Place]:
    proposed = find_proposals(home, proposals(home), subject)
    graphs = list(graphs_with(home, proposed))
    for item in proposed:
        if not dry_run:
            without_patient(item.path, subject)
        yield Place("proposals", str(item.path), item.lines, not dry_run)
    for path, lines in graphs:
        yield Place("graph", str(path), lines, removed=False)


def _forget(store: PatientStore, subject: int, *, dry_run: bool) -> int:
    """Rewrite a store without a patient, in one step; return how many events that was."""
    events = len(store.events(subject))
    if dry_run or subject not in store.people.column("subject_id").to_pylist():
        return events
    with rewriting(store.path) as work:
        _rewrite(PatientStore(work, store.manifest), subject)
    seal(store.path)
    store.__dict__.pop("people", None)
    store.__dict__.pop("codes", None)
    return events


def _rewrite(store: PatientStore, subject: int) -> None:
    for file in store.files(subject):
        _without(file, subject)
    people = store.people.filter(pc.not_equal(store.people.column("subject_id"), subject))
    _write(people, store.path / "private" / "people.parquet")
    with duckdb_session.connect(store.path / "private") as connection:
        query = f"select code::varchar as code, count(*)::bigint as events from {store.scan()} group by code"  # noqa: S608
        counts = (
            duckdb_session.table(connection, query)
            if any(store.data.iterdir())
            else pa.table({"code": [], "events": []})
        )
    codes = coding.recount(store.codes, counts)
    _write(codes, store.path / "metadata" / "codes.parquet")
    manifest = dict(store.manifest)
    manifest["counts"] = {
        "patients": len(people),
        "events": pc.sum(counts.column("events")).as_py() or 0,
        "codes": len(codes),
    }
    manifest["coverage"] = coding.coverage(codes)
    manifest["purged"] = int(manifest.get("purged", 0)) + 1
    # examples of refused rows name files, and a file may be named after its patient
    manifest["dropped_examples"] = []
    seal(store.path)
    write_manifest(store.path, manifest)


def _without(file: Path, subject: int) -> None:
    rows = 0
    with (
        appearing(file, private=True) as work,
        pq.ParquetFile(file) as old,
        pq.ParquetWriter(work, old.schema_arrow, compression="zstd") as out,
    ):
        for batch in old.iter_batches(ROWS):
            remaining = batch.filter(pc.not_equal(batch.column("subject_id"), subject))
            rows += len(remaining)
            if len(remaining):
                out.write_batch(remaining)
    if not rows:
        file.unlink()


def _write(table: pa.Table, file: Path) -> None:
    with appearing(file, private=True) as work:
        pq.write_table(table, work, compression="zstd")


def _again(store: PatientStore, home: Path, name: str, pseudonymiser: "Pseudonymiser | None") -> None:
    fresh = PatientStore.open(store.path)
    if any(True for _ in fresh.all_notes()):
        add_notes(fresh, home, name, pseudonymiser)
    else:
        remove_collection(name, home)


def shown(locations: list[Place]) -> list[dict[str, Any]]:
    """Return the places as plain values."""
    return [location._asdict() for location in locations]
