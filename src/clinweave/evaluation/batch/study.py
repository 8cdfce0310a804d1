"""The study of batch jobs: each job is a step, which skips the parts that an earlier run finished."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from clinweave import __version__
from clinweave.batch import BatchResult, make_job, memory_bytes, open_runner, part_bytes, run_batch
from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import Report
from clinweave.core.typed import unchanged
from clinweave.evaluation.batch.results import BatchResults, JobResult
from clinweave.evaluation.batch.settings import BatchRecipe, JobSettings
from clinweave.evaluation.runner import ArtifactStep, Runner

JOBS_FOLDER = "jobs"
_RESOURCES = {"embed": "all-minilm-l6-v2"}  # weights that a job reads


class BatchStudy:
    """Runs the jobs of a recipe one after the other into RUN/jobs/NAME."""

    def __init__(self, recipe: BatchRecipe, runner: Runner) -> None:
        self.recipe, self.runner = recipe, runner
        self._steps = {job.name: self._step(job) for job in recipe.jobs}

    def resources(self) -> list[str]:
        """Return the catalogue ids of the weights that jobs read."""
        return sorted({_RESOURCES[job.job] for job in self.recipe.jobs if job.job in _RESOURCES})

    def databases(self) -> tuple[str, ...]:
        """No database is fetched: jobs read the graph of the home."""
        return ()

    def steps(self) -> Iterable[ArtifactStep[BatchResult]]:
        """Return the jobs."""
        return self._steps.values()

    def close(self) -> None:
        """Do nothing: workers end with their job."""

    def results(self, runner: Runner) -> BatchResults:
        """Return what each job gave."""
        jobs = tuple(_result(job, runner.result(self._steps[job.name])) for job in self.recipe.jobs)
        return BatchResults(clinweave=__version__, recipe=_without_folders(self.recipe), jobs=jobs)

    def report(self, results: BatchResults, runner: Runner) -> Report:  # noqa: ARG002
        """Return the report."""
        from clinweave.evaluation.batch.report import batch_report

        return batch_report(results)

    def _folder(self, name: str) -> Path:
        return self.runner.out / JOBS_FOLDER / name

    def _step(self, job: JobSettings) -> ArtifactStep[BatchResult]:
        def build(runner: Runner) -> BatchResult:
            return self._run(job, runner)

        return ArtifactStep(job.name, build, _key, f"{job.name}: planning parts")

    def _run(self, job: JobSettings, runner: Runner) -> BatchResult:
        source = self._folder(job.after) if job.after else Path(job.input)
        if not source.exists():
            raise UserError(f"{self.recipe.name}: the input of {job.name} does not exist: {source}")
        where = self.recipe.runner
        with ExitStack() as stack:
            ticks: list[Callable[[int], None]] = []
            reported = [0]

            def progress(done: int, parts: int, _rows: int) -> None:
                if not ticks:
                    ticks.append(stack.enter_context(runner.progress.bar(f"{job.name}, parts", parts)))
                ticks[0](done - reported[0])
                reported[0] = done

            return run_batch(
                make_job(job.job, job.settings, resolve=unchanged), source, self._folder(job.name), name=job.job,
                runner=open_runner(where.address, where.workers), memory=memory_bytes(where.memory),
                part_bytes=part_bytes(where.part_size), progress=progress,
            )  # fmt: skip


STUDY = BatchStudy


def _key(result: BatchResult) -> str:
    return digest([sha256(result.out / "manifest.json")])


def _result(job: JobSettings, result: BatchResult) -> JobResult:
    facts = {
        name: Path(str(value)).name if name == "index" else value for name, value in result.facts.items()
    }
    return JobResult(
        name=job.name, job=job.job, version=make_job(job.job, job.settings, resolve=unchanged).version,
        input=job.after or Path(job.input).name, folder=f"{JOBS_FOLDER}/{job.name}", rows=result.rows,
        errors=dict(sorted(result.errors.items())), parts=len(result.parts), resumed=result.resumed,
        retried=result.retried, seconds=round(result.seconds, 2), facts=facts,
    )  # fmt: skip


def _without_folders(recipe: BatchRecipe) -> BatchRecipe:
    """Return the recipe as results show it: names of inputs and no folders of this machine."""
    return replace(recipe, jobs=tuple(replace(job, input=Path(job.input).name) for job in recipe.jobs))
