"""What every reader of patients gives: Arrow record batches of events, with the name and further codes of each."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinweave.databases import RowLog
from clinweave.records import Dropped
from clinweave.schemas import EVENTS

KINDS = ("problem", "drug", "lab", "procedure", "observation", "visit", "note", "person")
READ = pa.schema([*EVENTS, ("name", pa.string()), ("other_codes", pa.string())])  # codes parted by spaces
ROWS = 20_000  # events in a batch


class QuietLog(RowLog):
    """Counts refused rows and writes nothing to any log: even a file's name may be a patient's name."""

    def drop(self, file: str, row: int, reason: str) -> None:
        """Count one refused row; the first `keep` are kept with file, row and reason."""
        key = f"{file}: {reason}"
        self.counts[key] = self.counts.get(key, 0) + 1
        if len(self.examples) < self.keep:
            self.examples.append(Dropped(file, row, reason))

    def reasons(self) -> dict[str, int]:
        """Return how many rows were refused or mended for each reason, without the names of files."""
        totals: dict[str, int] = {}
        for key, count in self.counts.items():
            reason = key.partition(": ")[2]
            totals[reason] = totals.get(reason, 0) + count
        return dict(sorted(totals.items()))


@dataclass
class Person:
    """What a record says of who a patient is: used to find the name in notes, and kept apart from the events."""

    subject_id: int
    source_id: str
    names: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


PEOPLE = pa.schema(
    [
        ("subject_id", pa.int64()),
        ("source_id", pa.string()),
        ("names", pa.list_(pa.string())),
        ("identifiers", pa.list_(pa.string())),
        ("places", pa.list_(pa.string())),
    ]
)


def number_of(source_id: str) -> int:
    """Return the number (63 bits) by which a patient with a textual id is known: the same on every machine."""
    return int.from_bytes(hashlib.blake2b(source_id.encode(), digest_size=8).digest(), "big") >> 1


class Rows:
    """Gathers events one by one and gives them as batches of `READ`."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in READ.names}

    def __len__(self) -> int:
        return len(self._columns["code"])

    def add(self, subject_id: int, time: datetime | None, code: str, kind: str, **rest: Any) -> None:
        """Add one event; `rest` may hold numeric_value, text_value, unit, name and other_codes."""
        row = {"subject_id": subject_id, "time": time, "code": code, "kind": kind, "unit": "", "name": ""}
        row.update(rest)
        for name, column in self._columns.items():
            column.append(row.get(name))

    def full(self) -> Iterator[pa.RecordBatch]:
        """Yield a batch where enough events wait."""
        if len(self) >= ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Yield the events that wait, if any, as one batch."""
        if len(self):
            columns, self._columns = self._columns, {name: [] for name in READ.names}
            yield fitted(
                pa.RecordBatch.from_pydict({name: _array(name, columns[name]) for name in READ.names})
            )


def fitted(batch: pa.RecordBatch, schema: pa.Schema = READ) -> pa.RecordBatch:
    """Return a batch with exactly the columns and types of `schema`; absent ones are empty, NaN becomes null."""
    columns = []
    for item in schema:
        if item.name in batch.schema.names:
            column = batch.column(item.name)
        else:
            blank = "" if item.name in {"kind", "unit"} else None
            column = pa.array([blank] * len(batch), pa.string() if blank == "" else item.type)
        if pa.types.is_dictionary(item.type) and not pa.types.is_dictionary(column.type):
            column = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
        columns.append(column.cast(item.type))
    made = pa.RecordBatch.from_arrays(columns, schema=schema)
    place = schema.get_field_index("numeric_value")
    if place >= 0:
        numbers = made.column(place)
        made = made.set_column(
            place, schema.field(place), pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float32()), numbers)
        )
    return made


def checked(
    batch: pa.RecordBatch, file: str, log: RowLog, *, timeless: bool = False
) -> Iterator[pa.RecordBatch]:
    """Yield the batch without rows that have no subject, no code or (unless `timeless`) no time, each counted.

    A column `row` (the row's number in its file) is used for the count and taken off.
    """
    if not len(batch):
        return
    rows = batch.column("row").to_numpy(zero_copy_only=False) if "row" in batch.schema.names else None
    plain = fitted(batch)
    good = np.ones(len(plain), bool)
    for name in ("subject_id", "code") if timeless else ("subject_id", "code", "time"):
        lacking = pc.is_null(plain.column(name)).to_numpy(zero_copy_only=False) & good
        for place in np.flatnonzero(lacking).tolist():
            log.drop(file, 0 if rows is None else int(rows[place]), f"no usable {name}")
        good &= ~lacking
    yield plain if good.all() else plain.filter(pa.array(good))


def instant(text: str) -> datetime | None:
    """Return a time as FHIR and ISO 8601 write it, as it stood on the patient's clock; None where it is none.

    A year or month alone is its first day; an offset is dropped, as MEDS times carry none.
    """
    text = text.strip()
    if len(text) in {4, 7}:
        text += "-01-01" if len(text) == 4 else "-01"
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _array(name: str, values: list[Any]) -> pa.Array:
    kind = READ.field(name).type
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        # Arrow holds UTF-8 alone: a lone surrogate of a JSON escape becomes a question mark
        values = [value if value is None or value.isascii() else value.encode("utf-8", "replace").decode()
                  for value in values]  # fmt: skip
    return pa.array(values, kind)
