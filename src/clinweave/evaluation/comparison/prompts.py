"""The one prompt of every condition: the evidence, if any, and the question. Conditions differ in nothing else."""

from collections.abc import Sequence

from clinweave.core.artifacts import digest
from clinweave.knowledge import render
from clinweave.models import Message
from clinweave.records import Evidence

SYSTEM = "You answer medical questions. Reply with the name of the answer only."
VERSION = 1  # raise it when the wording changes


def messages(question: str, evidence: Sequence[Evidence]) -> list[Message]:
    """Return the chat of one item. The options are not in it: each is scored as the reply."""
    facts = f"Facts:\n{render(evidence)}\n\n" if evidence else ""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{facts}Question: {question}"},
    ]


def template_hash() -> str:
    """Return what identifies the wording, for the run record."""
    example = Evidence("1", "relation", "fact", 1.0)
    return digest([VERSION, messages("question", [example]), messages("question", [])])
