"""Answers from evidence: what the sources say, composed without a model, and a model's checked words over it."""

from clinweave.applications.consult.answering import (
    DISCLAIMER,
    ModelSettings,
    answer_question,
    continue_chat,
)
from clinweave.applications.consult.compose import Composition, compose
from clinweave.applications.consult.languages import disclaimer
from clinweave.applications.consult.wording import AnswerPart, OnPart, joined

__all__ = [
    "DISCLAIMER",
    "AnswerPart",
    "Composition",
    "ModelSettings",
    "OnPart",
    "answer_question",
    "compose",
    "continue_chat",
    "disclaimer",
    "joined",
]
