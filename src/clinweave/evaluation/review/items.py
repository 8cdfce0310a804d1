"""Items to be rated: a question with the answer of each system, from JSON lines or from a comparison run."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason


@dataclass(frozen=True)
class ReviewItem:
    """A question (or note), what a rater may compare with, and system -> answer."""

    id: str
    question: str
    answers: dict[str, str]
    reference: str = ""


def read_items(path: Path, *, count: int = 0, seed: int = 0) -> list[ReviewItem]:
    """Return the items of a JSONL file or of a comparison run's folder; `count` samples that many (0: all).

    A line is {"id", "question", "answers": {"system": "text"}, "reference" (optional)}. In a run's folder the
    systems are the conditions, and the answer is the option that was chosen or the reply. Raises `UserError` naming
    file, line and field.
    """
    if path.is_dir():
        items = _of_run(path / "samples.jsonl")
    else:
        items = [_item(values, f"{path}: line {number}") for number, values in _lines(path)]
    if len({item.id for item in items}) < len(items):
        twice = next(item.id for item in items if sum(other.id == item.id for other in items) > 1)
        raise UserError(f"{path}: id {twice!r} is used twice; every item needs an id of its own")
    if not items:
        raise UserError(f"{path}: there is nothing to rate")
    if count and count < len(items):
        chosen = set(Random(f"{seed}/review").sample(range(len(items)), count))  # noqa: S311
        items = [item for index, item in enumerate(items) if index in chosen]
    return items


def _lines(path: Path) -> list[tuple[int, Any]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {reason(error)}; give UTF-8 JSON lines") from error
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append((number, json.loads(line)))
            except ValueError as error:
                raise UserError(f"{path}: line {number} is no JSON: {error}") from error
    return rows


def _item(values: Any, where: str) -> ReviewItem:
    if not isinstance(values, dict):
        raise UserError(f"{where}: expected an object with id, question and answers")
    for field in ("id", "question"):
        if not isinstance(values.get(field), str) or not values[field].strip():
            raise UserError(f"{where}: {field} is missing or no text")
    answers = values.get("answers")
    if not isinstance(answers, dict) or not answers or not all(isinstance(x, str) for x in answers.values()):
        raise UserError(f'{where}: answers must be an object of texts, {{"system": "answer"}}')
    reference = values.get("reference", "")
    if not isinstance(reference, str):
        raise UserError(f"{where}: reference is no text")
    return ReviewItem(values["id"], values["question"], dict(answers), reference)


def _of_run(path: Path) -> list[ReviewItem]:
    """Return one item per question of a run; look-ups and items that were not run have no answer."""
    answers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    facts: dict[tuple[str, str], tuple[str, str]] = {}
    for number, row in _lines(path):
        try:
            key, options = (row["task"], row["id"]), row["options"]
            reply = row["raw"] or ("" if row["choice"] is None else options[row["choice"]])
            facts[key] = (row["question"], options[row["answer"]])
            if reply and row["method"] != "look-up":
                answers[key][row["condition"]] = reply
        except (KeyError, IndexError, TypeError) as error:
            raise UserError(f"{path}: line {number}: {error!r}; run the recipe again") from error
    return [
        ReviewItem(f"{task}/{name}", facts[task, name][0], own, facts[task, name][1])
        for (task, name), own in answers.items()
        if own
    ]
