"""The comparison study: a knowledge base, questions and scored samples for each task of a recipe."""

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.core import statistics
from clinweave.core.access_policy import check_egress, host_of_model, strictest
from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import Report
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.comparison.conditions import EvidenceProvider, with_model
from clinweave.evaluation.comparison.lookup import Recall, retrieval
from clinweave.evaluation.comparison.other_runs import SecurityFigure, security_figures, trained
from clinweave.evaluation.comparison.plugins import added_metrics
from clinweave.evaluation.comparison.prompts import template_hash
from clinweave.evaluation.comparison.rarity import rarity_groups
from clinweave.evaluation.comparison.record import (
    answers,
    described,
    not_compared,
    sources_of,
    without_folder_names,
    without_folders,
)
from clinweave.evaluation.comparison.results import ComparisonResults, Skipped, TaskInputs, summarise
from clinweave.evaluation.comparison.samples import Job, Sample, Scorer, prepare, score_all, to_row
from clinweave.evaluation.comparison.settings import ComparisonRecipe, TaskSettings
from clinweave.evaluation.comparison.tasks import (
    bad_rows,
    file_hashes,
    make_questions,
    missing,
    question_parameters,
)
from clinweave.evaluation.comparison.timing import Timings, peak_memory, timings
from clinweave.evaluation.knowledge_bases import KnowledgeBase, KnowledgeBaseBuilder
from clinweave.evaluation.language_model import (
    ModelOpener,
    ModelSettings,
    is_address,
    package_versions,
    token_counter,
    weight_resources,
)
from clinweave.evaluation.review import RATINGS, ReviewResults, review_section
from clinweave.evaluation.runner import ArtifactStep, Runner, Step, Work, read_result, write_rows
from clinweave.models import CHOICE_VERSION, option_key, option_labels
from clinweave.records import Question

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
    """A task with its steps: the knowledge base it is asked in, its questions, and their samples by each model."""

    settings: TaskSettings
    base: ArtifactStep[KnowledgeBase]
    questions: Step[list[Question]]
    samples: tuple[Step[ScoredTask], ...]  # one per model


class ComparisonStudy:
    """Compares conditions on the same questions."""

    def __init__(self, recipe: ComparisonRecipe, runner: Runner) -> None:
        self.recipe = recipe
        self.runner = runner
        self.models = {
            getattr(model, "name", ""): ModelOpener(model, runner.home)
            for model in (recipe.model, *recipe.models)
        }
        knowledge = recipe.knowledge
        self.builder = KnowledgeBaseBuilder(
            runner.home, knowledge.databases, runner.progress.status, knowledge.graph
        )
        self.skipped: list[Skipped] = []
        self.tasks = [self._task(number, settings) for number, settings in self._runnable()]

    def steps(self) -> Iterable[Step[Any] | ArtifactStep[Any]]:
        """Return the questions of every task, then their samples, model by model."""
        samples = [
            step for steps in zip(*(task.samples for task in self.tasks), strict=True) for step in steps
        ]
        return [*(task.questions for task in self.tasks), *samples]

    def resources(self) -> list[str]:
        """Return the catalogue ids of the models' weights. Raises `UserError` for a path that leads to none."""
        addresses = dict.fromkeys(opener.settings.address for opener in self.models.values())
        for address in addresses:
            if "/" in address and ":" not in address and not Path(address).expanduser().exists():
                raise UserError(
                    f"there are no weights at {address}: train or fetch them first, or give another address; it is "
                    "relative to where you are"
                )
        return list(dict.fromkeys(name for address in addresses for name in weight_resources(address)))

    def databases(self) -> tuple[str, ...]:
        """Return the databases to fetch; none where the recipe names a built graph."""
        from clinweave.databases import DEFAULT

        knowledge = self.recipe.knowledge
        return () if knowledge.graph else knowledge.databases or DEFAULT

    def close(self) -> None:
        """Close the models."""
        for opener in self.models.values():
            opener.close()

    def _runnable(self) -> Iterator[tuple[int, TaskSettings]]:
        for number, settings in enumerate(self.recipe.tasks, 1):
            if reason := missing(settings):
                self.runner.progress.status(f"Left out: {settings.type}, {reason}")
                self.skipped.append(Skipped(settings.type, without_folder_names(reason)))
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
        samples = tuple(self._samples(name, settings, questions, base, model) for model in self.models)
        return Task(settings, base, questions, samples)

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
        model: str,
    ) -> Step[ScoredTask]:
        recipe, opener = self.recipe, self.models[model]
        budget = settings.budget or recipe.knowledge.budget
        choosing = asdict(opener.settings)
        for key in ("concurrency", "allow_remote", "reuse_unidentified"):  # they change no answer
            choosing.pop(key)

        def weights() -> Mapping[str, str]:
            self._check_egress(
                settings, self.runner.result(base), opener.settings
            )  # before a server is asked for its identity
            return {"weights": opener.weights()}

        return Step(
            f"samples/{with_model(name, model)}",
            ScoredTask,
            lambda work: self._score(settings, work, questions, base, model),
            version=SAMPLES_VERSION,
            title=f"Samples: {settings.type}{f', {model}' if model else ''}",
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

    @staticmethod
    def _check_egress(settings: TaskSettings, base: KnowledgeBase, model: ModelSettings) -> None:
        """Raise `AccessError` where the knowledge of a task may not be sent to the model's host."""
        host = model.address if is_address(model.address) else ""
        check_egress(base.tier, host, model.allow_remote, content=f"knowledge for {settings.type}")

    def _score(
        self,
        settings: TaskSettings,
        work: Work,
        questions_step: Step[list[Question]],
        base_step: ArtifactStep[KnowledgeBase],
        name: str,
    ) -> ScoredTask:
        recipe, chosen = self.recipe, self.models[name].settings
        for other, opener in self.models.items():  # one model in memory at a time
            if other != name:
                opener.close()
        questions, base, model = work.result(questions_step), work.result(base_step), self.models[name].open()
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
            samples=tuple(replace(row, condition=with_model(row.condition, name)) for row in samples),
            errors=sum(sample.unscored == "error" for sample in samples),
            retrieval=recall,
            tier=base.tier.value,
            model={**scorer.describe, "name": model.name, "local": model.local, "method": scorer.method},
        )

    def results(self, runner: Runner) -> ComparisonResults:
        """Return accuracies, comparisons and what they were made from; write samples.jsonl."""
        scored = [[runner.result(step) for step in task.samples] for task in self.tasks]
        bases = [runner.result(task.base) for task in self.tasks]
        samples = [row for task in scored for task_result in task for row in task_result.samples]
        write_rows(runner.out / "samples.jsonl", [to_row(row) for row in samples])
        summary = summarise(
            samples,
            resamples=self.recipe.resamples,
            primary=self.recipe.primary,
            groups=self._rarity(runner),
        )
        return ComparisonResults(
            tasks=summary.tasks,
            comparisons=summary.comparisons,
            results=summary.results,
            primary=summary.primary,
            principles=summary.principles,
            clinweave=__version__,
            recipe=without_folders(self.recipe),
            model=described([task[0].model for task in scored]),
            models={
                name: described([task[number].model for task in scored])
                for number, name in enumerate(self.models)
                if name
            },
            packages=package_versions(),
            prompt_template=template_hash(),
            seeds={"questions": self.recipe.seed, "bootstrap": statistics.SEED},
            inputs=tuple(self._inputs(task, runner) for task in self.tasks),
            sources=sources_of(bases),
            tier=strictest(base.tier for base in bases).value,
            skipped=(*self.skipped, *self._no_security(), *self._bad_rows(), *not_compared(samples)),
            answers=tuple(answers(self.recipe.ask, runner.home)),
            retrieval={name: result for task in scored for name, result in task[0].retrieval.items()},
            metrics=added_metrics(samples, self.recipe.metrics),
            security=self._security(),
            trained={
                name: stage
                for name, opener in self.models.items()
                if (stage := trained(opener.settings.address))
            },
            timings=Timings(timings(samples), os.cpu_count(), platform.python_version(), peak_memory()),
        )

    def _security(self) -> tuple[SecurityFigure, ...]:
        """Return the figures of the security run that the recipe names; a missing run is left out and said."""
        run = Path(self.recipe.security) if self.recipe.security else None
        if run is None or not run.exists():
            return ()
        return security_figures(run)

    def _no_security(self) -> Iterator[Skipped]:
        if self.recipe.security and not Path(self.recipe.security).exists():
            yield Skipped(
                "security", f"there is no run {Path(self.recipe.security).name}; run its recipe first"
            )

    def _rarity(self, runner: Runner) -> dict[tuple[str, str], str]:
        """Return which questions are on rare and which on common diseases."""
        prevalence = Path(self.recipe.prevalence) if self.recipe.prevalence else None
        groups: dict[tuple[str, str], str] = {}
        for task in self.tasks:
            questions: list[Question] = runner.result(task.questions)
            groups |= rarity_groups(questions, runner.result(task.base), prevalence)
        return groups

    def _bad_rows(self) -> Iterator[Skipped]:
        """Yield one entry for each task that leaves rows out, with their number and the first messages."""
        for task in self.tasks:
            if messages := bad_rows(task.settings):
                examples = without_folder_names("; ".join(messages[:3]))
                yield Skipped(f"{task.settings.type}, {len(messages)} rows", examples)

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

        samples = [row for task in self.tasks for step in task.samples for row in runner.result(step).samples]
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
