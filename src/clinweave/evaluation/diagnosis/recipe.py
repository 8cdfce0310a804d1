"""A recipe whose tasks are protocols and studies of diagnosis."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic, process_time
from typing import Any

from clinweave.applications.diagnosis import fetched_genes, fetched_mondo
from clinweave.core.artifacts import write_json
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis import ancestors, studies
from clinweave.evaluation.diagnosis.ancestors import LIMIT, Grouping
from clinweave.evaluation.diagnosis.chain import Outcome, Setting, run_protocol
from clinweave.evaluation.diagnosis.desk import Bar, Desk, no_bar
from clinweave.evaluation.diagnosis.report import report_text, write_page
from clinweave.evaluation.recipe import Recipe, TaskSettings, to_toml


def run_recipe(
    recipe: Recipe,
    out: Path,
    home: Path,
    say: Callable[[str], None] = lambda _: None,
    bar: Bar = no_bar,
    *,
    allow_future: bool = False,
    more: Callable[[Desk], Mapping[str, Any]] = lambda _: {},
) -> dict[str, Any]:
    """Run every protocol and study; write results.json, ranks.jsonl, report.md and report.html below `out`.

    Every finished piece is kept below out/stages, so that a run that was stopped goes on there. `allow_future` lets
    dated protocols use what is newer than their date, labelled. `more` adds studies of the caller's.
    """
    began, spent = monotonic(), process_time()
    settings = [_setting(task, home, allow_future).checked() for task in recipe.tasks]
    desk = _desk(recipe, out, home, say, bar)
    (out / "recipe.toml").write_text(to_toml(recipe), "utf-8")
    outcomes: list[Outcome] = []
    results: dict[str, Any] = {"title": recipe.title or recipe.name, "studies": {}, "settings": {}}
    for task, setting in zip(recipe.tasks, settings, strict=True):
        say(setting.title)
        if task.type == "diagnosis":
            outcomes.append(run_protocol(desk, setting))
        else:
            results["studies"][task.type] = _study(task.type, desk, setting, recipe, home)
            results["settings"][task.type] = {"title": setting.title, "drop": setting.drop}
    results["studies"].update(more(desk))
    results["protocols"] = [_told(one) for one in outcomes]
    results["trivial"] = _trivial(settings, desk)
    results["took"] = {"seconds": monotonic() - began, "cpu": process_time() - spent}
    write_json(out / "results.json", results)
    _write_ranks(outcomes, out)
    (out / "report.md").write_text(report_text(results), "utf-8")
    write_page(results, out / "report.html")
    return results


def _desk(recipe: Recipe, out: Path, home: Path, say: Callable[[str], None], bar: Bar) -> Desk:
    paths = {task.path for task in recipe.tasks}
    if len(paths) != 1 or not Path(next(iter(paths))).exists():
        raise UserError(
            f"{recipe.name}: every task needs the same `path`, a folder or .tar.gz of phenopackets"
        )
    out.mkdir(parents=True, exist_ok=True)
    return Desk(Path(paths.pop()), home / "diagnosis", out, recipe.seed, recipe.resamples, say=say, bar=bar)


def _study(kind: str, desk: Desk, setting: Setting, recipe: Recipe, home: Path) -> dict[str, Any]:
    if kind == "diagnosis-genes":
        return studies.genes(desk, setting, home)
    if kind == "diagnosis-robustness":
        return studies.curves(desk, setting, home)
    if kind == "diagnosis-text":
        return studies.texts(desk, setting, home)
    return studies.model_on_top(desk, setting, home, recipe.model)


def _setting(task: TaskSettings, home: Path, allow_future: bool) -> Setting:
    if not task.release:
        raise UserError(f"{task.title or task.type}: give `release`, the folder of an HPO release")
    mondo = fetched_mondo(home) if task.mondo == "fetched" else Path(task.mondo) if task.mondo else None
    if mondo is not None and not mondo.is_file():
        raise UserError(f"{task.title}: there is no Mondo file {mondo}")
    if task.mondo == "fetched" and mondo is None:
        raise UserError(
            f"{task.title}: Mondo is not fetched; run `clinweave fetch mondo`, or leave `mondo` out"
        )
    genes = fetched_genes(home) if task.genes == "fetched" else Path(task.genes) if task.genes else None
    if task.genes and (genes is None or not genes.is_file()):
        raise UserError(
            f"{task.title}: there is no table of genes; run `clinweave fetch hpo`, or leave `genes` out"
        )
    found = Setting(task.title or Path(task.release).name, Path(task.release), task.drop, task.after, mondo)
    return replace(
        found,
        genes=genes,
        allow_future=task.allow_future or allow_future,
        date=task.date,
        cases=task.cases,
        pheval=task.pheval,
    )


def _told(one: Outcome) -> dict[str, Any]:
    return {
        "title": one.title,
        "drop": one.setting.drop,
        "dated": one.setting.dated,
        "newer": list(one.newer),
        "rows": one.rows,
        "milliseconds": {
            name: 1000 * ranks.seconds / max(len(ranks.ranks), 1) for name, ranks in one.ranks.items()
        },
    }


def _trivial(settings: list[Setting], desk: Desk) -> dict[str, Any]:
    mondo = next((one.mondo for one in settings if one.mondo), None)
    if mondo is None:
        return {}

    def build() -> dict[str, Any]:
        grouping = Grouping(mondo)
        return {
            "limit": LIMIT,
            "limited": grouping.trivial(desk.truths, LIMIT),
            "unlimited": grouping.trivial(desk.truths, None),
        }

    inputs = {"mondo": desk.release_inputs(settings[0].release, mondo)["mondo.json"]}
    return desk.keep("trivial-ancestors", inputs, {"limit": LIMIT}, build, ancestors.VERSION)


def _write_ranks(outcomes: list[Outcome], out: Path) -> None:
    import json

    with (out / "ranks.jsonl").open("w", encoding="utf-8") as stream:
        for one in outcomes:
            for name, ranks in one.ranks.items():
                for case, rank in ranks.ranks.items():
                    line = {"protocol": one.setting.title, "arm": name, "case": case, "rank": rank}
                    stream.write(json.dumps(line) + "\n")
