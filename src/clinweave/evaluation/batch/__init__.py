"""Batch jobs as a recipe: which jobs over which files, one after the other, and the runner that they all use."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.batch.results import BatchResults as BatchResults
    from clinweave.evaluation.batch.settings import BatchRecipe as BatchRecipe

__getattr__, __dir__ = attach(__name__, {"BatchRecipe": "settings", "BatchResults": "results"})
