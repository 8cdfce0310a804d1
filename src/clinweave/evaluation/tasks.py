"""From a recipe's tasks to questions and the world they are asked in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from clinweave.core.artifacts import Artifact, sha256, stage
from clinweave.core.errors import UserError
from clinweave.datasets import (
    cross_source_questions,
    future_questions,
    graph_questions,
    read_benchmark,
    read_questions,
    write_questions,
)
from clinweave.evaluation.recipe import TaskSettings
from clinweave.evaluation.worlds import World, Worlds, features, release_files
from clinweave.records import Question

VERSION = 1  # raise it when the same settings give other questions


@dataclass
class Task:
    """Questions, and the world they are asked in."""

    settings: TaskSettings
    questions: list[Question]
    world: World
    key: str  # of the questions
    inputs: dict[str, str]  # file name -> sha256 of what the user gave


def missing(settings: TaskSettings) -> str:
    """Return why a task cannot be run, or nothing: a path that is not there leaves its task out."""
    for key in ("path", "older", "newer", "corpus"):
        value = getattr(settings, key)
        if value and not Path(value).exists():
            return f"there is no {value} ({key})"
    needed = {"benchmark": ("path",), "cross-source": ("path",), "pubmedqa-retrieved": ("path",)}
    for key in {**needed, "graph-future": ("older", "newer")}.get(settings.type, ()):
        if not getattr(settings, key):
            return f"no {key} is given"
    return ""


def make_task(settings: TaskSettings, worlds: Worlds, folder: Path, seed: int) -> Task:
    """Return the task, its questions made or read once and kept in `folder`."""
    world = worlds.older(Path(settings.older)) if settings.type == "graph-future" else worlds.usual()
    inputs = _files(settings)
    parameters = {
        "type": settings.type,
        "kinds": settings.kinds,
        "per_kind": settings.per_kind,
        "count": settings.count,
        "options": settings.options,
        "seed": seed,
    }
    made: Artifact = stage(
        folder,
        "questions",
        {**inputs, "graph": world.graph_key},
        parameters,
        lambda out: {"count": write_questions(_questions(settings, world, seed), out / "questions.jsonl")},
        version=VERSION,
    )
    questions = read_questions(made.path / "questions.jsonl")
    if settings.type == "pubmedqa-retrieved":
        world = worlds.with_texts(questions, Path(settings.corpus) if settings.corpus else None)
    elif settings.type == "benchmark" and settings.corpus:
        world = worlds.with_texts([], Path(settings.corpus))
    return Task(settings, questions, world, str(made.manifest["key"]), inputs)


def _files(settings: TaskSettings) -> dict[str, str]:
    found = {}
    if settings.path:
        found[Path(settings.path).name] = sha256(Path(settings.path))
    for folder in filter(None, (settings.older, settings.newer)):
        for name, path in release_files(Path(folder)).items():
            found[f"{Path(folder).name}/{name}"] = sha256(path)
    return found


def _questions(settings: TaskSettings, world: World, seed: int) -> list[Question]:
    if settings.type == "graph-questions":
        return graph_questions(
            world.graph,
            kinds=settings.kinds,
            per_kind=settings.per_kind,
            seed=seed,
            options=settings.options,
        )
    if settings.type == "graph-future":
        return future_questions(
            world.graph,
            features(Path(settings.older)),
            features(Path(settings.newer)),
            count=settings.count,
            seed=seed,
            options=settings.options,
        )
    if settings.type == "cross-source":
        if "hetionet" in world.sources():
            raise UserError(
                "cross-source asks Hetionet's indications: leave hetionet out of knowledge.databases"
            )
        return cross_source_questions(
            world.graph, Path(settings.path), count=settings.count, seed=seed, options=settings.options
        )
    questions = read_benchmark(Path(settings.path))
    if settings.type == "pubmedqa-retrieved":
        lacking = next((one.id for one in questions if not one.context), None)
        if lacking is not None:
            raise UserError(f"{settings.path}: question {lacking} has no abstract (CONTEXTS) to be retrieved")
        questions = [replace(one, task="pubmedqa-retrieved") for one in questions]
    return sample(questions, settings.count, seed)


def sample(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Return at most `count` questions (0: all), the same number of each task where a file holds several."""
    if not count or count >= len(questions):
        return list(questions)
    tasks: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        tasks[question.task].append(place)
    random = Random(f"{seed}/sample")  # noqa: S311
    kept: list[int] = []
    for left, places in zip(range(len(tasks), 0, -1), sorted(tasks.values(), key=len), strict=True):
        kept += random.sample(places, min(len(places), (count - len(kept)) // left))
    return [questions[place] for place in sorted(kept)]
