"""Read and write questions as JSON lines; equal questions give identical bytes."""

import json
from collections.abc import Iterable
from pathlib import Path

from clinweave.core.errors import ClinweaveError
from clinweave.core.filesystem import regular_file
from clinweave.records import Question, to_json


def write_questions(questions: Iterable[Question], path: Path) -> int:
    """Write one question per line (keys sorted) and return how many."""
    rows = [json.dumps(to_json(question), sort_keys=True, ensure_ascii=False) for question in questions]
    path.write_text("".join(row + "\n" for row in rows), "utf-8")
    return len(rows)


def read_questions(path: Path) -> list[Question]:
    """Return the questions that `write_questions` wrote. Raises `ClinweaveError` naming a damaged row."""
    questions = []
    for row, line in enumerate(regular_file(path).read_bytes().split(b"\n")[:-1], 1):
        try:
            values = json.loads(line)
            lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
            questions.append(Question(**{**values, **lists}))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ClinweaveError(
                f"{path}, row {row}: not a stored question ({type(error).__name__}); delete the folder"
            ) from error
    return questions
