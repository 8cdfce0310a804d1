"""The size of a body, and how long it may take: read whole before a route sees it, and no further than its limits."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinweave.service.errors import RequestError
from clinweave.service.responses import refuse
from clinweave.service.settings import ServiceSettings

_DISCARDED = 8  # times the limit: at most so much of a refused body is read
_DISCARD_SECONDS = 5.0


class BodyLimit:
    """Refuses a body over its size with status 413, whatever its header states, and a slow one with 408."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body and pass the request on."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        with_files = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        limit = self._settings.max_upload_bytes if with_files else self._settings.max_bytes
        try:
            body = await asyncio.wait_for(_read(receive, limit), self._settings.body_seconds)
        except TimeoutError:
            await self._refuse(scope, receive, send, "the body took too long", 408)
            return
        if body is None:
            await self._refuse(scope, receive, send, f"the body has more than {limit:,} bytes", 413)
            return
        passed = False

        async def receive_whole() -> Message:
            nonlocal passed
            if passed:
                return await receive()
            passed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_whole, send)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, message: str, status: int) -> None:
        response = refuse(scope, RequestError(message, status))
        response.headers["Connection"] = "close"  # what follows of the body is not read
        await response(scope, receive, send)


async def _discard(receive: Receive, most: int) -> None:
    """Take the rest of a body that is refused, within limits, and forget it.

    A connection that is closed while its client still sends is reset, and the client does not get to read the reason.
    """
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Return the body, None for one over the limit; what a client that left has sent is returned as it is."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            if message.get("more_body", False):
                await _discard(receive, _DISCARDED * limit)
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)
