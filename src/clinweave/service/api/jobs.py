"""Long work: jobs that run one after another, with progress, results and cancellation. They are in memory alone."""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from clinweave.service.security.users import User
from clinweave.service.workers import BusyError, WorkerPool

KEPT_SECONDS = 3600.0  # after the end
MAX_JOBS = 200  # that run, wait or are kept
MAX_ITEMS = 1000  # of a job


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobItem:
    """The outcome of one item: a result as the tool's route returns it, or problem details."""

    index: int
    status: int
    body: object


@dataclass(frozen=True, slots=True)
class JobDocument:
    """A job: `done` of `total` items are finished, `message` says what runs. `items` is in their order."""

    id: str
    tool: str
    status: JobStatus
    done: int
    total: int
    message: str
    created: str
    seconds: float
    items: tuple[JobItem, ...]


class CancelledError(Exception):
    """The job was cancelled: its work ends."""


@dataclass
class Job:
    """A job that was taken. `progress` and `check` are called from its thread."""

    tool: str
    owner: str
    total: int
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: JobStatus = JobStatus.QUEUED
    message: str = ""
    items: list[JobItem] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def progress(self, message: str) -> None:
        """Say what runs. Raises `CancelledError` once the job is cancelled."""
        if self.cancelled.is_set():
            raise CancelledError
        self.message = message

    def end(self, status: JobStatus) -> None:
        """Note the end."""
        self.status, self.message, self.ended = status, "", time.monotonic()

    def document(self, *, with_items: bool = True) -> JobDocument:
        """Return what a client sees."""
        end = self.ended if self.ended is not None else time.monotonic()
        return JobDocument(
            id=self.id,
            tool=self.tool,
            status=self.status,
            done=len(self.items),
            total=self.total,
            message=self.message,
            created=self.created.isoformat(timespec="seconds"),
            seconds=round(end - self.started, 3),
            items=tuple(self.items) if with_items else (),
        )


RunItem = Callable[[Job, object], JobItem]


class Jobs:
    """The jobs of a server. Each user sees their own; a job ends an hour after its end, or with the server."""

    def __init__(self) -> None:
        self._pool = WorkerPool("jobs", threads=1, limit=MAX_JOBS, seconds=float("inf"))
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def pool(self) -> WorkerPool:
        """Return the pool, for the counts."""
        return self._pool

    def start(self, tool: str, owner: User, arguments: Sequence[object], run: RunItem) -> Job:
        """Return a new job over the arguments of each item. Raises `BusyError` where too many are held."""
        self._forget_old()
        job = Job(tool, owner.name, len(arguments))
        with self._lock:
            if len(self._jobs) >= MAX_JOBS:
                raise BusyError("too many jobs are held")
            self._jobs[job.id] = job
        self._pool.submit(self._work, job, arguments, run)
        return job

    def _work(self, job: Job, arguments: Sequence[object], run: RunItem) -> None:
        try:
            job.status = JobStatus.RUNNING
            for number, item in enumerate(arguments):
                job.progress(f"item {number + 1} of {job.total}")
                job.items.append(run(job, item))
            job.end(JobStatus.DONE)
        except CancelledError:
            job.end(JobStatus.CANCELLED)

    def get(self, id_: str, owner: User) -> Job | None:
        """Return a job of its owner, None for one that there is not or that is another's."""
        self._forget_old()
        job = self._jobs.get(id_)
        return job if job is not None and job.owner == owner.name else None

    def of(self, owner: User) -> list[Job]:
        """Return the jobs of a user, the newest first."""
        self._forget_old()
        return [job for job in reversed(list(self._jobs.values())) if job.owner == owner.name]

    def cancel(self, job: Job) -> None:
        """Cancel a job that runs or waits; remove one that has ended."""
        job.cancelled.set()
        if job.ended is not None:
            self._jobs.pop(job.id, None)
        elif job.status is JobStatus.QUEUED:
            job.status = JobStatus.CANCELLED  # its thread notes the end when its turn comes

    def close(self) -> None:
        """Cancel every job: nobody can fetch a result any more."""
        for job in list(self._jobs.values()):
            job.cancelled.set()
        self._pool.close()

    def _forget_old(self) -> None:
        limit = time.monotonic() - KEPT_SECONDS
        with self._lock:
            for job in [job for job in self._jobs.values() if job.ended is not None and job.ended < limit]:
                self._jobs.pop(job.id, None)
