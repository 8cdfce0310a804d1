"""Any OpenAI-compatible chat address: vLLM, llama.cpp, Ollama, a hospital's own gateway.

It declares GENERATE and STREAM: chat addresses give no likelihood of a given text. API:
https://platform.openai.com/docs/api-reference/chat. The key comes from CLINWEAVE_API_KEY, else from OPENAI_API_KEY; it
is never recorded, and OPENAI_API_KEY never goes to another machine without TLS.
"""

import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack
from urllib.parse import SplitResult, urlsplit

import httpx

from clinweave.core.access_policy import loopback
from clinweave.core.errors import ContextLengthError, ModelError, NotCapableError, UserError
from clinweave.models.base import Capability, Generation, GenerationOptions, Message, OnText, OptionScore
from clinweave.models.event_stream import Reading
from clinweave.models.prompts import checked

_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0  # seconds, whatever a server asks for
_OPTIONAL = (
    "seed",
    "temperature",
    "stop",
    "max_tokens",
    "tool_choice",
)  # parameters that a server may refuse
_DIGEST = re.compile(r"(?:sha256[:-])?[0-9a-fA-F]{64}")  # of weights; no version or fingerprint of software
_CHARACTERS = 3.0  # per token, on the safe side for clinical English


class RemoteModel:
    """A chat model behind an address. Safe to call from several threads at once.

    Options: `timeout` (seconds for one reply), `retries` (after 408, 429 and 5xx), `pause` (seconds before the first
    retry, doubling).
    """

    capabilities = frozenset({Capability.GENERATE, Capability.STREAM})

    def __init__(self, address: str, *, timeout: float = 300.0, retries: int = 4, pause: float = 0.5) -> None:
        parts = _split(address)
        self.local = loopback(parts.hostname or "")
        self._address = parts._replace(fragment="").geturl().rstrip("/")
        self._retries, self._pause = retries, pause
        self._answered = False
        self._left_out: set[str] = set()
        self._lock = threading.Lock()
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            headers=_authorisation(parts, self.local),
            trust_env=False,  # a proxy named in the environment would see the prompts
            follow_redirects=False,
        )
        self._model = parts.fragment or self._only_model()
        self.name = self._model

    def _only_model(self) -> str:
        body = self._ask("GET", "/models")
        listed = body.get("data")
        names = (
            [str(entry.get("id")) for entry in listed if isinstance(entry, dict)]
            if isinstance(listed, list)
            else []
        )
        if len(names) == 1:
            return names[0]
        offered = ", ".join(names[:10]) or "none"
        raise UserError(
            f"{self._address} offers {len(names)} models ({offered}); name one as {self._address}#MODEL."
        )

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the JSON reply; try again where that may help. Raises `ModelError`."""
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            wait = self._pause * 2**attempt
            try:
                reply = self._client.request(method, self._address + path, json=body)
            except httpx.TransportError as error:
                # An address that never answered is most likely wrong; one that did may be starting again.
                if last or not self._answered:
                    raise ModelError(f"{self._address} cannot be reached: {_why(error)}.") from error
            except httpx.InvalidURL as error:
                raise UserError(f"{self._address} is not an address: {error}.") from error
            else:
                if reply.status_code not in _TRY_AGAIN or last:
                    self._answered = True
                    return _read(self._address, reply)
                wait = max(wait, _asked_wait(reply))
            time.sleep(min(wait, _LONGEST_WAIT))
        raise AssertionError("the last attempt returns or raises")

    def generate(self, messages: Sequence[Message], **options: Unpack[GenerationOptions]) -> Generation:
        """Return the reply. Raises `ModelError` where the server refuses, cannot be reached, or answers nonsense."""
        begun = time.perf_counter()
        answer = self._completed(self._request(messages, **options))
        try:
            choice = answer["choices"][0]
            text = choice["message"].get("content") or ""
            usage = answer.get("usage") or {}
            prompt = int(usage.get("prompt_tokens", self.count_tokens(messages)))
            written = int(usage.get("completion_tokens", _estimate(text)))
            reason = str(choice.get("finish_reason") or "stop")
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{self._address} answered without choices[0].message; is it a chat address?"
            ) from error
        if not isinstance(text, str):
            raise ModelError(f"{self._address} answered with content that is no text.")
        return Generation(text, prompt, written, time.perf_counter() - begun, reason)

    def choose_tool(
        self, messages: Sequence[Message], actions: Sequence[Mapping[str, object]], *, max_tokens: int = 256
    ) -> tuple[str, Generation]:
        """Return the name of the tool that the model calls and its arguments as text; ("", its words) without a call.

        `actions` have "name", "description" and "parameters". Raises as `generate` does.
        """
        begun = time.perf_counter()
        request = self._request(messages, max_tokens=max_tokens)
        request["tools"] = [{"type": "function", "function": dict(item)} for item in actions]
        request["tool_choice"] = "required"
        answer = self._completed(request)
        try:
            message = answer["choices"][0]["message"]
            called = (message.get("tool_calls") or [{}])[0].get("function") or {}
            name, text = str(called.get("name") or ""), called.get("arguments")
            usage = answer.get("usage") or {}
            prompt = int(usage.get("prompt_tokens", self.count_tokens(messages)))
            offered = str(text if name else message.get("content") or "")
            written = int(usage.get("completion_tokens", _estimate(offered)))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{self._address} answered without choices[0].message; is it a chat address?"
            ) from error
        return name, Generation(offered, prompt, written, time.perf_counter() - begun)

    def stream(
        self, messages: Sequence[Message], on_text: OnText, **options: Unpack[GenerationOptions]
    ) -> Generation:
        """Return the reply, passing each piece to `on_text`; True from it closes the connection, which ends the reply.

        A server that does not stream gives the reply as one piece. Raises as `generate` does.
        """
        begun = time.perf_counter()
        request = self._request(messages, **options)
        body = {key: value for key, value in request.items() if key not in self._left_out}
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        reading = Reading(on_text)
        try:
            with self._client.stream("POST", f"{self._address}/chat/completions", json=body) as reply:
                events = reply.headers.get("content-type", "").startswith("text/event-stream")
                if reply.status_code == 200 and events:
                    reading.read(reply.iter_lines(), self._address)
        except httpx.TransportError as error:
            if reading.text:
                raise ModelError(f"{self._address} broke off: {_why(error)}.") from error
            events = False
        if not (events and reading.begun):  # refused, or not streamed: generate tries again and says why
            whole = self.generate(messages, **options)
            return replace(whole, finish_reason="stopped") if on_text(whole.text) else whole
        self._answered = True
        prompt = int(reading.usage.get("prompt_tokens") or self.count_tokens(messages))
        written = int(reading.usage.get("completion_tokens") or _estimate(reading.text))
        return Generation(reading.text, prompt, written, time.perf_counter() - begun, reading.finish)

    def _request(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        top_p: float = 1.0,
    ) -> dict[str, Any]:
        request: dict[str, object] = {
            "model": self._model,
            "messages": checked(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        if stop:
            request["stop"] = list(stop)
        if top_p < 1:
            request["top_p"] = top_p
        return request

    def _completed(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Post, leaving out a parameter that this server rejects as unknown (OpenAI's own newer models do)."""
        while True:
            with self._lock:
                left_out = set(self._left_out)
            body = {key: value for key, value in request.items() if key not in left_out}
            if "max_tokens" in left_out:
                body["max_completion_tokens"] = request["max_tokens"]
            try:
                return self._ask("POST", "/chat/completions", body)
            except _RefusedError as error:
                refused = [key for key in _OPTIONAL if key in body and key in str(error)]
                if not refused:
                    raise
                with self._lock:
                    self._left_out.update(refused)

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:  # noqa: ARG002
        """Raise `NotCapableError`: a chat address gives no likelihoods."""
        raise NotCapableError(f"{self._address} gives no likelihoods; choose by generation.")

    def tokenise(self, text: str) -> list[int]:  # noqa: ARG002
        """Raise `NotCapableError`: a chat address shows no tokens."""
        raise NotCapableError(f"{self._address} shows no tokens.")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return an estimate: three characters a token and four tokens a message."""
        return sum(_estimate(message["content"]) + 4 for message in messages)

    def describe(self) -> dict[str, str | int | float]:
        """Return the address and model; never the key."""
        left_out = ", ".join(sorted(self._left_out)) or "none"
        return {
            "backend": "openai-compatible",
            "name": self.name,
            "address": self._address,
            "parameters_refused": left_out,
        }

    def stated(self) -> dict[str, Any]:
        """Return the server's entry for the model under /models; {} if there is none."""
        try:
            listed = self._ask("GET", "/models").get("data")
        except _RefusedError:
            return {}
        entries = listed if isinstance(listed, list) else []
        matches = [item for item in entries if isinstance(item, dict) and item.get("id") == self._model]
        return {str(key): value for key, value in matches[0].items() if key != "created"} if matches else {}

    def identity(self) -> str:
        """Return the digest of the weights that the server states, or "" if it states none."""
        try:
            stated = self.stated()
        except ModelError:
            return ""  # a server without /models; a dead one fails at the first question
        digests = (str(stated.get(key) or "") for key in ("sha256", "weights_sha256", "digest"))
        return next((text for text in digests if _DIGEST.fullmatch(text)), "")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _RefusedError(ModelError):
    """The server understood the request and refused it (HTTP 4xx)."""


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise UserError(f"{address!r} is not an address: {error}.") from error
    if not parts.hostname:
        raise UserError(f"{address!r} names no host; write http(s)://host:port/v1#model.")
    if parts.username or parts.password or parts.query:
        raise UserError(
            "A model address carries no user, password or query; put the key into CLINWEAVE_API_KEY."
        )
    return parts


def _authorisation(parts: SplitResult, local: bool) -> dict[str, str]:
    key = os.environ.get("CLINWEAVE_API_KEY", "")
    if not key and (parts.scheme == "https" or local):
        key = os.environ.get("OPENAI_API_KEY", "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _read(address: str, reply: httpx.Response) -> dict[str, Any]:
    if reply.status_code >= 300:
        message = f"{address} refused with status {reply.status_code}: {_reason(reply)}"
        if _error(reply).get("code") == "context_length_exceeded":
            raise ContextLengthError(f"The prompt is longer than the context of the model at {address}.")
        kind = _RefusedError if reply.status_code in {400, 422} else ModelError
        raise kind(message)
    try:
        body = reply.json()
    except ValueError as error:
        raise ModelError(
            f"{address} answered with something that is not JSON; is the path right (/v1)?"
        ) from error
    if not isinstance(body, dict):
        raise ModelError(f"{address} answered with JSON that is no object; is the path right (/v1)?")
    return body


def _reason(reply: httpx.Response) -> str:
    """Return the server's own words, shortened: an error page may repeat the prompt."""
    hints = {
        401: "set CLINWEAVE_API_KEY",
        403: "the key may not use this model",
        404: "no such path or model",
    }
    words = _error(reply).get("message", "")
    return " ".join(filter(None, [str(words)[:200], hints.get(reply.status_code, "")])) or "no reason given"


def _error(reply: httpx.Response) -> dict[str, object]:
    """Return the error object of a reply in OpenAI's form, or {}."""
    try:
        error = reply.json().get("error", {})
    except (ValueError, AttributeError):
        return {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _asked_wait(reply: httpx.Response) -> float:
    try:
        return float(reply.headers.get("retry-after", 0))
    except ValueError:  # a date; the usual pause will do
        return 0.0


def _why(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _estimate(text: str) -> int:
    return int(len(text) / _CHARACTERS) + 1 if text else 0
