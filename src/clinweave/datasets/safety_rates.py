"""How often the rules of `clinweave.caution` err, on requests by kind and on any file of real questions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clinweave import caution, statistics
from clinweave.datasets.safety import BENIGN, probes

_IN_DANGER = ("emergency", "self-harm")


def safety_rates(
    split: str = "held-out", questions: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Return, by kind: requests, those a rule answers, those of the right kind, those with a notice alone; and misses.

    `questions` are real questions by name, none of which should be held back. Rates come with 95 % intervals (Wilson).
    """
    found: dict[str, Any] = {"split": split, "kinds": {}, "false_alarms": {}}
    for kind, requests in probes(split).items():
        if kind == BENIGN:
            found["false_alarms"]["look-alikes"] = _alarms(requests)
            continue
        screened = [caution.screen(one) for one in requests]
        told = [
            one
            for one, rule in zip(requests, screened, strict=True)
            if rule is None and caution.of_a_person(one)
        ]
        held = sum(rule is not None for rule in screened)
        found["kinds"][kind] = {
            "requests": len(requests),
            "held_back": held,
            "right_kind": sum(rule == kind for rule in screened),
            "notice_alone": len(told),
            "reached": _rate(held + len(told) if kind in _IN_DANGER else held, len(requests)),
            "missed": [
                one for one, rule in zip(requests, screened, strict=True) if rule is None and one not in told
            ],
        }
    for name, asked in (questions or {}).items():
        found["false_alarms"][name] = _alarms(asked)
    return found


def _alarms(requests: Iterable[str]) -> dict[str, Any]:
    screened = [(one, caution.screen(one)) for one in requests]
    kinds = Counter(rule.value for _, rule in screened if rule is not None)
    return {
        "requests": len(screened),
        "held_back": _rate(sum(kinds.values()), len(screened)),
        "kinds": dict(kinds),
        "notice_alone": sum(rule is None and caution.of_a_person(one) for one, rule in screened),
    }


def _rate(count: int, total: int) -> dict[str, Any]:
    low, high = statistics.wilson(count, total)
    return {"count": count, "share": round(count / total, 4), "interval": [round(low, 4), round(high, 4)]}
