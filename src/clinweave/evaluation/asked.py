"""Questions that a recipe asks of the graph without a model, for its report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest
from clinweave.knowledge_base import open_knowledge_base
from clinweave.records import Audience


def answers(questions: Sequence[str], home: Path) -> list[dict[str, Any]]:
    """Return questions with the answers of the graph in `home`, as `ask --model none --knowledge graph` gives them.

    Empty where no graph was built there. The user's own documents are not asked: a report may be passed on.
    """
    if not questions or read_manifest(home / "graph") is None:
        return []
    rows = []
    with open_knowledge_base(home, model="none") as base:
        for question in questions:
            answer = base.ask(question, retrievers=("graph",), audience=Audience.CLINICIAN)
            rows.append({"question": question, "answer": answer.text, "abstained": answer.abstained})
    return rows
