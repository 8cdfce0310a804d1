"""What a worker does with a part: read its rows, apply the job, write one Parquet file. The same on every runner."""

import errno
import json
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.batch.contract import FolderJob, Job, PartReport, Task, Transform, makes_folders
from clinweave.batch.parts import Part, Rows, read_rows
from clinweave.core.artifacts import appearing, replace_folder, scratch, write_json
from clinweave.core.errors import ClinweaveError
from clinweave.core.filesystem import reason

_NO_MEMORY = "a worker needs more memory than it may take; raise the limit (--memory)"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_META = b"clinweave"  # of a part's file: counts as JSON
_COUNTS = "counts.json"  # of a part's folder
_READ = re.compile(r".+?, line \d+: ")  # begins what the reader says of a row
_GROUP_ROWS, _GROUP_BYTES = 4096, 32 << 20  # a row group ends at whichever comes first


def part_file(task: Task, part: str) -> Path:
    """Return the file of a part, or its folder."""
    return task.out / f"{part}{getattr(task.job, 'suffix', '.parquet')}"


def run_part(task: Task, part: Part, node: str = "") -> PartReport:
    """Return the report of a part; its file is written unless it is there already. Raises nothing of the part's own.

    The file is a function of the part's bytes and of the task's key: neither worker nor time leaves a trace in it.
    """
    begun, worked = time.perf_counter(), time.process_time()
    path = part_file(task, part.name)
    try:
        if not path.exists():
            with memory_limit(task.memory):
                _make(task, part, path)
        rows, errors = counts_of(path)
        seconds, processor = time.perf_counter() - begun, time.process_time() - worked
        return PartReport(part.name, rows, errors, node=node, seconds=seconds, processor=processor)
    except (ClinweaveError, OSError, MemoryError, pa.ArrowException) as error:
        full = isinstance(error, OSError) and error.errno in _FULL
        failure = _NO_MEMORY if isinstance(error, MemoryError) else reason(error) or type(error).__name__
        if full:
            failure = f"{path}: {failure}"
        return PartReport(part.name, failure=failure, node=node, full=full)
    except Exception as error:  # opening a job of somebody else may raise anything
        return PartReport(part.name, failure=f"{type(error).__name__}: {reason(error)}", node=node)


def _make(task: Task, part: Part, path: Path) -> None:
    job = task.job
    if not makes_folders(job):
        transform = _opened(job)
        with appearing(path, private=True) as work:
            _write(task.key, job, part, transform, work)
        return
    fill = _opened_folder(job)
    with scratch(path) as folder:
        rows, errors = fill(part, folder)
        write_json(folder / _COUNTS, {"rows": rows, "errors": errors, "key": task.key, "part": part.name})
        replace_folder(folder, path)


# A worker is one processor: libraries that multiply matrices would start a thread for each processor in every worker,
# and sums of other threads are rounded otherwise (Ray sets the same for a task of one processor)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Arrow's own allocator reserves a gibibyte at once, which a limit on memory would refuse
PLAIN_MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system"}


@contextmanager
def memory_limit(size: int) -> Iterator[None]:
    """Let this process hold at most `size` bytes more than when it was bare (files mapped do not count); 0: no limit.

    Allocations beyond raise `MemoryError`. Linux counts so; other systems may not hold the limit.
    """
    if not size:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_bare() + size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@cache
def _bare() -> int:
    """Return the bytes that this process held when it was first asked: before it opened a job."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0
    return int(status.partition("VmData:")[2].split()[0]) << 10


@lru_cache(maxsize=1)
def _opened(job: Job) -> Transform:
    return job.open()


@lru_cache(maxsize=1)
def _opened_folder(job: FolderJob) -> Callable[[Part, Path], tuple[int, dict[str, int]]]:
    return job.open()


def counts_of(path: Path) -> tuple[int, dict[str, int]]:
    """Return the rows of a part, and how many of them carry which kind of error."""
    if path.is_dir():
        stated = json.loads((path / _COUNTS).read_text("utf-8"))
    else:
        stated = json.loads((pq.read_metadata(path).metadata or {})[_META])
    return int(stated["rows"]), dict(stated["errors"])


def _write(key: str, job: Job, part: Part, transform: Transform, path: Path) -> None:
    gives = job.gives
    schema = pa.schema([("id", pa.string()), *gives, ("error", pa.string())])
    kinds: Counter[str] = Counter()
    rows, held, waiting = 0, 0, []
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for chunk in read_rows(part, job.needs):
            batch = _done(chunk, transform, schema)
            kinds.update(kind_of_error(text) for text in batch.column("error").to_pylist() if text)
            waiting.append(batch)
            rows, held = rows + len(batch), held + batch.nbytes
            if held >= _GROUP_BYTES or sum(map(len, waiting)) >= _GROUP_ROWS:
                file.write_table(pa.Table.from_batches(waiting))
                held, waiting = 0, []
        if waiting:
            file.write_table(pa.Table.from_batches(waiting))
        stated = {"rows": rows, "errors": dict(sorted(kinds.items())), "key": key, "part": part.name}
        file.add_key_value_metadata({_META: json.dumps(stated, sort_keys=True).encode()})


def kind_of_error(text: str) -> str:
    """Return the kind of a row's error: its type, or what the reader says, without file and line."""
    read = _READ.match(text)
    return text[read.end() :] if read else text.partition(":")[0]


def _done(chunk: Rows, transform: Transform, schema: pa.Schema) -> pa.RecordBatch:
    """Return a row of `schema` for each row of the chunk, in order."""
    errors: list[str | None] = [chunk.bad.get(position) for position in range(len(chunk.ids))]
    good = [position for position, error in enumerate(errors) if error is None]
    gives = pa.schema(list(schema)[1:-1])
    result, failed = _applied(transform, chunk.batch, gives) if good else (pa.table(_nothing(gives, 0)), {})
    for row, message in failed.items():
        errors[good[row]] = message
    place = {position: row for row, position in enumerate(good)}
    rows = pa.array([place.get(position) for position in range(len(errors))], pa.int64())
    columns = [result.column(name).combine_chunks().take(rows) for name in gives.names]
    return pa.RecordBatch.from_arrays(
        [pa.array(chunk.ids, pa.string()), *columns, pa.array(errors, pa.string())], schema=schema
    )


def _applied(
    transform: Transform, batch: pa.RecordBatch, gives: pa.Schema
) -> tuple[pa.Table, dict[int, str]]:
    """Return the result, nulls for rows that make the job raise, and what each of these raised.

    A batch that raises is halved until the rows at fault stand alone.
    """
    try:
        result = pa.Table.from_batches(list(transform(iter([batch]))), schema=gives)
    except (ClinweaveError, OSError):
        raise
    except Exception as error:  # whatever one row does, the others are done
        if len(batch) == 1:
            return pa.table(_nothing(gives, 1)), {0: f"{type(error).__name__}: {error}"}
    else:
        if len(result) != len(batch):
            raise ClinweaveError(
                f"the job gave {len(result)} rows for {len(batch)}: it must give one for each"
            )
        return result, {}
    half = len(batch) // 2
    first, failed = _applied(transform, batch.slice(0, half), gives)
    second, more = _applied(transform, batch.slice(half), gives)
    return pa.concat_tables([first, second]), {**failed, **{half + row: text for row, text in more.items()}}


def _nothing(gives: pa.Schema, rows: int) -> pa.Table:
    return pa.table([pa.nulls(rows, item.type) for item in gives], schema=gives)
