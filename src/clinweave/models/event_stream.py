"""Read the server-sent events of a streamed chat completion (https://platform.openai.com/docs/api-reference/chat-streaming)."""

import json
from collections.abc import Iterable
from typing import Any

from clinweave.core.errors import ModelError
from clinweave.models.base import OnText


class Reading:
    """The part of the reply read: its text, finish reason and, if the server states it, usage."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._pieces: list[str] = []
        self.begun = False
        self.finish = "stop"
        self.usage: dict[str, int] = {}

    @property
    def text(self) -> str:
        """Return the text so far."""
        return "".join(self._pieces)

    def read(self, lines: Iterable[str], address: str) -> None:
        """Read events up to [DONE] or until the listener ends the reply. Raises `ModelError` for an error event."""
        for line in lines:
            if not line.startswith("data:"):
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                return
            self.begun = True
            if self._event(data, address):
                self.finish = "stopped"
                return

    def _event(self, data: str, address: str) -> bool:
        try:
            event = json.loads(data)
            if "error" in event:
                raise ModelError(f"{address} failed while it answered.")
            self.usage = event.get("usage") or self.usage
            choice: dict[str, Any] = next(iter(event.get("choices") or ()), {})
            piece = (choice.get("delta") or {}).get("content") or ""
            self.finish = str(choice.get("finish_reason") or self.finish)
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"{address} sent an event that is no chat completion.") from error
        if not isinstance(piece, str):
            raise ModelError(f"{address} answered with content that is no text.")
        self._pieces.append(piece)
        return self._on_text(piece)
