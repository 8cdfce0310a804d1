"""The keys of a recipe that compares ways of adding knowledge to a model."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from clinweave.core.errors import UserError
from clinweave.core.typed import nearest, path_key
from clinweave.evaluation.comparison.conditions import (
    CONDITIONS,
    DEFAULT_CONTROLS,
    MAIN,
    MODEL_MARK,
    find_condition,
    in_report_order,
    with_model,
)
from clinweave.evaluation.comparison.plugins import METRICS, TASKS
from clinweave.evaluation.comparison.primary import PrimaryComparison
from clinweave.evaluation.language_model import ModelSettings, NamedModel
from clinweave.evaluation.recipe import Recipe
from clinweave.knowledge import retriever_names

TaskType = Literal["graph-questions", "graph-future", "cross-source", "pubmedqa-retrieved", "benchmark"]

_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class KnowledgeSettings:
    """Which knowledge base is asked, under which conditions, and how many tokens of evidence a prompt may hold."""

    databases: tuple[str, ...] = ()  # empty: the default set
    graph: str = field(
        default="", metadata=path_key()
    )  # folder of a built graph; then no databases are fetched
    budget: int = 180
    conditions: tuple[str, ...] = MAIN
    controls: tuple[str, ...] = DEFAULT_CONTROLS


@dataclass(frozen=True)
class TaskSettings:
    """One set of questions. Which keys matter depends on `type`; a path is relative to the recipe's folder."""

    type: str  # a `TaskType`, or a task of an installed package
    kinds: tuple[str, ...] = ("feature", "gene", "role", "parent")
    per_kind: int = 20
    count: int = 150  # questions at most, drawn with the recipe's seed; 0: all
    options: int = 4
    path: str = field(default="", metadata=path_key())  # the benchmark, or Hetionet's indications
    parts: tuple[str, ...] = ()  # of a benchmark file with several, such as MIRAGE's mmlu; empty: all
    older: str = field(default="", metadata=path_key())  # folder of an HPO release: hp.obo and phenotype.hpoa
    newer: str = field(default="", metadata=path_key())
    corpus: str = field(default="", metadata=path_key())  # a folder or archive of texts to retrieve from
    budget: int = 0  # 0: the recipe's
    bad_rows: Literal["refuse", "leave-out"] = (
        "refuse"  # of a benchmark: stop, or leave out, count and name them
    )


@dataclass(frozen=True, kw_only=True)
class ComparisonRecipe(Recipe):
    """Databases -> graph and index -> questions -> conditions -> report."""

    kind: Literal["comparison"] = "comparison"
    resamples: int = 10_000
    dump_prompts: bool = False
    metrics: tuple[str, ...] = ()  # installed metrics to compute besides accuracy
    ask: tuple[str, ...] = ()  # questions answered from the graph without a model, shown in the report
    model: ModelSettings = field(default_factory=ModelSettings)
    models: tuple[NamedModel, ...] = ()  # further models; each answers the same questions
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    tasks: tuple[TaskSettings, ...] = ()
    prevalence: str = field(
        default="", metadata=path_key()
    )  # Orphadata's en_product9_prev.xml, to tell rare diseases from common ones; empty: publications stand in
    security: str = field(
        default="", metadata=path_key()
    )  # folder of a finished run with a security task, for the report card
    primary: tuple[PrimaryComparison, ...] = ()  # named before the run; all other comparisons are exploratory

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return the conditions and controls of one model in the order of reports."""
        return tuple(in_report_order((*self.knowledge.conditions, *self.knowledge.controls)))

    @property
    def all_conditions(self) -> tuple[str, ...]:
        """Return the conditions and controls of all models: "graph", "graph@NAME"."""
        names = ("", *(model.name for model in self.models))
        return tuple(with_model(condition, name) for name in names for condition in self.conditions)


SETTINGS = ComparisonRecipe


def check(recipe: ComparisonRecipe, where: str) -> ComparisonRecipe:
    """Return the recipe, or raise `UserError` for values that contradict each other."""
    for name in (*recipe.knowledge.conditions, *recipe.knowledge.controls):
        if MODEL_MARK in name:
            raise UserError(
                f"{where}: {name!r}: every condition is asked of every model; leave {MODEL_MARK} out"
            )
        try:
            find_condition(name)
        except UserError as error:
            raise UserError(f"{where}: {error}{nearest(name, (*CONDITIONS, *retriever_names()))}") from None
    if "base" not in recipe.knowledge.conditions:
        raise UserError(f"{where}: knowledge.conditions lacks base, the baseline of every comparison; add it")
    if recipe.knowledge.budget < 1:
        raise UserError(f"{where}: knowledge.budget is {recipe.knowledge.budget}; give tokens above 0")
    _check_task_types(recipe, where)
    for name in recipe.metrics:
        if name not in METRICS:
            raise UserError(f"{where}: metrics: {METRICS.unknown(name)}")
    _check_models(recipe, where)
    _check_primary(recipe, where)
    if recipe.prevalence and not Path(recipe.prevalence).is_file():
        raise UserError(
            f"{where}: prevalence: there is no file {recipe.prevalence}; give Orphadata's en_product9_prev.xml"
        )
    if not recipe.tasks:
        raise UserError(f"{where}: there are no [[tasks]], so there is nothing to run; add one")
    return recipe


def _check_task_types(recipe: ComparisonRecipe, where: str) -> None:
    types = get_args(TaskType)
    for number, task in enumerate(recipe.tasks):
        if task.type not in types and task.type not in TASKS:
            suggestion = nearest(task.type, (*types, *TASKS.names()))
            raise UserError(
                f"{where}: tasks.{number}: type: {task.type!r} is no value of this key{suggestion}"
            )


def _check_models(recipe: ComparisonRecipe, where: str) -> None:
    keys = ("model", *(f"models.{number}" for number in range(len(recipe.models))))
    for key, model in zip(keys, (recipe.model, *recipe.models), strict=True):
        if model.address in {"", "none"}:
            raise UserError(
                f"{where}: {key}.address is {model.address!r}; a comparison needs a language model"
            )
    names = [model.name for model in recipe.models]
    for number, name in enumerate(names):
        if not _MODEL_NAME.fullmatch(name):
            raise UserError(
                f"{where}: models.{number}.name is {name!r}; give letters, digits, points, hyphens, such as 8b"
            )
        if name in names[:number]:
            raise UserError(f"{where}: models.{number}.name: {name!r} names another model already")


def _check_primary(recipe: ComparisonRecipe, where: str) -> None:
    for number, item in enumerate(recipe.primary):
        key = f"{where}: primary.{number}"
        for name in (item.condition, item.baseline):
            if name not in recipe.all_conditions:
                raise UserError(
                    f"{key}: {name!r} is no condition of this recipe{nearest(name, recipe.all_conditions)}"
                )
        if not item.tasks:
            raise UserError(f"{key}: tasks is empty; name at least one task")
        if item.metric == "auc" and len(item.tasks) > 1:
            raise UserError(f"{key}: the area under the curve is not pooled over tasks; name one task")
