"""The OpenAPI 3.1 document, generated from the types of the tools: their JSON schemas are taken as they are."""

from collections.abc import Mapping, Sequence

from clinweave import __version__
from clinweave.core.typed import json_schema
from clinweave.service.api.jobs import MAX_ITEMS, JobDocument
from clinweave.service.api.neighbourhood import TOOL as NEIGHBOURHOOD
from clinweave.service.knowledge import Releases
from clinweave.tools import JSON, AnyTool, ErrorDocument

_DESCRIPTION = (
    "Read-only functions over one knowledge base. For research, not for clinical decisions. Errors are problem details "
    "(RFC 9457). A POST with the header `Prefer: respond-async` is answered with 202 and a job. OpenAI's chat API is "
    "served below /v1 and described by its own specification."
)
_REFUSALS = {
    "400": "The body is not JSON.",
    "401": "A token is needed.",
    "403": "The user lacks the role for patient data.",
    "404": "The server does not have it: an unknown concept, or data that was not fetched.",
    "408": "The body took too long.",
    "409": "The name has several meanings; `suggestions` lists them.",
    "413": "The body is too large.",
    "415": "The content type is not application/json.",
    "422": "The arguments cannot be answered; `argument` names the one at fault.",
    "429": "Too many requests; try again after `Retry-After` seconds.",
    "500": "The server failed.",
    "503": "The server is stopping, or still prepares the tool after its start; try again after `Retry-After` seconds.",
    "504": "The time limit was reached; ask for a job.",
}


def openapi_document(tools: Sequence[AnyTool]) -> JSON:
    """Return the document for these tools."""
    schemas = _Schemas()
    paths: dict[str, object] = {f"/api/v1/{tool.name}": {"post": _post(tool, schemas)} for tool in tools}
    lookup = next(tool for tool in tools if tool.name == "concept")
    paths["/api/v1/concept/{curie}"] = {"get": _get(lookup, "getConcept", schemas)}
    paths["/api/v1/graph/{curie}"] = {"get": _get(NEIGHBOURHOOD, "getNeighbourhood", schemas)}
    releases = schemas.reference(json_schema(Releases, "Releases"))
    paths["/api/v1/releases"] = {"get": _operation("getReleases", "Releases of the knowledge", releases)}
    paths |= _job_paths([tool.name for tool in tools], schemas)
    paths["/health"] = {"get": _operation("getHealth", "Whether the process is up", {"type": "object"})}
    paths["/ready"] = {"get": _operation("getReady", "Whether requests are taken", {"type": "object"})}
    schemas.by_name["Problem"] = _problem()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clinweave",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.by_name,
            "responses": {f"Refused{code}": _refusal(text) for code, text in _REFUSALS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Schemas:
    """The schemas of the document by name; nested definitions move to the top."""

    def __init__(self) -> None:
        self.by_name: dict[str, object] = {}

    def reference(self, schema: JSON) -> JSON:
        """Return a reference to a schema that is added under its title; a nested type whose name is taken gets both."""
        title, definitions = str(schema["title"]), schema.get("$defs", {})
        assert isinstance(definitions, dict)
        names = {
            name: name if self._free(name, item) else f"{title}{name}" for name, item in definitions.items()
        }
        for name, item in definitions.items():
            self.by_name[names[name]] = _moved(item, names)
        body = {key: value for key, value in schema.items() if key not in {"$schema", "$defs", "title"}}
        moved = _moved(body, names)
        if set(body) == {"$ref"}:
            return moved
        self.by_name[title] = moved
        return {"$ref": f"#/components/schemas/{title}"}

    def _free(self, name: str, schema: object) -> bool:
        return self.by_name.get(name, _moved(schema, {})) == _moved(schema, {})


def _moved(schema: object, names: Mapping[str, str]) -> JSON:
    """Return a schema whose references point into the document, by the names there."""
    if isinstance(schema, dict):
        return {
            key: _target(str(value), names) if key == "$ref" else _moved(value, names)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(item, names) for item in schema]  # type: ignore[return-value]
    return schema  # type: ignore[return-value]


def _target(reference: str, names: Mapping[str, str]) -> str:
    name = reference.removeprefix("#/$defs/")
    return f"#/components/schemas/{names.get(name, name)}"


def _post(tool: AnyTool, schemas: _Schemas) -> JSON:
    body = schemas.reference(tool.input_schema)
    operation = _operation(tool.name, tool.title, schemas.reference(tool.output_schema), tool.description)
    job: JSON = {"$ref": "#/components/schemas/JobDocument"}
    responses = operation["responses"]
    assert isinstance(responses, dict)
    responses["202"] = {"description": "Accepted as a job.", "content": _json(job)}
    prefer = {
        "name": "Prefer",
        "in": "header",
        "description": "respond-async: answer with a job.",
        "schema": {"type": "string", "enum": ["respond-async"]},
    }
    return {**operation, "parameters": [prefer], "requestBody": {"required": True, "content": _json(body)}}


def _get(tool: AnyTool, name: str, schemas: _Schemas) -> JSON:
    operation = _operation(name, tool.title, schemas.reference(tool.output_schema), tool.description)
    properties = tool.input_schema["properties"]
    assert isinstance(properties, dict)
    parameters = []
    for argument, schema in properties.items():
        plain = {key: value for key, value in schema.items() if key != "description"}
        where = {"name": "curie", "in": "path", "required": True}
        if argument != "concept":
            where = {"name": argument, "in": "query"}
        else:
            plain |= {"pattern": "^[^/]+$"}
        parameters.append({**where, "description": schema.get("description", ""), "schema": plain})
    return {**operation, "parameters": parameters}


def _job_paths(tools: list[str], schemas: _Schemas) -> dict[str, object]:
    document = schemas.reference(json_schema(JobDocument, "JobDocument"))
    items = {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": {"type": "object"}}
    request = {
        "type": "object",
        "required": ["tool", "items"],
        "additionalProperties": False,
        "properties": {"tool": {"enum": tools}, "items": {**items, "description": "Arguments of each call."}},
    }
    start = _operation("startJob", "Call one tool many times, as a job", document)
    start["responses"] = {"202": {"description": "Accepted.", "content": _json(document)}, **_refusals()}
    start["requestBody"] = {"required": True, "content": _json(request)}
    jobs: JSON = {
        "type": "object",
        "required": ["jobs"],
        "properties": {"jobs": {"type": "array", "items": document}},
    }
    one = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[^/]+$"}}]
    return {
        "/api/v1/jobs": {"get": _operation("listJobs", "Jobs of the user", jobs), "post": start},
        "/api/v1/jobs/{id}": {
            "parameters": one,
            "get": _operation("getJob", "A job with its results so far", document),
            "delete": _operation("cancelJob", "Cancel a job, or remove one that has ended", document),
        },
    }


def _operation(name: str, summary: str, result: JSON, description: str = "") -> JSON:
    responses = {"200": {"description": "The result.", "content": _json(result)}, **_refusals()}
    operation: JSON = {"operationId": name, "summary": summary, "responses": responses}
    return {**operation, "description": description} if description else operation


def _refusals() -> dict[str, JSON]:
    return {code: {"$ref": f"#/components/responses/Refused{code}"} for code in _REFUSALS}


def _refusal(text: str) -> JSON:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "content": problem}


def _json(schema: JSON) -> JSON:
    return {"application/json": {"schema": schema}}


def _problem() -> JSON:
    suggestion = json_schema(ErrorDocument, "ErrorDocument")["$defs"]["Suggestion"]
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "description": "urn:clinweave:problem:KIND, or about:blank."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "argument": {"type": "string", "description": "The argument at fault, or empty."},
            "suggestions": {"type": "array", "items": suggestion},
        },
    }
