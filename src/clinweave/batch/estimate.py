"""What a job over a corpus will take, from a sample that is run here as `clinweave batch` runs it."""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from clinweave.batch.contract import FolderJob, Job, Task
from clinweave.batch.local import LocalRunner
from clinweave.batch.parts import LINES, TABLE, Part, plan
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.core.filesystem import kind_of, regular_file

REPEATS, ENOUGH = 3, 60.0  # runs of the sample; no further one begins after so many seconds


@dataclass(frozen=True)
class Measured:
    """One job on a sample: processor seconds without opening the job (median of `runs`), bytes read and written."""

    job: str
    records: int
    bad_records: int
    input_bytes: int
    output_bytes: int
    seconds: float
    least_seconds: float
    most_seconds: float
    runs: int


@dataclass(frozen=True)
class Extrapolated:
    """The same job on a corpus: processor hours with the least and most, machines for the deadline, GB of result."""

    job: str
    processor_hours: float
    least_hours: float
    most_hours: float
    machines: int
    disk_gb: float


def measure(name: str, job: Job | FolderJob, sample: Path, where: str = "") -> Measured:
    """Run a job over a sample in one worker of the local runner; the first part opens the job and is not counted.

    The sample is the file's first part, run several times; `where` names it in messages. Raises `UserError` where every
    row of it is bad.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        out.mkdir()
        part = plan(sample, 1 << 40)[0]
        runs = [replace(part, name=f"{part.name}-{number}") for number in range(1, REPEATS + 1)]
        begun, seconds = time.perf_counter(), []
        for report in LocalRunner(1).run(
            Task(job, "", out), [_opening(part, Path(folder)), *runs], frozenset()
        ):
            if report.failure:
                raise ClinweaveError(f"{name}: {report.failure}")
            if report.part.startswith(part.name):
                seconds.append(report.processor)
                last = report
                if time.perf_counter() - begun > ENOUGH:
                    break
        bad = sum(last.errors.values())
        if bad == last.rows:
            kinds = ", ".join(sorted(last.errors)) or "there are none"
            raise UserError(
                f"{where or sample}: no row can be used for {name} ({kinds}), so nothing can be measured"
            )
        written = _size(next(out.glob(f"{last.part}.*")))
        return Measured(
            name, last.rows, bad, _input_bytes(part), written, statistics.median(seconds), min(seconds),
            max(seconds), len(seconds),
        )  # fmt: skip


def extrapolate(measured: Measured, records: int, processors: int, hours: float) -> Extrapolated:
    """Return what so many records take if each takes what one of the sample did; `processors` are of one machine."""
    share = records / measured.records
    needed, least, most = (
        seconds * share / 3600
        for seconds in (measured.seconds, measured.least_seconds, measured.most_seconds)
    )
    machines = math.ceil(needed / (processors * hours))
    return Extrapolated(measured.job, needed, least, most, machines, measured.output_bytes * share / 1e9)


def sample_file(source: Path | None, most: int, folder: Path) -> Path:
    """Return a file with the sample: at most so many lines of a JSONL file or of the knowledge base's own passages.

    Files of other kinds are returned as they are. Raises `UserError` if there is none, or it is empty.
    """
    if source is not None and kind_of(source) == "a folder":
        source = Path(plan(source)[0].file)
    if source is not None and not regular_file(source).name.endswith(LINES):
        return source
    path = folder / "sample.jsonl"
    with path.open("wb") as stream:
        stream.writelines(islice(_passages(), most) if source is None else _lines(source, most))
    if not path.stat().st_size:
        raise UserError(f"{source or 'the text index'} holds no records")
    return path


def _lines(source: Path, most: int) -> Iterator[bytes]:
    with source.open("rb") as stream:
        yield from islice(
            (line if line.endswith(b"\n") else line + b"\n" for line in stream if line.strip()), most
        )


def _passages() -> Iterator[bytes]:
    from clinweave.core.artifacts import home
    from clinweave.knowledge import TextIndex

    for passage in TextIndex.open(home() / "index").passages():
        row = {"id": passage.id, "text": passage.text, "title": passage.title}
        yield json.dumps(row).encode() + b"\n"


def _opening(part: Part, folder: Path) -> Part:
    """Return a part whose run opens the job: the first line of the sample, or all of a file of another kind."""
    if not part.file.endswith(LINES):
        return replace(part, name=f"opening-{part.name}")
    with Path(part.file).open("rb") as stream:
        (folder / "first.jsonl").write_bytes(stream.readline())
    return plan(folder / "first.jsonl")[0]


def _input_bytes(part: Part) -> int:
    if not part.file.endswith(TABLE):
        return Path(part.file).stat().st_size
    groups = pq.read_metadata(part.file)
    return sum(groups.row_group(number).total_byte_size for number in range(part.start, part.stop))


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(file.stat().st_size for file in files)
