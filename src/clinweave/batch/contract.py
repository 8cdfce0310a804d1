"""What a job, a task and a runner are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import pyarrow as pa

from clinweave.batch.parts import Part

if TYPE_CHECKING:
    from typing_extensions import TypeIs

Batches = Iterator[pa.RecordBatch]
Transform = Callable[[Batches], Batches]


class Job(Protocol):
    """A pure function from batches to batches; a frozen dataclass whose fields are its settings.

    It is pickled to the workers, so its class stands in a module that they can import. `needs` are the columns read of
    each row beside its id (a field that is not nullable must be there), `gives` the columns of the result.
    """

    version: ClassVar[int]  # raised when the same rows give another result
    needs: ClassVar[pa.Schema]

    def __hash__(self) -> int: ...

    @property
    def gives(self) -> pa.Schema:
        """Return the columns of the result, without `id` and `error`."""
        ...

    def key(self) -> str:
        """Return a hash of what the result depends on beside rows, version and settings: a vocabulary, weights."""
        ...

    def open(self) -> Transform:
        """Return the function, once in each worker. It gives one row for each row, in order.

        A row that makes it raise is carried with the error, unless it is a `ClinweaveError` or an `OSError`: these
        stop the part.
        """
        ...


class FolderJob(Protocol):
    """A job that makes a folder of each part, and something of all folders at the end; else like `Job`."""

    version: ClassVar[int]
    suffix: ClassVar[str]  # of a part's folder

    def __hash__(self) -> int: ...

    def key(self) -> str:
        """Return what `Job.key` returns."""
        ...

    def open(self) -> Callable[[Part, Path], tuple[int, dict[str, int]]]:
        """Return the function, once in each worker: it fills a folder and returns the part's rows and errors."""
        ...

    def finish(self, folders: Sequence[Path], out: Path) -> dict[str, object]:
        """Make something of all parts' folders, in the order of the input, below `out`; return facts to show."""
        ...


def makes_folders(job: Job | FolderJob) -> "TypeIs[FolderJob]":
    """Say whether a job makes a folder of each part."""
    return hasattr(job, "suffix")


@dataclass(frozen=True)
class Task:
    """A job, where its parts are written, and the bytes of memory that it may take in one worker (0: no limit)."""

    job: Job | FolderJob
    key: str
    out: Path
    memory: int = 0


@dataclass(frozen=True)
class PartReport:
    """What came of a part. `errors` counts bad rows by the kind of error; `failure` is "" for a finished part.

    `node` is the machine that ran it; `full` says that it could not write there; `seconds` passed, and `processor`
    are those of the processor.
    """

    part: str
    rows: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    failure: str = ""
    node: str = ""
    full: bool = False
    seconds: float = 0.0
    processor: float = 0.0


class Runner(Protocol):
    """Runs parts somewhere. A part that it gives no report of, or one with a failure, is tried again."""

    name: str

    def run(self, task: Task, parts: Sequence[Part], avoid: frozenset[str]) -> Iterator[PartReport]:
        """Yield the reports of parts in the order in which they end; `avoid` are nodes whose disk is full.

        Raises `ClinweaveError` where no other node is left.
        """
        ...
