"""Convert rows of training files in any supported format to items, or report the faulty field.

`clinweave data check` and training call the same functions, so a file that passes the check can be trained on. Turns
are read whole: the assistant's earlier turns are recorded in `Example.counted`, and a setting of the stage says whether
the loss counts them. Of a pair the prompt is what both conversations share; only their last turns may differ.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from clinweave.datasets.examples import Example, Kind, identify
from clinweave.models import Message

ROLES = ("system", "user", "assistant", "tool")
FROM = {
    "human": "user",
    "gpt": "assistant",
    "system": "system",
    "observation": "tool",
    "function_call": "assistant",
}
Row = Mapping[str, Any]


class Fault(NamedTuple):
    """What is wrong with one field of a row."""

    field: str
    message: str


class _Turn(NamedTuple):
    role: str
    content: str
    counted: bool = True  # False: the row gives this turn the weight 0


class _Faults(list[Fault]):
    """Collects the faults of one row."""

    def text(self, value: object, field: str, *, needed: bool = True) -> str:
        """Return a text; null counts as absent where it is not needed."""
        if value is None and not needed:
            return ""
        if not isinstance(value, str):
            self.append(Fault(field, f"expected text, found {_kind(value)}"))
        elif needed and not value.strip():
            self.append(Fault(field, "expected text, it is empty"))
        elif not _encodable(value):
            self.append(
                Fault(field, "holds half of a character (a lone surrogate), which no tokenizer reads")
            )
        else:
            return value
        return ""

    def turns(self, value: object, field: str, role: str = "") -> list[_Turn]:
        """Return a list of messages; where `role` is given, a text is one turn of it."""
        if role and isinstance(value, str):
            return [_Turn(role, self.text(value, field))]
        if not isinstance(value, list) or not value:
            expected = "text or a list of messages" if role else "a list of messages"
            self.append(Fault(field, f"expected {expected}, found {_kind(value)}"))
            return []
        return [
            self.turn(item, f"{field}[{index}]", "role", "content", ROLES) for index, item in enumerate(value)
        ]

    def turn(self, item: object, where: str, role: str, content: str, roles: Sequence[str]) -> _Turn:
        """Return one message of an object with the fields `role` and `content`."""
        if not isinstance(item, dict):
            self.append(Fault(where, f"expected an object with {role} and {content}, found {_kind(item)}"))
            return _Turn("", "")
        name = item.get(role)
        if not isinstance(name, str) or name not in roles:
            self.append(Fault(f"{where}.{role}", f"{name!r:.60} is none of {', '.join(roles)}"))
            name = ""
        weight = item.get("weight", 1)
        if weight not in (0, 1) or isinstance(weight, str):
            self.append(Fault(f"{where}.weight", f"expected 0 or 1, found {weight!r:.60}"))
        return _Turn(FROM.get(name, name), self.text(item.get(content), f"{where}.{content}"), weight != 0)

    def shared_gpt(self, row: Row) -> list[_Turn]:
        """Return the turns of a ShareGPT row."""
        value = row["conversations"]
        if not isinstance(value, list) or not value:
            self.append(Fault("conversations", f"expected a list of turns, found {_kind(value)}"))
            return []
        turns = [
            self.turn(item, f"conversations[{index}]", "from", "value", tuple(FROM))
            for index, item in enumerate(value)
        ]
        return [*self.system(row), *turns]

    def system(self, row: Row) -> list[_Turn]:
        """Return the system turn of a row that has a field for it."""
        text = self.text(row.get("system"), "system", needed=False)
        return [_Turn("system", text)] if text.strip() else []

    def ends(self, turns: Sequence[_Turn], field: str, role: str, name: str) -> None:
        """Note where the last turn is not `role`'s."""
        if turns and turns[-1].role and turns[-1].role != role:
            self.append(Fault(field, f"the last turn must be {name}"))


def read_row(row: Row, shape: str, path: Path, number: int) -> tuple[Example | None, list[Fault]]:
    """Return (item, []) of a row of a known shape, or (None, its faults). `path` and `number` make its identifier."""
    faults = _Faults()
    parsed = _SHAPES[shape](row, faults)
    values = {
        key: faults.text(row.get(key), key, needed=False) for key in ("task", "rejection", "cluster", "split")
    }
    if parsed is None and not faults:
        faults.append(Fault("(row)", "cannot be read"))
    if faults or parsed is None:
        return None, list(faults)
    kind, prompt, reply, worse = parsed
    return Example(
        id=str(row.get("id") or f"{path.stem}-{number}-{identify(reply)[:6]}"),
        kind=kind,
        task=values["task"] or "given",
        prompt=tuple(Message(role=turn.role, content=turn.content) for turn in prompt),
        completion=reply,
        rejected=worse,
        rejection=values["rejection"],
        cluster=values["cluster"],
        split=values["split"] or "train",
        origin=str(row.get("origin") or path.name),
        counted=_counted(prompt) if kind == Kind.INSTRUCTION else (),
    ), []


_Made = tuple[Kind, list[_Turn], str, str] | None


def _counted(prompt: Sequence[_Turn]) -> tuple[int, ...]:
    """Return the places of the assistant's turns in a prompt that answer an earlier turn and have weight."""
    return tuple(
        index
        for index, turn in enumerate(prompt)
        if turn.role == "assistant"
        and turn.counted
        and any(before.role == "user" for before in prompt[:index])
    )


def _instruction(turns: list[_Turn], field: str, faults: _Faults) -> _Made:
    """Return the item of a conversation whose last turn is the reply."""
    if turns and not turns[-1].counted:
        faults.append(Fault(field, "the last turn has weight 0: there is no reply to learn"))
    if len(turns) == 1 and not faults:
        faults.append(Fault(field, "there is no turn before the reply"))
    return (Kind.INSTRUCTION, turns[:-1], turns[-1].content, "") if len(turns) > 1 else None


def _after(turns: list[_Turn], prompt: list[_Turn], field: str, faults: _Faults) -> list[_Turn]:
    """Return the turns that follow a prompt; a fault where they ask something else than the prompt does."""
    rest = _without(turns, prompt)
    if prompt and rest and prompt[-1].role == rest[0].role == "user":
        faults.append(Fault(field, "begins with another question than prompt"))
    return rest


def _messages(row: Row, faults: _Faults) -> _Made:
    turns = faults.turns(row["messages"], "messages")
    faults.ends(turns, f"messages[{len(turns) - 1}].role", "assistant", "the assistant's")
    return _instruction(turns, "messages", faults)


def _sharegpt(row: Row, faults: _Faults) -> _Made:
    turns = faults.shared_gpt(row)
    last = len(row["conversations"]) - 1 if isinstance(row["conversations"], list) else 0
    faults.ends(turns, f"conversations[{last}].from", "assistant", "gpt's")
    return _instruction(turns, "conversations", faults)


def _completion(row: Row, faults: _Faults) -> _Made:
    """TRL: the loss counts the completion alone, whatever turns the prompt has."""
    if row.get("label") is False:
        faults.append(
            Fault("label", "is false: a reply that is not wanted is never trained; leave the row out")
        )
    prompt = faults.system(row) + faults.turns(row["prompt"], "prompt", "user")
    prompt = [turn._replace(counted=False) for turn in prompt]
    turns = faults.turns(row["completion"], "completion", "assistant")
    faults.ends(turns, f"completion[{len(turns) - 1}].role", "assistant", "the assistant's")
    return _instruction([*prompt, *_after(turns, prompt, "completion", faults)], "completion", faults)


def _alpaca(row: Row, faults: _Faults) -> _Made:
    prompt = _alpaca_prompt(row, faults)
    return Kind.INSTRUCTION, prompt, faults.text(row["output"], "output"), ""


def _alpaca_prompt(row: Row, faults: _Faults) -> list[_Turn]:
    turns = faults.system(row)
    history = row.get("history")
    if history is not None and not isinstance(history, list):
        faults.append(Fault("history", f"expected a list of [question, answer], found {_kind(history)}"))
    for index, pair in enumerate(history if isinstance(history, list) else []):
        if not isinstance(pair, list) or len(pair) != 2:
            faults.append(Fault(f"history[{index}]", f"expected [question, answer], found {_kind(pair)}"))
            continue
        for side, role in enumerate(("user", "assistant")):
            turns.append(_Turn(role, faults.text(pair[side], f"history[{index}][{side}]")))
    asked = faults.text(row["instruction"], "instruction")
    input_text = faults.text(row.get("input"), "input", needed=False)
    return [*turns, _Turn("user", "\n".join(filter(None, (asked, input_text))))]


def _text(row: Row, faults: _Faults) -> _Made:
    return Kind.TEXT, [], faults.text(row["text"], "text"), ""


def _sharegpt_preference(row: Row, faults: _Faults) -> _Made:
    prompt = faults.shared_gpt(row)
    last = len(row["conversations"]) - 1 if isinstance(row["conversations"], list) else 0
    if prompt and prompt[-1].role in {"assistant", "system"}:
        faults.append(Fault(f"conversations[{last}].from", "the last turn must be human's"))
    replies = [
        faults.turn(row[name], name, "from", "value", ("gpt",)).content for name in ("chosen", "rejected")
    ]
    return _pair(prompt, replies, faults)


def _preference(row: Row, faults: _Faults) -> _Made:
    """Pairs of TRL (with or without a prompt of its own) and of Alpaca (with an instruction)."""
    if "prompt" in row:
        prompt = faults.system(row) + faults.turns(row["prompt"], "prompt", "user")
    else:
        prompt = _alpaca_prompt(row, faults) if "instruction" in row else []
    sides = []
    for name in ("chosen", "rejected"):
        if isinstance(row[name], str) and not prompt and not faults:
            faults.append(
                Fault(name, "is a text without a prompt: give prompt, or both as lists of messages")
            )
        turns = faults.turns(row[name], name, "assistant")
        faults.ends(turns, f"{name}[{len(turns) - 1}].role", "assistant", "the assistant's")
        sides.append([*prompt, *_after(turns, prompt, name, faults)])
    if faults:
        return None
    better, worse = sides
    if better[:-1] != worse[:-1]:
        faults.append(
            Fault(
                "rejected",
                "its turns before the last one differ from those of chosen: a pair shares its prompt",
            )
        )
    return _pair(better[:-1], [better[-1].content, worse[-1].content], faults)


def _pair(prompt: list[_Turn], replies: Sequence[str], faults: _Faults) -> _Made:
    better, worse = replies
    if not faults and not any(turn.role == "user" for turn in prompt):
        faults.append(Fault("chosen", "there is no prompt: a pair answers a turn of the user"))
    elif not faults and prompt[-1].role == "assistant":
        faults.append(Fault("chosen", "the turn before the reply is the assistant's as well"))
    if not faults and better.strip() == worse.strip():
        faults.append(Fault("rejected", "is the same as chosen"))
    return Kind.PREFERENCE, prompt, better, worse


def _without(turns: list[_Turn], prompt: Sequence[_Turn]) -> list[_Turn]:
    """Return turns without a prompt that they repeat at their beginning."""
    spoken = [(turn.role, turn.content) for turn in prompt]
    for head in (spoken, [turn for turn in spoken if turn[0] != "system"]):
        size = len(head)
        if 0 < size < len(turns) and [(turn.role, turn.content) for turn in turns[:size]] == head:
            return turns[size:]
    return turns


def _kind(value: object) -> str:
    """Return what a value is in JSON's words, never its content: rows may hold patients."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), type(value).__name__)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


FIELDS: dict[str, tuple[str, ...]] = {
    "sharegpt-preference": ("conversations", "chosen", "rejected"),
    "preference": ("chosen", "rejected"),
    "prompt-completion": ("prompt", "completion"),
    "messages": ("messages",),
    "sharegpt": ("conversations",),
    "alpaca": ("instruction", "output"),
    "text": ("text",),
}
_SHAPES: dict[str, Callable[[Row, _Faults], _Made]] = {
    "sharegpt-preference": _sharegpt_preference,
    "preference": _preference,
    "prompt-completion": _completion,
    "messages": _messages,
    "sharegpt": _sharegpt,
    "alpaca": _alpaca,
    "text": _text,
}
