"""Read a request in OpenAI's form (https://platform.openai.com/docs/api-reference); errors in its form.

A field that is null is read as if it were absent. A field is honoured, or ignored where the specification lets a server
ignore it, or the request is refused by the name of the field: docs/service.md lists which. Nothing that a client wrote
is ever part of an error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinweave.models import Message
from clinweave.service.errors import RequestError

ROLES = ("system", "developer", "user", "assistant")
_TOOL_ROLES = frozenset({"tool", "function"})
_HONOURED = frozenset(
    {"model", "messages", "prompt", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop",
     "stream", "stream_options", "clinweave"}
)  # fmt: skip
# accepted at the values that match the default behaviour
_FIXED: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "echo": (False,),
    "suffix": ("",),
    "response_format": ({"type": "text"},),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "web_search_options": ({},),
    "moderation": (),
    "audio": (),
}
# the specification leaves it to the model whether a tool is called; none is
_IGNORED = frozenset(
    {"user", "metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier",
     "tools", "functions", "parallel_tool_calls", "reasoning_effort", "verbosity", "prediction"}
)  # fmt: skip
# of other servers: named in the refusal, as these names are ours and not the client's words
_OTHERS = frozenset(
    {"top_k", "min_p", "typical_p", "top_a", "tfs_z", "repeat_penalty", "repetition_penalty", "mirostat", "grammar",
     "json_schema", "guided_json", "guided_regex", "guided_choice", "cache_prompt", "keep_alive", "options", "format",
     "think", "chat_template_kwargs", "num_ctx", "num_predict", "n_predict", "max_new_tokens", "stop_token_ids",
     "ignore_eos", "length_penalty", "use_beam_search", "input", "instructions", "thinking", "extra_body", "provider"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request that can be answered. `limited` says that the client itself set `max_tokens`."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    stream: bool = False
    usage: bool = False  # a last event of a stream with the counts
    limited: bool = False
    disclaimer_in_field: bool = False  # and not at the end of the text


def parse(body: bytes, model: str, token_limit: int, *, chat: bool) -> ChatRequest:
    """Return the request in a body for the model `model`. Raises `RequestError` naming the invalid parameter."""
    values = _fields(body)
    _check_names(values, chat=chat)
    if values.get("model", model) != model:
        raise RequestError(f"this server has the model {model}", 404, param="model", code="model_not_found")
    options = values.get("stream_options", {})
    if not isinstance(options, dict):
        raise RequestError("stream_options is an object", param="stream_options")
    limits = [
        int(_number(values[name], name, 1, 1e9, 0, whole=True))
        for name in ("max_completion_tokens", "max_tokens")
        if name in values
    ]
    return ChatRequest(
        messages=tuple(_messages(values.get("messages"))) if chat else (_prompt(values.get("prompt")),),
        max_tokens=min([*limits, token_limit]),
        temperature=_number(values.get("temperature"), "temperature", 0, 2, 0.0),
        top_p=_number(values.get("top_p"), "top_p", 0, 1, 1.0),
        seed=int(_number(values.get("seed"), "seed", -(2**63), 2**63 - 1, 0, whole=True)),
        stop=_stop(values.get("stop")),
        stream=_flag(values.get("stream"), "stream"),
        usage=_flag(options.get("include_usage"), "stream_options"),
        limited=bool(limits),
        disclaimer_in_field=_disclaimer_in_field(values.get("clinweave", {})),
    )


def _disclaimer_in_field(options: object) -> bool:
    """Return what the own field `clinweave` asks for: {"disclaimer": "text"} or {"disclaimer": "field"}."""
    if not isinstance(options, dict) or set(options) - {"disclaimer"}:
        raise RequestError("clinweave is an object with the key disclaimer", param="clinweave")
    value = options.get("disclaimer", "text")
    if value not in ("text", "field"):
        raise RequestError("clinweave.disclaimer is text or field", param="clinweave.disclaimer")
    return bool(value == "field")


def _fields(body: bytes) -> dict[str, object]:
    """Return the fields of a JSON object that are not null."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("the body is not JSON") from error
    if not isinstance(values, dict):
        raise RequestError("the body is not a JSON object")
    return {name: value for name, value in values.items() if value is not None}


def _check_names(values: Mapping[str, object], *, chat: bool) -> None:
    for name, value in values.items():
        if name in _IGNORED or (name in _HONOURED and name != ("prompt" if chat else "messages")):
            continue
        if name in _FIXED:
            if not any(value == usual and type(value) is type(usual) for usual in _numbers(_FIXED[name])):
                raise RequestError(
                    f"{name} is not supported at this value; leave it out",
                    param=name,
                    code="unsupported_value",
                )
            continue
        recognised = name in _OTHERS or name in _HONOURED
        raise RequestError(
            f"{name} is not supported; leave it out"
            if recognised
            else "the body has a parameter that is not supported",
            param=name if recognised else None,
            code="unknown_parameter",
        )


def _numbers(usual: tuple[object, ...]) -> list[object]:
    """Return the values with each whole number also as a float: clients send 0 and 0.0 alike."""
    more = [float(value) for value in usual if isinstance(value, int) and not isinstance(value, bool)]
    return [*usual, *more]


def _messages(values: object) -> list[Message]:
    if not isinstance(values, list) or not values:
        raise RequestError("messages is a list of at least one message", param="messages")
    messages = []
    for index, item in enumerate(values):
        where = f"messages[{index}]"
        if isinstance(item, dict) and item.get("role") in _TOOL_ROLES:
            continue  # the result of a call that another model of the conversation made
        if not isinstance(item, dict) or item.get("role") not in ROLES:
            raise RequestError(f"a message has a role of {', '.join(ROLES)}", param=f"{where}.role")
        text = _content(item.get("content"), where)
        if text is None and item["role"] == "assistant":
            continue  # a turn that only called a tool has no text
        if text is None:
            raise RequestError("content is text", param=f"{where}.content")
        role = "system" if item["role"] == "developer" else str(item["role"])
        messages.append(Message(role=role, content=text))
    if not messages or messages[-1]["role"] != "user" or not messages[-1]["content"].strip():
        raise RequestError("the last message is the user's and is not empty", param="messages")
    return messages


def _content(value: object, where: str) -> str | None:
    """Return the text of a message, its parts of the type text joined; None where it has none."""
    if value is None:
        return None
    if isinstance(value, list):
        parts = [
            item.get("text") if isinstance(item, dict) and item.get("type") == "text" else None
            for item in value
        ]
        if not all(isinstance(item, str) for item in parts):
            raise RequestError("only parts of the type text are read", param=f"{where}.content")
        value = "".join(str(item) for item in parts)
    if not isinstance(value, str):
        raise RequestError("content is text", param=f"{where}.content")
    return _well_formed(value, f"{where}.content")


def _prompt(value: object) -> Message:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value.strip():
        raise RequestError("prompt is one text that is not empty", param="prompt")
    return Message(role="user", content=_well_formed(value, "prompt"))


def _well_formed(text: str, param: str) -> str:
    """Return text that is Unicode. Raises `RequestError` for one with half of a surrogate pair."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise RequestError("the text has half of a surrogate pair and is not Unicode", param=param)
    return text


def _number(value: object, name: str, low: float, high: float, usual: float, *, whole: bool = False) -> float:
    if value is None:
        return usual
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise RequestError(
            f"{name} is a {'whole ' if whole else ''}number from {low:g} to {high:g}", param=name
        )
    return value


def _flag(value: object, name: str) -> bool:
    if value is not None and not isinstance(value, bool):
        raise RequestError(f"{name} is true or false", param=name)
    return bool(value)


def _stop(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value or []
    if (
        not isinstance(texts, list)
        or len(texts) > 4
        or not all(isinstance(item, str) and item for item in texts)
    ):
        raise RequestError("stop is a text that is not empty, or a list of up to four", param="stop")
    return tuple(_well_formed(item, "stop") for item in texts)
