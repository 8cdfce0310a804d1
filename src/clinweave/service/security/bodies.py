"""The size of a body: read whole before a route sees it, and no further than its limit."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinweave.service.chat.requests import RequestError
from clinweave.service.security.refusals import refuse
from clinweave.service.settings import ServiceSettings


class BodyLimit:
    """Refuses a body over its limit with status 413, whatever its header states."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body and pass the request on."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        content = dict(scope["headers"]).get(b"content-type", b"")
        with_files = content.lower().startswith(b"multipart/form-data")
        limit = self._settings.max_upload_bytes if with_files else self._settings.max_bytes
        body = await _read(receive, limit)
        if body is None:
            error = RequestError(f"the body has more than {limit:,} bytes", 413)
            await refuse(scope, error)(scope, receive, send)
            return
        whole = bytes(body)
        passed = False

        async def receive_whole() -> Message:
            nonlocal passed
            if passed:
                return await receive()
            passed = True
            return {"type": "http.request", "body": whole, "more_body": False}

        await self._app(scope, receive_whole, send)


async def _read(receive: Receive, limit: int) -> bytearray | None:
    """Return the body, None for one over the limit; what a client that left has sent is returned as it is."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body
