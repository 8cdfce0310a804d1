"""Errors of the chat routes in OpenAI's form. Only messages that hold nothing of a request are passed on."""

import logging

from clinweave.core.errors import (
    AccessError,
    ContextLengthError,
    InputTooLongError,
    ModelError,
    NotCapableError,
    UserError,
)
from clinweave.service.errors import RequestError
from clinweave.service.workers import BusyError, TooSlowError

LOG = logging.getLogger(__name__)


_OWN_STATUS: tuple[tuple[type[Exception], RequestError], ...] = (
    (BusyError, RequestError("too many requests wait already", 429, code="rate_limit_exceeded")),
    (TooSlowError, RequestError("the reply took too long", 504, code="timeout")),
)
# the words of other errors may be the client's or another server's
_WITHHELD: tuple[tuple[type[BaseException], RequestError], ...] = (
    (
        UserError,
        RequestError("this request cannot be answered; the server's log names the kind of error", 400),
    ),
    (ModelError, RequestError("the model failed; the server's log names the kind of error", 502)),
    (BaseException, RequestError("the server failed; its log names the kind of error", 500)),
)


def as_request_error(error: BaseException) -> RequestError:
    """Return an error as one of this server; the log gets its kind alone."""
    if isinstance(error, RequestError):
        return error
    for kind, reply in _OWN_STATUS:
        if isinstance(error, kind):
            return reply
    if isinstance(error, ContextLengthError | InputTooLongError):
        return RequestError(str(error), 400, param="messages", code="context_length_exceeded")
    if isinstance(error, AccessError | NotCapableError):
        return RequestError(str(error), 400)
    LOG.error("a request failed: %s", type(error).__name__)
    return next(reply for kind, reply in _WITHHELD if isinstance(error, kind))
