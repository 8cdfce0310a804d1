"""Studies of molecules: train or take a model, generate, measure, predict a property, optimise."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.molecules.results import MoleculesResults as MoleculesResults
    from clinweave.evaluation.molecules.settings import MoleculesRecipe as MoleculesRecipe

__getattr__, __dir__ = attach(__name__, {"MoleculesRecipe": "settings", "MoleculesResults": "results"})
