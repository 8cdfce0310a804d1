"""The routes: /health, /v1/models, /v1/chat/completions, /v1/completions. Nothing that a client writes is logged.

A reply is checked whole before its first word is sent; a stream sends it in pieces, with comments to keep the line open
while the model works.
"""

import asyncio
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from clinweave.errors import ModelError, UserError
from clinweave.service.desk import Desk, Reply
from clinweave.service.requests import Asked, RequestError, parse

LOG = logging.getLogger(__name__)
_HERE = re.compile(r"^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$")
_TOO_LONG = re.compile(r"^The prompt[\w ]* tokens; the context holds \d+\.$")
_PIECE = re.compile(r"\S+\s*")
_ALIVE = 5.0  # seconds between comments in a stream
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Limits:
    """What one client may cost. Over `waiting` requests at once, one more is told to come back later (429)."""

    bytes: int = 1 << 20  # of a body
    tokens: int = 512  # of a reply; a request for more gets this many
    waiting: int = 8  # requests that run or wait


def make_app(desk: Desk, *, token: str = "", limits: Limits | None = None) -> Starlette:
    """Return the ASGI application. With a `token` every route but /health needs it as a bearer token."""
    room = Room(desk, token, limits or Limits())
    routes = [
        Route("/health", room.safely(room.health), methods=["GET"]),
        Route("/v1/models", room.safely(room.models), methods=["GET"]),
        Route("/v1/models/{name:path}", room.safely(room.models), methods=["GET"]),
        Route("/v1/chat/completions", room.safely(room.chat), methods=["POST"]),
        Route("/v1/completions", room.safely(room.completions), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_route})


async def _no_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    told = {404: "there is nothing at this address", 405: "this address takes another method"}
    return _refusal(RequestError(told.get(status, "the request was not understood"), status))


def _refusal(error: RequestError) -> JSONResponse:
    headers = {"Retry-After": "2"} if error.status == 429 else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.body(), error.status, headers)


class Room:
    """What the routes share."""

    def __init__(self, desk: Desk, token: str, limits: Limits) -> None:
        self.desk, self._token, self._limits = desk, token, limits
        self._inside = 0

    def safely(self, handler: Handler) -> Handler:
        """Return a handler whose every error is JSON in OpenAI's form and in no log but by its kind."""

        async def handled(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except RequestError as error:
                return _refusal(error)
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception as error:
                return _refusal(_told(error))

        return handled

    def _admit(self, request: Request) -> None:
        if self._token:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            right = scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), self._token.encode())
            if request.url.path != "/health" and not right:
                raise RequestError("a bearer token is needed", 401, code="invalid_api_key")
        elif not _HERE.match(request.headers.get("host", "")):
            # a page in a browser may be led to 127.0.0.1 by a name of its own
            raise RequestError("without a token only localhost is answered", 403)

    async def health(self, _request: Request) -> Response:
        """Say that the server is up."""
        return JSONResponse({"status": "ok"})

    async def models(self, request: Request) -> Response:
        """List the one model, or show it by its name."""
        one = {"id": self.desk.name, "object": "model", "created": 0, "owned_by": "clinweave"}
        name = request.path_params.get("name")
        if name is None:
            return JSONResponse({"object": "list", "data": [one]})
        if name != self.desk.name:
            raise RequestError("there is no such model", 404, param="model", code="model_not_found")
        return JSONResponse(one)

    async def chat(self, request: Request) -> Response:
        """Answer a conversation."""
        return await self._answer(request, chat=True)

    async def completions(self, request: Request) -> Response:
        """Answer one prompt (the older form): it is put to the model as a user's message."""
        return await self._answer(request, chat=False)

    async def _answer(self, request: Request, *, chat: bool) -> Response:
        asked = parse(await self._body(request), self.desk.name, self._limits.tokens, chat=chat)
        if self._inside >= self._limits.waiting:
            raise RequestError("too many requests wait already", 429, code="rate_limit_exceeded")
        self._inside += 1
        work = asyncio.ensure_future(run_in_threadpool(self.desk.answer, asked))
        work.add_done_callback(self._left)
        form = Form(self.desk.name, chat=chat)
        if asked.stream:
            return StreamingResponse(form.stream(work, asked), media_type="text/event-stream",
                                     headers={"Cache-Control": "no-store"})  # fmt: skip
        return JSONResponse(form.whole(await asyncio.shield(work)))

    def _left(self, work: "asyncio.Future[Reply]") -> None:
        self._inside -= 1
        if not work.cancelled():
            work.exception()  # taken note of, though the client may have gone

    async def _body(self, request: Request) -> bytes:
        """Return the body, read no further than the limit whatever its header says."""
        held = bytearray()
        async for piece in request.stream():
            held += piece
            if len(held) > self._limits.bytes:
                raise RequestError(f"the body has more than {self._limits.bytes:,} bytes", 413)
        return bytes(held)


class Form:
    """OpenAI's two shapes of a reply, whole and in pieces. `clinweave` holds what they have no place for."""

    def __init__(self, model: str, *, chat: bool) -> None:
        self._chat = chat
        self._head = {"id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex[:24]}", "created": int(time.time()),
                      "model": model}  # fmt: skip

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return one JSON document."""
        said: dict[str, Any] = {"index": 0, "finish_reason": reply.finish, "logprobs": None}
        said |= (
            {"message": {"role": "assistant", "content": reply.text}} if self._chat else {"text": reply.text}
        )
        kind = "chat.completion" if self._chat else "text_completion"
        return {
            **self._head,
            "object": kind,
            "choices": [said],
            "usage": _usage(reply),
            "clinweave": reply.more,
        }

    async def stream(self, work: "asyncio.Future[Reply]", asked: Asked) -> AsyncIterator[str]:
        """Yield server-sent events up to [DONE]; an error is one event in OpenAI's form."""
        while not work.done():
            await asyncio.wait([work], timeout=_ALIVE)
            if not work.done():
                yield ": the model is at work\n\n"
        try:
            reply = work.result()
        except Exception as error:
            yield _event(_told(error).body())
            yield "data: [DONE]\n\n"
            return
        if self._chat:
            yield _event(self._piece({"role": "assistant", "content": ""}))
        for piece in _PIECE.findall(reply.text):
            yield _event(self._piece({"content": piece} if self._chat else piece))
        yield _event({**self._piece({} if self._chat else "", reply.finish), "clinweave": reply.more})
        if asked.usage:
            yield _event({**self._piece({}), "choices": [], "usage": _usage(reply)})
        yield "data: [DONE]\n\n"

    def _piece(self, said: Any, finish: str | None = None) -> dict[str, Any]:
        one: dict[str, Any] = {"index": 0, "finish_reason": finish, "logprobs": None}
        one |= {"delta": said} if self._chat else {"text": said}
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        return {**self._head, "object": kind, "choices": [one]}


def _event(body: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def _usage(reply: Reply) -> dict[str, int]:
    total = reply.prompt_tokens + reply.completion_tokens
    return {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens,
            "total_tokens": total}  # fmt: skip


def _told(error: BaseException) -> RequestError:
    """Return an error as one of the address; only our own messages are passed on, and a log gets the kind alone."""
    if isinstance(error, UserError):
        return RequestError(str(error), 400)
    LOG.error("a request failed: %s", type(error).__name__)
    if isinstance(error, ModelError) and _TOO_LONG.match(str(error)):
        return RequestError(str(error), 400, param="messages", code="context_length_exceeded")
    if isinstance(error, ModelError):  # its words may be another server's
        return RequestError("the model failed; the server's log names the kind of error", 502)
    return RequestError("the server failed; its log names the kind of error", 500)
