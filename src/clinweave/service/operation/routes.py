"""The routes /health, /ready, /metrics, and the login of browsers."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from clinweave.service.pages.rendering import render
from clinweave.service.security.admission import RETURN_PATHS, client_address
from clinweave.service.security.policy import COOKIE, SESSION_SECONDS

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState


def operation_routes(state: "ServiceState") -> list[BaseRoute]:
    """Return the routes of operation."""
    rules = state.rules

    async def health(_request: Request) -> Response:
        """Say that the process is up."""
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        """Say whether requests are taken, 503 while the server starts or stops, and how far each tool is prepared."""
        if state.ready:
            return JSONResponse({"status": "ready", "prepared": state.preparation.states})
        return JSONResponse({"status": "starting"}, 503, {"Retry-After": "2"})

    async def metrics(_request: Request) -> Response:
        """Return the counts in Prometheus' text format."""
        return Response(state.metrics.text(), media_type="text/plain; version=1.0.0")

    async def login_page(request: Request) -> Response:
        """Show the form for a token."""
        if not rules.tokens_needed:
            return RedirectResponse("/", 303)
        return render(request, "login.html", wrong=False, following=_following(request))

    async def login(request: Request) -> Response:
        """Begin a session of a browser: a cookie that scripts cannot read and other sites cannot send."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=5)
        session = rules.log_in(fields.get("token", [""])[0], client_address(request.scope))
        if session is None:
            return render(request, "login.html", status=401, wrong=True, following=_following(request))
        response = RedirectResponse(_following(request), 303)
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


def _following(request: Request) -> str:
    """Return the page to show after a login: one of the pages, never an address that a link brought along."""
    path = f"/{request.query_params.get('next', '')}"
    return path if path in RETURN_PATHS else "/"
