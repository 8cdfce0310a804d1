"""The routes below /api/v1, and /openapi.json."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clinweave.core.typed import to_values
from clinweave.service.agent_runs import AGENT
from clinweave.service.api.calls import body_of, item_of, parse_json
from clinweave.service.api.jobs import MAX_ITEMS, Job
from clinweave.service.api.neighbourhood import TOOL as NEIGHBOURHOOD
from clinweave.service.api.openapi import openapi_document
from clinweave.service.api.problems import as_problem
from clinweave.service.errors import RequestError
from clinweave.service.responses import Utf8JSONResponse, json_bytes
from clinweave.service.security.admission import user_of
from clinweave.tools import AnyTool, ErrorKind, ToolError, all_tools, open_tool

if TYPE_CHECKING:
    from clinweave.service.state import ServiceState

BASE = "/api/v1"
Endpoint = Callable[[Request], Awaitable[Response]]


def api_routes(state: "ServiceState") -> list[BaseRoute]:
    """Return the routes of the API."""
    api = _Api(state)
    tools = (*all_tools(), AGENT)
    document = json_bytes(openapi_document(tools))

    async def openapi(_request: Request) -> Response:
        """Return the OpenAPI document."""
        return Response(document, media_type="application/json")

    return [
        Route("/openapi.json", openapi, methods=["GET"]),
        Route(f"{BASE}/releases", _safely(api.releases), methods=["GET"]),
        Route(f"{BASE}/concept/{{curie}}", _safely(api.concept), methods=["GET"]),
        Route(f"{BASE}/graph/{{curie}}", _safely(api.graph), methods=["GET"]),
        Route(f"{BASE}/jobs", _safely(api.jobs), methods=["GET"]),
        Route(f"{BASE}/jobs", _safely(api.start_job), methods=["POST"]),
        Route(f"{BASE}/jobs/{{id}}", _safely(api.job), methods=["GET"]),
        Route(f"{BASE}/jobs/{{id}}", _safely(api.cancel_job), methods=["DELETE"]),
        *(Route(f"{BASE}/{tool.name}", _safely(partial(api.call, tool)), methods=["POST"]) for tool in tools),
    ]


def _safely(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose errors are problem details."""

    async def safe(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            return as_problem(error)

    return safe


class _Api:
    """The endpoints over one service state."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def call(self, tool: AnyTool, request: Request) -> Response:
        """Call a tool with the body as its arguments; with `Prefer: respond-async` as a job."""
        arguments = await _json(request)
        if _prefers_job(request):
            tool.read(arguments)  # an invalid request is refused now
            return self._accepted(self._start(tool, [arguments], request))
        self._state.preparation.check("diagnose" if tool is AGENT else tool.name)
        pool = self._state.answers if tool.name in {"ask", "agent"} else self._state.lookups
        body = await pool.run(body_of, tool, self._state.base, arguments, user_of(request))
        return Response(body, media_type="application/json")

    async def releases(self, _request: Request) -> Response:
        """Return the releases of the knowledge that is served."""
        return Utf8JSONResponse(to_values(self._state.releases))

    async def concept(self, request: Request) -> Response:
        """Return a concept and its relations."""
        return await self._look_up(open_tool("concept"), request)

    async def graph(self, request: Request) -> Response:
        """Return the neighbourhood of a concept."""
        return await self._look_up(NEIGHBOURHOOD, request)

    async def _look_up(self, tool: AnyTool, request: Request) -> Response:
        arguments = _from_query(tool, request)
        arguments["concept"] = request.path_params["curie"]
        body = await self._state.lookups.run(body_of, tool, self._state.base, arguments, user_of(request))
        return Response(body, media_type="application/json")

    async def jobs(self, request: Request) -> Response:
        """List the jobs of the user, without their items."""
        jobs = self._state.jobs.of(user_of(request))
        return Utf8JSONResponse({"jobs": [to_values(job.document(with_items=False)) for job in jobs]})

    async def start_job(self, request: Request) -> Response:
        """Start a job: one tool over many arguments."""
        body = await _json(request)
        if not isinstance(body, Mapping) or set(body) != {"tool", "items"}:
            raise RequestError("a job is an object with tool and items", 422, code="invalid_arguments")
        name, items = body["tool"], body["items"]
        if not isinstance(name, str) or not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
            message = f"tool is a name, and items a list of 1 to {MAX_ITEMS:,} arguments"
            raise RequestError(message, 422, code="invalid_arguments")
        self._state.rules.check_role(user_of(request), f"{BASE}/{name}")
        tool = open_tool(name)
        for number, item in enumerate(items):
            try:
                tool.read(item)
            except ToolError as error:
                where = f"items[{number}]"
                raise ToolError(ErrorKind.INVALID_ARGUMENTS, f"{where}: {error}", argument=where) from error
        return self._accepted(self._start(tool, items, request))

    async def job(self, request: Request) -> Response:
        """Return a job with the results so far."""
        return Utf8JSONResponse(to_values(self._job(request).document()))

    async def cancel_job(self, request: Request) -> Response:
        """Cancel a job, or remove one that has ended."""
        job = self._job(request)
        self._state.jobs.cancel(job)
        return Utf8JSONResponse(to_values(job.document()))

    def _start(self, tool: AnyTool, items: list[object], request: Request) -> Job:
        user, base = user_of(request), self._state.base
        return self._state.jobs.start(
            tool.name, user, items, lambda job, arguments: item_of(job, tool, base, arguments, user)
        )

    def _job(self, request: Request) -> Job:
        job = self._state.jobs.get(request.path_params["id"], user_of(request))
        if job is None:
            raise RequestError("there is no such job", 404, code="unknown_job")
        return job

    @staticmethod
    def _accepted(job: Job) -> Response:
        headers = {"Location": f"{BASE}/jobs/{job.id}", "Preference-Applied": "respond-async"}
        return Utf8JSONResponse(to_values(job.document()), 202, headers)


async def _json(request: Request) -> object:
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content != "application/json":
        raise RequestError("the content type is application/json", 415, code="content_type")
    return parse_json(await request.body())


def _prefers_job(request: Request) -> bool:
    preferences = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return "respond-async" in {item.strip() for item in preferences}


def _from_query(tool: AnyTool, request: Request) -> dict[str, object]:
    """Return the arguments of a query string: lists repeat their name. Raises `ToolError` for an unknown one."""
    properties = tool.input_schema["properties"]
    arguments: dict[str, object] = {}
    for name in dict.fromkeys(request.query_params):
        kind = properties.get(name, {}).get("type") if isinstance(properties, Mapping) else None
        values = request.query_params.getlist(name)
        if name not in _names(tool):
            message = f"the query has an unknown parameter; there are {', '.join(sorted(_names(tool)))}"
            raise ToolError(ErrorKind.INVALID_ARGUMENTS, message, argument="query")
        if kind == "array":
            arguments[name] = values
        elif kind == "integer":
            arguments[name] = _whole(name, values[-1])
        else:
            arguments[name] = values[-1]
    return arguments


def _names(tool: AnyTool) -> set[str]:
    """Return the arguments that a query may have; the concept is in the path."""
    return {item.name for item in fields(tool.input)} - {"concept"}


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.lstrip("-").isdigit() and len(text) < 10):
        raise ToolError(ErrorKind.INVALID_ARGUMENTS, f"{name} is a whole number", argument=name)
    return int(text)
