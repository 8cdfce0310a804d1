"""The HTTP API, version 1: the tools of `clinweave.tools` below /api/v1, long work as jobs, and an OpenAPI document."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.api.jobs import Jobs as Jobs
    from clinweave.service.api.openapi import openapi_document as openapi_document
    from clinweave.service.api.routes import api_routes as api_routes

__getattr__, __dir__ = attach(
    __name__, {"Jobs": "jobs", "openapi_document": "openapi", "api_routes": "routes"}
)
