"""The schema shared by all patient readers: Arrow record batches of events, with names and additional codes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinweave.databases import RowLog
from clinweave.records import Dropped
from clinweave.schemas import EVENTS

KINDS = ("problem", "drug", "lab", "procedure", "observation", "visit", "note", "person")
READ = pa.schema([*EVENTS, ("name", pa.string()), ("other_codes", pa.string())])  # codes parted by spaces
_FIRST_TIME, _LAST_TIME = (
    -62_135_596_800_000_000,
    253_402_300_799_999_999,
)  # years 1 and 9999, in microseconds
ROWS = 20_000  # events in a batch
PRESENT, ABSENT, UNCERTAIN, HISTORICAL = "present", "absent", "uncertain", "historical"
# of the codes of such events
PREFIXES = {ABSENT: "ABSENT//", UNCERTAIN: "UNCERTAIN//", HISTORICAL: "HISTORICAL//"}
BOUND = r"^\s*(<|>|≤|≥|(?i:less than|greater than|more than)\b)"  # "<5" is not 5


class Refused(Exception):  # noqa: N818 - not an error of the program
    """A record that cannot be an event, and why. The reason never holds a value of the record."""


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
        self._columns: dict[str, list[object]] = {name: [] for name in READ.names}

    def __len__(self) -> int:
        return len(self._columns["code"])

    def add(self, subject_id: int, time: datetime | None, code: str, kind: str, **rest: Any) -> None:
        """Add one event; `rest` may hold numeric_value, text_value, unit, status, name, entry and other_codes."""
        row = {
            "subject_id": subject_id,
            "time": time,
            "code": code,
            "kind": kind,
            "unit": "",
            "name": "",
            "entry": "",
        }
        row.update(rest)
        row["status"] = row.get("status") or PRESENT
        for name, column in self._columns.items():
            column.append(row.get(name))

    def cut(self, length: int) -> None:
        """Take off the events after the first `length`."""
        for column in self._columns.values():
            del column[length:]

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
    """Return a batch with exactly the columns and types of `schema`; absent ones are empty.

    A number whose digits the 32 bits of MEDS would change is kept as text, too; NaN becomes null. The code of an event
    that is absent or uncertain says so: a program that reads codes alone must not take it as present.
    """
    columns = {name: batch.column(name) for name in batch.schema.names}
    if "numeric_value" in columns:
        numbers, texts = _exact(columns["numeric_value"], columns.get("text_value"))
        columns |= {"numeric_value": numbers, "text_value": texts}
    if "time" in columns:
        columns["time"] = _possible(columns["time"])
    status = columns.get("status")
    if status is not None and "code" in columns:
        columns["code"] = _marked(columns["code"], status)
    fields = []
    for item in schema:
        column = columns.get(item.name)
        if column is None:
            blank = {"kind": "", "unit": "", "status": PRESENT, "entry": ""}.get(item.name)
            column = pa.array([blank] * len(batch), item.type if blank is None else pa.string())
        if pa.types.is_dictionary(item.type) and not pa.types.is_dictionary(column.type):
            empty = PRESENT if item.name == "status" else ""
            column = pc.fill_null(column.cast(pa.string()), empty).dictionary_encode()
        elif item.name == "entry":
            column = pc.fill_null(column.cast(item.type), "")
        fields.append(column.cast(item.type))
    return pa.RecordBatch.from_arrays(fields, schema=schema)


def status_of(code: str) -> str:
    """Return what the prefix of a code says of the event: present, absent, uncertain or historical."""
    return next((status for status, prefix in PREFIXES.items() if code.startswith(prefix)), PRESENT)


def _exact(numbers: pa.Array, texts: pa.Array | None) -> tuple[pa.Array, pa.Array]:
    """Return numbers as 32 bits and texts; a bound ("<5") is no number, and what 32 bits change stays in the text."""
    words = (
        pa.array([None] * len(numbers), pa.large_string()) if texts is None else texts.cast(pa.large_string())
    )
    double = numbers.cast(pa.float64())
    if texts is not None:
        bound = pc.fill_null(pc.match_substring_regex(words, BOUND), False)
        if pc.any(bound).as_py():
            double = pc.if_else(bound, pa.scalar(None, pa.float64()), double)
    wide = double.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        narrow = wide.astype(np.float32)
        lost = np.isfinite(wide) & (~np.isfinite(narrow) | ((narrow == 0) & (wide != 0)))
        changed = np.isfinite(wide) & (narrow.astype(np.float64) != wide) & ~lost
        rounded = changed & ((np.abs(wide) >= 1 << 24) | _long(wide))
    if lost.any() or rounded.any():
        values = words.to_pylist()
        for index in np.flatnonzero(lost | rounded).tolist():
            values[index] = values[index] or _digits(float(wide[index]))
        words = pa.array(values, pa.large_string())
    return pa.array(narrow, pa.float32(), mask=~np.isfinite(narrow)), words


def _long(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which numbers have more than the six digits that 32 bits keep; their digits are kept as text."""
    size = np.where(numbers == 0, 1.0, np.abs(numbers))
    scale = 10.0 ** (5 - np.floor(np.log10(size)))
    scaled = numbers * scale
    return np.abs(scaled - np.rint(scaled)) > 1e-6 * np.abs(scaled)


def _digits(number: float) -> str:
    """Return the shortest digits that give the same number, a whole one without a point."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e17 else repr(number)


def _possible(times: pa.Array) -> pa.Array:
    """Return times without those outside of the years 1 to 9999, such as "infinity" of a database."""
    if not pa.types.is_timestamp(times.type) or times.type.unit != "us":
        times = times.cast(pa.timestamp("us"), safe=False)
    plain = times.cast(pa.timestamp("us"))
    count = plain.cast(pa.int64())
    fits = pc.and_(pc.greater_equal(count, _FIRST_TIME), pc.less_equal(count, _LAST_TIME))
    return pc.if_else(pc.fill_null(fits, False), plain, pa.scalar(None, pa.timestamp("us")))


def _marked(codes: pa.Array, status: pa.Array) -> pa.Array:
    texts, marks = codes.cast(pa.large_string()), status.cast(pa.string())
    for name, prefix in PREFIXES.items():
        change = pc.and_(pc.equal(marks, name), pc.invert(pc.starts_with(texts, prefix)))
        if pc.any(change).as_py():
            joined = pc.binary_join_element_wise(
                pa.scalar(prefix, pa.large_string()), texts, pa.scalar("", pa.large_string())
            )
            texts = pc.if_else(pc.fill_null(change, False), joined, texts)
    return texts


def checked(
    batch: pa.RecordBatch, file: str, log: RowLog, *, timeless: bool = False
) -> Iterator[pa.RecordBatch]:
    """Yield the batch without rows that have no subject, no code or (unless `timeless`) no time, each counted.

    A column `row` (the row's number in its file) is used for the count and taken off.
    """
    if not len(batch):
        return
    rows = batch.column("row").to_numpy(zero_copy_only=False) if "row" in batch.schema.names else None
    for index in _endless(batch):
        log.drop(
            file,
            0 if rows is None else int(rows[index]),
            "the value is not a number (NaN or infinite): stored without a number",
        )
    plain = fitted(batch)
    good = np.ones(len(plain), bool)
    for name in ("subject_id", "code") if timeless else ("subject_id", "code", "time"):
        lacking = pc.is_null(plain.column(name)).to_numpy(zero_copy_only=False) & good
        for index in np.flatnonzero(lacking).tolist():
            log.drop(file, 0 if rows is None else int(rows[index]), f"no usable {name}")
        good &= ~lacking
    yield plain if good.all() else plain.filter(pa.array(good))


def _endless(batch: pa.RecordBatch) -> list[int]:
    """Return the rows whose number is NaN or infinite."""
    if "numeric_value" not in batch.schema.names:
        return []
    numbers = batch.column("numeric_value").cast(pa.float64())
    return np.flatnonzero(
        pc.fill_null(pc.invert(pc.is_finite(numbers)), False).to_numpy(zero_copy_only=False)
    ).tolist()


def _array(name: str, values: list[Any]) -> pa.Array:
    kind = pa.float64() if name == "numeric_value" else READ.field(name).type
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        # Arrow holds UTF-8 alone: a lone surrogate of a JSON escape becomes a question mark
        values = [value if value is None or value.isascii() else value.encode("utf-8", "replace").decode()
                  for value in values]  # fmt: skip
    return pa.array(values, kind)
