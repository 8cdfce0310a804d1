"""Readers of published benchmarks. Unreadable input is an error that names file, row and field; nothing is guessed.

`question` is all that retrieval sees (MIRAGE's rule): options, gold abstracts and lists of candidates stay out of it.
"""

from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.datasets.lm_eval_tasks import data_file, read_task_file
from clinweave.datasets.text_files import csv_rows, json_file, json_lines
from clinweave.models import option_key
from clinweave.records import Question

_TASK_FILES = frozenset({".yaml", ".yml"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIX = "correct it, or leave out and count such rows (--bad-rows leave-out; in a recipe the key bad_rows)"
Reader = Callable[[Path, "list[str] | None"], Iterator[Question]]


def read_benchmark(path: Path, left_out: list[str] | None = None) -> list[Question]:
    """Return the questions of a file in any of the supported formats, detected by content, not by name.

    Raises `UserError` naming file, row and field on bad data, and the known formats where none fits. With a list
    `left_out`, a bad row (no answer, an empty option, an id that occurs twice) is left out and its message added
    to the list; a file without a good row is still an error. Rows of lm-eval task files are always refused.
    """
    if not path.is_file():
        raise UserError(f"there is no benchmark file {path}")
    questions: dict[tuple[str, str], Question] = {}
    for row, question in enumerate(_reader(path)(path, left_out), 1):
        key, message = (question.task, question.id), ""
        if key in questions:
            message = f"{path}, row {row}, field id: {question.id!r} occurs twice in {question.task!r}"
        elif len({option_key(option) for option in question.options}) < 2:
            message = f"{path}, row {row}, field options: all are equal, {question.options[0]!r}"
        if message and left_out is None:
            raise UserError(f"{message}; {_FIX}")
        if message and left_out is not None:
            left_out.append(message)
        else:
            questions[key] = question
    if not questions:
        raise UserError(f"{path} holds no question{f': {left_out[0]}' if left_out else ''}")
    return list(questions.values())


def _each(
    make: Callable[[Any, Any], Question], rows: Iterable[tuple[Any, Any]], left_out: list[str] | None
) -> Iterator[Question]:
    """Yield the question of each (number or id, row); a bad row is raised, or left out and its message kept."""
    for number, row in rows:
        try:
            question = make(number, row)
        except UserError as error:
            if left_out is None:
                raise UserError(f"{error}; {_FIX}") from None
            left_out.append(str(error))
        else:
            yield question


def benchmark_files(path: Path) -> list[Path]:
    """Return the files that the questions of a benchmark are read from: a task file and its rows, else the file."""
    return [path, data_file(path)] if path.suffix.lower() in _TASK_FILES else [path]


def _reader(path: Path) -> Reader:
    suffix = path.suffix.lower()
    if suffix in _TASK_FILES:
        return lambda task, _: read_task_file(task)
    if suffix == ".csv":
        return read_biomixqa
    if suffix == ".jsonl":
        first = next((row for _, row in json_lines(path)), {})
        if "opa" in first and "cop" in first:
            return read_medmcqa
        return read_medqa if "meta_info" in first or "answer_idx" in first else read_jsonl
    content = json_file(path)
    if isinstance(content, list):
        return read_medqa
    sample: object = next(iter(content.values()), None) if isinstance(content, dict) else None
    if isinstance(sample, dict):
        return read_pubmedqa if "QUESTION" in sample else read_mirage
    raise UserError(
        f"{path}: unsupported benchmark format. Supported: MIRAGE benchmark.json, PubMedQA json, MedQA jsonl or json, "
        'BiomixQA csv, MedMCQA jsonl, JSON lines of {"question", "options", "answer"}, and a task file of the '
        "lm-evaluation-harness (.yaml)"
    )


def read_mirage(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield MIRAGE's questions: {task: {id: {"question", "options": {"A": ...}, "answer": "A"}}}."""

    def question(name: tuple[str, str], row: Any) -> Question:
        task, identifier = name
        where = f"{path}, {task}/{identifier}"
        options = _options(_field(row, "options", where), where)
        return Question(
            id=identifier,
            task=f"mirage-{task}",
            question=_text(row, "question", where),
            options=tuple(options.values()),
            answer=_answer_index(_field(row, "answer", where), row, options, where),
            kind=task,
            origin="MIRAGE",
        )

    for task, items in _mapping(json_file(path), path, "the file").items():
        rows = _mapping(items, path, task).items()
        yield from _each(question, (((task, identifier), row) for identifier, row in rows), left_out)


def read_medqa(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield MedQA's questions, JSON lines or a list. Sets of 4 and of 5 options are two tasks, never mixed."""
    rows = (
        json_lines(path)
        if path.suffix.lower() == ".jsonl"
        else enumerate(_sequence(json_file(path), path), 1)
    )

    def question(number: Any, row: Any) -> Question:
        where = f"{path}, row {number}"
        options = _options(_field(row, "options", where), where)
        answer = _field(row, "answer", where) if row.get("answer_idx") is None else row["answer_idx"]
        index, stated = _answer_index(answer, row, options, where), str(row.get("answer")).strip()
        if stated in options.values() and stated != list(options.values())[index]:
            raise UserError(f"{where}: answer and answer_idx name different options; correct one of them")
        return Question(
            id=str(number),
            task=f"medqa-{len(options)}",
            question=_text(row, "question", where),
            options=tuple(options.values()),
            answer=index,
            kind=str(row.get("meta_info", "")),
            origin="MedQA",
        )

    yield from _each(question, rows, left_out)


def read_medmcqa(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield MedMCQA's questions, JSON lines of question, opa, opb, opc, opd and cop.

    The original files count `cop` from 1, converted ones from 0. A file whose values leave that open is refused.
    """
    rows = list(json_lines(path))
    base = _first_index(path, {row.get("cop") for _, row in rows}, strict=left_out is None)

    def question(number: Any, row: Any) -> Question:
        where = f"{path}, row {number}"
        options = tuple(
            _option_text(_field(row, name, where), where) for name in ("opa", "opb", "opc", "opd")
        )
        if not all(options):
            raise UserError(f"{where}: one of opa, opb, opc and opd is empty")
        return Question(
            id=str(row.get("id") or number),
            task="medmcqa",
            question=_text(row, "question", where),
            options=options,
            answer=_cop(row, where) - base,
            kind=str(row.get("subject_name") or ""),
            origin="MedMCQA",
        )

    yield from _each(question, rows, left_out)


def _cop(row: Any, where: str) -> int:
    value = _field(row, "cop", where)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{where}, field cop: {value!r} is no number")
    return value


def _first_index(path: Path, values: set[Any], *, strict: bool = True) -> int:
    """Return the number that stands for the first option. Raises `UserError` where the values do not say."""
    numbers = {value for value in values if isinstance(value, int) and not isinstance(value, bool)}
    if numbers != values and strict:
        odd = next(value for value in values if value not in numbers or isinstance(value, bool))
        raise UserError(
            f"{path}, field cop: {odd!r} is no number; the file has no gold answers, or is damaged"
        )
    if numbers <= {0, 1, 2, 3} and 0 in numbers:
        return 0
    if numbers <= {1, 2, 3, 4} and 4 in numbers:
        return 1
    raise UserError(
        f"{path}, field cop: values {sorted(numbers)} do not tell whether the first option is 0 or 1; state it in a "
        'task file (.yaml): doc_to_target: "{{cop - 1}}" or "{{cop}}"'
    )


def read_pubmedqa(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield PubMedQA's labelled questions; the abstract is `context`, hidden from every condition. `id` is the PMID."""
    choices = ("yes", "no", "maybe")

    def question(identifier: Any, row: Any) -> Question:
        where = f"{path}, PMID {identifier}"
        label = _text(row, "final_decision", where)
        if label not in choices:
            raise UserError(f"{where}, field final_decision: {label!r} is not yes, no or maybe")
        return Question(
            id=identifier,
            task="pubmedqa",
            question=_text(row, "QUESTION", where),
            options=choices,
            answer=choices.index(label),
            kind=label,
            context=_texts(row, "CONTEXTS", where, needed=True),
            origin="PubMedQA",
        )

    yield from _each(question, _mapping(json_file(path), path, "the file").items(), left_out)


def read_biomixqa(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield BiomixQA's questions (KG-RAG): multiple choice without its "given list", or true/false."""
    columns, rows = csv_rows(path)
    if {"correct_node", "options_combined", "text"} <= set(columns):
        read = _biomix_choice
    elif {"text", "label"} <= set(columns):
        read = _biomix_true_false
    else:
        raise UserError(
            f"{path}, row 1: columns {', '.join(sorted(columns))}; BiomixQA has correct_node, options_combined "
            "and text, or text and label"
        )

    def question(number: Any, row: Any) -> Question:
        return read(row, number, f"{path}, row {number}")

    yield from _each(question, rows, left_out)


def _biomix_choice(row: Mapping[str, str], number: int, where: str) -> Question:
    options = [option.strip() for option in _text(row, "options_combined", where).split(",")]
    if len(options) < 2 or not all(options):
        raise UserError(f"{where}, field options_combined: expected two or more options, found {options!r}")
    right = _text(row, "correct_node", where)
    if right not in options:
        raise UserError(f"{where}, field correct_node: {right!r} is not among the options")
    asked = _text(row, "text", where).removeprefix("Out of the given list, ").split(" Given list is")[0]
    asked = asked.strip().rstrip(".")
    if not asked:
        raise UserError(f"{where}, field text: there is no question before the given list")
    pair = row.get("disease_pair", "")
    try:
        cluster = "|".join(sorted(str(name) for name in literal_eval(pair)))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
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
    label = _text(row, "label", where).capitalize()
    if label not in {"True", "False"}:
        raise UserError(f"{where}, field label: {row['label']!r} is not True or False")
    return Question(
        id=f"tf-{number}",
        task="biomixqa-true-false",
        question=f"Is this statement true or false? {_text(row, 'text', where)}",
        options=("True", "False"),
        answer=("True", "False").index(label),
        origin="BiomixQA (KG-RAG)",
    )


def read_jsonl(path: Path, left_out: list[str] | None = None) -> Iterator[Question]:
    """Yield questions from JSON lines {"question", "options", "answer"}.

    `options` is a list or a mapping from letters; `answer` a letter, a place from 0, or the option's own text. `id`,
    `task`, `kind`, `cluster`, `concepts` and `context` are kept where given.
    """

    def question(number: Any, row: Any) -> Question:
        where = f"{path}, row {number}"
        options = _options(_field(row, "options", where), where)
        return Question(
            id=str(number if row.get("id") is None else row["id"]),
            task=str(row.get("task") or path.stem),
            question=_text(row, "question", where),
            options=tuple(options.values()),
            answer=_answer_index(_field(row, "answer", where), row, options, where),
            kind=str(row.get("kind") or ""),
            concepts=_texts(row, "concepts", where),
            cluster=str(row.get("cluster") or ""),
            context=_texts(row, "context", where),
            origin=path.name,
        )

    yield from _each(question, json_lines(path), left_out)


def _mapping(value: object, path: Path, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{path}: {where} should be an object, found {type(value).__name__}")
    return value


def _sequence(value: object, where: Path | str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise UserError(f"{where}: expected a list, found {type(value).__name__}")
    return value


def _field(row: object, name: str, where: str) -> Any:
    if not isinstance(row, dict) or name not in row:
        raise UserError(f"{where}: no field {name!r}")
    return row[name]


def _text(row: object, name: str, where: str) -> str:
    value = _field(row, name, where)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where}, field {name}: expected text, found {value!r}")
    return _unicode(value.strip(), name, where)


def _unicode(text: str, name: str, where: str) -> str:
    """Return a text; `UserError` where it holds half of a character (a lone surrogate), which no model reads."""
    if any("\ud800" <= item <= "\udfff" for item in text):
        raise UserError(f"{where}, field {name}: holds half of a character (a lone surrogate)")
    return text


def _texts(row: Any, name: str, where: str, *, needed: bool = False) -> tuple[str, ...]:
    """Return a list of texts; empty where the field is missing or null, unless it is needed."""
    value = _field(row, name, where) if needed else row.get(name)
    if value is None and not needed:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{where}, field {name}: expected a list of texts, found {value!r}")
    return tuple(value)


def _options(value: Any, where: str) -> dict[str, str]:
    """Return label -> text. A list's own letters ("A. Aspirin") are taken off when every item has one."""
    listed = isinstance(value, list)
    if listed:
        texts = [_option_text(item, where) for item in value]
        labels = (
            _LETTERS if len(texts) <= len(_LETTERS) else [str(number) for number in range(1, len(texts) + 1)]
        )
        lettered = all(text[:2] == f"{label}." for text, label in zip(texts, labels, strict=False))
        value = dict(zip(labels, [text[2:].strip() if lettered else text for text in texts], strict=False))
    if not isinstance(value, dict) or len(value) < 2:
        raise UserError(f"{where}, field options: expected two or more options, found {value!r}")
    items = value.items() if listed else sorted(value.items(), key=lambda item: (len(item[0]), item[0]))
    options = {str(label).strip(): _option_text(text, where) for label, text in items}
    if not all(options.values()):  # a doubled option stays: MIRAGE has some
        raise UserError(f"{where}, field options: an option is empty: {list(options.values())!r}")
    return options


def _option_text(value: object, where: str) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise UserError(f"{where}, field options: expected texts, found {value!r}")
    return _unicode(str(value).strip(), "options", where)


def _answer_index(answer: object, row: Mapping[str, object], options: Mapping[str, str], where: str) -> int:
    """Return the index of the correct option of a row, from its label, its index from 0, or its text.

    A number is a label where the row itself labels its options by numbers.

    A text that is one option's label and another's text ("B" among blood groups) is refused.
    """
    labels, texts = list(options), list(options.values())
    if isinstance(answer, int) and not isinstance(answer, bool):
        if isinstance(row["options"], dict) and str(answer) in labels:
            return labels.index(str(answer))
        if 0 <= answer < len(options):
            return answer
    if isinstance(answer, str):
        name = answer.strip()
        matches = [names.index(name) for names in (labels, texts) if name in names]
        if len(matches) == 2 and texts[matches[0]] != texts[matches[1]]:
            raise UserError(
                f"{where}, field answer: {name!r} is the label of {texts[matches[0]]!r} and the text of another "
                "option; give the index from 0"
            )
        if matches:
            return matches[0]
    raise UserError(
        f"{where}, field answer: {answer!r} is neither a label, an index nor the text of an option"
    )
