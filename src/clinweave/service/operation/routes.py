"""The routes /health and /ready."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState


def operation_routes(state: "ServiceState") -> list[BaseRoute]:  # noqa: ARG001
    """Return the routes of operation."""

    async def health(_request: Request) -> Response:
        """Say that the process is up."""
        return JSONResponse({"status": "ok"})

    return [Route("/health", health, methods=["GET"])]
