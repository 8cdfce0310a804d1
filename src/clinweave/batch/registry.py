"""Jobs and runners by name."""

from collections.abc import Mapping

from clinweave.batch.contract import FolderJob, Job, Runner
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint
from clinweave.core.typed import from_values

CLIENT_PORT = 10001  # of Ray's client server
JOBS: ExtensionPoint[type[Job | FolderJob]] = ExtensionPoint(
    "clinweave.jobs",
    "job",
    {
        "deidentify": "clinweave.batch.jobs.deidentify:Deidentify",
        "diagnose": "clinweave.batch.jobs.diagnose:Diagnose",
        "embed": "clinweave.batch.jobs.embed:Embed",
        "featurise": "clinweave.batch.jobs.featurise:Featurise",
        "generate": "clinweave.batch.jobs.generate:Generate",
        "index": "clinweave.batch.jobs.index:Index",
        "link": "clinweave.batch.jobs.link:Link",
        "score": "clinweave.batch.jobs.generate:Score",
    },
)


def make_job(name: str, settings: Mapping[str, object]) -> Job | FolderJob:
    """Return a job with these settings; raises `UserError` naming an unknown job or setting."""
    return from_values(JOBS.load(name), dict(settings), f"job {name}")


def open_runner(name: str, workers: int = 0) -> Runner:
    """Return the runner of a name: `local`, `ray` (of this machine), `ray://HOST[:PORT]` (a cluster).

    `workers` are processes of this machine (0: one for each processor), or parts at once on a cluster. Raises
    `UserError` for another name.
    """
    if name == "local":
        from clinweave.batch.local import LocalRunner

        return LocalRunner(workers)
    scheme, _, host = name.rpartition("://")
    if name != "ray" and not (scheme == "ray" and host):
        raise UserError(f"there is no runner {name!r}: give local, ray or ray://HOST")
    from clinweave.batch.on_ray import RayRunner

    if name == "ray":
        return RayRunner("", workers)
    return RayRunner(name if ":" in host else f"{name}:{CLIENT_PORT}", workers)
