"""Run the MCP server over standard input and output, or over HTTP."""

import socket
from collections.abc import Callable
from typing import Any

import anyio
import uvicorn
from mcp.server import Server
from mcp.server.stdio import stdio_server
from starlette.types import ASGIApp

from clinweave.core.errors import ClinweaveError
from clinweave.service.security.admission import Admission
from clinweave.service.security.headers import SecurityHeaders
from clinweave.service.security.policy import AccessRules
from clinweave.service.serving import check

PATH = "/mcp"
_MAX_BYTES = 2 << 20  # of a request; a note has at most 100,000 characters


def serve_stdio(server: Server[Any]) -> None:
    """Serve the program that started this one until it closes standard input."""

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)


def serve_http(
    server: Server[Any],
    host: str = "127.0.0.1",
    port: int = 8001,
    rules: AccessRules | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve streamable HTTP until interrupted; `ready` is given the address ("http://127.0.0.1:8001/mcp").

    Raises `UserError` for an address beyond this machine without a token.
    """
    access = rules or AccessRules()
    check(host, access)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ClinweaveError(
            f"{host}:{port} is not available: {error.strerror}; choose another --port"
        ) from error
    settings = uvicorn.Config(
        http_app(server, host, access),
        log_level="error",
        access_log=False,
        lifespan="on",
        server_header=False,
    )
    name = f"[{host}]" if ":" in host else host
    with listener:
        ready(f"http://{name}:{listener.getsockname()[1]}{PATH}")
        uvicorn.Server(settings).run(sockets=[listener])


def http_app(server: Server[Any], host: str, rules: AccessRules) -> ASGIApp:
    """Return the ASGI application: Host, Origin and token are checked before the SDK sees a request."""
    inner = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, host=host, max_request_body_size=_MAX_BYTES
    )
    return SecurityHeaders(Admission(inner, rules))
