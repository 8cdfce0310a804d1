"""A model back end: `--model echo:TEXT` replies with TEXT."""

from collections.abc import Sequence
from typing import Any

from clinweave.core.errors import NotCapableError, UserError
from clinweave.models import Capability, Generation, Message, OptionScore


class EchoModel:
    """Replies with a fixed text. It cannot score or tokenise, and says so."""

    local = True  # no prompt leaves this machine
    capabilities = frozenset({Capability.GENERATE})

    def __init__(self, text: str) -> None:
        self.name = f"echo:{text}"
        self._words = text.split()

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
        """Return the text, cut at `max_tokens` words and at each stop word."""
        if not messages:
            raise UserError("there are no messages to reply to")
        text = " ".join(self._words[:max_tokens])
        for word in stop:
            text = text.split(word, 1)[0]
        count = len(text.split())
        reason = "length" if len(self._words) > max_tokens else "stop"
        return Generation(text, self.count_tokens(messages), count, 0.0, reason)

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Raise `NotCapableError`: the back end does not declare SCORE."""
        raise NotCapableError(f"the model {self.name} does not score options")

    def tokenise(self, text: str) -> list[int]:
        """Raise `NotCapableError`: the back end does not declare TOKENISE."""
        raise NotCapableError(f"the model {self.name} does not tokenise")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of words, as an estimate."""
        return sum(len(message["content"].split()) for message in messages)

    def describe(self) -> dict[str, str | int | float]:
        """Return what identifies the model in a run record."""
        return {"backend": "echo", "text": " ".join(self._words)}

    def identity(self) -> str:
        """Return what identifies the weights: studies reuse cached replies by it."""
        return self.name

    def close(self) -> None:
        """Release nothing."""


def open_echo(address: str, **options: Any) -> EchoModel:
    """Return the model for the text after "echo:"."""
    if not address.strip():
        raise UserError("echo: needs a text, such as echo:yes")
    return EchoModel(address)
