"""A patient store: a private folder with a MEDS dataset, and the patients' identities in a separate table."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave import schemas
from clinweave.core.artifacts import open_manifest
from clinweave.core.errors import UserError
from clinweave.patients import duckdb_session
from clinweave.patients.batches import Person, fitted
from clinweave.records import Event, Tier

KIND = "patients"


def seal(folder: Path) -> None:
    """Let nobody but the owner see a folder and what is in it (0700, 0600)."""
    folder.chmod(0o700)
    for item in folder.rglob("*"):
        item.chmod(0o700 if item.is_dir() else 0o600)


class PatientStore:
    """An opened store. Patients are found by number or by the id that their source gave them."""

    tier = Tier.PRIVATE

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path, self.manifest = path, manifest

    @classmethod
    def open(cls, path: Path | str) -> "PatientStore":
        """Open a store. Raises `UserError` if there is none."""
        folder = Path(path)
        advice = "`clinweave patients load PATH` makes a store"
        return cls(folder, open_manifest(folder, KIND, advice, required={"counts": dict}))

    @property
    def data(self) -> Path:
        """Return the folder of the events."""
        return self.path / "data"

    @cached_property
    def people(self) -> pa.Table:
        """Return who the patients are (`batches.PEOPLE`)."""
        return pq.read_table(self.path / "private" / "people.parquet")

    @cached_property
    def codes(self) -> pa.Table:
        """Return the codes with their names and concepts (`meds.CODES`)."""
        return pq.read_table(self.path / "metadata" / "codes.parquet")

    def find(self, patient: str) -> int | None:
        """Return the number of a patient given by number or by the source's id, or None.

        Raises `UserError` where several patients have the id.
        """
        reference = patient.strip().removeprefix("Patient/").removeprefix("urn:uuid:")
        ids = self.people.column("source_id").to_pylist()
        numbers = self.people.column("subject_id").to_pylist()
        if reference in ids:
            return int(numbers[ids.index(reference)])
        # where several servers have a patient of one id, the whole address is the id
        ends = [
            index
            for index, item in enumerate(ids)
            if item.endswith((f"/Patient/{reference}", f"#{reference}"))
        ]
        if len(ends) == 1:
            return int(numbers[ends[0]])
        if ends:
            raise UserError(
                f"{len(ends)} patients in {self.path} have this id, on several servers or in several files: give the"
                " whole id that `clinweave patients list --in` shows"
            )
        return int(reference) if reference.lstrip("-").isdigit() and int(reference) in numbers else None

    def subject(self, patient: str) -> int:
        """Return the number of a patient; raises `UserError` where the store does not hold it."""
        number = self.find(patient)
        if number is None:
            raise UserError(
                f"no patient of this id in {self.path}; `clinweave patients list --in` shows them"
            )
        return number

    def person(self, subject: int) -> Person:
        """Return who a patient is, as the record says."""
        row = self.people.filter(pa.compute.equal(self.people.column("subject_id"), subject)).to_pylist()[0]
        return Person(**row)

    def events(self, subject: int) -> pa.Table:
        """Return the events of one patient, by time, timeless first."""
        files = self.files(subject)
        parts = [pq.read_table(file, filters=[("subject_id", "=", subject)]) for file in files]
        if not parts:
            return schemas.EVENTS.empty_table()
        batches = pa.concat_tables(parts, promote_options="permissive").combine_chunks().to_batches()
        return pa.Table.from_batches([fitted(batch, schemas.EVENTS) for batch in batches], schemas.EVENTS)

    def records(self, subject: int) -> list[Event]:
        """Return the events of one patient as records."""
        return schemas.records_of(Event, self.events(subject))

    def notes(self, subject: int) -> list[tuple[datetime | None, str, str]]:
        """Return (time, code, text) of a patient's notes, by time."""
        return [
            (item.time, item.code, item.text_value)
            for item in self.records(subject)
            if item.kind == "note" and item.text_value
        ]

    def all_notes(self) -> Iterator[tuple[int, datetime | None, str, str]]:
        """Yield (subject, time, code, text) of every note, one patient after the other."""
        for file in sorted(self.data.glob("*.parquet"), key=lambda item: int(item.stem)):
            with pq.ParquetFile(file) as opened:
                for batch in opened.iter_batches(
                    4096, columns=["subject_id", "time", "code", "text_value", "kind"]
                ):
                    for row in batch.to_pylist():
                        if row["kind"] == "note" and row["text_value"]:
                            yield row["subject_id"], row["time"], row["code"], row["text_value"]

    def files(self, subject: int) -> list[Path]:
        """Return the files that hold events of a patient, by their statistics."""
        result = []
        for file in sorted(self.data.glob("*.parquet")):
            meta = pq.read_metadata(file)
            groups = [meta.row_group(number).column(0).statistics for number in range(meta.num_row_groups)]
            if any(stats is None or stats.min <= subject <= stats.max for stats in groups):
                result.append(file)
        return result

    def count(self) -> dict[str, int]:
        """Return how many patients, events and codes there are."""
        with duckdb_session.connect(self.path / "private") as connection:
            (events,) = connection.execute(f"select count(*) from {self.scan()}").fetchall()[0]  # noqa: S608
        return {"patients": len(self.people), "events": int(events), "codes": len(self.codes)}

    def scan(self) -> str:
        """Return the events as a table of SQL."""
        return f"read_parquet({duckdb_session.quoted(self.data / '*.parquet')})"
