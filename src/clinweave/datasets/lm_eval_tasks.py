"""Benchmarks described by a task file of the lm-evaluation-harness: multiple choice over a local JSON or CSV file.

    task: ward_quiz
    dataset_path: json
    dataset_kwargs: {data_files: {test: quiz.jsonl}}
    test_split: test
    doc_to_text: "{{question}}"
    doc_to_choice: ["{{opa}}", "{{opb}}", "{{opc}}", "{{opd}}"]
    doc_to_target: "{{cop - 1}}"

Templates run in a sandbox without access to Python; functions (`!function`) are not run. Source:
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/task_guide.md
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.core.typed import nearest
from clinweave.datasets.text_files import csv_rows, json_file, json_lines
from clinweave.records import Question

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_READ = frozenset({
    "task", "dataset_path", "dataset_kwargs", "test_split", "validation_split", "training_split", "fewshot_split",
    "doc_to_text", "doc_to_choice", "doc_to_target", "output_type",
})  # fmt: skip
_WITHOUT_EFFECT = frozenset({  # of the harness alone: few-shot prompts, metrics, texts
    "metric_list", "metadata", "tag", "group", "task_alias", "dataset_name", "description", "num_fewshot",
    "fewshot_config", "target_delimiter", "fewshot_delimiter", "should_decontaminate", "doc_to_decontamination_query",
    "repeats", "filter_list", "generation_kwargs", "use_prompt",
})  # fmt: skip


def read_task_file(path: Path) -> Iterator[Question]:
    """Yield the questions that a task file describes. Raises `UserError` naming the file, key or row at fault."""
    task = _task(path)
    data = _data_file(path, task)
    name = str(task.get("task") or path.stem)
    environment = _environment()
    for number, row in _rows(data):
        where = f"{data}, row {number} ({path.name})"
        options = tuple(
            str(text).strip() for text in _options(environment, task["doc_to_choice"], row, where)
        )
        if len(options) < 2 or not all(options):
            raise UserError(f"{where}: doc_to_choice gives {options!r}; two or more texts are needed")
        question = _rendered(environment, task["doc_to_text"], row, f"{where}: doc_to_text")
        if not question:
            raise UserError(f"{where}: doc_to_text is empty")
        yield Question(
            id=str(row.get("id", number)),
            task=name,
            question=question,
            options=options,
            answer=_answer(environment, task["doc_to_target"], row, options, where),
            origin=data.name,
        )


def data_file(path: Path) -> Path:
    """Return the file with the rows of a task file. Raises `UserError` as `read_task_file` does."""
    return _data_file(path, _task(path))


def _task(path: Path) -> dict[str, Any]:
    import yaml

    try:
        task = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {reason(error)}") from error
    except yaml.YAMLError as error:
        hint = "; functions (!function) are not run: use templates" if "!function" in str(error) else ""
        raise UserError(f"{path} is no plain YAML: {' '.join(str(error).split())}{hint}") from error
    if not isinstance(task, dict):
        raise UserError(f"{path}: expected the keys of a task (doc_to_text, doc_to_choice, doc_to_target)")
    for key in task:
        if key not in _READ | _WITHOUT_EFFECT:
            raise UserError(
                f"{path}: unknown key {key!r}{nearest(str(key), sorted(_READ | _WITHOUT_EFFECT))}"
            )
    for key in ("doc_to_text", "doc_to_choice", "doc_to_target"):
        if task.get(key) is None:
            raise UserError(f"{path}: {key} is missing")
    if task.get("output_type", "multiple_choice") != "multiple_choice":
        raise UserError(f"{path}: output_type is {task['output_type']!r}; only multiple_choice is read")
    return task


def _data_file(path: Path, task: Mapping[str, Any]) -> Path:
    """Return the local file with the rows of the split that is asked."""
    kwargs = task.get("dataset_kwargs")
    files = kwargs.get("data_files") if isinstance(kwargs, dict) else None
    if task.get("dataset_path") not in {"json", "csv"} or not files:
        raise UserError(
            f"{path}: nothing is downloaded from a hub; give a local file: dataset_path: json (or csv) and "
            "dataset_kwargs: {data_files: {test: FILE.jsonl}}"
        )
    if isinstance(files, dict):
        split = task.get("test_split") or task.get("validation_split") or next(iter(files))
        if split not in files:
            raise UserError(
                f"{path}: dataset_kwargs.data_files has no split {split!r}, only {', '.join(files)}"
            )
        files = files[split]
    if isinstance(files, list):
        if len(files) != 1:
            raise UserError(f"{path}: dataset_kwargs.data_files names {len(files)} files; give one")
        files = files[0]
    data = path.parent / str(files)
    if not data.is_file():
        raise UserError(f"{path}: there is no {data} (dataset_kwargs.data_files, relative to the task file)")
    return data


def _rows(data: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if data.suffix.lower() == ".csv":
        yield from csv_rows(data)[1]
    elif data.suffix.lower() == ".jsonl":
        yield from json_lines(data)
    else:
        rows = json_file(data)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UserError(f"{data}: expected a list of objects, or JSON lines with the ending .jsonl")
        yield from enumerate(rows, 1)


def _environment() -> "SandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def _rendered(environment: "SandboxedEnvironment", template: Any, row: Mapping[str, Any], where: str) -> str:
    """Return a template rendered, or the field of that name. Errors are named, also those of a hostile template."""
    if not isinstance(template, str):
        raise UserError(f"{where}: expected a text or template, found {template!r}")
    if template in row:
        return str(row[template]).strip()
    try:
        return environment.from_string(template).render(**row).strip()
    except Exception as error:  # a template of somebody else may raise anything
        raise UserError(f"{where}: {type(error).__name__}: {error}") from error


def _options(
    environment: "SandboxedEnvironment", stated: Any, row: Mapping[str, Any], where: str
) -> list[Any]:
    """Return the options: a field with a list or mapping, a list of templates, or a template of a list."""
    if isinstance(stated, list):
        return [_rendered(environment, str(choice), row, f"{where}: doc_to_choice") for choice in stated]
    if isinstance(stated, str) and isinstance(row.get(stated), list):
        return list(row[stated])
    if isinstance(stated, str) and isinstance(row.get(stated), dict):
        nested = row[stated]  # {"text": [...], "label": [...]}, as some sets have it
        return list(nested["text"]) if isinstance(nested.get("text"), list) else list(nested.values())
    expression = str(stated).strip().removeprefix("{{").removesuffix("}}")
    try:
        value = environment.compile_expression(expression, undefined_to_none=True)(**row)
    except Exception as error:
        raise UserError(f"{where}: doc_to_choice: {type(error).__name__}: {error}") from error
    if not isinstance(value, (list, tuple)):
        raise UserError(f"{where}: doc_to_choice gives {value!r}, no list")
    return list(value)


def _answer(
    environment: "SandboxedEnvironment",
    template: Any,
    row: Mapping[str, Any],
    options: tuple[str, ...],
    where: str,
) -> int:
    """Return the index of the right option: an index from 0, or the text of exactly one option."""
    if isinstance(template, int) and not isinstance(template, bool):
        text = str(template)
    else:
        text = _rendered(environment, template, row, f"{where}: doc_to_target")
    by_text = [index for index, option in enumerate(options) if option == text]
    by_index = int(text) if text.isdecimal() and int(text) < len(options) else None
    if by_text and by_index is not None and by_index not in by_text:
        raise UserError(
            f"{where}: doc_to_target gives {text!r}, the text of option {by_text[0]} and the index of another"
        )
    if by_text:
        return by_text[0]
    if by_index is None:
        raise UserError(
            f"{where}: doc_to_target gives {text!r}, neither an index from 0 nor the text of an option"
        )
    return by_index
