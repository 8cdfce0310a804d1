"""What an agent decides, does and returns."""

from dataclasses import dataclass
from enum import StrEnum

from clinweave.records import Answer
from clinweave.tools import JSON, ErrorDocument


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one run: tool calls, tokens of a model (prompt and reply), seconds, and questions to the user.

    With `calls` 0 nothing is planned: the question is asked once, as `clinweave ask` does.
    """

    calls: int = 8
    tokens: int = 20_000
    seconds: float = 300.0
    questions: int = 5


class StopReason(StrEnum):
    """Why a run ended."""

    SINGLE_ASK = "single ask"  # the control: no calls allowed, or a fixed reply of the guardrails
    EVIDENCE_SUFFICES = "evidence suffices"
    FINISHED = "the planner finished"
    CALLS = "budget of calls"
    TOKENS = "budget of tokens"
    SECONDS = "budget of seconds"
    QUESTIONS = "budget of questions"
    REPEATED = "the planner repeats itself"
    UNREADABLE = "the model's decisions cannot be read"
    NEEDS_ANSWER = "a fact is missing"  # see `AgentResult.open_question`


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to call."""

    tool: str
    arguments: JSON
    reason: str


@dataclass(frozen=True, slots=True)
class UserQuestion:
    """A fact to ask the user for; `finding` is the HPO identifier it is about, or ""."""

    text: str
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The end: `text` is the answer a model wrote, with pointers such as [1]; "" where the evidence speaks."""

    reason: StopReason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a model returned in place of a decision."""

    message: str


Decision = Call | UserQuestion | Finish | Unreadable


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is shown. `evidence` are the numbers that the step added.

    `kind` is "call", "question" (to the user) or "refused" (a decision that was not carried out). `result` is a line
    on the result; `error` is why there is none.
    """

    number: int
    kind: str
    tool: str
    arguments: JSON
    reason: str
    result: str
    error: ErrorDocument | None
    evidence: tuple[str, ...]
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class AgentResult:
    """The answer with every step. `open_question` is what the user must be asked before the agent can go on.

    `open_finding` is the HPO identifier that it is about, or "".
    """

    question: str
    answer: Answer
    steps: tuple[Step, ...]
    stopped: StopReason
    open_question: str
    planner: str
    calls: int
    tokens: int
    seconds: float
    open_finding: str = ""
