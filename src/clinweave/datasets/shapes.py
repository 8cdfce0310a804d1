"""File formats of trainers: TRL, chat messages, ShareGPT and Alpaca, detected by their fields.

Field names are those of TRL's dataset formats and of LLaMA-Factory's alpaca and sharegpt formats.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from clinweave.core.errors import UserError
from clinweave.datasets.examples import Example, Kind, to_row
from clinweave.datasets.shape_rows import FIELDS, ROLES, Row, read_row
from clinweave.datasets.text_files import read_text

SHAPES = ("trl", "messages", "sharegpt", "alpaca")
_TO = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}
_EXPECTED = "expected " + ", or ".join(" and ".join(fields) for fields in FIELDS.values())


class Problem(NamedTuple):
    """What is wrong with one field of one row (counted from 1)."""

    row: int
    field: str
    message: str


class Checked(NamedTuple):
    """What `check_file` found. `turns` counts the assistant's turns, of which the last of each row is `rows`."""

    shape: str
    rows: int
    problems: tuple[Problem, ...]
    turns: int = 0


def check_file(path: Path, limit: int = 50) -> Checked:
    """Return the shape of a JSON-lines (or JSON list) file and the first `limit` problems, by row and field.

    A file without a problem is one that the stages of training read: both use `read_row`. Raises `UserError` where the
    file cannot be read as text.
    """
    return _read(path, limit)[0]


def read_shape(path: Path) -> list[Example]:
    """Return the items of a file in any of the shapes. Raises `UserError` naming row and field of the first fault."""
    checked, examples = _read(path, 1)
    if checked.problems:
        row, field, message = checked.problems[0]
        raise UserError(f"{path}, row {row}, field {field}: {message}")
    return examples


def _read(path: Path, limit: int) -> tuple[Checked, list[Example]]:
    problems: list[Problem] = []
    shapes: dict[str, int] = {}
    examples: list[Example] = []
    count = 0
    for number, row in _rows(path, problems):
        count += 1
        shape = shape_of(row)
        if shape:
            shapes[shape] = shapes.get(shape, 0) + 1
        else:
            problems.append(
                Problem(number, "(row)", f"fields {', '.join(map(repr, row)) or 'none'}: {_EXPECTED}")
            )
            continue
        example, faults = read_row(row, shape, path, number)
        problems += [Problem(number, *fault) for fault in faults]
        examples += [example] if example is not None else []
        if len(problems) >= limit:
            break
    if not count and not problems:
        problems.append(Problem(1, "(file)", "the file is empty"))
    if len(shapes) > 1:
        names = ", ".join(sorted(shapes))
        problems.append(Problem(1, "(file)", f"rows of several shapes: {names}"))
    shape = max(shapes, key=lambda name: shapes[name], default="")
    turns = sum(len(example.counted) + 1 for example in examples if example.kind == Kind.INSTRUCTION)
    return Checked(shape, count, tuple(problems[:limit]), turns), examples


def shape_of(row: Row) -> str:
    """Return the name of a row's shape by its fields, or ""."""
    return next((name for name, fields in FIELDS.items() if all(field in row for field in fields)), "")


def write_shape(examples: Iterable[Example], path: Path, shape: str) -> int:
    """Write items in a shape as JSON lines; return how many. Raises `UserError` for an unknown shape."""
    if shape not in SHAPES:
        raise UserError(f"unknown shape {shape!r}: choose from {', '.join(SHAPES)}")
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for count, example in enumerate(examples, 1):  # noqa: B007
            stream.write(json.dumps(_WRITERS[shape](example), ensure_ascii=False) + "\n")
    return count


def _rows(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row, object); what is no JSON object is added to `problems`."""
    text = read_text(path)
    listed: list[tuple[int, object]] = []
    if text.lstrip().startswith("["):
        try:
            listed = list(enumerate(json.loads(text), 1))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(1, "(file)", f"not JSON: {_why(error)}"))
            return
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    listed.append((number, json.loads(line)))
                except (ValueError, RecursionError) as error:
                    problems.append(Problem(number, "(row)", f"not JSON: {_why(error)}"))
    for number, row in listed:
        if isinstance(row, dict):
            yield number, row
        else:
            problems.append(Problem(number, "(row)", f"expected an object, found {type(row).__name__}"))


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _write_messages(example: Example) -> dict[str, object]:
    reply = {"role": "assistant", "content": example.completion}
    if example.kind == Kind.PREFERENCE:
        worse = {"role": "assistant", "content": example.rejected}
        return {"chosen": [*example.prompt, reply], "rejected": [*example.prompt, worse]}
    return (
        {"text": example.completion} if example.kind == Kind.TEXT else {"messages": [*example.prompt, reply]}
    )


def _write_sharegpt(example: Example) -> dict[str, object]:
    if example.kind == Kind.TEXT:
        return {"text": example.completion}
    system = " ".join(message["content"] for message in example.prompt if message["role"] == "system")
    turns = [
        {"from": _TO[message["role"]], "value": message["content"]}
        for message in example.prompt
        if message["role"] != "system"
    ]
    if example.kind == Kind.PREFERENCE:
        better, worse = ({"from": "gpt", "value": text} for text in (example.completion, example.rejected))
        return {"conversations": turns, "chosen": better, "rejected": worse, "system": system}
    return {"conversations": [*turns, {"from": "gpt", "value": example.completion}], "system": system}


def _write_alpaca(example: Example) -> dict[str, object]:
    if example.kind == Kind.TEXT:
        return {"text": example.completion}
    order = [message["role"] for message in example.prompt if message["role"] != "system"]
    if order != ["user", "assistant"] * (len(order) // 2) + ["user"]:
        raise UserError(
            f"item {example.id}: alpaca holds turns of user and assistant in alternation only; use messages"
        )
    by = {role: [entry["content"] for entry in example.prompt if entry["role"] == role] for role in ROLES}
    users = by["user"]
    history = [list(pair) for pair in zip(users[:-1], by["assistant"], strict=False)]
    row: dict[str, object] = {
        "instruction": users[-1] if users else "",
        "input": "",
        "system": " ".join(by["system"]),
    }
    if example.kind == Kind.PREFERENCE:
        return {**row, "chosen": example.completion, "rejected": example.rejected}
    return {**row, "output": example.completion, "history": history}


_WRITERS: dict[str, Callable[[Example], dict[str, Any]]] = {
    "trl": to_row,
    "messages": _write_messages,
    "sharegpt": _write_sharegpt,
    "alpaca": _write_alpaca,
}
