"""Errors as pages: what went wrong and what to do, without the words of other servers."""

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import ModelError, UserError
from clinweave.service.errors import RequestError
from clinweave.service.pages.rendering import is_partial, render
from clinweave.service.preparation import PreparingError
from clinweave.service.workers import BusyError, TooSlowError

LOG = logging.getLogger(__name__)
_PASSING = frozenset({429, 503, 504})  # statuses at which the same request may succeed later
Handler = Callable[[Request], Awaitable[Response]]


def as_page(handler: Handler) -> Handler:
    """Return a handler whose errors are shown as a page, or as a part of one. A log gets their kind alone."""

    async def handled(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException:
            raise
        except Exception as error:
            if isinstance(error, PreparingError) and is_partial(request):
                return render(request, "preparing_part.html", message=str(error))
            status, title, message = _described(error)
            if status >= 500:
                LOG.error("a page failed: %s", type(error).__name__)
            return problem(request, status, title, message)

    return handled


def _described(error: Exception) -> tuple[int, str, str]:
    """Return status, title and message of an error; messages of unknown errors may hold a text and are not shown."""
    if isinstance(error, RequestError):
        return error.status, "This was refused", str(error)
    later = f"It was {error}. What is prepared for the first request goes on: try again in a minute."
    described: tuple[tuple[type[Exception], tuple[int, str, str]], ...] = (
        (BusyError, (429, "The service is busy", "Too many requests wait already. Try again shortly.")),
        (PreparingError, (503, "Not yet", f"{error}. Try again in a minute.")),
        (TooSlowError, (504, "This took too long", later)),
        (ModelError, (502, "The model failed", "The server's log names the kind of error.")),
        (UserError, (400, "This cannot be done", str(error))),
    )
    unknown = (500, "This failed", "The server's log names the kind of error.")
    return next((values for kind, values in described if isinstance(error, kind)), unknown)


def problem(request: Request, status: int, title: str, message: str) -> Response:
    """Return an error page; a part of one for htmx."""
    template = "problem_part.html" if is_partial(request) else "problem.html"
    return render(request, template, status=status, title=title, message=message, again=status in _PASSING)
