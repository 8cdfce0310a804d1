"""From a recipe's tasks to questions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from clinweave.core.artifacts import sha256
from clinweave.core.errors import UserError
from clinweave.evaluation.comparison.plugins import TASKS, added_questions, task_package
from clinweave.evaluation.comparison.settings import TaskSettings
from clinweave.evaluation.knowledge_bases import KnowledgeBase, features, release_files
from clinweave.records import Question


def missing(settings: TaskSettings) -> str:
    """Return why a task cannot be run, or nothing: a missing path leaves its task out."""
    for key in ("path", "older", "newer", "corpus"):
        value = getattr(settings, key)
        if value and not Path(value).exists():
            return f"there is no {value} ({key})"
    needed = {"benchmark": ("path",), "cross-source": ("path",), "pubmedqa-retrieved": ("path",)}
    for key in {**needed, "graph-future": ("older", "newer")}.get(settings.type, ()):
        if not getattr(settings, key):
            return f"no {key} is given"
    return ""


def question_parameters(settings: TaskSettings, seed: int) -> dict[str, object]:
    """Return what the questions of a task depend on, besides files and graph."""
    keys = ("type", "kinds", "per_kind", "count", "options")
    package = {"package": name} if (name := task_package(settings.type)) else {}
    parts = {"parts": settings.parts} if settings.parts else {}
    rows = {"bad_rows": settings.bad_rows} if settings.bad_rows != "refuse" else {}
    return {**{key: getattr(settings, key) for key in keys}, "seed": seed, **package, **parts, **rows}


def file_hashes(settings: TaskSettings) -> dict[str, str]:
    """Return the sha256 of each file that a task's questions are made from."""
    hashes: dict[str, str] = {}
    if settings.path:
        from clinweave.datasets import benchmark_files

        hashes |= {path.name: sha256(path) for path in benchmark_files(Path(settings.path))}
    for folder in filter(None, (settings.older, settings.newer)):
        for name, path in release_files(Path(folder)).items():
            hashes[f"{Path(folder).name}/{name}"] = sha256(path)
    return hashes


def make_questions(settings: TaskSettings, base: KnowledgeBase, seed: int) -> list[Question]:
    """Return the questions of a task, made from the graph or read from a file."""
    if settings.type == "graph-questions":
        from clinweave.datasets import graph_questions

        return graph_questions(
            base.graph,
            kinds=settings.kinds,
            per_kind=settings.per_kind,
            seed=seed,
            options=settings.options,
        )
    if settings.type == "graph-future":
        from clinweave.datasets import future_questions

        return future_questions(
            base.graph,
            features(Path(settings.older)),
            features(Path(settings.newer)),
            count=settings.count,
            seed=seed,
            options=settings.options,
        )
    if settings.type == "cross-source":
        from clinweave.datasets import cross_source_questions

        if "hetionet" in base.sources():
            raise UserError(
                "cross-source asks Hetionet's indications: leave hetionet out of knowledge.databases"
            )
        return cross_source_questions(
            base.graph, Path(settings.path), count=settings.count, seed=seed, options=settings.options
        )
    if settings.type in TASKS:
        return added_questions(base.graph, settings, seed)
    from clinweave.datasets import read_benchmark

    left_out: list[str] | None = [] if settings.bad_rows == "leave-out" else None
    questions = select_parts(read_benchmark(Path(settings.path), left_out), settings)
    if settings.type == "pubmedqa-retrieved":
        lacking = next((item.id for item in questions if not item.context), None)
        if lacking is not None:
            raise UserError(f"{settings.path}: question {lacking} has no abstract (CONTEXTS) to be retrieved")
        questions = [replace(item, task="pubmedqa-retrieved") for item in questions]
    return sample(questions, settings.count, seed)


def bad_rows(settings: TaskSettings) -> list[str]:
    """Return a message for each row of a benchmark that a task leaves out."""
    from clinweave.datasets import read_benchmark

    messages: list[str] = []
    if (
        settings.bad_rows == "leave-out"
        and settings.path
        and settings.type in {"benchmark", "pubmedqa-retrieved"}
    ):
        read_benchmark(Path(settings.path), messages)
    return messages


def select_parts(questions: list[Question], settings: TaskSettings) -> list[Question]:
    """Return the questions of the parts that are asked for: "mmlu" is the task `mirage-mmlu`."""
    if not settings.parts:
        return questions
    names = sorted({question.task for question in questions})
    selected = set()
    for part in settings.parts:
        matches = {name for name in names if name == part or name.endswith(f"-{part}")}
        if not matches:
            raise UserError(f"{settings.path}: no part {part!r}; the file has {', '.join(names)}")
        selected |= matches
    return [question for question in questions if question.task in selected]


def sample(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Return at most `count` questions (0: all), the same number of each task where a file holds several."""
    if not count or count >= len(questions):
        return list(questions)
    tasks: dict[str, list[int]] = defaultdict(list)
    for index, question in enumerate(questions):
        tasks[question.task].append(index)
    random = Random(f"{seed}/sample")  # noqa: S311
    selected: list[int] = []
    for left, indices in zip(range(len(tasks), 0, -1), sorted(tasks.values(), key=len), strict=True):
        selected += random.sample(indices, min(len(indices), (count - len(selected)) // left))
    return [questions[index] for index in sorted(selected)]
