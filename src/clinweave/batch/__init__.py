"""Batch jobs: the same function over many items, on this machine or on a cluster.

A job maps Arrow batches to Arrow batches. Its input is split into parts, each part gives one Parquet file that is
written once and named by the digest of its input, and a run that was stopped goes on with the parts that are missing.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.batch.contract import Batches as Batches
    from clinweave.batch.contract import Job as Job
    from clinweave.batch.contract import PartReport as PartReport
    from clinweave.batch.contract import Task as Task
    from clinweave.batch.contract import Transform as Transform
    from clinweave.batch.estimate import Extrapolated as Extrapolated
    from clinweave.batch.estimate import Measured as Measured
    from clinweave.batch.estimate import extrapolate as extrapolate
    from clinweave.batch.estimate import measure as measure
    from clinweave.batch.estimate import sample_file as sample_file
    from clinweave.batch.local import LocalRunner as LocalRunner
    from clinweave.batch.on_ray import RayRunner as RayRunner
    from clinweave.batch.parts import Part as Part
    from clinweave.batch.parts import plan as plan
    from clinweave.batch.registry import JOBS as JOBS
    from clinweave.batch.registry import make_job as make_job
    from clinweave.batch.registry import memory_bytes as memory_bytes
    from clinweave.batch.registry import open_runner as open_runner
    from clinweave.batch.registry import part_bytes as part_bytes
    from clinweave.batch.run import BatchResult as BatchResult
    from clinweave.batch.run import run_batch as run_batch
    from clinweave.batch.worker import run_part as run_part

__getattr__, __dir__ = attach(
    __name__,
    {
        "BatchResult": "run",
        "Batches": "contract",
        "Extrapolated": "estimate",
        "JOBS": "registry",
        "Job": "contract",
        "LocalRunner": "local",
        "Measured": "estimate",
        "extrapolate": "estimate",
        "measure": "estimate",
        "sample_file": "estimate",
        "Part": "parts",
        "PartReport": "contract",
        "RayRunner": "on_ray",
        "Task": "contract",
        "Transform": "contract",
        "make_job": "registry",
        "memory_bytes": "registry",
        "open_runner": "registry",
        "part_bytes": "registry",
        "plan": "parts",
        "run_batch": "run",
        "run_part": "worker",
    },
)
