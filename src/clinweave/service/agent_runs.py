"""The agent over the service's knowledge base: a definition like that of a tool, for the HTTP API and the page Ask."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from clinweave.agent import (
    Agent,
    AgentResult,
    Budget,
    ModelPlanner,
    Planner,
    RulePlanner,
    UserQuestion,
    read_reply,
)
from clinweave.core.access_policy import host_of_model, strictest
from clinweave.core.errors import UserError
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Audience
from clinweave.tools import LONGEST_QUESTION, AskResult, Parameter, Tool, answer_view, open_tool

_REPLY = re.compile(r"(HP:\d{7})\s*=\s*(yes|no|unknown)", re.IGNORECASE)
_PLANNED = (
    "concept",
    "search",
    "paths",
    "ask",
    "diagnose",
)  # tools of a model: few, for a small one to choose from
_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class AgentInput:
    """Arguments of `agent`."""

    question: Annotated[str, Parameter("The question.", LONGEST_QUESTION, required=True)]
    audience: Annotated[
        Literal["", "public", "clinician"], Parameter("Who reads the answer; the server's setting if empty.")
    ] = ""
    replies: Annotated[
        tuple[str, ...],
        Parameter("What the user said to `open_question` of earlier runs: HP:0001166=yes, =no or =unknown."),
    ] = ()
    max_calls: Annotated[int, Parameter("Maximum number of tool calls.", maximum=20)] = 8


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: `kind` is call, question (to the user) or refused, `arguments` JSON, `error` why it failed."""

    number: int
    kind: str
    tool: str
    arguments: str
    reason: str
    result: str
    error: str
    evidence: tuple[str, ...]
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class AgentView:
    """The answer with every step. Where `open_question` is not "", send the reply to it for `open_finding`."""

    answer: AskResult
    steps: tuple[StepView, ...]
    stopped: str
    open_question: str
    open_finding: str
    planner: str
    calls: int
    tokens: int
    seconds: float


class _ForAudience(KnowledgeBase):
    """A view of a knowledge base with its opened parts, for another audience."""

    def __init__(self, base: KnowledgeBase, audience: Audience) -> None:
        for part, names in (("graph", ("graph", "linker")), ("index", ("index",))):
            for name in names if base.has(part) else ():
                getattr(base, name)  # opened once, in the knowledge base that is shared
        _ = base.model
        vars(self).update(vars(base))
        self.audience = audience


def read_replies(texts: tuple[str, ...]) -> dict[str, str]:
    """Return replies by HPO identifier. Raises `UserError` for one that cannot be read."""
    replies: dict[str, str] = {}
    for text in texts:
        match = _REPLY.fullmatch(text.strip())
        if match is None:
            raise UserError("a reply is written HP:0001166=yes, HP:0001166=no or HP:0001166=unknown")
        replies[match[1].upper()] = read_reply(match[2])
    return replies


def run_agent(
    base: KnowledgeBase, question: str, audience: Audience, replies: Mapping[str, str], max_calls: int = 8
) -> AgentResult:
    """Return a run of the agent: a model plans if there is one, else rules. Nobody is asked but by `replies`."""
    view = _ForAudience(base, audience)
    planner: Planner = RulePlanner()
    host = ""
    if view.model is not None:
        planner, host = (
            ModelPlanner(view.model, [open_tool(name) for name in _PLANNED]),
            host_of_model(view.model),
        )

    def reply(asked: UserQuestion) -> str | None:
        return replies.get(asked.finding)

    return Agent(view, planner, Budget(calls=max_calls, seconds=_SECONDS), reply=reply, host=host).run(
        question
    )


def step_views(result: AgentResult) -> tuple[StepView, ...]:
    """Return the steps of a run as they are shown."""
    return tuple(
        StepView(
            step.number, step.kind, step.tool, json.dumps(step.arguments, ensure_ascii=False) if step.arguments else "",
            step.reason, step.result, f"{step.error.error}: {step.error.message}" if step.error else "",
            step.evidence, round(step.seconds, 3), step.tokens,
        )
        for step in result.steps
    )  # fmt: skip


def _agent(base: KnowledgeBase, arguments: AgentInput) -> AgentView:
    audience = Audience(arguments.audience) if arguments.audience else base.audience
    result = run_agent(
        base, arguments.question, audience, read_replies(arguments.replies), arguments.max_calls
    )
    return AgentView(
        answer_view(result.answer), step_views(result), str(result.stopped), result.open_question,
        result.open_finding, result.planner, result.calls, result.tokens, result.seconds,
    )  # fmt: skip


AGENT = Tool(
    "agent",
    "Answer in steps",
    "Answer a question in several steps with the other functions, every step shown; a missing finding of a patient is "
    "asked for.",
    AgentInput,
    AgentView,
    _agent,
    tier=lambda result: strictest(item.tier for item in result.answer.evidence),
)
