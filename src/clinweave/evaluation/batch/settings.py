"""The keys of a recipe of batch jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from clinweave.batch import JOBS, make_job, memory_bytes, open_runner, part_bytes
from clinweave.core.errors import UserError
from clinweave.core.typed import nearest, path_key, to_values
from clinweave.evaluation.recipe import Recipe, from_folder


@dataclass(frozen=True)
class RunnerSettings:
    """Where the jobs run. `address`: local, ray (of this machine) or ray://HOST[:PORT]; sizes are such as "4G"."""

    address: str = "local"
    workers: int = 0  # processes of this machine (0: one for each processor), or parts at once on a cluster
    memory: str = ""  # most memory of one worker; empty: no limit
    part_size: str = "8M"  # bytes of input in a part


@dataclass(frozen=True)
class JobSettings:
    """One job. It reads the file or folder `input`, or, with `after`, what an earlier job of the recipe gave."""

    job: str
    name: str = ""  # of its folder below the run's; the job's name if not given
    input: str = field(default="", metadata=path_key())
    after: str = ""
    settings: dict[str, Any] = field(default_factory=dict)  # as of `clinweave batch JOB --set`


@dataclass(frozen=True, kw_only=True)
class BatchRecipe(Recipe):
    """Jobs over files, one after the other."""

    kind: Literal["batch"] = "batch"
    runner: RunnerSettings = field(default_factory=RunnerSettings)
    jobs: tuple[JobSettings, ...] = ()


SETTINGS = BatchRecipe


def check(recipe: BatchRecipe, where: str) -> BatchRecipe:
    """Return the recipe with every setting of its jobs; raise `UserError` for values that contradict each other."""
    runner = recipe.runner
    try:
        open_runner(runner.address, runner.workers)
        memory_bytes(runner.memory)
        part_bytes(runner.part_size)
    except UserError as error:
        raise UserError(f"{where}: runner: {error}") from error
    if runner.workers < 0:
        raise UserError(f"{where}: runner.workers is {runner.workers}: give 0 (all processors) or more")
    if not recipe.jobs:
        raise UserError(f"{where}: there are no [[jobs]], so there is nothing to run; add one")
    jobs: list[JobSettings] = []
    for number, job in enumerate(recipe.jobs):
        jobs.append(_checked(job, jobs, f"{where}: jobs.{number}", where))
    return replace(recipe, jobs=tuple(jobs))


def _checked(job: JobSettings, before: Sequence[JobSettings], key: str, where: str) -> JobSettings:
    if job.job not in JOBS:
        raise UserError(f"{key}: job: {JOBS.unknown(job.job)}")
    name, names = job.name or job.job, [other.name for other in before]
    if name in names:
        raise UserError(
            f'{key}: two jobs have the name {name!r}: give one another, such as name = "{name}-2"'
        )
    if Path(name).name != name or name.startswith("."):
        raise UserError(f"{key}: name: {name!r} cannot be the name of a folder")
    if bool(job.input) == bool(job.after):
        raise UserError(f"{key}: give either input (a file or folder) or after (the name of an earlier job)")
    if job.after and job.after not in names:
        raise UserError(f"{key}: after: no job above has the name {job.after!r}{nearest(job.after, names)}")
    made = make_job(job.job, job.settings, f"{key}.settings", from_folder(Path(where).resolve().parent))
    return replace(job, name=name, settings=to_values(made))
