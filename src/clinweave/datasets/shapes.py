"""The shapes that trainers read and write: TRL, chat messages, ShareGPT, Alpaca. Told apart by their fields.

Field names are those of TRL's dataset formats and of LLaMA-Factory's alpaca and sharegpt formats.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from clinweave.datasets.examples import Example, Kind, identify, to_row
from clinweave.errors import UserError
from clinweave.models import Message

SHAPES = ("trl", "messages", "sharegpt", "alpaca")
_ROLES = ("system", "user", "assistant", "tool")
_FROM = {
    "human": "user",
    "gpt": "assistant",
    "system": "system",
    "observation": "tool",
    "function_call": "assistant",
}
_TO = {"user": "human", "assistant": "gpt", "system": "system"}
Row = Mapping[str, Any]


class Problem(NamedTuple):
    """What is wrong with one field of one row (counted from 1)."""

    row: int
    field: str
    message: str


class Checked(NamedTuple):
    """What `check_file` found."""

    shape: str
    rows: int
    problems: tuple[Problem, ...]


def check_file(path: Path, limit: int = 50) -> Checked:
    """Return the shape of a JSON-lines (or JSON list) file and the first `limit` problems, by row and field."""
    problems: list[Problem] = []
    shapes: dict[str, int] = {}
    count = 0
    for count, row in _rows(path, problems):
        shape = shape_of(row)
        shapes[shape] = shapes.get(shape, 0) + 1
        if not shape:
            found = [Problem(count, "(row)", f"fields {', '.join(map(repr, row)) or 'none'}: {_EXPECTED}")]
        else:
            found = list(_CHECKS[shape](row, count))
        problems += found
        if len(problems) >= limit:
            break
    if not count and not problems:
        problems.append(Problem(1, "(file)", "the file is empty"))
    if len(shapes) > 1:
        problems.append(
            Problem(1, "(file)", f"rows of several shapes: {', '.join(sorted(filter(None, shapes)))}")
        )
    return Checked(max(shapes, key=lambda one: shapes[one], default=""), count, tuple(problems[:limit]))


def shape_of(row: Row) -> str:
    """Return the name of a row's shape by its fields, or ""."""
    for name, fields in _FIELDS.items():
        if all(one in row for one in fields):
            return name
    return ""


def read_shape(path: Path) -> list[Example]:
    """Return the items of a file in any of the shapes. Raises `UserError` naming row and field of the first fault."""
    checked = check_file(path, limit=1)
    if checked.problems:
        row, field, message = checked.problems[0]
        raise UserError(f"{path}, row {row}, field {field}: {message}")
    return [_READERS[shape_of(row)](row, path, number) for number, row in _rows(path, [])]


def write_shape(examples: Iterable[Example], path: Path, shape: str) -> int:
    """Write items in a shape as JSON lines; return how many. Raises `UserError` for an unknown shape."""
    if shape not in SHAPES:
        raise UserError(f"unknown shape {shape!r}: choose from {', '.join(SHAPES)}")
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for count, example in enumerate(examples, 1):  # noqa: B007
            stream.write(json.dumps(_WRITERS[shape](example), ensure_ascii=False) + "\n")
    return count


# reading


def _rows(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    text = path.read_text("utf-8")
    if text.lstrip().startswith("["):
        try:
            listed = list(enumerate(json.loads(text), 1))
        except ValueError as error:
            problems.append(Problem(1, "(file)", f"not JSON: {error}"))
            return
    else:
        listed = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    listed.append((number, json.loads(line)))
                except ValueError as error:
                    problems.append(Problem(number, "(row)", f"not JSON: {error}"))
    for number, row in listed:
        if isinstance(row, dict):
            yield number, row
        else:
            problems.append(Problem(number, "(row)", f"expected an object, found {type(row).__name__}"))


def _made(  # noqa: PLR0917
    row: Row, path: Path, number: int, kind: Kind, prompt: list[Message], reply: str, worse: str = ""
) -> Example:
    return Example(
        id=str(row.get("id") or f"{path.stem}-{number}-{identify(reply)[:6]}"),
        kind=kind,
        task=str(row.get("task", "given")),
        prompt=tuple(prompt),
        completion=reply,
        rejected=worse,
        rejection=str(row.get("rejection", "")),
        cluster=str(row.get("cluster", "")),
        split=str(row.get("split", "train")),
        origin=str(row.get("origin", path.name)),
    )


def _turns(value: Any, role: str) -> list[Message]:
    """Return a TRL field as messages: a string is one turn of `role`."""
    if isinstance(value, str):
        return [Message(role=role, content=value)]
    return [Message(role=one["role"], content=one["content"]) for one in value]


def _read_completion(row: Row, path: Path, number: int) -> Example:
    reply = _turns(row["completion"], "assistant")[-1]["content"]
    return _made(row, path, number, Kind.INSTRUCTION, _turns(row["prompt"], "user"), reply)


def _read_preference(row: Row, path: Path, number: int) -> Example:
    better, worse = (_turns(row[key], "assistant")[-1]["content"] for key in ("chosen", "rejected"))
    if "prompt" in row:
        prompt = _turns(row["prompt"], "user")
    elif "instruction" in row:
        prompt = _alpaca_prompt(row)
    else:  # implicit: the conversation before the last turn
        prompt = _turns(row["chosen"], "assistant")[:-1]
    return _made(row, path, number, Kind.PREFERENCE, prompt, better, worse)


def _read_messages(row: Row, path: Path, number: int) -> Example:
    turns = _turns(row["messages"], "user")
    return _made(row, path, number, Kind.INSTRUCTION, turns[:-1], turns[-1]["content"])


def _read_sharegpt(row: Row, path: Path, number: int) -> Example:
    turns = _sharegpt_turns(row)
    return _made(row, path, number, Kind.INSTRUCTION, turns[:-1], turns[-1]["content"])


def _read_sharegpt_preference(row: Row, path: Path, number: int) -> Example:
    better, worse = row["chosen"]["value"], row["rejected"]["value"]
    return _made(row, path, number, Kind.PREFERENCE, _sharegpt_turns(row), better, worse)


def _sharegpt_turns(row: Row) -> list[Message]:
    turns = [Message(role=_FROM[one["from"]], content=one["value"]) for one in row["conversations"]]
    if row.get("system"):
        turns.insert(0, Message(role="system", content=row["system"]))
    return turns


def _read_alpaca(row: Row, path: Path, number: int) -> Example:
    return _made(row, path, number, Kind.INSTRUCTION, _alpaca_prompt(row), row["output"])


def _alpaca_prompt(row: Row) -> list[Message]:
    turns = [Message(role="system", content=row["system"])] if row.get("system") else []
    for asked, said in row.get("history") or []:
        turns += [Message(role="user", content=asked), Message(role="assistant", content=said)]
    user = "\n".join(part for part in (row["instruction"], row.get("input", "")) if part)
    return [*turns, Message(role="user", content=user)]


def _read_text(row: Row, path: Path, number: int) -> Example:
    return _made(row, path, number, Kind.TEXT, [], row["text"])


# writing


def _write_messages(example: Example) -> dict[str, Any]:
    reply = {"role": "assistant", "content": example.completion}
    if example.kind == Kind.PREFERENCE:
        worse = {"role": "assistant", "content": example.rejected}
        return {"chosen": [*example.prompt, reply], "rejected": [*example.prompt, worse]}
    return (
        {"text": example.completion} if example.kind == Kind.TEXT else {"messages": [*example.prompt, reply]}
    )


def _write_sharegpt(example: Example) -> dict[str, Any]:
    if example.kind == Kind.TEXT:
        return {"text": example.completion}
    system = " ".join(one["content"] for one in example.prompt if one["role"] == "system")
    turns = [
        {"from": _TO[one["role"]], "value": one["content"]}
        for one in example.prompt
        if one["role"] != "system"
    ]
    if example.kind == Kind.PREFERENCE:
        better, worse = ({"from": "gpt", "value": text} for text in (example.completion, example.rejected))
        return {"conversations": turns, "chosen": better, "rejected": worse, "system": system}
    return {"conversations": [*turns, {"from": "gpt", "value": example.completion}], "system": system}


def _write_alpaca(example: Example) -> dict[str, Any]:
    if example.kind == Kind.TEXT:
        return {"text": example.completion}
    by = {role: [one["content"] for one in example.prompt if one["role"] == role] for role in _ROLES}
    users = by["user"]
    history = [list(pair) for pair in zip(users[:-1], by["assistant"], strict=False)]
    row: dict[str, Any] = {
        "instruction": users[-1] if users else "",
        "input": "",
        "system": " ".join(by["system"]),
    }
    if example.kind == Kind.PREFERENCE:
        return {**row, "chosen": example.completion, "rejected": example.rejected}
    return {**row, "output": example.completion, "history": history}


# checking


def _check_turns(value: Any, row: int, field: str, *, ends: str = "") -> Iterator[Problem]:
    if isinstance(value, str):
        if not value.strip():
            yield Problem(row, field, "is empty")
        return
    if not isinstance(value, list) or not value:
        yield Problem(row, field, f"expected text or a list of messages, found {type(value).__name__}")
        return
    for place, one in enumerate(value):
        where = f"{field}[{place}]"
        if not isinstance(one, dict):
            yield Problem(row, where, f"expected an object with role and content, found {type(one).__name__}")
        elif one.get("role") not in _ROLES:
            yield Problem(row, f"{where}.role", f"{one.get('role')!r} is none of {', '.join(_ROLES)}")
        elif not isinstance(one.get("content"), str) or not one["content"].strip():
            yield Problem(row, f"{where}.content", "expected text")
    last = value[-1]
    if ends and isinstance(last, dict) and last.get("role") in _ROLES and last["role"] != ends:
        yield Problem(row, f"{field}[{len(value) - 1}].role", f"the last turn must be the {ends}'s")


def _check_completion(row: Row, number: int) -> Iterator[Problem]:
    yield from _check_turns(row["prompt"], number, "prompt")
    yield from _check_turns(row["completion"], number, "completion", ends="assistant")


def _check_preference(row: Row, number: int) -> Iterator[Problem]:
    if "prompt" in row:
        yield from _check_turns(row["prompt"], number, "prompt")
    for name in ("chosen", "rejected"):
        yield from _check_turns(row[name], number, name, ends="assistant")
    if row["chosen"] == row["rejected"]:
        yield Problem(number, "rejected", "is the same as chosen")


def _check_messages(row: Row, number: int) -> Iterator[Problem]:
    yield from _check_turns(row["messages"], number, "messages", ends="assistant")
    if isinstance(row["messages"], str):
        yield Problem(number, "messages", "expected a list of messages, found text")


def _check_sharegpt(row: Row, number: int, last: str = "gpt") -> Iterator[Problem]:
    turns = row["conversations"]
    if not isinstance(turns, list) or not turns:
        yield Problem(number, "conversations", "expected a list of turns")
        return
    for place, one in enumerate(turns):
        where = f"conversations[{place}]"
        if not isinstance(one, dict) or one.get("from") not in _FROM:
            found = one.get("from") if isinstance(one, dict) else one
            yield Problem(number, f"{where}.from", f"{found!r} is none of {', '.join(_FROM)}")
        elif not isinstance(one.get("value"), str) or not one["value"].strip():
            yield Problem(number, f"{where}.value", "expected text")
    if isinstance(turns[-1], dict) and turns[-1].get("from") in _FROM and turns[-1]["from"] != last:
        yield Problem(number, f"conversations[{len(turns) - 1}].from", f"the last turn must be {last}'s")


def _check_sharegpt_preference(row: Row, number: int) -> Iterator[Problem]:
    yield from _check_sharegpt(row, number, last="human")
    for name in ("chosen", "rejected"):
        one = row[name]
        if not isinstance(one, dict) or one.get("from") != "gpt":
            yield Problem(number, f"{name}.from", "expected a turn of gpt")
        elif not isinstance(one.get("value"), str) or not one["value"].strip():
            yield Problem(number, f"{name}.value", "expected text")
    if row["chosen"] == row["rejected"]:
        yield Problem(number, "rejected", "is the same as chosen")


def _check_texts(*names: str) -> Callable[[Row, int], Iterator[Problem]]:
    def check(row: Row, number: int) -> Iterator[Problem]:
        for name in names:
            if not isinstance(row[name], str) or not row[name].strip():
                yield Problem(number, name, f"expected text, found {row[name]!r:.60}")

    return check


_FIELDS: dict[str, tuple[str, ...]] = {
    "sharegpt-preference": ("conversations", "chosen", "rejected"),
    "preference": ("chosen", "rejected"),
    "prompt-completion": ("prompt", "completion"),
    "messages": ("messages",),
    "sharegpt": ("conversations",),
    "alpaca": ("instruction", "output"),
    "text": ("text",),
}
_EXPECTED = "expected " + ", or ".join(" and ".join(fields) for fields in _FIELDS.values())
_CHECKS: dict[str, Callable[[Row, int], Iterator[Problem]]] = {
    "sharegpt-preference": _check_sharegpt_preference,
    "preference": _check_preference,
    "prompt-completion": _check_completion,
    "messages": _check_messages,
    "sharegpt": _check_sharegpt,
    "alpaca": _check_texts("instruction", "output"),
    "text": _check_texts("text"),
}
_READERS: dict[str, Callable[[Row, Path, int], Example]] = {
    "sharegpt-preference": _read_sharegpt_preference,
    "preference": _read_preference,
    "prompt-completion": _read_completion,
    "messages": _read_messages,
    "sharegpt": _read_sharegpt,
    "alpaca": _read_alpaca,
    "text": _read_text,
}
_WRITERS: dict[str, Callable[[Example], dict[str, Any]]] = {
    "trl": to_row,
    "messages": _write_messages,
    "sharegpt": _write_sharegpt,
    "alpaca": _write_alpaca,
}
