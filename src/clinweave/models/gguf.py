"""GGUF files on this machine: xllamacpp generates and tokenises, the engine measured fastest scores."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from clinweave.core import artifacts
from clinweave.core.errors import ContextLengthError
from clinweave.models.base import (
    Capability,
    Generation,
    GenerationOptions,
    Message,
    OnText,
    OptionScore,
    ScoringItem,
)
from clinweave.models.engine import Engine, default_threads
from clinweave.models.header import read_header
from clinweave.models.identity import content_digest
from clinweave.models.packing import Item
from clinweave.models.prompts import checked, checked_options
from clinweave.models.scoring_engines import EngineChooser, ScoringEngine, checked_scorer

_CONTROL = 3  # token type of a control token in GGUF files


class GgufModel:
    """A local model from one GGUF file.

    Options: `threads` (as many cores as are idle, up to 4), `context` (tokens, min(4096, the model's own)),
    `scorer` ("torch", "numpy", "xllamacpp"; "auto", the default, takes the one measured fastest on this machine; "core"
    needs no extra), `name` (what reports print), `home` (where converted weights and measurements are kept).
    """

    local = True
    capabilities = frozenset(Capability)

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        context: int | None = None,
        scorer: str | None = None,
        name: str | None = None,
        home: Path | None = None,
    ) -> None:
        self._header = read_header(path)
        self.name = name or path.stem
        own = self._header.context_length or 4096
        size = min(context or 4096, own)
        self._threads = threads or default_threads()
        self._scorer = checked_scorer(scorer, self._header)
        self._engine = Engine(path, threads=self._threads, context=size)
        self._chooser = EngineChooser(
            self._header, self._engine, threads=self._threads, home=home or artifacts.home()
        )
        self._scoring: ScoringEngine | None = None  # opened when first needed: an answer needs no scores
        self._identity = ""
        self._lock = threading.Lock()
        kinds = self._header.keys.get("tokenizer.ggml.token_type", [])
        words = self._header.keys.get("tokenizer.ggml.tokens", [])
        self._specials = tuple(word for word, kind in zip(words, kinds, strict=False) if kind == _CONTROL)

    def scoring_engine(self) -> ScoringEngine:
        """Return what computes the scores. The first call reads weights; it may convert and measure (minutes, once)."""
        with self._lock:
            if self._scoring is None:
                self._scoring = self._chooser.open(self._scorer)
            return self._scoring

    def _prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return self._engine.tokens(self._engine.rendered(checked(messages, self._specials)), True)

    def generate(self, messages: Sequence[Message], **options: Unpack[GenerationOptions]) -> Generation:
        """Return the reply. Raises `ContextLengthError` where the prompt does not fit the context."""
        begun = time.perf_counter()
        answer = self._engine.chat(self._request(messages, **options))
        choice, usage = answer["choices"][0], answer["usage"]
        text = choice["message"].get("content") or ""
        seconds = time.perf_counter() - begun
        reason = choice["finish_reason"] or "stop"
        return Generation(text, usage["prompt_tokens"], usage["completion_tokens"], seconds, reason)

    def generate_json(
        self, messages: Sequence[Message], schema: Mapping[str, object], *, max_tokens: int = 256
    ) -> Generation:
        """Return a reply under a grammar that llama.cpp makes from a JSON schema; cut at `max_tokens`."""
        begun = time.perf_counter()
        body = self._request(messages, max_tokens=max_tokens)
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
        answer = self._engine.chat(body)
        choice, usage = answer["choices"][0], answer["usage"]
        text = choice["message"].get("content") or ""
        seconds = time.perf_counter() - begun
        return Generation(
            text,
            usage["prompt_tokens"],
            usage["completion_tokens"],
            seconds,
            choice["finish_reason"] or "stop",
        )

    def stream(
        self, messages: Sequence[Message], on_text: OnText, **options: Unpack[GenerationOptions]
    ) -> Generation:
        """Return the reply of `generate`, passing each piece to `on_text` first; True from it ends the reply."""
        begun = time.perf_counter()
        body = self._request(messages, **options)
        reply = self._engine.stream(body, on_text)
        text, usage = reply["text"], reply["usage"]
        prompt = usage.get("prompt_tokens") or len(self._prompt(messages))
        written = usage.get("completion_tokens") or len(self._engine.tokens(text, False))
        return Generation(text, prompt, written, time.perf_counter() - begun, reply["finish"])

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
        """Return a chat request; the engine caches the prefix shared with the previous prompt (cache_prompt)."""
        return {
            "messages": checked(messages, self._specials),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
            "stop": list(stop),
            "cache_prompt": True,
            **({"top_p": top_p} if top_p < 1 else {}),
        }

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return each option's log-likelihood as the assistant's reply, in the tokenizer's own tokens."""
        return self.score_many([(messages, options)])[0]

    def score_many(self, items: Sequence[ScoringItem]) -> list[list[OptionScore]]:
        """Return the scores of several prompts, each with its options; torch evaluates short ones together."""
        rows = [self._item(messages, options) for messages, options in items]
        return [
            [OptionScore(value, tuple(option)) for value, option in zip(sums, row.options, strict=True)]
            for sums, row in zip(self.scoring_engine().score(rows), rows, strict=True)
        ]

    def _item(self, messages: Sequence[Message], options: Sequence[str]) -> Item:
        pieces = [self._engine.tokens(option, False) for option in checked_options(options)]
        item = Item(self._prompt(messages), pieces)
        longest = len(item.prompt) + max(len(piece) for piece in pieces)
        if longest > (limit := self._engine.context):
            raise ContextLengthError(
                f"The prompt with its longest option is {longest} tokens; the context has room for {limit}."
            )
        return item

    def tokenise(self, text: str) -> list[int]:
        """Return token ids of plain text; control words in it are read as text."""
        return list(self._engine.tokens(text, False))

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the rendered prompt in tokens, the assistant's header included."""
        return len(self._prompt(messages))

    def describe(self) -> dict[str, str | int | float]:
        """Return what identifies the weights and engines; this opens the scoring engine."""
        return {
            "backend": "gguf",
            "name": self.name,
            "file": self._header.path.name,
            "bytes": self._header.path.stat().st_size,
            "architecture": self._header.architecture,
            "licence": str(self._header.keys.get("general.license", "not stated")),
            "parameters": self._header.parameters(),
            "context": self._engine.context,
            "engine": f"xllamacpp {self._engine.version}",
            "scorer": self.scoring_engine().name,
            "threads": self._threads,
        }

    def identity(self) -> str:
        """Return the sha256 of the file, read once."""
        if not self._identity:
            self._identity = content_digest(self._header.path)
        return self._identity

    def close(self) -> None:
        """Release memory and threads."""
        if self._scoring is not None:
            self._scoring.close()
        self._scoring = None
        self._engine.close()
