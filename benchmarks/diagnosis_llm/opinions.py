"""A language model on top of the ranks: it reads the evidence for the first ten and may put them in another order.

A model that can score is asked how likely each name is as the reply, less how likely that name is
when nothing was told (else long and rare names lose); one that only writes is asked for an order and a reason, and a
reply that cannot be read leaves the order as it was. The order is by the ranker's score plus `weight` times the model's
opinion, standardised over the ten: the model moves close scores and not distant ones.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinweave.applications.diagnosis import DiagnosisResult, RankedDisease
from clinweave.models import Capability, LanguageModel, Message

DEPTH = 10
_SYSTEM = "You are a clinical geneticist. Compare a patient's findings with what is recorded of each disease."
_ASK = "Which disease explains the findings best?"
_WRITE = (
    f"{_ASK} Write the numbers of all candidates, best first, on the first line, as 3, 1, 2. Then say in one sentence "
    "why the first fits best, from the evidence above alone."
)
_FINDINGS, _EVIDENCE, _LACKING = 12, 3, 1  # the patient's findings, and for each candidate
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Opinion:
    """A model's scores of the candidates, in their order (higher is better), or None if its reply was not readable."""

    values: tuple[float, ...] | None
    method: str
    argument: str = ""


def prompt(
    line: DiagnosisResult,
    *,
    evidence: bool = True,
    shown: Callable[[int], int] = lambda index: index,
) -> tuple[str, list[str]]:
    """Return the prompt text on the first ten of a ranked line, which must carry reasons, and the candidates' names.

    Controls: without `evidence` the names alone are told; `shown` says whose evidence stands beside a candidate.
    """
    ranked = line["ranking"][:DEPTH]
    names = _distinct(ranked)
    listing = "\n".join(
        f"{index + 1}. {name}" + (_evidence_of(ranked[shown(index)]) if evidence else "")
        for index, name in enumerate(names)
    )
    return f"{patient(line)}\n\nCandidates:\n{listing}\n\n", names


def opinion(
    model: LanguageModel, listing: str, names: Sequence[str], alone: dict[str, float] | None = None
) -> Opinion:
    """Ask the model about candidates, by a `prompt`. `alone` keeps what names score by themselves, to save asking."""
    if len(names) < 2:
        return Opinion((0.0,) * len(names), "none")
    if Capability.SCORE in model.capabilities:
        baseline = {} if alone is None else alone
        new = [name for name in names if name not in baseline]
        if new:
            bare = model.score(_messages(_ASK), new)
            baseline.update((name, score.per_token) for name, score in zip(new, bare, strict=True))
        scores = model.score(_messages(listing + _ASK), names)
        values = [score.per_token - baseline[name] for score, name in zip(scores, names, strict=True)]
        return Opinion(tuple(values), "likelihood")
    reply = model.generate(_messages(listing + _WRITE), max_tokens=200).text
    order = read_order(reply, len(names))
    if order is None:
        return Opinion(None, "generation", reply)
    return Opinion(tuple(-float(order.index(index)) for index in range(len(names))), "generation", reply)


def patient(line: DiagnosisResult) -> str:
    """Return the patient's findings in words; excluded ones only if they count against any of the first ten."""
    findings = [
        reason for entry in line["ranking"][:DEPTH] for reason in entry["reasons"] if reason["finding"]
    ]
    yes = list(dict.fromkeys(reason["name"] for reason in findings if not reason.get("excluded")))
    no = sorted({reason["name"] for reason in findings if reason.get("excluded")})
    text = f"The patient has: {'; '.join(yes[:_FINDINGS])}."
    return text + (f" Not found: {'; '.join(no[:_FINDINGS])}." if no else "")


def _distinct(ranked: Sequence[RankedDisease]) -> list[str]:
    names = [entry["name"] for entry in ranked]
    return [
        name if names.count(name) == 1 else f"{name} ({entry['id']})"
        for name, entry in zip(names, ranked, strict=True)
    ]


def _evidence_of(entry: RankedDisease) -> str:
    reasons = [reason for reason in entry["reasons"] if reason["finding"] and not reason.get("excluded")]
    good = [reason for reason in reasons if reason["says"] > 0 and "annotated_name" in reason][:_EVIDENCE]
    lacking = [reason["name"] for reason in reasons if reason["says"] <= 0][:_LACKING]
    parts = [f"{reason['annotated_name']} ({reason['frequency']})" for reason in good]
    text = ": recorded " + "; ".join(parts) if parts else ": nothing recorded that fits"
    return text + (f". Not recorded: {'; '.join(lacking)}" if lacking else "")


def read_order(reply: str, count: int) -> list[int] | None:
    """Return the indices in the order of a reply's first line with numbers; omitted ones follow in their old order.

    None where a number is no candidate's, comes twice, or none is given.
    """
    line = next((text for text in reply.splitlines() if _NUMBER.search(text)), "")
    order = [int(text) - 1 for text in _NUMBER.findall(line)]
    if not order or len(set(order)) != len(order) or not all(0 <= index < count for index in order):
        return None
    return order + [index for index in range(count) if index not in order]


def fuse(scores: Sequence[float], values: Sequence[float], weight: float) -> list[int]:
    """Return the indices, best first, by score plus weight times the standardised opinion; ties keep their order.

    An infinite weight leaves the order to the opinion alone.
    """
    mean = sum(values) / max(len(values), 1)
    spread = (sum((value - mean) ** 2 for value in values) / max(len(values), 1)) ** 0.5
    if spread == 0:
        return list(range(len(scores)))
    scaled = [(value - mean) / spread for value in values]
    if weight == float("inf"):
        return sorted(range(len(scores)), key=lambda index: -scaled[index])
    return sorted(range(len(scores)), key=lambda index: -(scores[index] + weight * scaled[index]))


def _messages(text: str) -> list[Message]:
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": text}]
