"""Fine-tuning studies: build data, train stages, and measure what each stage added and what it cost."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.finetuning.results import FinetuningResults as FinetuningResults
    from clinweave.evaluation.finetuning.settings import FinetuningRecipe as FinetuningRecipe

__getattr__, __dir__ = attach(__name__, {"FinetuningRecipe": "settings", "FinetuningResults": "results"})
