"""Applications of clinical knowledge: `consult` answers a question from evidence; `diagnosis` ranks diseases."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.consult import DISCLAIMER as DISCLAIMER
    from clinweave.applications.consult import AnswerPart as AnswerPart
    from clinweave.applications.consult import ModelSettings as ModelSettings
    from clinweave.applications.consult import OnPart as OnPart
    from clinweave.applications.consult import answer_question as answer_question
    from clinweave.applications.consult import continue_chat as continue_chat
    from clinweave.applications.consult import disclaimer as disclaimer
    from clinweave.applications.consult import joined as joined

__getattr__, __dir__ = attach(
    __name__,
    {
        "DISCLAIMER": "consult",
        "disclaimer": "consult",
        "AnswerPart": "consult",
        "ModelSettings": "consult",
        "OnPart": "consult",
        "answer_question": "consult",
        "continue_chat": "consult",
        "joined": "consult",
    },
)
