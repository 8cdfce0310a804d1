"""What results record of the inputs of a run: sources, models, recipe, and what was left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest
from clinweave.evaluation.comparison.pairs import compared_pairs
from clinweave.evaluation.comparison.primary import comparable
from clinweave.evaluation.comparison.results import AnsweredQuestion, Skipped
from clinweave.evaluation.comparison.samples import Sample, by_condition
from clinweave.evaluation.comparison.settings import ComparisonRecipe
from clinweave.evaluation.knowledge_bases import KnowledgeBase
from clinweave.records import Audience, Source


def sources_of(bases: Iterable[KnowledgeBase]) -> tuple[Source, ...]:
    """Return the sources of all knowledge bases, each release once."""
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
    return replace(
        recipe,
        tasks=tasks,
        knowledge=knowledge,
        prevalence=Path(recipe.prevalence).name,
        security=Path(recipe.security).name,
        model=replace(recipe.model, concurrency=1),
        models=tuple(replace(model, concurrency=1) for model in recipe.models),
    )


def without_folder_names(reason: str) -> str:
    """Return a message with file names in place of this machine's folders."""
    return " ".join(Path(word).name if "/" in word else word for word in reason.split())


def not_compared(samples: Sequence[Sample]) -> list[Skipped]:
    """Return, for each task, the conditions of two models that were chosen by different methods and why."""
    skipped = []
    for task in dict.fromkeys(row.task for row in samples):
        conditions = by_condition(row for row in samples if row.task == task)
        for name, baseline, family in compared_pairs(list(conditions)):
            left, right = conditions[name], conditions[baseline]
            if family == "models" and not comparable(left, right):
                methods = [next(row.method for row in rows if row.method) for rows in (left, right)]
                why = (
                    f"chosen by different methods ({', '.join(methods)}); set the same method for both models"
                )
                skipped.append(Skipped(f"{task}, {name} against {baseline}", why))
    return skipped
