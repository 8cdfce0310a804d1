"""The one prompt of every condition: the evidence, if any, and the question. Conditions differ in nothing else."""

from collections.abc import Sequence

from clinweave.core.artifacts import digest
from clinweave.knowledge import render
from clinweave.models import Message
from clinweave.records import Evidence

SYSTEM = "You answer medical questions. Reply with the name of the answer only."
LISTED = "You answer medical questions."  # where the options are listed, the question says how to reply
VERSION = 2  # raise it when the wording changes


def messages(question: str, evidence: Sequence[Evidence], method: str = "option-text") -> list[Message]:
    """Return the chat of one item, before `sent_prompts` adds what the method of choosing adds.

    With "option-text" each option is scored as the reply, and options are not in the prompt. An empty question is
    that of the control without one.
    """
    facts = f"Facts:\n{render(evidence)}\n\n" if evidence else ""
    asked = f"Question: {question}" if question else "Question: (not shown)"
    system = SYSTEM if method.startswith("option-text") else LISTED
    return [{"role": "system", "content": system}, {"role": "user", "content": f"{facts}{asked}"}]


def template_hash() -> str:
    """Return what identifies the wording, for the run record."""
    example = Evidence("1", "relation", "fact", 1.0)
    methods = ("option-text", "letter")
    return digest(
        [VERSION, *(messages("question", rows, how) for how in methods for rows in ([example], []))]
    )
