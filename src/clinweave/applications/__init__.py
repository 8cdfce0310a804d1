"""Applications of clinical knowledge: `consult` answers a question from evidence; `diagnosis` ranks diseases."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.consult import DISCLAIMER as DISCLAIMER
    from clinweave.applications.consult import ModelSettings as ModelSettings
    from clinweave.applications.consult import answer_question as answer_question
    from clinweave.applications.consult import continue_chat as continue_chat
    from clinweave.applications.consult import disclaimer as disclaimer
    from clinweave.knowledge import messages_for as messages_for

__getattr__, __dir__ = attach(
    __name__,
    {
        "DISCLAIMER": "consult",
        "disclaimer": "consult",
        "ModelSettings": "consult",
        "answer_question": "consult",
        "continue_chat": "consult",
        "messages_for": "consult.model_text",
    },
)
