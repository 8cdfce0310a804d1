"""A planner without a model: follows chains of relations, ranks a patient's diseases, else asks the question once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinweave.agent.chains import Chain, chain_of
from clinweave.agent.memory import Memory, Observation
from clinweave.agent.records import Call, Decision, Finish, StopReason, UserQuestion
from clinweave.tools import JSON

_WIDTH = 4  # concepts that are followed at each hop
_RELATIONS = 200  # of one concept
_SURE = 0.5  # share of belief in the first disease beyond which no more is asked
_PATIENT = re.compile(
    r"\b(?:patient|diagnos\w+|differential|year-old|month-old|boy|girl|man|woman|infant|newborn|child)\b",
    re.I,
)


class RulePlanner:
    """Decides from the memory alone: the same run gives the same steps."""

    name = "rules"

    def decide(self, memory: Memory) -> Decision:
        """Return the next call or question, or the end."""
        chain = chain_of(memory.question, memory.mentions)
        if chain is not None and (decision := self._follow(chain, memory)) is not None:
            return decision
        if self._is_patient(memory):
            return self._diagnose(memory)
        return self._ask(memory)

    def _ask(self, memory: Memory) -> Decision:
        call = Call("ask", {"question": memory.question}, "the question is asked as it is")
        return Finish(StopReason.EVIDENCE_SUFFICES) if memory.made(call) else call

    def _follow(self, chain: Chain, memory: Memory) -> Decision | None:
        """Return the next call of a chain, its end, or None where the graph does not have it."""
        frontier = [chain.start.id]
        behind = {chain.start.id}
        for hop in chain.hops:
            results: list[str] = []
            for id_ in frontier[:_WIDTH]:
                arguments: JSON = {
                    "concept": id_,
                    "predicates": [hop.predicate],
                    "direction": hop.direction,
                    "limit": _RELATIONS,
                }
                call = Call("concept", arguments, f"relations of the kind {hop.predicate}")
                if not memory.made(call):
                    return call
                results += [end for end in _ends(memory, call, id_) if end not in behind]
            behind |= set(frontier)
            frontier = list(dict.fromkeys(results))
            if not frontier:
                return None
        return Finish(StopReason.EVIDENCE_SUFFICES)

    def _is_patient(self, memory: Memory) -> bool:
        findings = [item for item in memory.mentions if item.id.startswith("HP:") and item.of_patient]
        return bool(findings) and (len(findings) >= 2 or bool(_PATIENT.search(memory.question)))

    def _diagnose(self, memory: Memory) -> Decision:
        arguments: JSON = {
            "text": memory.question,
            "observed": list(memory.findings("yes")),
            "excluded": list(memory.findings("no")),
        }
        call = Call("diagnose", arguments, "the findings of a patient are ranked")
        if not memory.made(call):
            return call
        latest = latest_ranking(memory)
        if latest is None:
            return self._ask(memory)
        values: Mapping[str, Any] = latest.values
        if values["ranking"][0]["share"] < _SURE:
            for item in values["next_findings"]:
                if item["id"] not in memory.facts:
                    return UserQuestion(
                        f"Does the patient have: {item['name']}? (yes, no, unknown)", item["id"]
                    )
        return Finish(StopReason.EVIDENCE_SUFFICES)


def latest_ranking(memory: Memory) -> Observation | None:
    """Return the last result of `diagnose`, or None."""
    return next((item for item in reversed(memory.observations) if item.call.tool == "diagnose"), None)


@dataclass(frozen=True, slots=True)
class Followed:
    """The relations that the chain of a question followed: evidence numbers by hop, and what was left aside."""

    hops: tuple[tuple[str, ...], ...]
    left_out: str = ""


def followed_chain(memory: Memory) -> Followed | None:
    """Return what was followed of the chain of a question, or None where it has none; the last hop may be empty."""
    chain = chain_of(memory.question, memory.mentions)
    if chain is None:
        return None
    hops: list[tuple[str, ...]] = []
    left_out = ""
    frontier, behind = [chain.start.id], {chain.start.id}
    for hop in chain.hops:
        numbers: list[str] = []
        results: list[str] = []
        opened: set[str] = set()
        for observation in memory.observations:
            arguments = observation.call.arguments
            start = str(arguments.get("concept"))
            if start not in frontier or arguments.get("predicates") != [hop.predicate]:
                continue
            opened.add(start)
            for item in observation.evidence:
                relation = item.relations[0]
                other = relation.object if relation.subject == start else relation.subject
                if other not in behind and not relation.negated:
                    numbers.append(item.id)
                    results.append(other)
        if len(opened) < len(frontier):
            left_out = (
                f"only {len(opened)} of {len(frontier)} concepts were followed; the answer is not complete"
            )
        behind |= set(frontier)
        frontier = list(dict.fromkeys(results))
        hops.append(tuple(numbers))
    return Followed(tuple(hops), left_out)


def _ends(memory: Memory, call: Call, id_: str) -> list[str]:
    """Return the other ends of the relations that a call gave, without negated ones; [] where it failed."""
    for observation in memory.observations:
        if observation.call.tool == call.tool and observation.call.arguments == call.arguments:
            relations = [item.relations[0] for item in observation.evidence]
            ends = [
                (item.object if item.subject == id_ else item.subject)
                for item in relations
                if not item.negated
            ]
            return list(dict.fromkeys(ends))
    return []
