"""The routes /health, /ready, /metrics, and the login of browsers."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from clinweave.service.security.admission import client_address
from clinweave.service.security.policy import COOKIE, SESSION_SECONDS

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState

_LOGIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in - clinweave</title><link rel="stylesheet" href="/static/style.css"></head>
<body class="app"><main><h1>Log in</h1>{message}
<form method="post" action="/login"><p><label for="token">Your token</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
<p><button type="submit">Log in</button></p></form></main></body></html>
"""
_WRONG = '<p role="alert">This token is not valid, or its time is over.</p>'


def operation_routes(state: "ServiceState") -> list[BaseRoute]:
    """Return the routes of operation."""
    rules = state.rules

    async def health(_request: Request) -> Response:
        """Say that the process is up."""
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        """Say whether requests are taken: 503 while the server starts or stops."""
        if state.ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "starting"}, 503, {"Retry-After": "2"})

    async def metrics(_request: Request) -> Response:
        """Return the counts in Prometheus' text format."""
        return Response(state.metrics.text(), media_type="text/plain; version=1.0.0")

    async def login_page(_request: Request) -> Response:
        """Show the form for a token."""
        return HTMLResponse(_LOGIN.format(message="")) if rules.tokens_needed else RedirectResponse("/", 303)

    async def login(request: Request) -> Response:
        """Begin a session of a browser: a cookie that scripts cannot read and other sites cannot send."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=5)
        session = rules.log_in(fields.get("token", [""])[0], client_address(request.scope))
        if session is None:
            return HTMLResponse(_LOGIN.format(message=_WRONG), 401)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict",
            secure=rules.secure_cookies,
        )  # fmt: skip
        return response

    async def logout(request: Request) -> Response:
        """End the session of a browser."""
        rules.log_out(request.headers.get("cookie", ""))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/login", login_page, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]
