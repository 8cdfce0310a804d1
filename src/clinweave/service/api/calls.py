"""Call a tool for a request or for an item of a job."""

import json
from typing import TYPE_CHECKING

from clinweave.core.typed import to_values
from clinweave.records import Tier
from clinweave.service.api.jobs import CancelledError, Job, JobItem
from clinweave.service.api.problems import as_problem
from clinweave.service.errors import RequestError
from clinweave.service.responses import json_bytes
from clinweave.service.security.users import Role, User
from clinweave.tools import AnyTool, AskInput, answer_view, ask_base, typed_errors

if TYPE_CHECKING:
    from clinweave.knowledge_base import KnowledgeBase


def parse_json(body: bytes) -> object:
    """Return a JSON value. Raises `RequestError` for what is none, also NaN and half of a surrogate pair in a key."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RequestError("the body is not JSON", 400, code="not_json") from error


def _no_number(name: str) -> None:
    raise ValueError(name)


def result_of(tool: AnyTool, base: "KnowledgeBase", arguments: object, user: User) -> object:
    """Return the result of a tool. Raises `ToolError`, and `RequestError` for private records without the role."""
    return _visible(tool, tool.call(base, arguments), user)


def body_of(tool: AnyTool, base: "KnowledgeBase", arguments: object, user: User) -> bytes:
    """Return the result of a tool as JSON."""
    return json_bytes(to_values(result_of(tool, base, arguments, user)))


def item_of(job: Job, tool: AnyTool, base: "KnowledgeBase", arguments: object, user: User) -> JobItem:
    """Return the outcome of one item of a job; a question to a model ends when the job is cancelled."""
    index = len(job.items)
    try:
        result = _asked(job, tool, base, arguments) if tool.name == "ask" else tool.call(base, arguments)
        return JobItem(index, 200, to_values(_visible(tool, result, user)))
    except CancelledError:
        raise
    except Exception as error:
        response = as_problem(error)
        return JobItem(index, response.status_code, json.loads(bytes(response.body)))


def _asked(job: Job, tool: AnyTool, base: "KnowledgeBase", arguments: object) -> object:
    """Return the answer of `ask`, with progress by parts."""
    checked: AskInput = tool.read(arguments)
    sentences = 0

    def on_part(part: object) -> None:
        nonlocal sentences
        kind = str(getattr(part, "kind", ""))
        sentences += kind == "sentence"
        job.progress(
            f"the model writes: {sentences} sentences" if kind != "statements" else "the sources are read"
        )

    with typed_errors():
        return answer_view(ask_base(base, checked, on_part))


def _visible(tool: AnyTool, result: object, user: User) -> object:
    if tool.tier(result) in {Tier.PRIVATE, Tier.PSEUDONYMISED} and not user.may(Role.PATIENT_DATA):
        raise RequestError(f"the result has private records; it needs the role {Role.PATIENT_DATA}", 403,
                           code="role_missing")  # fmt: skip
    return result
