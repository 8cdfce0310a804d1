"""What the jobs of a recipe gave."""

from dataclasses import dataclass, field
from typing import Any, Literal

from clinweave.evaluation.batch.settings import BatchRecipe


@dataclass(frozen=True)
class JobResult:
    """One job by its name: its rows, bad ones by the kind of error, its parts, and its folder below the run's.

    `resumed` parts were there before the run, `retried` ones were run more than once; both differ between runs, as
    `seconds` does. `facts` are of a job that makes one thing of all rows, such as an index.
    """

    name: str
    job: str
    version: int
    input: str  # name of the file or folder, or of the earlier job
    folder: str
    rows: int
    errors: dict[str, int]
    parts: int
    resumed: int
    retried: int
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BatchResults:
    """The jobs, in the order in which they ran."""

    kind: Literal["batch"] = "batch"
    clinweave: str
    recipe: BatchRecipe
    jobs: tuple[JobResult, ...]


RESULTS = BatchResults
