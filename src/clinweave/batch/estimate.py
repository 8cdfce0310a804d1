"""What a job over a corpus will take, from a sample that is run here."""

import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from clinweave.batch.contract import FolderJob, Job, Task
from clinweave.batch.local import LocalRunner
from clinweave.batch.parts import plan
from clinweave.core.errors import ClinweaveError, UserError


@dataclass(frozen=True)
class Measured:
    """One job on a sample: processor seconds without opening the job, and the bytes that it read and wrote."""

    job: str
    records: int
    bad_records: int
    input_bytes: int
    seconds: float
    output_bytes: int


@dataclass(frozen=True)
class Extrapolated:
    """The same job on a corpus: processor hours, machines for the deadline, and GB of disk for its result."""

    job: str
    processor_hours: float
    machines: int
    disk_gb: float


def measure(name: str, job: Job | FolderJob, lines: list[str]) -> Measured:
    """Run a job over lines of JSON in one worker of the local runner; the first line opens the job, uncounted."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        out.mkdir()
        parts = []
        for file, some in (("first.jsonl", lines[:1]), ("sample.jsonl", lines)):
            path = Path(folder, file)
            path.write_text("".join(some), "utf-8")
            parts += plan(path, 1 << 40)
        for report in LocalRunner(1).run(Task(job, "", out), parts, frozenset()):
            if report.failure:
                raise ClinweaveError(f"{name}: {report.failure}")
        written = _size(next(out.glob(f"{report.part}.*")))
        return Measured(
            name, report.rows, sum(report.errors.values()), path.stat().st_size, report.processor, written
        )


def extrapolate(measured: Measured, records: int, processors: int, hours: float) -> Extrapolated:
    """Return what so many records take if each takes what one of the sample did; `processors` are of one machine."""
    share = records / measured.records
    needed = measured.seconds * share / 3600
    return Extrapolated(
        measured.job, needed, math.ceil(needed / (processors * hours)), measured.output_bytes * share / 1e9
    )


def sample_lines(source: Path | None, most: int) -> list[str]:
    """Return lines of a JSONL file, or of the knowledge base's own passages."""
    if source is None:
        return list(islice(_passages(), most))
    with source.open(encoding="utf-8") as stream:
        lines = [line if line.endswith("\n") else f"{line}\n" for line in islice(stream, most)]
    if not lines:
        raise UserError(f"{source} holds no records")
    return lines


def _passages() -> Iterator[str]:
    from clinweave.core.artifacts import home
    from clinweave.knowledge import TextIndex

    for passage in TextIndex.open(home() / "index").passages():
        yield json.dumps({"id": passage.id, "text": passage.text, "title": passage.title}) + "\n"


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(file.stat().st_size for file in files)
