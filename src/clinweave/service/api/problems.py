"""Errors of the API as problem details (RFC 9457)."""

import logging

from starlette.responses import Response

from clinweave.core.typed import to_values
from clinweave.service.errors import RequestError
from clinweave.service.preparation import PreparingError
from clinweave.service.responses import problem
from clinweave.service.workers import BusyError, TooSlowError
from clinweave.tools import ErrorKind, ToolError

LOG = logging.getLogger(__name__)
STATUS = {
    ErrorKind.INVALID_ARGUMENTS: 422,
    ErrorKind.TEXT_TOO_LONG: 422,
    ErrorKind.INVALID_REQUEST: 422,
    ErrorKind.UNKNOWN_IDENTIFIER: 404,
    ErrorKind.UNKNOWN_NAME: 404,
    ErrorKind.AMBIGUOUS_NAME: 409,
    ErrorKind.UNKNOWN_TOOL: 404,
    ErrorKind.MISSING_DATA: 404,  # this server does not have it
    ErrorKind.MISSING_EXTRA: 404,
    ErrorKind.ACCESS_DENIED: 403,
    ErrorKind.FAILED: 500,
}
FAILED = "the server failed; its log names the kind of error"


def as_problem(error: BaseException) -> Response:
    """Return an error as problem details; of an unexpected one only that it happened, and the log gets its kind."""
    if isinstance(error, RequestError):
        headers = {"Retry-After": "2"} if error.status in {429, 503} else None
        return problem(error.status, str(error), kind=error.code or "", headers=headers)
    if isinstance(error, BusyError):
        return problem(429, "too many requests wait already", kind="busy", headers={"Retry-After": "2"})
    if isinstance(error, TooSlowError):
        return problem(504, f"{error}; send `Prefer: respond-async` for a job", kind="too_slow")
    if isinstance(error, PreparingError):
        message = f"{error}; or send `Prefer: respond-async` for a job"
        return problem(503, message, kind="preparing", headers={"Retry-After": "5"})
    if isinstance(error, ToolError) and error.kind is not ErrorKind.FAILED:
        return problem(STATUS[error.kind], str(error), kind=error.kind.value, more=details(error))
    LOG.error("a request failed: %s", type(error.__cause__ or error).__name__)
    return problem(500, FAILED, kind="failed")


def details(error: ToolError) -> dict[str, object]:
    """Return the argument at fault and what may have been meant."""
    document = error.document
    return {"argument": document.argument, "suggestions": to_values(list(document.suggestions))}
