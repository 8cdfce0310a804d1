"""Who may ask: the Host and Origin of a request, and its token."""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from clinweave.core.access_policy import loopback
from clinweave.service.chat.requests import RequestError
from clinweave.service.security.refusals import refuse

OPEN_PATHS = frozenset({"/health", "/ready"})  # need no token


class Admission:
    """Refuses a request without the token, for another host, or from a web page of another origin."""

    def __init__(self, app: ASGIApp, token: str = "") -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            try:
                self._admit(str(scope["path"]), Headers(scope=scope))
            except RequestError as error:
                await refuse(scope, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, path: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._token:
            scheme, _, given_token = headers.get("authorization", "").partition(" ")
            right = scheme.lower() == "bearer" and hmac.compare_digest(
                given_token.encode(), self._token.encode()
            )
            if path not in OPEN_PATHS and not right:
                raise RequestError("a bearer token is needed", 401, code="invalid_api_key")
        elif not loopback(_hostname(host)):
            # a page in a browser may reach 127.0.0.1 by a name of its own (DNS rebinding)
            raise RequestError("without a token only requests to localhost are answered", 403)
        origin = headers.get("origin")
        if origin is not None and not _same_site(origin, host):
            raise RequestError("requests from a web page of another origin are refused", 403)
        if origin is None and headers.get("sec-fetch-site", "") in {"cross-site", "same-site"}:
            raise RequestError("requests from a web page of another origin are refused", 403)


def _hostname(netloc: str) -> str:
    """Return the host of "host:port" in lower case, "" where it is not one."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _same_site(origin: str, host: str) -> bool:
    """Return whether a page's origin is this server itself, or a server on this machine's loopback."""
    try:
        parts = urlsplit(origin)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (loopback(name) or parts.netloc.lower() == host.lower())
