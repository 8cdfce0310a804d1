"""A recipe whose tasks are protocols of diagnosis."""

from collections.abc import Callable
from pathlib import Path

from clinweave.applications.diagnosis import fetched_mondo
from clinweave.errors import UserError
from clinweave.evaluation.diagnosis.chain import Setting, run_protocols, write_outcomes
from clinweave.evaluation.recipe import Recipe, TaskSettings


def run_recipe(recipe: Recipe, out: Path, home: Path, say: Callable[[str], None]) -> str:
    """Run every protocol, write results.json, ranks.jsonl and report.md below `out`; return the report."""
    settings = [_setting(task, home).checked() for task in recipe.tasks]
    paths = {task.path for task in recipe.tasks}
    if len(paths) != 1 or not Path(next(iter(paths))).exists():
        raise UserError(
            f"{recipe.name}: every task needs the same `path`, a folder or .tar.gz of phenopackets"
        )
    found = run_protocols(
        Path(paths.pop()), settings, home / "diagnosis", resamples=recipe.resamples, say=say
    )
    return write_outcomes(found, out)


def _setting(task: TaskSettings, home: Path) -> Setting:
    if not task.release:
        raise UserError(f"{task.title or task.type}: give `release`, the folder of an HPO release")
    mondo = fetched_mondo(home) if task.mondo == "fetched" else Path(task.mondo) if task.mondo else None
    if mondo is not None and not mondo.is_file():
        raise UserError(f"{task.title}: there is no Mondo file {mondo}")
    if task.mondo == "fetched" and mondo is None:
        raise UserError(
            f"{task.title}: Mondo is not fetched; run `clinweave fetch mondo`, or leave `mondo` out"
        )
    title = task.title or Path(task.release).name
    return Setting(title, Path(task.release), task.drop, task.after, mondo, task.allow_future)
