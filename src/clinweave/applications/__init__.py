"""Applications of woven knowledge: consult answers a question with checked citations."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.cited_answers import DISCLAIMER as DISCLAIMER
    from clinweave.applications.cited_answers import consult as consult
    from clinweave.knowledge import messages_for as messages_for

__getattr__, __dir__ = attach(
    __name__, {"DISCLAIMER": "cited_answers", "consult": "cited_answers", "messages_for": "cited_answers"}
)
