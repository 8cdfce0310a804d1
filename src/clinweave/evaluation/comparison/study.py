"""The comparison study: a knowledge base, questions and scored samples for each task of a recipe."""

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.core import statistics
from clinweave.core.access_policy import check_egress, host_of_model, strictest
from clinweave.core.artifacts import read_manifest
from clinweave.core.reports.blocks import Report
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.comparison.additions import added_metrics
from clinweave.evaluation.comparison.conditions import EvidenceProvider
from clinweave.evaluation.comparison.prompts import template_hash
from clinweave.evaluation.comparison.results import (
    AnsweredQuestion,
    ComparisonResults,
    Skipped,
    TaskInputs,
    summarise,
)
from clinweave.evaluation.comparison.retrieval import Recall, retrieval
from clinweave.evaluation.comparison.samples import Job, Sample, Scorer, prepare, score_all, to_row
from clinweave.evaluation.comparison.settings import ComparisonRecipe, TaskSettings
from clinweave.evaluation.comparison.tasks import file_hashes, make_questions, missing, question_parameters
from clinweave.evaluation.comparison.timing import Timings, timings
from clinweave.evaluation.knowledge_bases import KnowledgeBase, KnowledgeBaseBuilder
from clinweave.evaluation.language_model import (
    ModelOpener,
    is_address,
    package_versions,
    token_counter,
    weight_resources,
)
from clinweave.evaluation.review import RATINGS, ReviewResults, review_section
from clinweave.evaluation.runner import ArtifactStep, Runner, Step, Work, read_result, write_rows
from clinweave.models import CHOICE_VERSION, option_key, option_labels
from clinweave.records import Audience, Question, Source

QUESTIONS_VERSION = 1  # raise it when the same settings give other questions
SAMPLES_VERSION = 2  # raise it when the same questions give other samples


@dataclass(frozen=True)
class ScoredTask:
    """The samples of one task, with the prompts and replies."""

    samples: tuple[Sample, ...]
    errors: int
    retrieval: dict[str, Recall]
    tier: str
    model: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A task with its steps: the knowledge base it is asked in, its questions, and their samples."""

    settings: TaskSettings
    base: ArtifactStep[KnowledgeBase]
    questions: Step[list[Question]]
    samples: Step[ScoredTask]


class ComparisonStudy:
    """Compares conditions on the same questions."""

    def __init__(self, recipe: ComparisonRecipe, runner: Runner) -> None:
        self.recipe = recipe
        self.runner = runner
        self.model = ModelOpener(recipe.model, runner.home)
        knowledge = recipe.knowledge
        self.builder = KnowledgeBaseBuilder(
            runner.home, knowledge.databases, runner.progress.status, knowledge.graph
        )
        self.skipped: list[Skipped] = []
        self.tasks = [self._task(number, settings) for number, settings in self._runnable()]

    def steps(self) -> Iterable[Step[Any] | ArtifactStep[Any]]:
        """Return the questions of every task, then their samples."""
        return [*(task.questions for task in self.tasks), *(task.samples for task in self.tasks)]

    def resources(self) -> list[str]:
        """Return the catalogue ids of the model's weights."""
        return weight_resources(self.recipe.model.address)

    def databases(self) -> tuple[str, ...]:
        """Return the databases to fetch; none where the recipe names a built graph."""
        from clinweave.databases import DEFAULT

        knowledge = self.recipe.knowledge
        return () if knowledge.graph else knowledge.databases or DEFAULT

    def close(self) -> None:
        """Close the model."""
        self.model.close()

    def _runnable(self) -> Iterator[tuple[int, TaskSettings]]:
        for number, settings in enumerate(self.recipe.tasks, 1):
            if reason := missing(settings):
                self.runner.progress.status(f"Left out: {settings.type}, {reason}")
                self.skipped.append(Skipped(settings.type, _without_folders(reason)))
                continue
            yield number, settings

    def _task(self, number: int, settings: TaskSettings) -> Task:
        name = f"{number}-{settings.type}"
        asked_in = ArtifactStep(f"knowledge base {name}", lambda _: self._questions_base(settings), _key)
        questions = Step(
            f"questions/{name}",
            list[Question],
            lambda work: make_questions(settings, work.result(asked_in), self.recipe.seed),
            version=QUESTIONS_VERSION,
            title=f"Questions: {settings.type}",
            needs=(asked_in,),
            inputs=lambda: file_hashes(settings),
            parameters=question_parameters(settings, self.recipe.seed),
        )
        base = ArtifactStep(
            f"texts {name}",
            self._evidence_base(settings, asked_in, questions),
            _key,
        )
        return Task(settings, base, questions, self._samples(name, settings, questions, base))

    def _questions_base(self, settings: TaskSettings) -> KnowledgeBase:
        """Return the knowledge base that the questions of a task are made from."""
        if settings.type == "graph-future":
            return self.builder.older(Path(settings.older))
        return self.builder.default()

    def _evidence_base(
        self,
        settings: TaskSettings,
        asked_in: ArtifactStep[KnowledgeBase],
        questions: Step[list[Question]],
    ) -> Callable[[Runner], KnowledgeBase]:
        """Return what makes the knowledge base that a task is asked in: that of its questions, or one with texts."""

        def build(runner: Runner) -> KnowledgeBase:
            corpus = Path(settings.corpus) if settings.corpus else None
            rows: list[Question] = runner.result(questions)
            if settings.type == "pubmedqa-retrieved":
                return self.builder.with_texts(rows, corpus)
            if settings.type == "benchmark" and corpus:
                return self.builder.with_texts([], corpus)
            return runner.result(asked_in)

        return build

    def _samples(
        self,
        name: str,
        settings: TaskSettings,
        questions: Step[list[Question]],
        base: ArtifactStep[KnowledgeBase],
    ) -> Step[ScoredTask]:
        recipe = self.recipe
        budget = settings.budget or recipe.knowledge.budget
        choosing = asdict(recipe.model)
        for key in ("concurrency", "allow_remote", "reuse_unidentified"):  # they change no answer
            choosing.pop(key)

        def weights() -> Mapping[str, str]:
            self._check_egress(
                settings, self.runner.result(base)
            )  # before a server is asked for its identity
            return {"weights": self.model.weights()}

        return Step(
            f"samples/{name}",
            ScoredTask,
            lambda work: self._score(settings, work, questions, base),
            version=SAMPLES_VERSION,
            title=f"Samples: {settings.type}",
            needs=(questions, base),
            inputs=weights,
            parameters={
                "model": choosing,
                "choosing": CHOICE_VERSION,
                "budget": budget,
                "conditions": recipe.conditions,
                "prompt": template_hash(),
                "dump_prompts": recipe.dump_prompts,
                "packages": package_versions(),
            },
            retry=lambda scored: scored.errors > 0,  # the model failed on some items: ask again
        )

    def _check_egress(self, settings: TaskSettings, base: KnowledgeBase) -> None:
        """Raise `AccessError` where the knowledge of a task may not be sent to the model's host."""
        model = self.recipe.model
        host = model.address if is_address(model.address) else ""
        check_egress(base.tier, host, model.allow_remote, content=f"knowledge for {settings.type}")

    def _score(
        self,
        settings: TaskSettings,
        work: Work,
        questions_step: Step[list[Question]],
        base_step: ArtifactStep[KnowledgeBase],
    ) -> ScoredTask:
        recipe, chosen = self.recipe, self.recipe.model
        questions, base, model = work.result(questions_step), work.result(base_step), self.model.open()
        check_egress(
            base.tier, host_of_model(model), chosen.allow_remote, content=f"knowledge for {settings.type}"
        )
        budget = settings.budget or recipe.knowledge.budget
        provider = EvidenceProvider(base.context_builder, token_counter(model), budget)
        scorer = Scorer(
            model,
            Cache(self.runner.out / "cache.jsonl"),
            method=chosen.method,
            max_tokens=chosen.max_tokens,
            reasoning=chosen.reasoning,
            max_tokens_total=chosen.max_tokens_total or None,
            reuse_unidentified=chosen.reuse_unidentified,
        )
        with work.progress.bar(f"Evidence for {settings.type}", len(questions)) as tick:
            jobs = list(prepare(questions, recipe.conditions, provider, tick, scorer.method))
            recall = retrieval(questions, base.context_builder)
        if recipe.dump_prompts:
            write_rows(work.folder / "prompts.jsonl", dumped(jobs, scorer))
        with work.progress.bar(f"Scoring {settings.type}", len(jobs)) as tick:
            samples = score_all(jobs, scorer, tick, concurrency=chosen.concurrency)
        return ScoredTask(
            samples=tuple(samples),
            errors=sum(sample.unscored == "error" for sample in samples),
            retrieval=recall,
            tier=base.tier.value,
            model={**scorer.describe, "name": model.name, "local": model.local, "method": scorer.method},
        )

    def results(self, runner: Runner) -> ComparisonResults:
        """Return accuracies, comparisons and what they were made from; write samples.jsonl."""
        scored = [runner.result(task.samples) for task in self.tasks]
        bases = [runner.result(task.base) for task in self.tasks]
        samples = [row for each in scored for row in each.samples]
        write_rows(runner.out / "samples.jsonl", [to_row(row) for row in samples])
        summary = summarise(samples, resamples=self.recipe.resamples, primary=self.recipe.primary)
        return ComparisonResults(
            tasks=summary.tasks,
            comparisons=summary.comparisons,
            results=summary.results,
            primary=summary.primary,
            clinweave=__version__,
            recipe=without_folders(self.recipe),
            model=described([each.model for each in scored]),
            packages=package_versions(),
            prompt_template=template_hash(),
            seeds={"questions": self.recipe.seed, "bootstrap": statistics.SEED},
            inputs=tuple(self._inputs(task, runner) for task in self.tasks),
            sources=_sources(bases),
            tier=strictest(base.tier for base in bases).value,
            skipped=tuple(self.skipped),
            answers=tuple(answers(self.recipe.ask, runner.home)),
            retrieval={name: result for each in scored for name, result in each.retrieval.items()},
            metrics=added_metrics(samples, self.recipe.metrics),
            timings=Timings(timings(samples), os.cpu_count(), platform.python_version()),
        )

    def _inputs(self, task: Task, runner: Runner) -> TaskInputs:
        base = runner.result(task.base)
        left_out = (read_manifest(base.graph_path) or {}).get("dropped", {})
        return TaskInputs(
            task.settings.type,
            questions=runner.key(task.questions),
            graph=base.graph_key,
            index=base.index_key,
            files=file_hashes(task.settings),
            rows_left_out=sum(left_out.values()),
        )

    def report(self, results: ComparisonResults, runner: Runner) -> Report:
        """Return the report."""
        from clinweave.evaluation.comparison.report import comparison_report

        samples = [row for task in self.tasks for row in runner.result(task.samples).samples]
        report = comparison_report(results, samples)
        ratings = runner.out / RATINGS
        if ratings.exists():
            report = replace(
                report, sections=(*report.sections, review_section(read_result(ReviewResults, ratings)))
            )
        return report


STUDY = ComparisonStudy


def dumped(jobs: Iterable[Job], scorer: Scorer) -> list[dict[str, Any]]:
    """Return one row per prompt that is sent, with the replies whose likelihood is taken (none if one is generated)."""
    rows = []
    for job in jobs:
        own, prompts = job.sample, scorer.sent(job)
        labels = option_labels(len({option_key(option) for option in own.options}))
        replies = {"letter": labels, "generation": []}.get(scorer.method, list(own.options))
        rows += [
            {"task": own.task, "id": own.id, "condition": own.condition, "method": scorer.method,
             "order": order, "messages": sent, "scored_replies": replies}
            for order, sent in enumerate(prompts)
        ]  # fmt: skip
    return rows


def _key(base: KnowledgeBase) -> str:
    return base.key


def _sources(bases: Iterable[KnowledgeBase]) -> tuple[Source, ...]:
    sources = {}
    for base in bases:
        for source in base.sources().values():
            sources[f"{source.id} {source.release}"] = source
    return tuple(sources[key] for key in sorted(sources))


def answers(questions: Sequence[str], home: Path) -> Iterator[AnsweredQuestion]:
    """Yield questions with the answers of the graph in `home`, as `ask --model none --knowledge graph` gives them.

    Nothing where no graph was built there. The user's own documents are not asked: a report may be passed on.
    """
    if not questions or read_manifest(home / "graph") is None:
        return
    from clinweave.knowledge_base import open_knowledge_base

    with open_knowledge_base(home, model="none") as base:
        for question in questions:
            answer = base.ask(question, retrievers=("graph",), audience=Audience.CLINICIAN)
            yield AnsweredQuestion(question, answer.text, answer.abstained)


def described(models: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    """Return what identifies the model of all tasks; tasks that were scored by several engines name all of them."""
    if not models:
        return {}
    scorers = sorted({str(model["scorer"]) for model in models if "scorer" in model})
    return {**models[0], **({"scorer": " and ".join(scorers)} if scorers else {})}


def without_folders(recipe: ComparisonRecipe) -> ComparisonRecipe:
    """Return the recipe with file names in place of this machine's folders."""
    tasks = tuple(
        replace(
            task,
            path=Path(task.path).name,
            older=Path(task.older).name,
            newer=Path(task.newer).name,
            corpus=Path(task.corpus).name,
        )
        for task in recipe.tasks
    )
    knowledge = replace(recipe.knowledge, graph=Path(recipe.knowledge.graph).name)
    return replace(recipe, tasks=tasks, knowledge=knowledge, model=replace(recipe.model, concurrency=1))


def _without_folders(reason: str) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in reason.split())
