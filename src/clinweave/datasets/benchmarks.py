"""Readers of published benchmarks. Each names file, row and field where it cannot read one; nothing is guessed.

`question` is all that retrieval sees (MIRAGE's rule): options, gold abstracts and lists of candidates stay out of it.
"""

import csv
import json
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.errors import UserError
from clinweave.records import Question

_LETTERS = "ABCDEFGHIJ"


def read_benchmark(path: Path) -> list[Question]:
    """Return the questions of a file in any of the known formats, told apart by content, not by name.

    Raises `UserError` naming file, row and field on bad data, and the known formats where none fits.
    """
    if not path.is_file():
        raise UserError(f"there is no benchmark file {path}")
    questions = list(_reader(path)(path))
    if not questions:
        raise UserError(f"{path} holds no question")
    seen: set[tuple[str, str]] = set()
    for row, question in enumerate(questions, 1):
        if (question.task, question.id) in seen:
            raise UserError(f"{path}, row {row}, field id: {question.id!r} stands twice in {question.task!r}")
        seen.add((question.task, question.id))
    return questions


def _reader(path: Path) -> Callable[[Path], Iterator[Question]]:
    if path.suffix == ".csv":
        return read_biomixqa
    if path.suffix == ".jsonl":
        first = next((row for _, row in _json_lines(path)), {})
        return read_medqa if "meta_info" in first or "answer_idx" in first else read_jsonl
    whole = _json(path)
    if isinstance(whole, list):
        return read_medqa
    sample: Any = next(iter(whole.values()), None) if isinstance(whole, dict) else None
    if isinstance(sample, dict):
        return read_pubmedqa if "QUESTION" in sample else read_mirage
    raise UserError(
        f"{path}: not a benchmark known here. Known: MIRAGE benchmark.json, PubMedQA json, MedQA jsonl or json, "
        'BiomixQA csv, and JSON lines of {"question", "options", "answer"}'
    )


def read_mirage(path: Path) -> Iterator[Question]:
    """Yield MIRAGE's questions: {task: {id: {"question", "options": {"A": ...}, "answer": "A"}}}."""
    for task, items in _mapping(_json(path), path, "the file").items():
        for identifier, row in _mapping(items, path, task).items():
            where = f"{path}, {task}/{identifier}"
            options = _options(_field(row, "options", where), where)
            yield Question(
                id=identifier,
                task=f"mirage-{task}",
                question=_text(row, "question", where),
                options=tuple(options.values()),
                answer=_place(_field(row, "answer", where), options, where),
                kind=task,
                origin="MIRAGE",
            )


def read_medqa(path: Path) -> Iterator[Question]:
    """Yield MedQA's questions, JSON lines or a list. Sets of 4 and of 5 options are two tasks, never mixed."""
    rows = _json_lines(path) if path.suffix == ".jsonl" else enumerate(_sequence(_json(path), path), 1)
    for number, row in rows:
        where = f"{path}, row {number}"
        options = _options(_field(row, "options", where), where)
        answer = row.get("answer_idx", _field(row, "answer", where))
        yield Question(
            id=str(number),
            task=f"medqa-{len(options)}",
            question=_text(row, "question", where),
            options=tuple(options.values()),
            answer=_place(answer, options, where),
            kind=str(row.get("meta_info", "")),
            origin="MedQA",
        )


def read_pubmedqa(path: Path) -> Iterator[Question]:
    """Yield PubMedQA's labelled questions; the abstract is `context`, hidden from every arm. `id` is the PMID."""
    choices = ("yes", "no", "maybe")
    for identifier, row in _mapping(_json(path), path, "the file").items():
        where = f"{path}, PMID {identifier}"
        label = _text(row, "final_decision", where)
        if label not in choices:
            raise UserError(f"{where}, field final_decision: {label!r} is not yes, no or maybe")
        yield Question(
            id=identifier,
            task="pubmedqa",
            question=_text(row, "QUESTION", where),
            options=choices,
            answer=choices.index(label),
            kind=label,
            context=tuple(str(part) for part in _sequence(_field(row, "CONTEXTS", where), where)),
            origin="PubMedQA",
        )


def read_biomixqa(path: Path) -> Iterator[Question]:
    """Yield BiomixQA's questions (KG-RAG): multiple choice without its "given list", or true/false."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        columns = set(rows.fieldnames or ())
        if {"correct_node", "options_combined", "text"} <= columns:
            read = _biomix_choice
        elif {"text", "label"} <= columns:
            read = _biomix_true_false
        else:
            raise UserError(
                f"{path}, row 1: columns {', '.join(sorted(columns))}; BiomixQA has correct_node, options_combined "
                "and text, or text and label"
            )
        for number, row in enumerate(rows, 2):
            yield read(row, number, f"{path}, row {number}")


def _biomix_choice(row: Mapping[str, str], number: int, where: str) -> Question:
    options = [option.strip() for option in row["options_combined"].split(",")]
    right = row["correct_node"].strip()
    if right not in options:
        raise UserError(f"{where}, field correct_node: {right!r} is not among the options")
    asked = row["text"].removeprefix("Out of the given list, ").split(" Given list is")[0].strip().rstrip(".")
    pair = row.get("disease_pair", "")
    try:
        cluster = "|".join(sorted(str(name) for name in literal_eval(pair)))
    except (ValueError, SyntaxError):
        cluster = pair
    return Question(
        id=f"mcq-{number}",
        task="biomixqa-mcq",
        question=asked[0].upper() + asked[1:] + "?",
        options=tuple(options),
        answer=options.index(right),
        kind="variant" if "which variant" in asked.lower() else "gene",
        cluster=cluster,
        origin="BiomixQA (KG-RAG)",
    )


def _biomix_true_false(row: Mapping[str, str], number: int, where: str) -> Question:
    if row["label"] not in {"True", "False"}:
        raise UserError(f"{where}, field label: {row['label']!r} is not True or False")
    return Question(
        id=f"tf-{number}",
        task="biomixqa-true-false",
        question=f"Is this statement true or false? {row['text']}",
        options=("True", "False"),
        answer=("True", "False").index(row["label"]),
        origin="BiomixQA (KG-RAG)",
    )


def read_jsonl(path: Path) -> Iterator[Question]:
    """Yield questions from JSON lines {"question", "options", "answer"}.

    `options` is a list or a mapping from letters; `answer` a letter, a place from 0, or the option's own text. `id`,
    `task`, `kind`, `cluster`, `concepts` and `context` are kept where given.
    """
    for number, row in _json_lines(path):
        where = f"{path}, row {number}"
        options = _options(_field(row, "options", where), where)
        yield Question(
            id=str(row.get("id", number)),
            task=str(row.get("task", path.stem)),
            question=_text(row, "question", where),
            options=tuple(options.values()),
            answer=_place(_field(row, "answer", where), options, where),
            kind=str(row.get("kind", "")),
            concepts=tuple(row.get("concepts", ())),
            cluster=str(row.get("cluster", "")),
            context=tuple(row.get("context", ())),
            origin=path.name,
        )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not JSON: {error}. JSON lines need the ending .jsonl") from error


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UserError(f"{path}, row {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise UserError(f"{path}, row {number}: expected an object, found {type(row).__name__}")
            yield number, row


def _mapping(value: Any, path: Path, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{path}: {where} should be an object, found {type(value).__name__}")
    return value


def _sequence(value: Any, where: Path | str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise UserError(f"{where}: expected a list, found {type(value).__name__}")
    return value


def _field(row: Any, name: str, where: str) -> Any:
    if not isinstance(row, dict) or name not in row:
        raise UserError(f"{where}: no field {name!r}")
    return row[name]


def _text(row: Any, name: str, where: str) -> str:
    value = _field(row, name, where)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where}, field {name}: expected text, found {value!r}")
    return value.strip()


def _options(value: Any, where: str) -> dict[str, str]:
    """Return letter -> text. A list's own letters ("A. Aspirin") are taken off when every item has one."""
    if isinstance(value, list):
        texts = [str(item).strip() for item in value]
        lettered = all(text[:2] == f"{letter}." for text, letter in zip(texts, _LETTERS, strict=False))
        value = dict(zip(_LETTERS, [text[2:].strip() if lettered else text for text in texts], strict=False))
    if not isinstance(value, dict) or not 2 <= len(value) <= len(_LETTERS):
        raise UserError(f"{where}, field options: expected two to ten options, found {value!r}")
    options = {str(letter): str(text).strip() for letter, text in sorted(value.items())}
    if not all(options.values()):  # a doubled option is left: MIRAGE has some
        raise UserError(f"{where}, field options: an option is empty: {list(options.values())!r}")
    return options


def _place(answer: Any, options: Mapping[str, str], where: str) -> int:
    """Return the place of the right option, from its letter, its place or its text."""
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(options):
        return answer
    if isinstance(answer, str):
        for names in (list(options), list(options.values())):
            if answer.strip() in names:
                return names.index(answer.strip())
    raise UserError(
        f"{where}, field answer: {answer!r} is neither a letter, a place nor the text of an option"
    )
