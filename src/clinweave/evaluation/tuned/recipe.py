"""A recipe with stages. The dataclasses here are its keys; what a stage may be told is in `clinweave.training`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.datasets import DataSettings
from clinweave.evaluation.recipe import build, change_key, names_table, toml_values
from clinweave.training import STAGES

BASE = "base"


@dataclass(frozen=True)
class Stage:
    """One stage: it starts from the weights of `start` (base, or an earlier stage)."""

    name: str
    type: str
    start: str = BASE
    reward: str = ""  # name of the stage that trained the reward model
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measures:
    """How many items of each kind are measured, at most (0: none); drawn with the recipe's seed."""

    choices: int = 100  # of each split
    with_evidence: int = 100  # of these also with evidence
    replies: int = 60  # with evidence, on diseases never trained on
    refusals: int = 30
    general: int = 1000  # of the general probe, which has fewer
    reply: int = 64  # tokens
    budget: int = 160  # estimated tokens of evidence
    benchmarks: tuple[str, ...] = ()
    per_benchmark: int = 60


@dataclass(frozen=True)
class Tuning:
    """Data, stages, what is compared (base first), and which stage is exported."""

    name: str
    title: str = ""
    seed: int = 0
    base: str = "smollm2"
    export: str = ""
    threads: int = (
        0  # of every stage and measure; 0: each its own choice. On a busy machine 1 is quicker than 2
    )
    data: dict[str, Any] = field(default_factory=dict)  # DataSettings
    avoid: tuple[str, ...] = ()  # benchmark files that nothing may be shared with
    later: str = ""  # folder of a later HPO release
    replay: int = (
        0  # requests that the base answers itself, for stages that mix them in (`replay` in their settings)
    )
    stages: tuple[Stage, ...] = ()
    arms: tuple[str, ...] = (BASE,)
    blind: str = ""  # the stage whose model never saw a question: the options-only control
    measures: Measures = field(default_factory=Measures)


def has_stages(path: Path) -> bool:
    """Return whether a recipe trains."""
    return names_table(path, "stages")


def load_tuning(path: Path, changes: Sequence[str] = ()) -> Tuning:
    """Return the recipe of a TOML file with `key=value` changes. Raises `UserError` naming the nearest known key."""
    values = toml_values(path)
    folder = path.resolve().parent
    values.setdefault("name", path.stem)
    for change in changes:
        change_key(values, change)
    values["avoid"] = [str(folder / one) for one in values.get("avoid", ())]
    if values.get("later"):
        values["later"] = str(folder / values["later"])
    measures = values.get("measures", {})
    if isinstance(measures, dict) and "benchmarks" in measures:
        measures["benchmarks"] = [str(folder / one) for one in measures["benchmarks"]]
    return check(build(Tuning, values, str(path)), str(path))


def check(recipe: Tuning, where: str) -> Tuning:
    """Return the recipe, or raise `UserError` where a value cannot be."""
    from clinweave.training import stage_config

    known = [BASE]
    for stage in recipe.stages:
        if stage.type not in STAGES:
            raise UserError(
                f"{where}: stage {stage.name!r}: no type {stage.type!r}; known: {', '.join(STAGES)}"
            )
        for name in filter(None, (stage.start, stage.reward)):
            if name not in known:
                raise UserError(
                    f"{where}: stage {stage.name!r} needs {name!r}, which no earlier stage is called"
                )
        stage_config(stage.type, stage.settings)
        known.append(stage.name)
    for name in filter(None, (*recipe.arms, recipe.blind, recipe.export)):
        if name not in known:
            raise UserError(f"{where}: no stage is called {name!r}; known: {', '.join(known)}")
    settings = {one.name for one in fields(DataSettings)}
    for key in recipe.data:
        if key not in settings:
            raise UserError(f"{where}: data: unknown key {key!r}; known: {', '.join(sorted(settings))}")
    return recipe
