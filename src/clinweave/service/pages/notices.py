"""Third-party code that is part of the pages, with its licence."""

from starlette.requests import Request
from starlette.responses import Response

from clinweave.service.pages.rendering import licence_text, render

HTMX_VERSION = "2.0.11"


async def notices(request: Request) -> Response:
    """Return the page of third-party notices."""
    return render(
        request, "notices.html", htmx_version=HTMX_VERSION, htmx_licence=licence_text(["htmx.LICENSE.txt"])
    )
