"""Jobs and runners by name."""

from collections.abc import Mapping

from clinweave.batch.contract import Job, Runner
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint
from clinweave.core.typed import from_values

JOBS: ExtensionPoint[type[Job]] = ExtensionPoint(
    "clinweave.jobs",
    "job",
    {
        "link": "clinweave.batch.jobs.link:Link",
    },
)


def make_job(name: str, settings: Mapping[str, object]) -> Job:
    """Return a job with these settings; raises `UserError` naming an unknown job or setting."""
    return from_values(JOBS.load(name), dict(settings), f"job {name}")


def open_runner(name: str, workers: int = 0) -> Runner:
    """Return the runner `local` with so many workers (0: one for each processor); `UserError` for another name."""
    if name == "local":
        from clinweave.batch.local import LocalRunner

        return LocalRunner(workers)
    raise UserError(f"there is no runner {name!r}: give local")
