"""The study of written answers: items, replies and ratings of each task of a recipe."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.core.access_policy import check_egress
from clinweave.core.artifacts import sha256
from clinweave.core.reports.blocks import Report
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.judging import RubricJudge
from clinweave.evaluation.knowledge_bases import KnowledgeBaseBuilder
from clinweave.evaluation.language_model import (
    ModelOpener,
    ModelSettings,
    is_address,
    package_versions,
    weight_resources,
    weights_key,
)
from clinweave.evaluation.runner import ArtifactStep, Runner, Step, Work, write_rows
from clinweave.evaluation.writing.ehr_database import EhrDatabase, build_database
from clinweave.evaluation.writing.ehrsql import names_in_use, read_ehrsql
from clinweave.evaluation.writing.evidence import NoteEvidence
from clinweave.evaluation.writing.items import Items
from clinweave.evaluation.writing.replies import Judged, Reply, Writer, control_replies, judged
from clinweave.evaluation.writing.results import (
    TaskResult,
    WritingComparison,
    WritingResults,
    adjusted,
    comparisons,
    task_result,
)
from clinweave.evaluation.writing.security import SecurityTask
from clinweave.evaluation.writing.settings import TaskSettings, WritingRecipe, missing, needs_knowledge
from clinweave.evaluation.writing.tasks import (
    VERSION,
    Concepts,
    DialogueTask,
    EhrSqlTask,
    MedecTask,
    WrittenTask,
)
from clinweave.models import open_model
from clinweave.records import Tier

DATABASE = "ehr.duckdb"
DATABASE_VERSION = 1  # raise it when the same files give another database


@dataclass(frozen=True)
class Replies:
    """The replies of one model to a task, and what identifies the model."""

    replies: tuple[Reply, ...]
    model: dict[str, Any]
    errors: int


@dataclass(frozen=True)
class TaskSteps:
    """The steps of a task: items, replies by model, and ratings."""

    settings: TaskSettings
    items: Step[Items]
    replies: tuple[Step[Replies], ...]
    ratings: Step[Judged] | None


class WritingStudy:
    """Asks models to write, under conditions, and scores what they wrote."""

    def __init__(self, recipe: WritingRecipe, runner: Runner) -> None:
        self.recipe, self.runner = recipe, runner
        self.models = {
            getattr(model, "name", ""): ModelOpener(model, runner.home)
            for model in (recipe.model, *recipe.models)
        }
        self.skipped: dict[str, str] = {
            task.type: reason for task in recipe.tasks if (reason := missing(task))
        }
        self._made: dict[str, WrittenTask] = {}
        builder = KnowledgeBaseBuilder(runner.home, recipe.databases, runner.progress.status, recipe.graph)
        self.base = ArtifactStep("knowledge base", lambda _: builder.default(), lambda base: base.key)
        self.tasks = [
            self._task(f"{number}-{task.type}", task)
            for number, task in enumerate(recipe.tasks, 1)
            if task.type not in self.skipped
        ]

    def steps(self) -> Iterable[Step[Any]]:
        """Return the items of every task, the replies model by model, and the ratings."""
        yield from (task.items for task in self.tasks)
        for steps in zip(*(task.replies for task in self.tasks), strict=True):
            yield from steps
        yield from (task.ratings for task in self.tasks if task.ratings)

    def resources(self) -> list[str]:
        """Return the catalogue ids of the models' weights."""
        addresses = [*(opener.settings.address for opener in self.models.values()), self.recipe.judge]
        return list(
            dict.fromkeys(name for address in addresses if address for name in weight_resources(address))
        )

    def databases(self) -> tuple[str, ...]:
        """Return the databases of conditions with evidence; none where no task has any or the recipe names a graph."""
        from clinweave.databases import DEFAULT

        if self.recipe.graph or not any(needs_knowledge(task.settings) for task in self.tasks):
            return ()
        return self.recipe.databases or DEFAULT

    def close(self) -> None:
        """Close the models."""
        for opener in self.models.values():
            opener.close()

    def _task(self, name: str, settings: TaskSettings) -> TaskSteps:
        database = self._database(name, settings) if settings.type == "ehrsql" else None
        items = Step(
            f"items/{name}",
            Items,
            lambda _: self._open(name, settings).items(self.recipe.seed),
            version=VERSION,
            title=f"Items: {settings.type}",
            needs=(database,) if database else (),
            inputs=lambda: _hashes(settings),
            parameters={**_parameters(settings), "seed": self.recipe.seed},
        )
        replies = tuple(self._replies(name, settings, items, model) for model in self.models)
        return TaskSteps(settings, items, replies, self._ratings(name, settings, replies))

    def _database(self, name: str, settings: TaskSettings) -> Step[EhrDatabase]:
        return Step(
            f"database/{name}",
            EhrDatabase,
            lambda work: build_database(
                Path(settings.database),
                names_in_use(read_ehrsql(Path(settings.path), "train")),
                work.folder / DATABASE,
            ),
            version=DATABASE_VERSION,
            title="Building the database of patient records",
            inputs=lambda: _hashes(settings),
        )

    def _open(self, name: str, settings: TaskSettings) -> WrittenTask:
        """Return the task, made once."""
        if name not in self._made:
            if settings.type == "ehrsql":
                database = self.runner.out / "steps" / "database" / name / DATABASE
                self._made[name] = EhrSqlTask(settings, database)
            elif settings.type == "security":
                self._made[name] = SecurityTask(settings)
            elif settings.type == "medec":
                self._made[name] = MedecTask(settings, NoteEvidence(lambda: self.runner.result(self.base)))
            else:
                self._made[name] = DialogueTask(
                    settings, _concepts(self.runner.home) if settings.concepts else None
                )
        return self._made[name]

    def _replies(self, name: str, settings: TaskSettings, items: Step[Items], model: str) -> Step[Replies]:
        opener = self.models[model]
        asking = asdict(opener.settings)
        for key in ("concurrency", "allow_remote", "reuse_unidentified"):  # they change no answer
            asking.pop(key)

        def weights() -> Mapping[str, str]:
            base = self.runner.result(self.base) if needs_knowledge(settings) else None
            _check_egress(settings, opener.settings, base.tier if base else Tier.PUBLIC)
            return {"weights": opener.weights()}

        return Step(
            f"replies/{name}{f'@{model}' if model else ''}",
            Replies,
            lambda work: self._ask(name, settings, work, items, model),
            version=VERSION,
            title=f"Replies: {settings.type}{f', {model}' if model else ''}",
            needs=(items, self.base) if needs_knowledge(settings) else (items,),
            inputs=weights,
            parameters={"model": asking, **_parameters(settings), "packages": package_versions()},
            retry=lambda done: done.errors > 0,  # the model failed on some items: ask again
        )

    def _ask(self, name: str, settings: TaskSettings, work: Work, items: Step[Items], model: str) -> Replies:
        for other, opener in self.models.items():  # one model in memory at a time
            if other != model:
                opener.close()
        chosen, task = self.models[model].settings, self._open(name, settings)
        cache = Cache(self.runner.out / "cache.jsonl")
        opened = self.models[model].open()
        writer = Writer(opened, cache, settings.max_tokens, self.recipe.seed, probe=chosen.reuse_unidentified)
        asked = work.result(items).items
        rows = []
        with work.progress.bar(f"Asking {settings.type}", len(asked)) as tick:
            for item in asked:  # all conditions of an item together: a run cut short stays paired
                for condition in settings.conditions:
                    named = f"{condition}@{model}" if model else condition
                    rows.append(writer(task, item, condition, named))
                tick(1)
        described = {**writer.describe, "name": opened.name, "local": opened.local}
        return Replies(tuple(rows), described, sum(row.unscored == "error" for row in rows))

    def _ratings(
        self, name: str, settings: TaskSettings, replies: tuple[Step[Replies], ...]
    ) -> Step[Judged] | None:
        address = self.recipe.judge
        if settings.type != "mts-dialog" or not address:
            return None

        def rate(work: Work) -> Judged:
            self.close()
            rows = [row for step in replies for row in work.result(step).replies if row.unscored != "error"]
            model = open_model(address, home=self.runner.home)
            try:
                with work.progress.bar("Rating", len(rows)) as tick:
                    return judged(rows, RubricJudge(model), tick)
            finally:
                model.close()

        return Step(
            f"ratings/{name}", Judged, rate, version=VERSION, title=f"Ratings: {settings.type}", needs=replies,
            inputs=lambda: {"judge": weights_key(address)}, parameters={"judge": address},
            retry=lambda done: done.failed > 0,
        )  # fmt: skip

    def results(self, runner: Runner) -> WritingResults:
        """Return the measures of each task and what they were made from; write samples.jsonl."""
        tasks: dict[str, TaskResult] = {}
        rows: list[WritingComparison] = []
        written: list[dict[str, object]] = []
        for task in self.tasks:
            type_, resamples = task.settings.type, self.recipe.resamples
            ratings = runner.result(task.ratings) if task.ratings else None
            replies = self._rated(task, runner, ratings)
            scale = max(1.0, task.settings.penalty) if type_ == "ehrsql" else 4.0 if ratings else 1.0
            tasks[type_] = task_result(replies, runner.result(task.items).left_out, ratings, scale, resamples)
            rows += comparisons(type_, replies, scale, resamples)
            written += [asdict(reply) for reply in replies]
        write_rows(runner.out / "samples.jsonl", written)
        described = [[runner.result(step).model for step in task.replies] for task in self.tasks]
        models = described[0] if described else []
        return WritingResults(
            clinweave=__version__,
            recipe=_without_folders(self.recipe),
            model=models[0] if models else {},
            models={name: model for name, model in zip(self.models, models, strict=False) if name},
            packages=package_versions(),
            tasks=tasks,
            comparisons=adjusted(rows),
            skipped=self.skipped,
        )

    def _rated(self, task: TaskSteps, runner: Runner, ratings: Judged | None) -> list[Reply]:
        """Return the replies of all models with ratings among their scores, and those of the control."""
        name = task.items.name.rpartition("/")[2]
        replies = [row for step in task.replies for row in runner.result(step).replies]
        if ratings:
            replies = [
                replace(row, scores={**row.scores, **ratings.ratings.get(f"{row.condition}\t{row.id}", {})})
                for row in replies
            ]
        return [*replies, *control_replies(self._open(name, task.settings), runner.result(task.items).items)]

    def report(self, results: WritingResults, runner: Runner) -> Report:
        """Return the report."""
        from clinweave.evaluation.writing.report import writing_report

        return writing_report(
            results, [row for task in self.tasks for row in self._rated(task, runner, None)]
        )


STUDY = WritingStudy


def _concepts(home: Path) -> Concepts:
    """Return what recognises (concept, status) in a text, by the linker of the knowledge base."""
    from clinweave.knowledge_base import open_knowledge_base

    base = open_knowledge_base(home, model="none")
    return lambda text: {(mention.id, str(mention.status)) for mention in base.link(text) if mention.id}


def _check_egress(settings: TaskSettings, model: ModelSettings, tier: Tier) -> None:
    """Raise `AccessError` where a task's evidence may not be sent to the model's host; its items are public."""
    if is_address(model.address):
        check_egress(tier, model.address, model.allow_remote, content=f"questions of {settings.type}")


def _parameters(settings: TaskSettings) -> dict[str, object]:
    values = asdict(settings)
    for key in ("path", "database", "training"):  # their content counts, not their place
        values.pop(key)
    return values


def _hashes(settings: TaskSettings) -> dict[str, str]:
    hashes = {}
    for key in ("path", "database", "training"):
        path = Path(getattr(settings, key)) if getattr(settings, key) else None
        for file in sorted(path.iterdir()) if path and path.is_dir() else [path] if path else []:
            if file.is_file():
                hashes[f"{key} {file.name}"] = sha256(file)
    return hashes


def _without_folders(recipe: WritingRecipe) -> WritingRecipe:
    tasks = tuple(
        replace(
            task,
            path=Path(task.path).name,
            database=Path(task.database).name,
            training=Path(task.training).name,
        )
        for task in recipe.tasks
    )
    return replace(recipe, tasks=tasks)
