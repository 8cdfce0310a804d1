"""What may be asked, in OpenAI's form (https://platform.openai.com/docs/api-reference), and errors in its form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinweave.models import Message

ROLES = ("system", "developer", "user", "assistant")
_TAKEN = frozenset(
    {"model", "messages", "prompt", "max_tokens", "max_completion_tokens", "temperature", "seed", "stop", "stream",
     "stream_options"}
)  # fmt: skip
# known to clients; accepted where they say what is done anyway
_PLAIN: Mapping[str, tuple[Any, ...]] = {
    "n": (1, None),
    "top_p": (1, 1.0, None),
    "presence_penalty": (0, 0.0, None),
    "frequency_penalty": (0, 0.0, None),
    "logprobs": (False, None),
    "echo": (False, None),
    "response_format": ({"type": "text"}, None),
    "logit_bias": ({}, None),
}
_IGNORED = frozenset({"user", "metadata", "store", "safety_identifier", "prompt_cache_key", "service_tier"})


class RequestError(Exception):
    """A request that is refused: HTTP status, OpenAI's type and code, and which parameter is at fault.

    No message ever holds what the client wrote.
    """

    def __init__(
        self, message: str, status: int = 400, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, Any]:
        """Return the error as OpenAI's clients read it."""
        kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
        kind = kinds.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be answered."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    seed: int
    stop: tuple[str, ...]
    stream: bool
    usage: bool  # a last piece of a stream with the counts


def parse(body: bytes, known: str, most_tokens: int, *, chat: bool) -> Asked:
    """Return what a body asks of the model `known`. Raises `RequestError` naming the parameter at fault."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("the body is not JSON") from error
    if not isinstance(given, dict):
        raise RequestError("the body is not a JSON object")
    _parameters(given, chat=chat)
    if given.get("model") not in (known, None):
        raise RequestError(
            f"this address serves the model {known}", 404, param="model", code="model_not_found"
        )
    options = given.get("stream_options") or {}
    if not isinstance(options, dict):
        raise RequestError("stream_options is an object", param="stream_options")
    tokens = given.get("max_completion_tokens", given.get("max_tokens"))
    return Asked(
        messages=tuple(_messages(given.get("messages"))) if chat else (_prompt(given.get("prompt")),),
        max_tokens=min(int(_number(tokens, "max_tokens", 1, 1e9, most_tokens, whole=True)), most_tokens),
        temperature=_number(given.get("temperature"), "temperature", 0, 2, 0.0),
        seed=int(_number(given.get("seed"), "seed", -(2**63), 2**63, 0, whole=True)),
        stop=_stop(given.get("stop")),
        stream=_flag(given.get("stream"), "stream"),
        usage=_flag(options.get("include_usage"), "stream_options"),
    )


def _parameters(given: Mapping[str, Any], *, chat: bool) -> None:
    for name, value in given.items():
        if name in _IGNORED or (name in _TAKEN and name != ("prompt" if chat else "messages")):
            continue
        if name in _PLAIN:
            if value not in _PLAIN[name]:
                raise RequestError(f"{name} cannot be changed here", param=name, code="unsupported_value")
            continue
        raise RequestError("an unknown parameter", param=str(name)[:60], code="unknown_parameter")


def _messages(given: Any) -> list[Message]:
    if not isinstance(given, list) or not given:
        raise RequestError("messages is a list of at least one message", param="messages")
    found = []
    for place, one in enumerate(given):
        where = f"messages[{place}]"
        if not isinstance(one, dict) or one.get("role") not in ROLES:
            raise RequestError(f"a message has a role of {', '.join(ROLES)}", param=f"{where}.role")
        text = one.get("content")
        if isinstance(text, list):
            parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
                     for part in text]  # fmt: skip
            if not all(isinstance(part, str) for part in parts):
                raise RequestError("only parts of the type text are read", param=f"{where}.content")
            text = "".join(str(part) for part in parts)
        if not isinstance(text, str):
            raise RequestError("content is a text", param=f"{where}.content")
        role = "system" if one["role"] == "developer" else one["role"]
        found.append(Message(role=role, content=text))
    if found[-1]["role"] != "user" or not found[-1]["content"].strip():
        raise RequestError("the last message is the user's and is not empty", param="messages")
    return found


def _prompt(given: Any) -> Message:
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, str) or not given.strip():
        raise RequestError("prompt is one text that is not empty", param="prompt")
    return Message(role="user", content=given)


def _number(given: Any, name: str, low: float, high: float, usual: float, *, whole: bool = False) -> float:
    if given is None:
        return usual
    kinds = int if whole else (int, float)
    if isinstance(given, bool) or not isinstance(given, kinds) or not low <= given <= high:
        raise RequestError(
            f"{name} is a {'whole ' if whole else ''}number from {low:g} to {high:g}", param=name
        )
    return given


def _flag(given: Any, name: str) -> bool:
    if given is not None and not isinstance(given, bool):
        raise RequestError(f"{name} is true or false", param=name)
    return bool(given)


def _stop(given: Any) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given or []
    if (
        not isinstance(texts, list)
        or len(texts) > 4
        or not all(isinstance(one, str) and one for one in texts)
    ):
        raise RequestError("stop is a text, or up to four", param="stop")
    return tuple(texts)
