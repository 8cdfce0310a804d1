"""Tasks whose answers are written: SQL for questions on patient records, errors in notes, sections of notes."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.writing.replies import CONTROL as CONTROL
    from clinweave.evaluation.writing.replies import Reply as Reply
    from clinweave.evaluation.writing.results import WritingResults as WritingResults
    from clinweave.evaluation.writing.settings import WritingRecipe as WritingRecipe
    from clinweave.evaluation.writing.tasks import MEASURES as MEASURES

__getattr__, __dir__ = attach(
    __name__,
    {
        "CONTROL": "replies",
        "MEASURES": "tasks",
        "Reply": "replies",
        "WritingRecipe": "settings",
        "WritingResults": "results",
    },
)
