"""The keys of a recipe that fine-tunes: data, training stages, and what is measured of each model."""

from dataclasses import dataclass, field
from typing import Any, Literal

from clinweave.core.errors import UserError
from clinweave.core.typed import path_key
from clinweave.datasets import DataSettings
from clinweave.evaluation.recipe import Recipe
from clinweave.training import StageName

BASE = "base"


@dataclass(frozen=True)
class Stage:
    """One training stage; `settings` are those of the stage's type (`clinweave train`)."""

    name: str
    type: StageName
    init_from: str = BASE  # base, or the name of an earlier stage
    reward: str = ""  # name of the stage that trained the reward model
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EvalSettings:
    """How many items of each kind are measured, at most (0: none); drawn with the recipe's seed."""

    choices: int = 100  # of each split
    with_evidence: int = 100  # of these also with evidence
    replies: int = 60  # with evidence, on diseases never trained on
    refusals: int = 30
    general: int = 1000  # of the general probe, which has fewer
    reply_tokens: int = 64
    budget: int = 160  # estimated tokens of evidence
    benchmarks: tuple[str, ...] = field(default=(), metadata=path_key())
    per_benchmark: int = 60


@dataclass(frozen=True, kw_only=True)
class FinetuningRecipe(Recipe):
    """Data -> stages -> measures of each model, base first -> export."""

    kind: Literal["finetuning"] = "finetuning"
    base: str = "smollm2"
    export: str = ""  # the stage whose weights are exported
    threads: int = (
        0  # of every stage and measure; 0: each its own choice. On a busy machine 1 is quicker than 2
    )
    data: DataSettings = field(default_factory=DataSettings)
    decontaminate_against: tuple[str, ...] = field(default=(), metadata=path_key())  # benchmark files
    newer_release: str = field(default="", metadata=path_key())  # folder of a newer HPO release
    replay: int = 0  # requests that the base answers itself, for stages with `replay` in their settings
    stages: tuple[Stage, ...] = ()
    conditions: tuple[str, ...] = (BASE,)  # models to compare: base and names of stages
    options_only: str = ""  # the stage whose model never saw a question: the options-only baseline
    eval: EvalSettings = field(default_factory=EvalSettings)

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that are measured, the options-only baseline last."""
        return tuple(dict.fromkeys((*self.conditions, *filter(None, (self.options_only,)))))


SETTINGS = FinetuningRecipe


def check(recipe: FinetuningRecipe, where: str) -> FinetuningRecipe:
    """Return the recipe, or raise `UserError` for values that contradict each other."""
    from clinweave.training import stage_config

    if not recipe.stages:
        raise UserError(f"{where}: there are no [[stages]], so there is nothing to train; add one")
    stages = [BASE]
    for stage in recipe.stages:
        for key, name in (("init_from", stage.init_from), ("reward", stage.reward)):
            if name and name not in stages:
                raise UserError(
                    f"{where}: stage {stage.name!r}: {key}: no earlier stage is called {name!r}; "
                    f"known: {', '.join(stages)}"
                )
        stage_config(stage.type, stage.settings)
        stages.append(stage.name)
    for key, names in (
        ("conditions", recipe.conditions),
        ("options_only", (recipe.options_only,)),
        ("export", (recipe.export,)),
    ):
        for name in filter(None, names):
            if name not in stages:
                raise UserError(f"{where}: {key}: no stage is called {name!r}; known: {', '.join(stages)}")
    return recipe
