"""A reply in OpenAI's two forms: one document, or a stream of server-sent events.

A stream sends the sources' answer at once and each sentence of the model when it is checked, with comments as
keep-alive. Nothing unchecked is sent.
"""

import asyncio
import contextlib
import re
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from clinweave.service.chat.errors import as_request_error
from clinweave.service.chat.handler import Reply
from clinweave.service.chat.requests import ChatRequest
from clinweave.service.responses import json_bytes

_PIECE = re.compile(r"\s*\S+\s*|\s+")
ALIVE = 5.0  # seconds between comments in a stream


class ClientGoneError(Exception):
    """The client has closed its stream: the model's work on it ends."""


class Pieces:
    """Text that comes from a thread of work, for the event loop that sends it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._texts: list[str] = []
        self._gone = threading.Event()

    def put(self, text: str) -> None:
        """Add a piece, from any thread. Raises `ClientGoneError` if nobody listens any more."""
        if self._gone.is_set():
            raise ClientGoneError
        if text:
            self._loop.call_soon_threadsafe(self._add, text)

    def _add(self, text: str) -> None:
        self._texts.append(text)
        self._ready.set()

    def end(self, _work: object = None) -> None:
        """Wake the waiting threads: the work is done."""
        self._ready.set()

    async def wait(self, seconds: float) -> None:
        """Return when there is a piece, when the work is done, or after some seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), seconds)

    def take(self) -> str:
        """Return what has come since the last call."""
        text = "".join(self._texts)
        self._texts.clear()
        self._ready.clear()
        return text

    def close(self) -> None:
        """Tell the work that nobody listens."""
        self._gone.set()


class Form:
    """OpenAI's two forms of a reply, whole and in pieces. `clinweave` holds the fields they lack."""

    def __init__(self, model: str, *, chat: bool) -> None:
        self._chat, self._usage = chat, False
        self._head = {"id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex[:24]}", "created": int(time.time()),
                      "model": model}  # fmt: skip

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return one JSON document."""
        choice: dict[str, object] = {"index": 0, "finish_reason": reply.finish, "logprobs": None}
        message = {"role": "assistant", "content": reply.text, "refusal": None}
        choice |= {"message": message} if self._chat else {"text": reply.text}
        kind = "chat.completion" if self._chat else "text_completion"
        return {
            **self._head,
            "object": kind,
            "choices": [choice],
            "usage": _usage(reply),
            "clinweave": reply.more,
        }

    async def stream(
        self, work: "asyncio.Future[Reply]", asked: ChatRequest, pieces: Pieces
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events up to [DONE]; an error is one event in OpenAI's form."""
        self._usage = asked.usage
        sent = ""
        try:
            if self._chat:
                yield _event(self._piece({"role": "assistant", "content": ""}))
            while not work.done():
                await pieces.wait(ALIVE)
                text = pieces.take()
                for event in self._pieces(text):
                    yield event
                sent += text
                if not text and not work.done():
                    yield b": working\n\n"
            async for event in self._rest(work, asked, sent + pieces.take(), sent):
                yield event
        finally:
            pieces.close()

    async def _rest(
        self, work: "asyncio.Future[Reply]", asked: ChatRequest, certain: str, sent: str
    ) -> AsyncIterator[bytes]:
        """Yield what is left once the work is done; `certain` begins the reply, of which `sent` was sent."""
        try:
            reply = work.result()
            if not reply.text.startswith(certain):
                raise RuntimeError("the stream is not the beginning of the reply")
        except Exception as error:
            yield _event(as_request_error(error).body())
            yield b"data: [DONE]\n\n"
            return
        for event in self._pieces(reply.text[len(sent) :]):
            yield event
        yield _event({**self._piece({} if self._chat else "", reply.finish), "clinweave": reply.more})
        if asked.usage:
            yield _event({**self._piece({}), "choices": [], "usage": _usage(reply)})
        yield b"data: [DONE]\n\n"

    def _pieces(self, text: str) -> Iterator[bytes]:
        for piece in _PIECE.findall(text):
            yield _event(self._piece({"content": piece} if self._chat else piece))

    def _piece(self, delta: object, finish: str | None = None) -> dict[str, Any]:
        choice: dict[str, object] = {"index": 0, "finish_reason": finish, "logprobs": None}
        choice |= {"delta": delta} if self._chat else {"text": delta}
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        usage = {"usage": None} if self._usage else {}
        return {**self._head, "object": kind, "choices": [choice], **usage}


def _event(body: Mapping[str, object]) -> bytes:
    return b"data: " + json_bytes(body) + b"\n\n"


def _usage(reply: Reply) -> dict[str, int]:
    total = reply.prompt_tokens + reply.completion_tokens
    return {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens,
            "total_tokens": total}  # fmt: skip
