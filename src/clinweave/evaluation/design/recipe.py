"""The keys of a recipe of molecules: the dataclasses here, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.evaluation.recipe import build, change_key, names_table, toml_values

PATHS = {"model": ("train", "weights"), "property": ("table",), "optimize": ("scorer",)}
SCREEN = "screen"  # no search: what every method stands beside


@dataclass(frozen=True)
class ModelChoice:
    """The packaged weights, those of a folder, or new ones trained on a file; the other keys are of training."""

    weights: str = ""
    train: str = ""  # SMILES to learn from
    start: str = ""  # "packaged": go on from the packaged weights
    size: str = "small"
    molecules: int = 3_000_000
    tokens: str = "smiles"
    graphs: int = 0
    qed_share: float = 1.0
    workers: int = 1
    settings: tuple[str, ...] = ()  # such as "batch=128"


@dataclass(frozen=True)
class Generation:
    """What is asked for, as in `clinweave molecules generate`."""

    count: int = 1000
    condition: dict[str, float] = field(default_factory=dict)
    scaffold: str = ""
    new_to: tuple[str, ...] = ("training",)
    filters: bool = True
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True)
class Measures:
    """Strings as drawn, and molecules delivered, that MOSES' measures are taken of (0: none); molecules for each
    wished value of each property (0: none)."""

    moses: int = 1000
    conditions: int = 20


@dataclass(frozen=True)
class PropertyTask:
    """A table with a column to learn; the delivered molecules are then predicted. No table: left out."""

    table: str = ""
    target: str = ""
    features: str = "maplight"


@dataclass(frozen=True)
class Optimisation:
    """A search, as in `clinweave molecules optimize`, by several methods with the same calls; no scorer: left out.

    `scorer` may be "property": the model of the recipe's own table.
    """

    scorer: str = ""
    minimize: bool = False
    start: str = ""
    keep: str = ""
    budget: int = 300
    methods: tuple[str, ...] = ("surrogate", SCREEN)


@dataclass(frozen=True)
class Design:
    """A whole chain: model -> molecules -> measures -> property -> optimisation -> report."""

    name: str
    title: str = ""
    seed: int = 0
    threads: int = 1
    model: ModelChoice = field(default_factory=ModelChoice)
    generate: Generation = field(default_factory=Generation)
    measures: Measures = field(default_factory=Measures)
    property: PropertyTask = field(default_factory=PropertyTask)
    optimize: Optimisation = field(default_factory=Optimisation)


def designs(path: Path) -> bool:
    """Return whether a recipe makes molecules."""
    return names_table(path, "generate")


def load_design(path: Path, changes: Sequence[str] = ()) -> Design:
    """Return the recipe of a TOML file with `key=value` changes. Paths in the file are relative to its folder, those
    of changes to the working folder. Raises `UserError` naming the nearest known key."""
    values = toml_values(path)
    values.setdefault("name", path.stem)
    _absolute(values, path.resolve().parent)
    for change in changes:
        change_key(values, change)
    return check(build(Design, values, str(path)), str(path))


def check(recipe: Design, where: str) -> Design:
    """Return the recipe, or raise `UserError` where a value cannot be."""
    from clinweave.applications.molecules import parse_condition, schedule_of, shape_named
    from clinweave.applications.molecules.optimization import METHODS

    model, search = recipe.model, recipe.optimize
    if model.weights and model.train:
        raise UserError(f"{where}: model: give `weights` or `train`, not both")
    if model.start not in {"", "packaged"}:
        raise UserError(f"{where}: model.start: {model.start!r}; expected packaged, or nothing")
    shape_named(model.size)
    schedule_of(model.settings)
    if recipe.generate.count < 1:
        raise UserError(f"{where}: generate.count is {recipe.generate.count}; ask for at least one molecule")
    parse_condition(",".join(f"{name}={value}" for name, value in recipe.generate.condition.items()))
    for name in search.methods:
        if name not in METHODS:
            raise UserError(f"{where}: optimize: no method {name!r}; known: {', '.join(METHODS)}")
    if search.scorer == "property" and not recipe.property.table:
        raise UserError(f"{where}: optimize.scorer is property, and the recipe has no property.table")
    if recipe.property.table and not recipe.property.target:
        raise UserError(f"{where}: property.target: name the column to learn")
    return recipe


def _absolute(values: dict[str, Any], folder: Path) -> None:
    for table, keys in PATHS.items():
        given = values.get(table)
        if not isinstance(given, dict):
            continue
        for key in keys:
            text = given.get(key)
            if isinstance(text, str) and ("/" in text or text.endswith(".py")):
                given[key] = str((folder / Path(text).expanduser()).resolve())
