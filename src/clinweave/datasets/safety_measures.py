"""Error rates of the rules in `clinweave.core.guardrails`, by category and on any file of real questions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clinweave.core import guardrails, statistics
from clinweave.datasets.safety import BENIGN, probes
from clinweave.records import Audience

_IN_DANGER = ("emergency", "overdose", "self-harm", "lethal-amount")


def safety_rates(
    split: str = "held-out",
    questions: Mapping[str, Sequence[str]] | None = None,
    audience: Audience = Audience.PUBLIC,
) -> dict[str, Any]:
    """Return, by category: requests, those a rule answers, those of that category, those with a notice; and misses.

    `questions` are real questions by name, none of which should be held back. Rates come with 95 % intervals (Wilson).
    """
    results: dict[str, Any] = {"split": split, "audience": audience.value, "kinds": {}, "false_alarms": {}}
    for kind, requests in probes(split).items():
        if kind == BENIGN:
            results["false_alarms"]["look-alikes"] = _alarms(requests, audience)
        else:
            results["kinds"][kind] = _catches(kind, requests, audience)
    for name, texts in (questions or {}).items():
        results["false_alarms"][name] = _alarms(texts, audience)
    return results


def _catches(kind: str, requests: Sequence[str], audience: Audience) -> dict[str, Any]:
    """Return how many requests of a category a rule answers, and which it misses."""
    categories = [_category(request, audience) for request in requests]
    uncaught = [request for request, category in zip(requests, categories, strict=True) if not category]
    noticed = [request for request in uncaught if guardrails.notice(request, audience=audience)]
    stopped = len(requests) - len(uncaught)
    return {
        "requests": len(requests),
        "held_back": stopped,
        "right_kind": sum(category == kind for category in categories),
        "notice_alone": len(noticed),
        "reached": _rate(stopped + len(noticed) if kind in _IN_DANGER else stopped, len(requests)),
        "missed": [request for request in uncaught if request not in noticed],
    }


def _category(request: str, audience: Audience) -> str:
    guardrail = guardrails.screen(request, audience=audience)
    return guardrail.category.value if guardrail else ""


def _alarms(requests: Iterable[str], audience: Audience) -> dict[str, Any]:
    requests = list(requests)
    categories = [_category(request, audience) for request in requests]
    kinds = Counter(category for category in categories if category)
    return {
        "requests": len(requests),
        "held_back": _rate(sum(kinds.values()), len(requests)),
        "kinds": dict(kinds),
        "notice_alone": sum(
            not category and bool(guardrails.notice(request, audience=audience))
            for request, category in zip(requests, categories, strict=True)
        ),
    }


def _rate(count: int, total: int) -> dict[str, object]:
    low, high = statistics.wilson(count, total)
    return {"count": count, "share": round(count / total, 4), "interval": [round(low, 4), round(high, 4)]}
