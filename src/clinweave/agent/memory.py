"""What an agent remembers of one run: what it saw in the question, its calls and results, evidence, and facts told."""

import json
import re
from dataclasses import dataclass, field, replace

from clinweave.agent.records import Call, Step, UserQuestion
from clinweave.records import Answer, Evidence, Mention
from clinweave.tools import JSON

UNKNOWN = "unknown"
_YES = frozenset({"yes", "y", "present", "true", "1"})
_NO = frozenset({"no", "n", "absent", "false", "0"})


def read_reply(text: str) -> str:
    """Return "yes", "no" or "unknown" for a reply to a question about a finding."""
    word = text.strip().strip(".!").casefold()
    return "yes" if word in _YES else "no" if word in _NO else UNKNOWN


@dataclass(frozen=True, slots=True)
class Observation:
    """A call and its result: JSON values, the evidence in it (numbered), and the answer of `ask`."""

    call: Call
    values: JSON
    evidence: tuple[Evidence, ...]
    answer: Answer | None = None


@dataclass(slots=True)
class Memory:
    """The state that a planner decides from. Evidence is numbered from 1 in the order it came."""

    question: str
    mentions: tuple[Mention, ...] = ()
    observations: list[Observation] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)  # HPO identifier or question -> the user's reply
    tokens: int = 0
    may_ask: bool = True  # whether the budget allows another question to the user

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return all evidence, in the order of its numbers."""
        return tuple(item for observation in self.observations for item in observation.evidence)

    @property
    def calls(self) -> int:
        """Return the number of tools that were called, with or without success."""
        return sum(step.kind == "call" for step in self.steps)

    @property
    def questions(self) -> int:
        """Return the number of questions put to the user."""
        return sum(step.kind == "question" for step in self.steps)

    def add(
        self, call: Call, values: JSON, evidence: tuple[Evidence, ...], answer: Answer | None
    ) -> Observation:
        """Remember a result; its evidence is numbered on from what is there."""
        first = len(self.evidence) + 1
        numbered = tuple(replace(item, id=str(number)) for number, item in enumerate(evidence, first))
        self.observations.append(Observation(call, values, numbered, answer))
        return self.observations[-1]

    def made(self, call: Call) -> bool:
        """Return whether the same tool was called with the same arguments before."""
        key = _key(call)
        return any(
            step.kind == "call" and _key(Call(step.tool, step.arguments, "")) == key for step in self.steps
        )

    def asked(self, question: UserQuestion) -> bool:
        """Return whether the user was asked this before, in the same words apart from case and punctuation."""
        if question.finding:
            return question.finding in self.facts
        return _plain(question.text) in {_plain(text) for text in self.facts}

    def findings(self, reply: str) -> tuple[str, ...]:
        """Return the HPO identifiers that the user said "yes" or "no" to."""
        return tuple(name for name, said in self.facts.items() if name.startswith("HP:") and said == reply)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _key(call: Call) -> str:
    return json.dumps([call.tool, call.arguments], sort_keys=True, default=str)
