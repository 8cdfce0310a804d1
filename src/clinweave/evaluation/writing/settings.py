"""The keys of a recipe of written answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clinweave.core.errors import UserError
from clinweave.core.typed import path_key
from clinweave.evaluation.language_model import ModelSettings, NamedModel
from clinweave.evaluation.recipe import Recipe

TaskType = Literal["ehrsql", "medec", "mts-dialog", "security"]
Condition = Literal["base", "examples", "guarded", "text", "graph", "both"]
NEEDED = {"ehrsql": ("path", "database"), "medec": ("path",), "mts-dialog": ("path",), "security": ()}
CONDITIONS = {
    "ehrsql": ("base", "examples"),
    "medec": ("base", "text", "graph", "both"),
    "mts-dialog": ("base", "examples"),
    "security": ("base", "guarded"),
}
# condition -> retrievers of the evidence in its prompt
RETRIEVERS = {"text": ("text",), "graph": ("graph",), "both": ("graph", "text")}


@dataclass(frozen=True)
class TaskSettings:
    """One task. `examples` shows similar training questions; `guarded` puts the rules of `ask` before the model.

    `text`, `graph` and `both` put evidence for the note into the prompt.
    """

    type: TaskType
    path: str = field(default="", metadata=path_key())  # EHRSQL's folder, MEDEC's or MTS-Dialog's file
    database: str = field(default="", metadata=path_key())  # ehrsql: archive of the MIMIC-IV demo
    training: str = field(
        default="", metadata=path_key()
    )  # mts-dialog: examples; security: texts that the model was trained on, one a line
    split: str = "valid"  # of EHRSQL
    count: int = 100  # questions at most, drawn with the recipe's seed; 0: all
    shown: int = 3  # examples in a prompt
    max_tokens: int = 200  # of a reply
    conditions: tuple[Condition, ...] = ("base",)
    penalty: float = 10.0  # N of the reliability score RS(N)
    budget: int = 200  # tokens of evidence under text, graph and both
    concepts: bool = False  # mts-dialog: also F1 of recognised concepts, by the linker of the knowledge base


@dataclass(frozen=True, kw_only=True)
class WritingRecipe(Recipe):
    """Tasks, conditions and models -> replies -> scores -> report."""

    kind: Literal["writing"] = "writing"
    resamples: int = 10_000
    model: ModelSettings = field(default_factory=ModelSettings)
    models: tuple[NamedModel, ...] = ()  # further models; each answers the same questions
    judge: str = ""  # address of a model that rates sections of notes; empty: none
    databases: tuple[str, ...] = ()  # of the conditions with evidence; empty: the default set
    graph: str = field(default="", metadata=path_key())  # folder of a built graph, in place of databases
    tasks: tuple[TaskSettings, ...] = ()


SETTINGS = WritingRecipe


def check(recipe: WritingRecipe, where: str) -> WritingRecipe:
    """Return the recipe, or raise `UserError` for values that contradict each other."""
    if not recipe.tasks:
        raise UserError(f"{where}: there are no [[tasks]], so there is nothing to run; add one")
    for number, task in enumerate(recipe.tasks):
        _check_task(task, [other.type for other in recipe.tasks[:number]], f"{where}: tasks.{number}")
    if any(task.budget < 1 for task in recipe.tasks):
        raise UserError(f"{where}: a task's budget is under 1; give tokens of evidence above 0")
    names = [model.name for model in recipe.models]
    if "" in names or len(set(names)) < len(names):
        raise UserError(f"{where}: models: each needs a name of its own")
    return recipe


def _check_task(task: TaskSettings, before: Sequence[str], key: str) -> None:
    if task.type in before:
        raise UserError(f"{key}: {task.type} is there twice; keep one")
    for name in NEEDED[task.type]:
        if not getattr(task, name):
            raise UserError(f"{key}: {name} is missing; a task {task.type} needs it")
    if not task.conditions:
        raise UserError(f"{key}: conditions is empty; give at least base")
    for name in task.conditions:
        if name not in CONDITIONS[task.type]:
            listed = ", ".join(CONDITIONS[task.type])
            raise UserError(f"{key}: {task.type} has no condition {name}; it has {listed}")
    if "examples" in task.conditions and task.type == "mts-dialog" and not task.training:
        raise UserError(f"{key}: training is missing; examples are taken from it")


def needs_knowledge(task: TaskSettings) -> bool:
    """Return whether a condition of the task puts evidence into the prompt."""
    return any(condition in RETRIEVERS for condition in task.conditions)


def missing(task: TaskSettings) -> str:
    """Return why a task cannot be run, or nothing: a missing path leaves its task out."""
    for key in ("path", "database", "training"):
        value = getattr(task, key)
        if value and not Path(value).exists():
            return f"there is no {Path(value).name} ({key})"
    return ""
