"""The routes of OpenAI's chat API. Nothing that a client writes is logged."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from clinweave.service.chat.errors import as_request_error
from clinweave.service.chat.handler import Reply
from clinweave.service.chat.replies import ALIVE, Form, Pieces
from clinweave.service.chat.requests import parse
from clinweave.service.errors import RequestError
from clinweave.service.responses import Utf8JSONResponse, openai_refusal

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState

_JSON_TYPES = frozenset(
    {"", "application/json", "application/x-www-form-urlencoded"}
)  # the last is curl's own
Endpoint = Callable[[Request], Awaitable[Response]]


def chat_routes(state: "ServiceState") -> list[BaseRoute]:
    """Return the routes below /v1."""
    chat = _ChatRoutes(state)
    return [
        Route("/v1/models", _safely(chat.models), methods=["GET"]),
        Route("/v1/models/{name:path}", _safely(chat.models), methods=["GET"]),
        Route("/v1/chat/completions", _safely(chat.chat), methods=["POST"]),
        Route("/v1/completions", _safely(chat.completions), methods=["POST"]),
    ]


def _safely(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose errors are all JSON in OpenAI's form; a log gets their kind alone."""

    async def safe(request: Request) -> Response:
        try:
            content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.method == "POST" and content not in _JSON_TYPES:
                raise RequestError("the content type is application/json", 415)
            return await endpoint(request)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            return openai_refusal(as_request_error(error))

    return safe


class _ChatRoutes:
    """The endpoints over one service state."""

    def __init__(self, state: "ServiceState") -> None:
        self._state, self._handler = state, state.chat

    async def models(self, request: Request) -> Response:
        """List the one model, or show it by its name."""
        model = {"id": self._handler.name, "object": "model", "created": 0, "owned_by": "clinweave"}
        if digest := await self._state.lookups.run(lambda: self._handler.digest):
            model["sha256"] = digest
        name = request.path_params.get("name")
        if name is None:
            return Utf8JSONResponse({"object": "list", "data": [model]})
        if name != self._handler.name:
            raise RequestError("no such model", 404, param="model", code="model_not_found")
        return Utf8JSONResponse(model)

    async def chat(self, request: Request) -> Response:
        """Answer a conversation."""
        return await self._answer(request, chat=True)

    async def completions(self, request: Request) -> Response:
        """Answer one prompt (the older form): it is put to the model as a user's message."""
        return await self._answer(request, chat=False)

    async def _answer(self, request: Request, *, chat: bool) -> Response:
        parsed = parse(await request.body(), self._handler.name, self._state.settings.max_tokens, chat=chat)
        pieces = Pieces()
        work: asyncio.Future[Reply] = self._state.answers.submit(self._handler.answer, parsed, pieces.put)
        work.add_done_callback(_mark_read)
        work.add_done_callback(pieces.end)
        form = Form(self._handler.name, chat=chat)
        if parsed.stream:
            # an error that comes at once gets its own status; later it can only be an event of the stream
            await pieces.wait(ALIVE)
            if work.done() and not work.cancelled() and (error := work.exception()) is not None:
                raise error
            return StreamingResponse(form.stream(work, parsed, pieces), media_type="text/event-stream",
                                     headers={"Cache-Control": "no-store"})  # fmt: skip
        return Utf8JSONResponse(form.whole(await asyncio.shield(work)))


def _mark_read(work: "asyncio.Future[Reply]") -> None:
    """Read the error of a reply that nobody waits for any more: the client may have gone."""
    if not work.cancelled():
        work.exception()
