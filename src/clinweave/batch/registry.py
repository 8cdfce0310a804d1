"""Jobs and runners by name."""

import re
from collections.abc import Mapping
from pathlib import Path

from clinweave.batch.contract import FolderJob, Job, Runner
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint
from clinweave.core.typed import Resolve, from_values, nearest

CLIENT_PORT = 10001  # of Ray's client server
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
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


def in_working_folder(path: str) -> str:
    """Return a path made absolute: workers of a cluster run in other folders."""
    return str(Path(path).expanduser().absolute())


def make_job(
    name: str, settings: Mapping[str, object], where: str = "", resolve: Resolve = in_working_folder
) -> Job | FolderJob:
    """Return a job with these settings; raises `UserError` naming an unknown job or setting and the nearest.

    `where` begins the message ("job link" if not given), `resolve` makes settings that are paths absolute.
    """
    return from_values(JOBS.load(name), dict(settings), where or f"job {name}", resolve)


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
        raise UserError(f"there is no runner {name!r}{nearest(name, ('local', 'ray', 'ray://HOST[:PORT]'))}")
    from clinweave.batch.on_ray import RayRunner

    if name == "ray":
        return RayRunner("", workers)
    return RayRunner(name if ":" in host else f"{name}:{CLIENT_PORT}", workers)


def memory_bytes(text: str) -> int:
    """Return the bytes of a limit on memory such as "4G", 0 for "" (no limit); `UserError` for anything else."""
    return _bytes(text, "memory") if text else 0


def part_bytes(text: str) -> int:
    """Return the bytes of a part such as "8M"; `UserError` for anything else."""
    return _bytes(text, "part size")


def _bytes(text: str, what: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)i?B?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size < 1:
        raise UserError(f"{what} {text!r}: expected a size such as 512M or 4G")
    return size
