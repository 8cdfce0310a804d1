"""One patient removed from everything that clinweave holds, and a list of where the patient was found."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave.artifacts import appearing, write_manifest
from clinweave.errors import UserError
from clinweave.knowledge import build_home_index, collections, remove_collection
from clinweave.patients import coding, engine
from clinweave.patients.batches import ROWS
from clinweave.patients.collecting import add_notes, holds, tag
from clinweave.patients.proposed import find_proposals, graphs_with, without_patient
from clinweave.patients.registry import proposals, stores
from clinweave.patients.store import PatientStore, seal

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Linker
    from clinweave.patients.deid.pseudonymise import Pseudonymiser

_PIECE = 1 << 20


class Place(NamedTuple):
    """Where a patient was found, and whether the patient is gone from there."""

    kind: str  # store | collection | index | proposals | graph | file | source
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
    """Remove a patient from every known store (and those in `also`), and from what was made of them.

    That is the collections of their notes, the index, and what a model proposed from the notes. A graph that took such
    proposals in is named and left: it must be built anew, which only its user's files can do. Afterwards every other
    file under `home` is looked through for the patient's id; those are listed and left, as are the files that a store
    was read from. `dry_run` only lists. Raises `UserError` where no store holds the patient.
    """
    known = {**stores(home), **{path: [] for path in also}}
    held = [(store, subject, names) for path, names in known.items()
            if (subject := (store := PatientStore.open(path)).find(patient)) is not None]  # fmt: skip
    if not held:
        raise UserError(f"no store holds this patient; looked into {', '.join(map(str, known)) or 'none'}")
    places: list[Place] = []
    changed = False
    ids = {patient}
    for store, subject, names in held:
        ids |= {store.person(subject).source_id, str(subject), tag(subject)}
        affected = [
            name
            for name in names
            if name in collections(home) and holds(home / "collections" / name, subject)
        ]
        passages = {name: holds(home / "collections" / name, subject) for name in affected}
        places.append(Place("store", str(store.path), _forget(store, subject, dry_run=dry_run), not dry_run))
        for name in affected:
            places.append(Place("collection", str(home / "collections" / name), passages[name], not dry_run))
            if not dry_run:
                _again(store, home, name, pseudonymiser)
                changed = True
        places.append(Place("source", str(store.manifest.get("source", "")), 1, removed=False))
        places += _proposed(home, subject, dry_run=dry_run)
    if changed and (home / "index").is_dir():
        if collections(home) or graph is not None:
            build_home_index(graph, linker, home)
        places.append(Place("index", str(home / "index"), 1, removed=True))
    return places + list(_leftovers(home, ids, {Path(place.path) for place in places}))


def _proposed(home: Path, subject: int, *, dry_run: bool) -> Iterator[Place]:
    found = find_proposals(home, proposals(home), subject)
    graphs = list(graphs_with(home, found))
    for item in found:
        if not dry_run:
            without_patient(item.path, subject)
        yield Place("proposals", str(item.path), item.lines, not dry_run)
    for path, lines in graphs:
        yield Place("graph", str(path), lines, removed=False)


def _forget(store: PatientStore, subject: int, *, dry_run: bool) -> int:
    """Rewrite what of a store holds a patient; return how many events that was."""
    events = len(store.events(subject))
    if dry_run:
        return events
    for file in store.files(subject):
        _without(file, subject)
    people = store.people.filter(pc.not_equal(store.people.column("subject_id"), subject))
    _write(people, store.path / "private" / "people.parquet")
    with engine.connect(store.path / "private") as connection:
        query = f"select code::varchar as code, count(*)::bigint as events from {store.scan()} group by code"  # noqa: S608
        counts = (
            engine.table(connection, query)
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
    write_manifest(store.path, manifest)
    seal(store.path)
    store.__dict__.pop("people", None)
    store.__dict__.pop("codes", None)
    return events


def _without(file: Path, subject: int) -> None:
    rows = 0
    with (
        appearing(file, private=True) as work,
        pq.ParquetFile(file) as old,
        pq.ParquetWriter(work, old.schema_arrow, compression="zstd") as out,
    ):
        for batch in old.iter_batches(ROWS):
            kept = batch.filter(pc.not_equal(batch.column("subject_id"), subject))
            rows += len(kept)
            if len(kept):
                out.write_batch(kept)
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


def _leftovers(home: Path, ids: set[str], done: set[Path]) -> Iterator[Place]:
    """Yield the other files under `home` that hold a textual id of the patient (compressed ones cannot be told)."""
    wanted = sorted(item.encode() for item in ids if len(item) >= 8)
    if not wanted:
        return
    skipped = {home / "resources", home / "graph", home / "graph.vocabulary", *done}
    for folder, names, found in os.walk(home):
        names[:] = [name for name in names if Path(folder, name) not in skipped]
        for name in found:
            file = Path(folder, name)
            if not file.is_symlink() and (count := _count(file, wanted)):
                yield Place("file", str(file), count, removed=False)


def _count(file: Path, wanted: list[bytes]) -> int:
    count, tail, longest = 0, b"", max(map(len, wanted))
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            held = tail + piece
            count += sum(held.count(item) for item in wanted)
            tail = held[-(longest - 1) :]
            count -= sum(tail.count(item) for item in wanted)
    return count + sum(tail.count(item) for item in wanted)


def shown(places: list[Place]) -> list[dict[str, Any]]:
    """Return the places as plain values."""
    return [place._asdict() for place in places]
