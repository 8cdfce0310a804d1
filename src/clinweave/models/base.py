"""One small protocol for every language model, local or remote."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Protocol, TypedDict, Unpack, cast

from clinweave.records import Message

__all__ = [
    "Capability",
    "Generation",
    "GenerationOptions",
    "LanguageModel",
    "Message",
    "OnText",
    "OptionScore",
    "ScoringItem",
    "score_many",
    "stream_reply",
]

# takes each new piece of a reply, "" while the prompt is read; True ends the reply
OnText = Callable[[str], bool]


class Capability(StrEnum):
    """Capabilities that a back end declares; anything else raises `NotCapableError`."""

    GENERATE = "generate"
    SCORE = "score"  # log-likelihood of a given continuation
    TOKENISE = "tokenise"
    STREAM = "stream"  # a reply is passed on while it is written: see `stream_reply`


class OptionScore(NamedTuple):
    """Log-likelihood of one option as the reply: sum over its tokens, in nats."""

    logprob: float
    tokens: tuple[int, ...]

    @property
    def per_token(self) -> float:
        """Return the length-normalised log-likelihood."""
        return self.logprob / max(len(self.tokens), 1)


@dataclass(frozen=True, slots=True)
class Generation:
    """A reply with its usage. `finish_reason` is "stop", "length", or "stopped" if the listener ended it."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    finish_reason: str = "stop"


ScoringItem = tuple[Sequence[Message], Sequence[str]]  # a prompt and its options


class GenerationOptions(TypedDict, total=False):
    """The keyword arguments of `LanguageModel.generate`, for methods that pass them on."""

    max_tokens: int
    temperature: float
    seed: int
    stop: Sequence[str]
    top_p: float


class LanguageModel(Protocol):
    """A language model. Back ends are in the sibling files; `open_model` picks one by its address.

    `name` is what reports print; `local` is False where a prompt leaves this machine's loopback.
    """

    name: str
    local: bool
    capabilities: frozenset[Capability]

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
        """Return the reply; `top_p` limits sampling to the smallest set of tokens with this total probability.

        Raises `ContextLengthError` where the prompt is longer than the context, and `ModelError` where the model
        refuses or cannot be reached.
        """
        ...

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return, for each option, the log-likelihood of it as the assistant's reply to `messages`.

        The scored tokens are the tokenizer's own for the option text (an option is tokenised as the start of the
        assistant's turn, without a leading space unless it has one).
        """
        ...

    def tokenise(self, text: str) -> list[int]:
        """Return token ids of plain text, without special tokens."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the rendered prompt in tokens (an estimate where TOKENISE is not declared)."""
        ...

    def describe(self) -> dict[str, str | int | float]:
        """Return what identifies the weights and engine, for the run record (no secrets)."""
        ...

    def close(self) -> None:
        """Release memory and threads."""
        ...


def score_many(model: LanguageModel, items: Sequence[ScoringItem]) -> list[list[OptionScore]]:
    """Return the scores of several prompts, each with its options.

    A back end may evaluate what they share once: it then has a method `score_many` of the same form.
    """
    together = getattr(model, "score_many", None)
    if callable(together):
        scores: list[list[OptionScore]] = together(items)
        return scores
    return [model.score(messages, options) for messages, options in items]


class StreamingModel(LanguageModel, Protocol):
    """A model with STREAM: it passes a reply on while it is written."""

    def stream(
        self, messages: Sequence[Message], on_text: OnText, **options: Unpack[GenerationOptions]
    ) -> Generation:
        """Return what `generate` returns, after passing each piece to `on_text`; end early where it returns True."""
        ...


def stream_reply(
    model: LanguageModel,
    messages: Sequence[Message],
    on_text: OnText,
    **options: Unpack[GenerationOptions],
) -> Generation:
    """Generate a reply piece by piece, or as one piece without STREAM. Options are those of `generate`."""
    if Capability.STREAM in model.capabilities:
        return cast("StreamingModel", model).stream(messages, on_text, **options)
    reply = model.generate(messages, **options)
    return replace(reply, finish_reason="stopped") if on_text(reply.text) else reply
