"""GGUF files on this machine: xllamacpp writes and tokenises, float32 NumPy scores where it knows the architecture."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core.errors import ContextLengthError, UserError
from clinweave.models.base import Capability, Generation, Message, OptionScore
from clinweave.models.engine import Engine, default_threads
from clinweave.models.header import read_header
from clinweave.models.identity import content_digest
from clinweave.models.prompts import checked, checked_options

if TYPE_CHECKING:
    from clinweave.models.llama import Llama

_LARGEST = 2_500_000_000  # bytes of float32 weights that the NumPy scorer may hold
_CONTROL = 3  # token type of a control token in GGUF files


class GgufModel:
    """A local model from one GGUF file.

    Options: `threads` (min(2, cores); use 1 on a busy machine), `context` (tokens, min(4096, the model's own)),
    `scorer` ("auto", "numpy" or "xllamacpp"), `name` (what reports print).
    """

    local = True
    capabilities = frozenset({Capability.GENERATE, Capability.SCORE, Capability.TOKENISE})

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        context: int | None = None,
        scorer: str = "auto",
        name: str | None = None,
    ) -> None:
        self._header = read_header(path)
        self.name = name or path.stem
        own = self._header.context_length or 4096
        size = min(context or 4096, own)
        self._threads = threads or default_threads()
        self._why_slow = self._unscorable(scorer)
        self._engine = Engine(path, threads=self._threads, context=size)
        self._llama: Llama | None = None  # loaded when first needed: an answer needs no scores
        self._identity = ""
        self._lock = threading.Lock()
        kinds = self._header.keys.get("tokenizer.ggml.token_type", [])
        words = self._header.keys.get("tokenizer.ggml.tokens", [])
        self._specials = tuple(word for word, kind in zip(words, kinds, strict=False) if kind == _CONTROL)

    def _unscorable(self, scorer: str) -> str:
        """Return why the NumPy scorer is not used, or ""."""
        from clinweave.models.llama import unsupported

        if scorer not in {"auto", "numpy", "xllamacpp"}:
            raise UserError(f"Unknown scorer {scorer!r}; use auto, numpy or xllamacpp.")
        reason = unsupported(self._header)
        if scorer == "numpy" and reason:
            raise UserError(
                f"{self._header.path}: the NumPy scorer does not know {reason}; use scorer xllamacpp."
            )
        if scorer == "xllamacpp":
            return "asked for"
        size = 4 * self._header.parameters()
        if not reason and scorer == "auto" and size > _LARGEST:
            return f"{size / 1e9:.1f} GB in float32"
        return reason

    def _weights(self) -> "Llama":
        """Return the float32 weights, read on the first call (a second or two)."""
        from clinweave.models.llama import Llama

        with self._lock:
            if self._llama is None:
                self._llama = Llama(self._header, threads=self._threads)
            return self._llama

    def _prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return self._engine.tokens(self._engine.rendered(checked(messages, self._specials)), True)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        top_p: float = 1.0,
    ) -> Generation:
        """Return the reply. Raises `ContextLengthError` where the prompt does not fit the context."""
        begun = time.perf_counter()
        body = {
            "messages": checked(messages, self._specials),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
            "stop": list(stop),
            **({"top_p": top_p} if top_p < 1 else {}),
        }
        answer = self._engine.chat(body)
        choice, usage = answer["choices"][0], answer["usage"]
        text = choice["message"].get("content") or ""
        seconds = time.perf_counter() - begun
        reason = choice["finish_reason"] or "stop"
        return Generation(text, usage["prompt_tokens"], usage["completion_tokens"], seconds, reason)

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return each option's log-likelihood as the assistant's reply, in the tokenizer's own tokens."""
        pieces = [self._engine.tokens(option, False) for option in checked_options(options)]
        context = self._prompt(messages)
        longest = len(context) + max(len(piece) for piece in pieces)
        if longest > self._engine.context:
            limit = self._engine.context
            raise ContextLengthError(
                f"The prompt with its longest option is {longest} tokens; the context has room for {limit}."
            )
        if self._why_slow:
            return [self._engine.forced(context, piece) for piece in pieces]
        sums = self._weights().score(context, pieces)
        return [OptionScore(value, piece) for value, piece in zip(sums, pieces, strict=True)]

    def tokenise(self, text: str) -> list[int]:
        """Return token ids of plain text; control words in it are read as text."""
        return list(self._engine.tokens(text, False))

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the rendered prompt in tokens, the assistant's header included."""
        return len(self._prompt(messages))

    def describe(self) -> dict[str, str | int | float]:
        """Return what identifies the weights and engine."""
        from clinweave.models.kernels import kernels

        scorer = f"xllamacpp ({self._why_slow})" if self._why_slow else f"numpy float32 ({kernels()})"
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
            "scorer": scorer,
            "threads": self._threads,
        }

    def identity(self) -> str:
        """Return the sha256 of the file, read once."""
        if not self._identity:
            self._identity = content_digest(self._header.path)
        return self._identity

    def close(self) -> None:
        """Release memory and threads."""
        self._engine.close()
        if self._llama is not None:
            self._llama.close()
        self._llama = None
