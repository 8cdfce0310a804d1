"""Tasks whose answers are written: SQL for questions on patient records, errors in notes, sections of notes."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.writing.results import WritingResults as WritingResults
    from clinweave.evaluation.writing.settings import WritingRecipe as WritingRecipe

__getattr__, __dir__ = attach(__name__, {"WritingRecipe": "settings", "WritingResults": "results"})
