"""Run a job over an input: plan the parts, skip those that are finished, try again what failed, write the manifest."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.batch.contract import FolderJob, Job, PartReport, Runner, Task, makes_folders
from clinweave.batch.local import LocalRunner
from clinweave.batch.parts import JOB_FILE, PART_BYTES, Part, plan
from clinweave.batch.worker import counts_of, part_file
from clinweave.core.artifacts import MANIFEST, digest, read_manifest, sweep_below, write_json, write_manifest
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.core.filesystem import is_above, output_folder
from clinweave.core.typed import PATH, to_values

ATTEMPTS = 3  # of one part
GIVE_UP = 20  # failures one after the other, without a finished part between them
KIND = "batch"
Progress = Callable[[int, int, int], None]  # parts finished, parts, rows


@dataclass
class BatchResult:
    """What a run did. `parts` are the names of the files in the order of the input; `resumed` were there before."""

    out: Path
    parts: list[str]
    resumed: int = 0
    rows: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    seconds: float = 0.0
    facts: dict[str, object] = field(default_factory=dict)  # of a job that makes one thing of all parts

    def add(self, rows: int, errors: dict[str, int]) -> None:
        """Count a finished part."""
        self.rows += rows
        self.errors.update(errors)

    def to_json(self) -> dict[str, object]:
        """Return the counts as a command prints them."""
        return {"out": str(self.out), "parts": len(self.parts), "resumed": self.resumed, "rows": self.rows,
                "errors": dict(sorted(self.errors.items())), "retried": self.retried,
                "seconds": round(self.seconds, 2), **self.facts}  # fmt: skip


def run_batch(
    job: Job | FolderJob,
    source: Path,
    out: Path,
    *,
    name: str = "",
    runner: Runner | None = None,
    memory: int = 0,
    part_bytes: int = PART_BYTES,
    progress: Progress | None = None,
) -> BatchResult:
    """Run a job over a file or folder into the folder `out`; parts that are there already are kept.

    Raises `UserError` where `out` holds the result of another job, `ClinweaveError` where parts failed `ATTEMPTS`
    times; what is finished stays, and the same call goes on from there.
    """
    begun = time.perf_counter()
    if source.is_dir() and is_above(source.resolve(), out.resolve()):
        raise UserError(
            f"{out} is in the input's folder {source}, and would be read as input; name another folder"
        )
    parts = plan(source, part_bytes)
    if not parts:
        raise UserError(f"{source} holds no rows: it is empty")
    task = _claimed(job, name or type(job).__name__.lower(), out, memory)
    result = BatchResult(task.out, [part.name for part in parts])
    missing = []
    for part in parts:
        path = part_file(task, part.name)
        if path.exists():
            result.add(*counts_of(path))
            result.resumed += 1
        else:
            missing.append(part)
    _run(runner or LocalRunner(), task, missing, result, progress)
    if makes_folders(job):
        result.facts = job.finish([part_file(task, name) for name in result.parts], task.out)
    result.seconds = time.perf_counter() - begun
    _finish(task, result)
    return result


def _claimed(job: Job | FolderJob, name: str, out: Path, memory: int) -> Task:
    """Make the folder of the job, or take the one that this job wrote."""
    settings = to_values(job)
    paths = {item.name for item in fields(job) if PATH in item.metadata}  # type: ignore[arg-type]
    counted = {
        name: value for name, value in settings.items() if name not in paths
    }  # `key` is of what they hold
    key = digest([name, job.version, counted, job.key()])
    out = output_folder(out).resolve()
    stated = out / JOB_FILE
    if out.is_dir() and any(out.iterdir()):
        if not stated.is_file():
            raise UserError(f"{out} holds files that no job wrote: nothing was changed; name another folder")
        if json.loads(stated.read_text("utf-8")).get("key") != key:
            raise UserError(
                f"{out} holds the result of another job, of other settings or of another knowledge base: nothing was "
                "changed; name another folder, or delete it"
            )
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep_below(out)
    write_json(stated, {"job": name, "version": job.version, "settings": settings, "key": key}, private=True)
    return Task(job, key, out, memory)


def _run(
    runner: Runner, task: Task, missing: Sequence[Part], result: BatchResult, progress: Progress | None
) -> None:
    attempts: Counter[str] = Counter()
    failures: dict[str, PartReport] = {}
    avoid: set[str] = set()
    left, done = {part.name: part for part in missing}, result.resumed
    failed = 0  # one after the other
    while pending := [part for name, part in left.items() if attempts[name] < ATTEMPTS]:
        for report in runner.run(task, _next(pending, failures), frozenset(avoid)):
            attempts[report.part] += 1
            if report.failure:
                failures[report.part] = report
                avoid |= {report.node} if report.full else set()
                result.retried += 1
                failed += not report.full  # that node gets no more
                if failed == GIVE_UP:
                    raise ClinweaveError(
                        f"{GIVE_UP} parts failed one after the other, the last with: {report.failure}. {done} of "
                        f"{len(result.parts)} parts are finished; run the same command again to go on"
                    )
                continue
            del left[report.part]
            done, failed = done + 1, 0
            result.add(report.rows, report.errors)
            if progress is not None:
                progress(done, len(result.parts), result.rows)
    if left:
        first = failures[next(iter(left))]
        raise ClinweaveError(
            f"{len(left)} of {len(result.parts)} parts failed {ATTEMPTS} times, the first with: {first.failure}. "
            f"{done} are finished; run the same command again to go on"
        )


def _next(pending: Sequence[Part], failures: Mapping[str, PartReport]) -> list[Part]:
    """Return the parts to run now: a part whose worker died is tried again alone, as another one may have killed it."""
    together = [part for part in pending if part.name not in failures or failures[part.name].full]
    return together or list(pending[:1])


def _finish(task: Task, result: BatchResult) -> None:
    """Write the manifest unless it states the same parts already."""
    manifest: dict[str, Any] = {
        "kind": KIND, "key": task.key, "clinweave": __version__, "inputs": {name: name for name in result.parts},
        "parts": result.parts, "rows": result.rows, "errors": dict(sorted(result.errors.items())), "tier": "private",
    }  # fmt: skip
    before = read_manifest(task.out) if (task.out / MANIFEST).is_file() else None
    if before is not None and before.get("parts") == result.parts:
        return
    if makes_folders(task.job):  # folders have manifests of their own
        write_json(task.out / MANIFEST, manifest, private=True)
    else:
        write_manifest(task.out, manifest)
