"""The loop: perceive the question, plan, act, remember, until the evidence suffices or the budget is spent."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from clinweave.agent.actions import carry_out
from clinweave.agent.compose import compose, percent
from clinweave.agent.memory import Memory
from clinweave.agent.records import (
    AgentResult,
    Budget,
    Call,
    Decision,
    Finish,
    Step,
    StopReason,
    Unreadable,
    UserQuestion,
)
from clinweave.core import guardrails
from clinweave.core.access_policy import check_egress
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Mention
from clinweave.tools import JSON, ErrorDocument, ErrorKind, ToolError, open_tool, typed_errors

_MAX_REFUSED = 2  # decisions in a row that cannot be carried out
_FINAL = (StopReason.QUESTIONS, StopReason.NEEDS_ANSWER)  # nothing that the planner could do about them
Reply = Callable[[UserQuestion], str | None]


class Planner(Protocol):
    """Decides what to do next. `name` is printed; tokens that a decision took are added to `memory.tokens`."""

    name: str

    def decide(self, memory: Memory) -> Decision:
        """Return the next decision."""
        ...


@dataclass
class Agent:
    """Answers questions with tools. `reply` asks the user and returns None where nobody can be asked.

    `host` is where the planner's model runs ("" for this machine): what it may not receive is refused.
    """

    base: KnowledgeBase
    planner: Planner
    budget: Budget = field(default_factory=Budget)
    reply: Reply = lambda _: None
    on_step: Callable[[Step], None] = lambda _: None
    host: str = ""
    allow_remote: str = ""
    clock: Callable[[], float] = time.monotonic

    def run(self, question: str) -> AgentResult:
        """Return the answer with every step. Raises `UserError` for an empty or over-long question."""
        began = self.clock()
        open_tool("ask").read({"question": question})  # its limits are those of the agent
        memory = Memory(question)
        if self.budget.calls == 0 or guardrails.screen(question, audience=self.base.audience) is not None:
            answer, stopped, missing = self.base.ask(question), StopReason.SINGLE_ASK, None
            memory.tokens += sum(answer.tokens.values())
        else:
            memory.mentions = self._perceive(question)
            written, stopped, missing = self._steps(memory, began)
            answer = compose(self.base, memory, written, self.planner.name)
        return AgentResult(
            question=question,
            answer=answer,
            steps=tuple(memory.steps),
            stopped=stopped,
            open_question=missing.text if missing is not None else "",
            planner=self.planner.name,
            calls=memory.calls,
            tokens=memory.tokens,
            seconds=round(self.clock() - began, 3),
            open_finding=missing.finding if missing is not None else "",
        )

    def _perceive(self, question: str) -> tuple[Mention, ...]:
        """Return the concepts of the question; none without a graph or in a language that is not read."""
        if not self.base.has("graph"):
            return ()
        return tuple(self.base.link(question))

    def _steps(self, memory: Memory, began: float) -> tuple[str, StopReason, UserQuestion | None]:
        """Plan and act until a reason to stop; return the model's text, the reason, and the open question."""
        refused = 0
        while True:
            if (spent := self._spent(memory, began)) is not None:
                return "", spent, None
            before, decided_at = memory.tokens, self.clock()
            memory.may_ask = memory.questions < self.budget.questions
            decision = self.planner.decide(memory)
            tokens = memory.tokens - before
            if isinstance(decision, Finish):
                return decision.text, decision.reason, None
            if isinstance(decision, UserQuestion):
                problem = self._put(memory, decision, decided_at, tokens)
            else:
                problem = self._act(memory, decision, decided_at, tokens)
            refused = refused + 1 if problem is not None else 0
            if problem in _FINAL or (refused > _MAX_REFUSED and problem is not None):
                missing = decision if isinstance(decision, UserQuestion) else None
                return "", problem, missing if problem is StopReason.NEEDS_ANSWER else None

    def _put(self, memory: Memory, asked: UserQuestion, began: float, tokens: int) -> StopReason | None:
        """Put a question to the user; return why it was not answered, or None."""
        if not memory.may_ask:
            return StopReason.QUESTIONS
        number, arguments = len(memory.steps) + 1, {"finding": asked.finding} if asked.finding else {}
        facts: tuple[JSON, str] = (dict(arguments), asked.text)
        if memory.asked(asked):
            error = ErrorDocument(ErrorKind.INVALID_REQUEST, "this was asked before; the reply is above")
            step = Step(number, "refused", "", *facts, "", error, (), self.clock() - began, tokens)
            self._remember(memory, step)
            return StopReason.REPEATED
        answered = self.reply(asked)
        if answered is None:
            return StopReason.NEEDS_ANSWER
        memory.facts[asked.finding or asked.text] = answered
        step = Step(number, "question", "", *facts, answered, None, (), self.clock() - began, tokens)
        self._remember(memory, step)
        return None

    def _spent(self, memory: Memory, began: float) -> StopReason | None:
        """Return which limit is reached, or None."""
        if memory.calls >= self.budget.calls:
            return StopReason.CALLS
        if memory.tokens >= self.budget.tokens:
            return StopReason.TOKENS
        if self.clock() - began >= self.budget.seconds:
            return StopReason.SECONDS
        return None

    def _act(
        self, memory: Memory, decision: Call | Unreadable, began: float, tokens: int
    ) -> StopReason | None:
        """Carry out a decision; return why it was refused, or None."""
        number = len(memory.steps) + 1
        if isinstance(decision, Unreadable):
            error = ErrorDocument(ErrorKind.INVALID_ARGUMENTS, decision.message)
            self._remember(
                memory, Step(number, "refused", "", {}, "", "", error, (), self.clock() - began, tokens)
            )
            return StopReason.UNREADABLE
        facts = (number, "refused", decision.tool, decision.arguments, decision.reason)
        if memory.made(decision):
            error = ErrorDocument(ErrorKind.INVALID_REQUEST, "this call was made before; its result is above")
            self._remember(memory, Step(*facts, "", error, (), self.clock() - began, tokens))
            return StopReason.REPEATED
        facts = (number, "call", *facts[2:])
        try:
            outcome = carry_out(self.base, decision.tool, decision.arguments)
            with typed_errors():
                check_egress(outcome.tier, self.host, self.allow_remote, content="the result of a tool")
        except ToolError as problem:
            step = Step(*facts, "", problem.document, (), self.clock() - began, tokens)
        else:
            observation = memory.add(decision, outcome.values, outcome.evidence, outcome.answer)
            numbers = tuple(item.id for item in observation.evidence)
            step = Step(*facts, summary(outcome.values), None, numbers, self.clock() - began, tokens)
        self._remember(memory, step)
        return None

    def _remember(self, memory: Memory, step: Step) -> None:
        memory.steps.append(step)
        self.on_step(step)


def summary(values: JSON) -> str:
    """Return a result in a line: its name or the first line of its answer, the number of its items, and notes."""
    named = [values[key] for key in ("name", "answer") if isinstance(values.get(key), str)]
    parts = [str(text).partition("\n")[0][:160] for text in named]
    if isinstance(ranking := values.get("ranking"), list) and ranking:
        parts.append(f"first: {ranking[0]['name']} ({percent(ranking[0]['share'])})")
    counted = [
        f"{len(value)} {key.replace('_', ' ')}"
        for key, value in values.items()
        if isinstance(value, list)
        and value
        and key not in {"notes", "warnings", "predicates", "synonyms", "xrefs"}
    ]
    parts += counted
    remarks = values.get("notes") or values.get("warnings") or []
    parts += [str(item)[:160] for item in remarks[:2]] if isinstance(remarks, list) else []
    return "; ".join(part for part in parts if part)
