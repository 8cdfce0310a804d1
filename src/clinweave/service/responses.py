"""JSON responses, and refusals in the form that the client of a path reads.

That is OpenAI's form below /v1, problem details (RFC 9457) elsewhere, and a page for a browser.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from clinweave.service.errors import RequestError

TITLES = {
    400: "Bad request",
    401: "Authentication needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    409: "Conflict",
    413: "Request too large",
    415: "Unsupported content type",
    422: "Invalid request",
    429: "Too many requests",
    500: "Internal error",
    502: "Model failed",
    503: "Service unavailable",
    504: "Time limit exceeded",
}


class Utf8JSONResponse(JSONResponse):
    """JSON whose text is always UTF-8: halves of surrogate pairs are replaced."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json_bytes(content)


def json_bytes(body: object) -> bytes:
    """Return compact JSON in UTF-8; halves of surrogate pairs are replaced."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def openai_refusal(error: RequestError) -> Response:
    """Return an error in OpenAI's form."""
    headers = {"Retry-After": "2"} if error.status in {429, 503} else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Utf8JSONResponse(error.body(), error.status, headers)


def refuse(scope: Scope, error: RequestError) -> Response:
    """Return the refusal of a request; the message holds nothing that the client wrote."""
    path = str(scope.get("path", ""))
    if path.startswith("/v1/"):
        return openai_refusal(error)
    headers = {"Retry-After": "2"} if error.status in {429, 503} else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    accepts = dict(scope.get("headers", [])).get(b"accept", b"")
    if b"text/html" in accepts and not path.startswith("/api/"):
        from clinweave.service.pages.problems import problem as page

        response = page(Request(scope), error.status, TITLES.get(error.status, "Error"), str(error))
        response.headers.update(headers)
        return response
    return problem(error.status, str(error), headers=headers)


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    headers: dict[str, str] | None = None,
    more: dict[str, object] | None = None,
) -> Response:
    """Return problem details (RFC 9457). `kind` names the type of the problem, `more` holds further members."""
    body = {
        "type": f"urn:clinweave:problem:{kind}" if kind else "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        **(more or {}),
    }
    return Utf8JSONResponse(body, status, headers, media_type="application/problem+json")
