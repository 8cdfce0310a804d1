"""Let a model choose one of several actions with arguments: by its own tool calls, under a grammar, or as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from clinweave.models.base import Generation, LanguageModel, Message

JSONObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """The chosen action, or in `problem` why there is none."""

    name: str = ""
    arguments: JSONObject = field(default_factory=dict)
    problem: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ToolCallingModel(Protocol):
    """A model that calls tools as OpenAI's API has it: as a method `choose_tool`."""

    def choose_tool(
        self, messages: Sequence[Message], actions: Sequence[Mapping[str, object]], *, max_tokens: int
    ) -> tuple[str, Generation]:
        """Return the name of the called tool and a generation whose text is the JSON of its arguments."""
        ...


class ConstrainedModel(Protocol):
    """A model that writes JSON under a grammar made from a schema."""

    def generate_json(
        self, messages: Sequence[Message], schema: Mapping[str, object], *, max_tokens: int
    ) -> Generation:
        """Return a reply that fits the JSON schema unless it was cut at `max_tokens`."""
        ...


def choose_action(
    model: LanguageModel,
    messages: Sequence[Message],
    actions: Sequence[Mapping[str, object]],
    *,
    max_tokens: int = 200,
) -> ActionChoice:
    """Return the action that the model takes. `actions` have "name", "description" and "parameters" (a JSON schema).

    The way is chosen by what the back end has: a method `choose_tool`, a method `generate_json`, else plain text.
    """
    names = [str(item["name"]) for item in actions]
    if callable(getattr(model, "choose_tool", None)):
        name, reply = cast("ToolCallingModel", model).choose_tool(messages, actions, max_tokens=max_tokens)
        if name:
            return _read(f'{{"action": {json.dumps(name)}, "arguments": {reply.text or "{}"}}}', reply, names)
        return _read(reply.text, reply, names)
    instructed = _instructed(messages, actions)
    if callable(getattr(model, "generate_json", None)):
        schema = action_schema(actions)
        reply = cast("ConstrainedModel", model).generate_json(instructed, schema, max_tokens=max_tokens)
    else:
        reply = model.generate(instructed, max_tokens=max_tokens)
    return _read(reply.text, reply, names)


def action_schema(actions: Sequence[Mapping[str, object]]) -> JSONObject:
    """Return the JSON schema of one action: {"action": NAME, "arguments": {...}}."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {"action": {"const": item["name"]}, "arguments": item["parameters"]},
                "required": ["action", "arguments"],
                "additionalProperties": False,
            }
            for item in actions
        ]
    }


def _instructed(messages: Sequence[Message], actions: Sequence[Mapping[str, object]]) -> list[Message]:
    """Return the messages with the actions listed in the first one."""
    lines = ['Reply with one JSON object: {"action": NAME, "arguments": {...}}. Actions:']
    for item in actions:
        parameters = cast("Mapping[str, Mapping[str, object]]", item["parameters"])
        arguments = ", ".join(f'"{name}"' for name in parameters["properties"])
        lines.append(f"- {item['name']} ({arguments}): {item['description']}")
    first = messages[0]
    return [{"role": first["role"], "content": "\n".join([first["content"], *lines])}, *messages[1:]]


def _read(text: str, reply: Generation, names: Sequence[str]) -> ActionChoice:
    tokens = (reply.prompt_tokens, reply.completion_tokens)
    if not text.strip():
        return ActionChoice("", {}, "the model returned nothing", *tokens)
    begin, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[begin : end + 1] if 0 <= begin < end else text)
    except (ValueError, RecursionError):
        return ActionChoice("", {}, "the model's reply is not one JSON object", *tokens)
    if not isinstance(value, dict) or not isinstance(value.get("action"), str):
        return ActionChoice("", {}, 'the model\'s reply has no "action"', *tokens)
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        return ActionChoice("", {}, "the arguments are not a JSON object", *tokens)
    if value["action"] not in names:
        known = ", ".join(names)
        return ActionChoice(
            "", {}, f"there is no action {value['action'][:60]!r}; there are {known}", *tokens
        )
    return ActionChoice(value["action"], arguments, "", *tokens)
