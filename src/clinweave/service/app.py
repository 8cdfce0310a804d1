"""The ASGI application, assembled from its parts.

| part | paths |
|---|---|
| `chat` | /v1/...: OpenAI's chat API |
| `api` | /api/v1/..., /openapi.json |
| `operation` | /health, /ready, /metrics |
| `pages` | / and every other page, /static/... |

Each part is a package with one function from the shared `ServiceState` to a list of Starlette routes. Before the routes
stand, from the outside: `Recorder` (counts, audit log), `SecurityHeaders`, `Admission` (who may ask) and `BodyLimit`.

Pages: `service/pages/__init__.py` exports `page_routes(state: ServiceState) -> list[BaseRoute]`; they come last, so
that no page hides a route of the API. What needs the role for patient data is in
`security.policy.PATIENT_DATA_PATHS`.
"""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from clinweave.service.api.routes import api_routes
from clinweave.service.chat.routes import chat_routes
from clinweave.service.errors import RequestError
from clinweave.service.operation.recorder import Recorder
from clinweave.service.operation.routes import operation_routes
from clinweave.service.pages import page_routes
from clinweave.service.responses import refuse
from clinweave.service.security.admission import Admission
from clinweave.service.security.bodies import BodyLimit
from clinweave.service.security.headers import SecurityHeaders
from clinweave.service.state import ServiceState


def make_app(state: ServiceState) -> Starlette:
    """Return the ASGI application."""
    routes: list[BaseRoute] = [
        *chat_routes(state),
        *api_routes(state),
        *operation_routes(state),
        *page_routes(state),  # last: no page hides a route of the API
    ]
    middleware = [
        Middleware(Recorder, metrics=state.metrics, audit=state.audit),
        Middleware(SecurityHeaders),
        Middleware(Admission, rules=state.rules),
        Middleware(BodyLimit, settings=state.settings),
    ]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: _http_error})


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    messages = {404: "there is nothing at this address", 405: "this path takes another method"}
    return refuse(request.scope, RequestError(messages.get(status, "the request was not understood"), status))


async def _request_error(request: Request, error: Exception) -> Response:
    return refuse(request.scope, error if isinstance(error, RequestError) else RequestError("refused", 400))
