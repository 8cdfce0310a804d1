"""The outermost middleware: counts each request and writes its line to the audit log."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinweave.service.operation.audit import AuditLog
from clinweave.service.operation.metrics import Metrics
from clinweave.service.security.users import USER, User

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/health", "/ready", "/metrics", "/static"})  # counted, and not in the audit log


class Recorder:
    """Records the route, user, status and seconds of each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, audit: AuditLog) -> None:
        self._app, self._metrics, self._audit = app, metrics, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 499  # nobody was there to read a response

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except BaseException:
            status = 500 if status == 499 else status
            raise
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route, seconds = route_of(scope), time.perf_counter() - started
            self._metrics.record(method, route, status, seconds)
            user = scope.get(USER)
            if route not in _QUIET:
                name = user.name if isinstance(user, User) else ""
                self._audit.record(name, method, route, status, seconds)


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that served a request, "none" for a refused one."""
    return str(getattr(scope.get("route"), "path", "none"))
