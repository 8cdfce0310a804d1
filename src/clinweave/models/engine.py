"""The embedded llama.cpp (xllamacpp): generation, chat templates, tokens, and a slow exact way to score.

Its template and tokenizer are reached through its own loopback server, which is locked with a random key so that no
other user of the machine can reach it. Its logs are silenced: they would hold prompts.
"""

import contextlib
import http.client
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinweave.core.errors import ContextLengthError, ModelError
from clinweave.models.base import Message, OnText, OptionScore


def default_threads() -> int:
    """Return how many cores are idle, from 1 to 4.

    The engine's barriers spin: with more threads than idle cores it falls to a small part of its speed.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        busy = os.getloadavg()[0]
    except (OSError, AttributeError):  # Windows has none
        busy = 0.0
    return max(1, min(4, round(cores - busy)))


class Engine:
    """One loaded GGUF file. Calls from several threads are answered one after another."""

    def __init__(self, path: Path, *, threads: int, context: int) -> None:
        import xllamacpp

        self._key = secrets.token_urlsafe(24)
        self.context = context
        self._server = _started(xllamacpp, path, threads, context, self._key)
        self._address = str(self._server.listening_address).split("//", 1)[1]
        self.version = str(xllamacpp.__version__)
        self._connections = threading.local()
        self.tokens = lru_cache(maxsize=4096)(self._tokens)
        # A server stopped before its loop has begun never ends: one token makes sure that the loop runs.
        self._server.handle_completions({"prompt": [0], "max_tokens": 1, "cache_prompt": False})

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Ask the loopback server. One connection per thread; a stale one is opened again once."""
        data = json.dumps(body).encode()
        head = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        for attempt in (1, 2):
            if getattr(self._connections, "one", None) is None:
                self._connections.one = http.client.HTTPConnection(self._address, timeout=600)
            try:
                self._connections.one.request("POST", path, data, head)
                reply = self._connections.one.getresponse()
                content = reply.read()
                break
            except (http.client.HTTPException, OSError) as error:
                self._connections.one.close()
                self._connections.one = None
                if attempt == 2:
                    raise ModelError(f"The embedded engine does not answer: {error}.") from error
        answer: dict[str, object] = json.loads(content)
        _check(answer)
        return answer

    def _tokens(self, text: str, special: bool) -> tuple[int, ...]:
        """Return the tokenizer's own tokens; `special` reads control tokens and adds what begins a prompt."""
        body = {"content": text, "add_special": special, "parse_special": special}
        return tuple(self._post("/tokenize", body)["tokens"])

    def rendered(self, messages: Sequence[Message]) -> str:
        """Return the prompt as the file's chat template writes it, up to the assistant's header."""
        return str(self._post("/apply-template", {"messages": list(messages)})["prompt"])

    def chat(self, body: Mapping[str, object]) -> dict[str, Any]:
        """Return an OpenAI-shaped chat completion. Raises `ModelError` where the engine refuses."""
        try:
            answer: dict[str, object] = self._server.handle_chat_completions(body)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"The embedded engine refused the request: {error}.") from error
        _check(answer)
        return answer

    def stream(self, body: dict[str, Any], on_text: OnText) -> dict[str, Any]:
        """Pass each piece of a chat completion to `on_text` ("" while the prompt is read) and return the whole.

        The result has `text`, `finish` and, unless `on_text` ended it, `usage`. Raises `ModelError` as `chat` does, and
        whatever `on_text` raises once the engine has stopped.
        """
        pieces: list[str] = []
        result: dict[str, Any] = {"finish": "stop", "usage": {}}
        failures: list[BaseException] = []

        def take(chunk: Any) -> bool:
            try:
                _check(chunk)
                result["usage"] = chunk.get("usage") or result["usage"]
                choice: dict[str, Any] = next(iter(chunk.get("choices") or ()), {})
                result["finish"] = choice.get("finish_reason") or result["finish"]
                piece = choice.get("delta", {}).get("content") or ""
                pieces.append(piece)
                if result["finish"] != "stopped" and on_text(piece):
                    result["finish"] = "stopped"
            except BaseException as error:  # an interrupt as well: it may not pass through the engine
                failures.append(error)
            return bool(failures) or result["finish"] == "stopped"

        asked = {**body, "stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        try:
            self._server.handle_chat_completions(asked, take)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"The embedded engine refused the request: {error}.") from error
        if failures:
            raise failures[0]
        return {**result, "text": "".join(pieces)}

    def forced(self, context: Sequence[int], option: Sequence[int]) -> OptionScore:
        """Return an option's likelihood by forcing its own tokens with a grammar of token literals.

        A grammar of the option's text would let the engine split it in ways that the tokenizer never would. The
        returned values are the model's raw ones, from before the grammar. Needs `len(option)` single-token steps.
        """
        body = {
            "prompt": list(context),
            "n_predict": len(option),
            "temperature": 0,
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in option),
            "n_probs": 1,
            "cache_prompt": True,
        }
        answer = self._server.handle_completions(body)
        _check(answer)
        steps = answer["choices"][0]["logprobs"]["content"][: len(option)]
        if [step["id"] for step in steps] != list(option):
            raise ModelError(
                "The embedded engine did not follow the tokens it was given; its score is not usable."
            )
        return OptionScore(sum(float(step["logprob"]) for step in steps), tuple(option))

    def close(self) -> None:
        """Stop the server and free the weights."""
        self._server = None


def _started(xllamacpp: Any, path: Path, threads: int, context: int, key: str) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0  # the engine would keep up to 8 GB of earlier prompts
    params.verbosity = -1
    params.warmup = params.ui = False
    params.api_keys = [key]
    try:
        with _silenced():
            return xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelError(f"The embedded engine cannot load {path}: {error}") from error


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Send the process's stderr nowhere for a moment: loading writes there below Python."""
    try:
        saved = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def _check(answer: Mapping[str, object]) -> None:
    if "error" in answer:
        error = answer["error"]
        reason = error.get("message", error) if isinstance(error, dict) else error
        if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
            tokens, size = error.get("n_prompt_tokens", "more"), error.get("n_ctx", "fewer")
            raise ContextLengthError(f"The prompt has {tokens} tokens; the context has room for {size}.")
        raise ModelError(f"The embedded engine refused the request: {reason}")
