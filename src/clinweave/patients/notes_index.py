"""Index a store's notes as a private text collection; each document carries its patient's number."""

import json
import os
from pathlib import Path

from clinweave.core.artifacts import Artifact, scratch, sweep_below
from clinweave.core.errors import UserError
from clinweave.knowledge import add_collection
from clinweave.patients import duckdb_session
from clinweave.patients.batches import HISTORICAL, status_of
from clinweave.patients.deid.pseudonymise import Pseudonymiser
from clinweave.patients.registry import register
from clinweave.patients.store import PatientStore
from clinweave.records import Tier

NOTES = "notes.jsonl"


def add_notes(
    store: PatientStore, home: Path, name: str, pseudonymiser: Pseudonymiser | None = None
) -> Artifact:
    """Build (or rebuild) the collection `name` of a store's notes, pseudonymised if a pseudonymiser is given.

    The collection is private: its folder is 0700, and its passages carry the tier. Raises `UserError` where the store
    has no notes.
    """
    sweep_below(store.path)
    with scratch(store.path / "private" / "notes") as folder:
        file = folder / NOTES
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            written = 0
            people = (
                {row["subject_id"]: store.person(row["subject_id"]) for row in store.people.to_pylist()}
                if pseudonymiser
                else {}
            )
            for number, (subject, time, code, text) in enumerate(store.all_notes()):
                content = (
                    pseudonymiser.note(text, str(subject), people.get(subject)).text
                    if pseudonymiser
                    else text
                )
                title = code.rpartition("//")[2] + (
                    f" {time.date()}" if time and pseudonymiser is None else ""
                )
                title += " (superseded)" if status_of(code) == HISTORICAL else ""
                row = {"id": f"{tag(subject)}-{number}", "title": title, "content": content}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                written += 1
        if not written:
            raise UserError(f"{store.path} has no notes")
        tier, terms = (
            (Tier.PSEUDONYMISED, "pseudonymised notes") if pseudonymiser else (Tier.PRIVATE, "raw notes")
        )
        collection = add_collection(
            file, home, name=name, tier=tier, licence=terms, origin=str(store.path.resolve())
        )
    for item in collection.path.iterdir():
        item.chmod(0o600)
    register(store.path, home, name)
    return collection


def tag(subject: int) -> str:
    """Return what stands in the ids of a patient's documents."""
    return f"patient-{subject}"


def is_of(document: str, subject: int) -> bool:
    """Return whether a document of a collection of notes is of a patient."""
    return f"#{tag(subject)}-" in document


def holds(folder: Path, subject: int) -> int:
    """Return how many passages of a collection are of a patient."""
    import duckdb

    with duckdb.connect() as connection:
        file = duckdb_session.quoted(folder / "passages.parquet")
        query = f"select count(*) from read_parquet({file}) where contains(document, ?)"  # noqa: S608
        return int((connection.execute(query, [f"#{tag(subject)}-"]).fetchone() or (0,))[0])
