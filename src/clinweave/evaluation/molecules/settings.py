"""The keys of a recipe of molecules: model, generation, measures, a property to learn, optimisation."""

from dataclasses import dataclass, field
from typing import Literal

from clinweave.core.errors import UserError
from clinweave.core.typed import nearest, path_key
from clinweave.evaluation.recipe import Recipe

SCREEN = "screen"  # no search: the baseline of every method
PROPERTY = "property"  # a scorer: the model of the recipe's own table
PACKAGED = "packaged"


@dataclass(frozen=True)
class GeneratorSettings:
    """The packaged weights, those of a folder, or new ones trained on a file; the other keys are of training."""

    weights: str = field(default="", metadata=path_key(only_with_slash=True))
    train: str = field(default="", metadata=path_key(only_with_slash=True))  # SMILES to learn from
    init_from: Literal["", "packaged"] = ""  # packaged: continue training the packaged weights
    size: str = "small"
    molecules: int = 3_000_000
    tokens: str = "smiles"
    graphs: int = 0
    qed_share: float = 1.0
    workers: int = 1
    settings: tuple[str, ...] = ()  # such as "batch=128"


@dataclass(frozen=True)
class GenerationSettings:
    """What is asked for, as in `clinweave molecules generate`."""

    count: int = 1000
    condition: dict[str, float] = field(default_factory=dict)
    scaffold: str = ""
    new_to: tuple[str, ...] = ("training",)
    filters: bool = True
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True)
class EvalSettings:
    """How many strings and molecules MOSES' measures are taken of, and molecules per requested value (0: none)."""

    moses: int = 1000
    conditions: int = 20


@dataclass(frozen=True)
class PropertySettings:
    """A table with a column to learn; the generated molecules are then predicted. No table: left out."""

    table: str = field(default="", metadata=path_key(only_with_slash=True))
    target: str = ""
    features: str = "maplight"


@dataclass(frozen=True)
class OptimisationSettings:
    """A search, as in `clinweave molecules optimize`, by several methods with the same calls; no scorer: left out.

    `scorer` may be "property": the model of the recipe's own table.
    """

    scorer: str = field(default="", metadata=path_key(only_with_slash=True))
    minimize: bool = False
    start_molecule: str = ""  # SMILES that results are to resemble
    required_substructure: str = ""  # SMARTS
    allow_remote: str = ""  # host that may receive the structures, if the scorer is a service elsewhere
    budget: int = 300
    methods: tuple[str, ...] = ("surrogate", SCREEN)


@dataclass(frozen=True, kw_only=True)
class MoleculesRecipe(Recipe):
    """Model -> molecules -> measures -> property -> optimisation -> report."""

    kind: Literal["molecules"] = "molecules"
    threads: int = 1
    model: GeneratorSettings = field(default_factory=GeneratorSettings)
    generate: GenerationSettings = field(default_factory=GenerationSettings)
    eval: EvalSettings = field(default_factory=EvalSettings)
    property: PropertySettings = field(default_factory=PropertySettings)
    optimize: OptimisationSettings = field(default_factory=OptimisationSettings)


SETTINGS = MoleculesRecipe


def check(recipe: MoleculesRecipe, where: str) -> MoleculesRecipe:
    """Return the recipe, or raise `UserError` for values that contradict each other."""
    from clinweave.applications.molecules import parse_condition, schedule_of, shape_named
    from clinweave.applications.molecules.optimization import METHODS

    model, search = recipe.model, recipe.optimize
    if model.weights and model.train:
        raise UserError(f"{where}: model: give `weights` or `train`, not both")
    shape_named(model.size)
    schedule_of(model.settings)
    if recipe.generate.count < 1:
        raise UserError(f"{where}: generate.count is {recipe.generate.count}; ask for at least one molecule")
    parse_condition(",".join(f"{name}={value}" for name, value in recipe.generate.condition.items()))
    for name in search.methods:
        if name not in METHODS:
            raise UserError(f"{where}: optimize.methods: no method {name!r}{nearest(name, METHODS)}")
    if search.scorer == PROPERTY and not recipe.property.table:
        raise UserError(
            f"{where}: optimize.scorer is property, and the recipe has no property.table; add one"
        )
    if recipe.property.table and not recipe.property.target:
        raise UserError(f"{where}: property.target: name the column to learn")
    return recipe
