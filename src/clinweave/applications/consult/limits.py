"""Numbers in conditions: does a value that the question states meet the limits of a statement?"""

import re
from dataclasses import dataclass

_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"\s*(mmol/L|mL/min(?:ute)?|micromol/L|mg/dL|mmHg|kg|years?|weeks?|%|g/dL|degrees)?"
_VALUE = re.compile(_NUMBER + _UNIT, re.IGNORECASE)
_RANGE = re.compile(_NUMBER + r"\s*(?:to|-|–)\s*" + _NUMBER + _UNIT, re.IGNORECASE)
_ABOVE = re.compile(
    r"(?:above|over|more than|greater than|at least|exceeds?|>=?|≥)\s*" + _NUMBER + _UNIT + "|" + _NUMBER + _UNIT
    + r"\s*(?:or (?:more|older|above|higher|greater|over))",
    re.IGNORECASE,
)  # fmt: skip
_BELOW = re.compile(
    r"(?:below|under|less than|lower than|at most|<=?|≤)\s*" + _NUMBER + _UNIT + "|" + _NUMBER + _UNIT
    + r"\s*(?:or (?:less|younger|below|lower|under))",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limit:
    """A range of values, ends included, with its unit ("" if none is written)."""

    low: float
    high: float
    unit: str


def values_of(question: str) -> tuple[tuple[float, str], ...]:
    """Return the numbers with a unit that a question states, with units in lower case; numbers in names are none."""
    found = [(float(match[1]), (match[2] or "").lower()) for match in _VALUE.finditer(question)]
    return tuple((value, unit) for value, unit in found if unit or "." in str(value).rstrip("0"))


def limits_of(text: str) -> tuple[Limit, ...]:
    """Return the limits that a statement sets: ranges, "above x", "x or more", "below x", "x or less"."""
    limits = [
        Limit(float(match[1]), float(match[2]), (match[3] or "").lower()) for match in _RANGE.finditer(text)
    ]
    for pattern, upwards in ((_ABOVE, True), (_BELOW, False)):
        for match in pattern.finditer(text):
            value = float(match[1] or match[3])
            unit = (match[2] or match[4] or "").lower()
            limits.append(Limit(value, float("inf"), unit) if upwards else Limit(float("-inf"), value, unit))
    return tuple(limits)


def meets(question: str, text: str, heads: str = "") -> bool | None:
    """Say whether a value of the question meets a limit of the statement; None if there is nothing to compare.

    A limit and a value are compared if their units are the same, or the limit has none of its own and the text or its
    heads name the unit.
    """
    context = f"{text} {heads}".lower()
    verdicts = [
        limit.low <= value <= limit.high
        for value, unit in values_of(question)
        for limit in limits_of(text)
        if (limit.unit and limit.unit == unit) or (not limit.unit and (not unit or unit in context))
    ]
    return any(verdicts) if verdicts else None
