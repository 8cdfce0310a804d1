"""The middleware that lets a request in: host, origin, token, rate, and whether the server stops."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clinweave.service.errors import RequestError
from clinweave.service.responses import refuse
from clinweave.service.security.policy import AccessRules
from clinweave.service.security.users import LOCAL, USER, User

RETURN_PATHS = frozenset({"/note", "/graph", "/molecules", "/runs", "/data"})  # shown again after a login
PUBLIC_PATHS = frozenset({"/health", "/ready", "/login"})  # need no token


class Admission:
    """Refuses a request that the rules do not allow; a browser without a session is sent to /login."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            try:
                scope[USER] = self._admit(scope, headers)
            except RequestError as error:
                await self._refusal(scope, headers, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope, headers: Headers) -> User:
        path, address = str(scope["path"]), client_address(scope)
        self._rules.check_host(headers)
        self._rules.check_origin(headers)
        if self._rules.draining and path != "/health":
            raise RequestError("the server is stopping", 503)
        if path in PUBLIC_PATHS or path.startswith("/static/"):
            return LOCAL if not self._rules.tokens_needed else User("", frozenset())
        user = self._rules.authenticate(scope["method"], headers, address)
        self._rules.check_rate(user, address)
        self._rules.check_role(user, path)
        return user

    @staticmethod
    def _refusal(scope: Scope, headers: Headers, error: RequestError) -> Response:
        path = str(scope["path"])
        is_page = "text/html" in headers.get("accept", "") and not path.startswith(("/api/", "/v1/"))
        if error.status == 401 and (is_page or "hx-request" in headers):
            if "hx-request" in headers:  # htmx follows this header, not a redirect
                return Response(status_code=401, headers={"HX-Redirect": "/login"})
            return RedirectResponse(f"/login?next={path[1:]}" if path in RETURN_PATHS else "/login", 303)
        response = refuse(scope, error)
        if error.status == 503:
            response.headers["Connection"] = "close"
        return response


def client_address(scope: Scope) -> str:
    """Return the address of the peer; a proxy's header is not trusted."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def user_of(request: HTTPConnection) -> User:
    """Return who asks; everybody is `LOCAL` where no token is needed."""
    user = request.scope.get(USER, LOCAL)
    return user if isinstance(user, User) else LOCAL
