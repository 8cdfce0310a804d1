"""What a study of molecules found. Names of measures are those of MOSES and of `clinweave molecules`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from clinweave.evaluation.molecules.settings import MoleculesRecipe


@dataclass(frozen=True)
class GeneratorModel:
    """The generator: its shape, what it was trained on, and its learning curve where this study trained it."""

    packaged: bool
    shape: dict[str, Any]
    data: str
    training: dict[str, Any]
    history: tuple[dict[str, float | str], ...]


@dataclass(frozen=True)
class Generated:
    """What became of the strings that were drawn (name -> count or share), known drugs (SMILES -> name), and how many
    structures each rule of makeable molecules refused."""

    counts: dict[str, float | int | None]
    drugs: dict[str, str] | None
    refused_by: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PropertyOnRequest:
    """One property asked for alone: requested and obtained values of each molecule, error and correlation."""

    property: str
    molecules: int
    mean_absolute_error: float
    error_unasked: float
    correlation: float
    requested: tuple[float, ...]
    obtained: tuple[float, ...]


@dataclass(frozen=True)
class PropertyResult:
    """A model learned from the recipe's table: how it does on held-out scaffolds, and what it predicts."""

    target: str
    rows: int
    refused: int
    measures: dict[str, Any]
    predicted_counts: dict[str, int]
    predictions: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class SearchResult:
    """One method of optimisation: its counts and measures, its best molecules, and the mean of the ten best by call."""

    method: str
    scorer: str
    calls: int
    calls_from_journal: int
    best: float | None
    top10: float | None
    top10_auc: float | None
    cpu_seconds: float
    stopped: str
    summary: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    curve: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class MoleculesResults:
    """Results of a study of molecules."""

    kind: Literal["molecules"] = "molecules"
    clinweave: str
    recipe: MoleculesRecipe
    model: GeneratorModel
    generated: Generated
    measured: dict[str, dict[str, float | int | None]]  # "as drawn", "delivered" -> MOSES' measures
    properties_on_request: tuple[PropertyOnRequest, ...]
    property: PropertyResult | None
    searches: tuple[SearchResult, ...]
    left_out: dict[str, str]


RESULTS = MoleculesResults
