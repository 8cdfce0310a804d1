"""Read and write MEDS datasets: data/*.parquet, metadata/codes.parquet, metadata/dataset.json.

https://github.com/Medical-Event-Data-Standard/meds. Written: one subject in one file, sorted by subject and time with
timeless events first; `kind` and `unit` are further columns, which MEDS allows.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave import __version__
from clinweave.core.artifacts import write_json
from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients.batches import ROWS, checked
from clinweave.patients.files import IRREGULAR
from clinweave.patients.meds_codes import meaning_of
from clinweave.schemas import EVENTS

VERSION = "0.4.0"  # of MEDS
EVENTS_A_FILE = 1_000_000
CODES = pa.schema(
    [
        ("code", pa.string()),
        ("description", pa.string()),
        ("parent_codes", pa.list_(pa.string())),
        ("kind", pa.string()),
        ("events", pa.int64()),
        ("concept", pa.string()),
        ("concept_name", pa.string()),
        ("linked_by", pa.string()),
    ]
)


def is_meds(path: Path) -> bool:
    """Say whether a folder is a MEDS data set."""
    return (path / "data").is_dir() and any((path / "data").rglob("*.parquet"))


def read(path: Path, log: RowLog) -> Iterator[pa.RecordBatch]:
    """Yield the events of a MEDS folder with the descriptions of their codes. Raises `UserError` where it is none.

    A file that lacks a column, or is no Parquet, is counted and the others are read.
    """
    if not is_meds(path):
        raise UserError(f"{path} has no data/*.parquet: it is not a MEDS data set")
    described = descriptions(path, log)
    for file in sorted((path / "data").rglob("*.parquet")):
        name = file.relative_to(path).as_posix()
        if not file.is_file():
            log.drop(name, 0, IRREGULAR)
            continue
        try:
            with pq.ParquetFile(file) as opened:
                lacking = {"subject_id", "time", "code"} - set(opened.schema_arrow.names)
                if lacking:
                    log.drop(name, 0, f"no column {', '.join(sorted(lacking))}: file skipped")
                    continue
                row = 1
                for batch in opened.iter_batches(ROWS, columns=_columns(opened.schema_arrow)):
                    located = _with_entries(batch, name, row)
                    row += len(batch)
                    yield from checked(_described(located, described), name, log, timeless=True)
        except (pa.ArrowException, OSError, TypeError, ValueError):
            log.drop(name, 0, "not Parquet, or damaged")


def descriptions(path: Path, log: RowLog | None = None) -> dict[str, tuple[str, str]]:
    """Return code -> (description, further codes parted by spaces) of a MEDS folder; {} where it states none."""
    file = path / "metadata" / "codes.parquet"
    if not file.is_file():
        return {}
    try:
        rows = pq.read_table(file).to_pylist()
    except (pa.ArrowException, OSError, ValueError):
        if log is not None:
            log.drop("metadata/codes.parquet", 0, "not Parquet, or damaged: codes have no description")
        return {}
    return {
        str(row["code"]): (str(row.get("description") or ""), " ".join(_texts(row.get("parent_codes"))))
        for row in rows
        if row.get("code")
    }


def write_events(batches: Iterator[pa.RecordBatch], folder: Path, most: int = EVENTS_A_FILE) -> int:
    """Write events, sorted by subject and time, as `folder`/0.parquet, ...; no subject is in two files."""
    folder.mkdir(parents=True, exist_ok=True)
    writer: pq.ParquetWriter | None = None
    written = total = files = 0
    last: int | None = None
    try:
        for batch in batches:
            for part in _by_subject(batch) if written + len(batch) >= most else (batch,):
                first = part.column("subject_id")[0].as_py()
                if writer is None or (written >= most and first != last):
                    if writer is not None:
                        writer.close()
                    writer = pq.ParquetWriter(folder / f"{files}.parquet", EVENTS, compression="zstd")
                    written, files = 0, files + 1
                writer.write_batch(part)
                written, total = written + len(part), total + len(part)
                last = part.column("subject_id")[len(part) - 1].as_py()
    finally:
        if writer is not None:
            writer.close()
    return total


def write_metadata(folder: Path, name: str, codes: pa.Table, facts: Mapping[str, object]) -> None:
    """Write metadata/dataset.json and metadata/codes.parquet."""
    metadata = folder / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    stated = {
        "dataset_name": name,
        "dataset_version": "",
        "etl_name": "clinweave",
        "etl_version": __version__,
        "meds_version": VERSION,
        **facts,
    }
    write_json(metadata / "dataset.json", stated)
    pq.write_table(codes.cast(CODES), metadata / "codes.parquet", compression="zstd")


def _with_entries(batch: pa.RecordBatch, file: str, first: int) -> pa.RecordBatch:
    """Return the batch with file and row of each event ("data/0.parquet:12"), unless it states its entries."""
    if "entry" in batch.schema.names:
        return batch
    entries = [f"{file}:{row}" for row in range(first, first + len(batch))]
    return batch.append_column("entry", pa.array(entries, pa.large_string()))


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item]


def _columns(schema: pa.Schema) -> list[str]:
    return [name for name in EVENTS.names if name in schema.names]


def _described(batch: pa.RecordBatch, descriptions: dict[str, tuple[str, str]]) -> pa.RecordBatch:
    """Return events with name, further codes, kind, unit and status, as far as the codes tell what no column states."""
    codes = pc.dictionary_encode(batch.column("code").cast(pa.string()))
    distinct = codes.dictionary.to_pylist()
    meanings = [meaning_of(code or "") for code in distinct]
    described = [descriptions.get(code, ("", "")) for code in distinct]
    derived = {
        "name": [words or item.name or None for (words, _), item in zip(described, meanings, strict=True)],
        "other_codes": [others or None for _, others in described],
        "kind": [item.kind for item in meanings],
        "unit": [item.unit for item in meanings],
        "status": [item.status for item in meanings],
    }
    for name, values in derived.items():
        column = pa.array(values, pa.string()).take(codes.indices)
        column_index = batch.schema.get_field_index(name)
        if column_index < 0:
            batch = batch.append_column(name, column)
        elif name in {"kind", "unit"}:  # what a column leaves open
            stated = batch.column(column_index).cast(pa.string())
            blank = pc.fill_null(pc.equal(stated, ""), True)
            batch = batch.set_column(column_index, name, pc.if_else(blank, column, stated))
    return batch


def _by_subject(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    subjects = batch.column("subject_id").to_numpy()
    borders = [0, *((subjects[1:] != subjects[:-1]).nonzero()[0] + 1).tolist(), len(batch)]
    for start, end in pairwise(borders):
        if end > start:
            yield batch.slice(start, end - start)
