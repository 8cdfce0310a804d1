"""The routes: /health, /v1/models, /v1/chat/completions, /v1/completions. Nothing that a client writes is logged.

A stream sends the sources' answer at once and each sentence of the model when it is checked, with comments as
keep-alive. Nothing unchecked is sent.
"""

import asyncio
import contextlib
import hmac
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from clinweave.core.access_policy import loopback
from clinweave.core.errors import (
    AccessError,
    ContextLengthError,
    InputTooLongError,
    ModelError,
    NotCapableError,
    UserError,
)
from clinweave.service.handler import ChatHandler, Reply
from clinweave.service.requests import ChatRequest, RequestError, parse

LOG = logging.getLogger(__name__)
_JSON_TYPES = frozenset(
    {"", "application/json", "application/x-www-form-urlencoded"}
)  # the last is curl's own
_PIECE = re.compile(r"\s*\S+\s*|\s+")
_ALIVE = 5.0  # seconds between comments in a stream
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Limits:
    """Limits of one client. A request over `waiting` at once is refused with 429."""

    bytes: int = 1 << 20  # of a body
    tokens: int = 512  # of a reply; a request for more gets this many
    waiting: int = 8  # requests that run or wait


class Utf8JSONResponse(JSONResponse):
    """JSON whose text is always UTF-8: halves of surrogate pairs are replaced."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return _json(content)


def make_app(handler: ChatHandler, *, token: str = "", limits: Limits | None = None) -> Starlette:
    """Return the ASGI application. With a `token` every route but /health needs it as a bearer token."""
    server = Routes(handler, token, limits or Limits())
    routes = [
        Route("/health", server.safely(server.health), methods=["GET"]),
        Route("/v1/models", server.safely(server.models), methods=["GET"]),
        Route("/v1/models/{name:path}", server.safely(server.models), methods=["GET"]),
        Route("/v1/chat/completions", server.safely(server.chat), methods=["POST"]),
        Route("/v1/completions", server.safely(server.completions), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_route})


async def _no_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    messages = {404: "no such path", 405: "this path takes another method"}
    return _refusal(RequestError(messages.get(status, "the request was not understood"), status))


def _refusal(error: RequestError) -> Response:
    headers = {"Retry-After": "2"} if error.status == 429 else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Utf8JSONResponse(error.body(), error.status, headers)


class Routes:
    """The routes and what they share."""

    def __init__(self, handler: ChatHandler, token: str, limits: Limits) -> None:
        self.handler, self._token, self._limits = handler, token, limits
        self._active = 0

    def safely(self, handler: Handler) -> Handler:
        """Return a handler whose errors are all JSON in OpenAI's form; a log gets their kind alone."""

        async def handled(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except RequestError as error:
                return _refusal(error)
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception as error:
                return _refusal(_as_request_error(error))

        return handled

    def _admit(self, request: Request) -> None:
        """Raise `RequestError` for a request without the token, or from a web page of another site."""
        host = request.headers.get("host", "")
        if self._token:
            scheme, _, given_token = request.headers.get("authorization", "").partition(" ")
            right = scheme.lower() == "bearer" and hmac.compare_digest(
                given_token.encode(), self._token.encode()
            )
            if request.url.path != "/health" and not right:
                raise RequestError("a bearer token is needed", 401, code="invalid_api_key")
        elif not loopback(_hostname(host)):
            # a page in a browser may reach 127.0.0.1 by a name of its own (DNS rebinding)
            raise RequestError("without a token only requests to localhost are answered", 403)
        origin = request.headers.get("origin")
        if origin is not None and not _same_site(origin, host):
            raise RequestError("requests from a web page of another origin are refused", 403)
        if origin is None and request.headers.get("sec-fetch-site", "") in {"cross-site", "same-site"}:
            raise RequestError("requests from a web page of another origin are refused", 403)
        content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and content not in _JSON_TYPES:
            raise RequestError("the content type is application/json", 415)

    async def health(self, _request: Request) -> Response:
        """Say that the server is up."""
        return Utf8JSONResponse({"status": "ok"})

    async def models(self, request: Request) -> Response:
        """List the one model, or show it by its name."""
        model = {"id": self.handler.name, "object": "model", "created": 0, "owned_by": "clinweave"}
        if stated := await run_in_threadpool(lambda: self.handler.digest):
            model["sha256"] = stated
        name = request.path_params.get("name")
        if name is None:
            return Utf8JSONResponse({"object": "list", "data": [model]})
        if name != self.handler.name:
            raise RequestError("no such model", 404, param="model", code="model_not_found")
        return Utf8JSONResponse(model)

    async def chat(self, request: Request) -> Response:
        """Answer a conversation."""
        return await self._answer(request, chat=True)

    async def completions(self, request: Request) -> Response:
        """Answer one prompt (the older form): it is put to the model as a user's message."""
        return await self._answer(request, chat=False)

    async def _answer(self, request: Request, *, chat: bool) -> Response:
        asked = parse(await self._body(request), self.handler.name, self._limits.tokens, chat=chat)
        if self._active >= self._limits.waiting:
            raise RequestError("too many requests wait already", 429, code="rate_limit_exceeded")
        self._active += 1
        pieces = Pieces()
        work = asyncio.ensure_future(run_in_threadpool(self.handler.answer, asked, pieces.put))
        work.add_done_callback(self._left)
        work.add_done_callback(pieces.end)
        form = Form(self.handler.name, chat=chat)
        if asked.stream:
            # an error that comes at once gets its own status; later it can only be an event of the stream
            await pieces.wait(_ALIVE)
            if work.done() and not work.cancelled() and (error := work.exception()) is not None:
                raise error
            return StreamingResponse(form.stream(work, asked, pieces), media_type="text/event-stream",
                                     headers={"Cache-Control": "no-store"})  # fmt: skip
        return Utf8JSONResponse(form.whole(await asyncio.shield(work)))

    def _left(self, work: "asyncio.Future[Reply]") -> None:
        self._active -= 1
        if not work.cancelled():
            work.exception()  # marked as read, although the client may have gone

    async def _body(self, request: Request) -> bytes:
        """Return the body, read no further than the limit whatever its header says."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._limits.bytes:
                raise RequestError(f"the body has more than {self._limits.bytes:,} bytes", 413)
        return bytes(body)


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
                await pieces.wait(_ALIVE)
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
            yield _event(_as_request_error(error).body())
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
    return b"data: " + _json(body) + b"\n\n"


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _hostname(netloc: str) -> str:
    """Return the host of "host:port" in lower case, "" where it is not one."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _same_site(origin: str, host: str) -> bool:
    """Return whether a page's origin is this server itself, or a server on this machine's loopback."""
    try:
        parts = urlsplit(origin)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (loopback(name) or parts.netloc.lower() == host.lower())


def _usage(reply: Reply) -> dict[str, int]:
    total = reply.prompt_tokens + reply.completion_tokens
    return {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens,
            "total_tokens": total}  # fmt: skip


def _as_request_error(error: BaseException) -> RequestError:
    """Return an error as one of this server; only messages that hold nothing of a request are passed on."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, ContextLengthError | InputTooLongError):
        return RequestError(str(error), 400, param="messages", code="context_length_exceeded")
    if isinstance(error, AccessError | NotCapableError):
        return RequestError(str(error), 400)
    LOG.error("a request failed: %s", type(error).__name__)
    if isinstance(error, UserError):
        return RequestError("this request cannot be answered; the server's log names the kind of error", 400)
    if isinstance(error, ModelError):  # its words may be another server's
        return RequestError("the model failed; the server's log names the kind of error", 502)
    return RequestError("the server failed; its log names the kind of error", 500)
