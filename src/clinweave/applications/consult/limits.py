"""Numbers in conditions: does a value that the question states meet the limits of a statement?"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = (
    r"\s*(mmol/L|mmol/mol|g/L|mg/L|micrograms?/L|nmol/L|pmol/L|mL/min(?:ute)?|micromol/L|mg/dL|mmHg|kg|years?|weeks?|%|g/dL|degrees"
    r"|(?:seconds?|minutes?|hours?|days?|months?|mg|mmol|micrograms?|ml|units?)(?![\w/]))?"
)
# "over 12 hours", "more than 400 mg": how it is given, no condition that a value without a unit could meet
_GIVEN = re.compile(r"(?:second|minute|hour|day|month|mg|mmol|microgram|ml|unit)s?$")
# "25 to 50 units/kg": an amount that is given
_RATE = re.compile(r"\s*(?:micrograms?|mcg|mg|g|ml|units?|IU|mmol)/", re.IGNORECASE)
# A blood pressure is two numbers, each held against its own part of a limit ("140/90 to 159/109").
_PAIR = re.compile(r"(?<![\d/.])(\d{2,3})\s*/\s*(\d{2,3})(?![\d/.]|\s*(?:mg|mcg|micrograms?|ml|units?)\b)")
_LOWER_ASKED = re.compile(r"\bdiastolic\b", re.IGNORECASE)
_HIGHEST, _LOWEST = 320, 20  # mmHg: other pairs ("500/125") are no blood pressures
_SYSTOLIC, _DIASTOLIC = 0, 1
_CONCENTRATIONS = frozenset(
    {
        "mmol/l",
        "micromol/l",
        "mg/dl",
        "g/dl",
        "g/l",
        "mg/l",
        "nmol/l",
        "pmol/l",
        "microgram/l",
        "micrograms/l",
    }
)
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


_INCLUDED = re.compile(r"at (?:least|most)|[=\u2265\u2264]|\bor\b", re.IGNORECASE)
AGE = "age"  # the unit of ages, in years
_IN_YEARS = {"day": 1 / 365, "week": 7 / 365, "month": 1 / 12, "year": 1.0}
_TIME = r"\s*-?\s*(day|week|month|year)s?"
_AGED = re.compile(
    _NUMBER + _TIME + r"[\s-]*olds?\b|\b(?:aged?|age of)\s+" + _NUMBER + rf"(?:{_TIME})?\b"
    r"|\b(?:child|boy|girl|infant|baby|newborn|neonate|son|daughter|teenager|toddler|patient|person|m[ae]n|wom[ae]n|adult)"
    r"\s+(?:of|aged)\s+" + _NUMBER + r"(?![\d.])"
    rf"(?:{_TIME}\b|(?!\s*-?\s*(?:[a-zµ]*g|[a-z]*m2?|mmol|mL|pounds?|lbs?|stones?|%)(?!\w)))",
    re.IGNORECASE,
)  # fmt: skip
_AGE_RANGE = re.compile(_NUMBER + rf"(?:{_TIME})?\s*(?:to|-|–|until)\s*" + _NUMBER + _TIME, re.IGNORECASE)
_AGE_ABOVE = re.compile(
    r"\b(?:over|above|from|older than|at least)\s*(?:the age of\s+)?" + _NUMBER + _TIME
    + "|" + _NUMBER + _TIME + r"\s*(?:of age )?(?:and|or) (?:over|above|older|more)",
    re.IGNORECASE,
)  # fmt: skip
_AGE_BELOW = re.compile(
    r"\b(?:under|below|younger than|less than|up to)\s*(?:the age of\s+)?" + _NUMBER + _TIME
    + "|" + _NUMBER + _TIME + r"\s*(?:of age )?(?:and|or) (?:under|below|younger|less)",
    re.IGNORECASE,
)  # fmt: skip


_WORD = r"[A-Za-z][\w-]{2,}|hb|na|ca|ph|ck|hr|rr"  # what is measured, short forms included
_OF_WHAT = re.compile(
    rf"\b({_WORD})\W+(?:(?:is|of|was|at|level|now)\W+)*" + _NUMBER + r"(?!\w)",
    re.IGNORECASE,
)


_MEASURE = re.compile(
    rf"\b({_WORD})\W+(?:(?:is|of|was|at|levels?|now|between|from|concentration)\W+)*$", re.IGNORECASE
)


_ADULT = re.compile(
    r"\badults?\b(?!\s+(?:over|above|under|below|aged|older|younger|of|from|between|\d))", re.IGNORECASE
)
_ALL_AGES = re.compile(
    r"\b(?:child\w*|infants?|bab(?:y|ies)|neonat\w+|newborns?|adolescents?|teenagers?|pa?ediatric\w*|all ages)\b",
    re.IGNORECASE,
)
_OF_AGE = 18.0  # years from which on a patient is an adult
_UNTIL = re.compile(r"\b(?:until|till)\b[^.;,]*$", re.IGNORECASE)  # up to that limit, not beyond it


@dataclass(frozen=True, slots=True)
class Limit:
    """A range of values with its unit ("" if none is written); the ends belong to it unless they are open."""

    low: float
    high: float
    unit: str
    low_open: bool = False
    high_open: bool = False
    of: str = field(default="", compare=False)  # the word before it, in small letters: what is measured

    def holds(self, other: "Limit") -> bool:
        """Say whether all of another range lies in this one."""
        low = self.low < other.low or (self.low == other.low and (other.low_open or not self.low_open))
        high = self.high > other.high or (self.high == other.high and (other.high_open or not self.high_open))
        return low and high

    def meets(self, other: "Limit") -> bool:
        """Say whether two ranges have a value in common; those that only touch at an open end have none."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        opened = any(
            (item.low_open and item.low == low) or (item.high_open and item.high == high)
            for item in (self, other)
        )
        return low < high or (low == high and not opened)


def limits_of(text: str) -> tuple[Limit, ...]:
    """Return the limits that a text sets: ranges, "above x", "x or more", "below x", "x or less", "until above x"."""
    limits = [
        Limit(float(match[1]), float(match[2]), (match[3] or "").lower(), of=_measure(text[: match.start()]))
        for match in _RANGE.finditer(text)
        if float(match[1]) <= float(match[2])  # "2026-02" is a date
        if not _RATE.match(text, match.end())
    ]
    for pattern, upwards in ((_ABOVE, True), (_BELOW, False)):
        for match in pattern.finditer(text):
            if _RATE.match(text, match.end()):
                continue
            value = float(match[1] or match[3])
            unit = (match[2] or match[4] or "").lower()
            opened, ends = not _INCLUDED.search(match[0]), bool(_UNTIL.search(text[: match.start()]))
            opened = opened != ends
            measure = _measure(text[: match.start()])
            limits.append(
                Limit(value, math.inf, unit, low_open=opened, of=measure)
                if upwards != ends
                else Limit(-math.inf, value, unit, high_open=opened, of=measure)
            )
    return tuple(limits)


def _measure(before: str) -> str:
    """Return the last word of a text that ends where a number begins ("serum calcium is ": calcium), "" for none."""
    match = _MEASURE.search(before)
    return match[1].lower() if match else ""


def asked_of(question: str) -> tuple[tuple[float, Limit], ...]:
    """Return the values that a question states, each as its number and the range that it stands for.

    "6.1" stands for itself, "above 5.5" for everything above.
    """
    compared = [
        (match.span(), replace(limits_of(match[0])[0], of=_measure(question[: match.start()])))
        for pattern in (_ABOVE, _BELOW)
        for match in pattern.finditer(question)
    ]
    asked = []
    for match in _VALUE.finditer(question):
        value, unit = float(match[1]), (match[2] or "").lower()
        inside = next((limit for (start, end), limit in compared if start <= match.start() < end), None)
        exact = Limit(value, value, unit, of=_measure(question[: match.start()]))
        asked.append((value, inside or exact))
    return tuple(asked)


def _named(question: str, value: float, context: str) -> bool:
    """Say whether a value without a unit is of something that a text speaks of ("potassium is 5.2")."""
    return any(
        float(match[2]) == value and match[1].lower() in context for match in _OF_WHAT.finditer(question)
    )


def ages_of(question: str) -> tuple[float, ...]:
    """Return the ages in years that a question states ("a 5 year old", "aged 6", "a child of 10")."""
    ages = []
    for match in _AGED.finditer(question):
        number = next(item for item in (match[1], match[3], match[5]) if item)
        unit = (match[2] or match[4] or match[6] or "year").lower()
        ages.append(float(number) * _IN_YEARS[unit])
    return tuple(ages)


def age_limits_of(text: str) -> tuple[Limit, ...]:
    """Return the ages in years that a statement is about ("3 months to 12 years", "under 16 years")."""
    limits, rest = [], text
    for match in _AGE_RANGE.finditer(text):
        last = _IN_YEARS[match[4].lower()]
        first = _IN_YEARS[(match[2] or match[4]).lower()]
        limits.append(Limit(float(match[1]) * first, float(match[3]) * last, AGE))
        rest = rest.replace(match[0], " ")
    for pattern, upwards in ((_AGE_ABOVE, True), (_AGE_BELOW, False)):
        for match in pattern.finditer(rest):
            value = float(match[1] or match[3]) * _IN_YEARS[(match[2] or match[4]).lower()]
            limits.append(Limit(value, float("inf"), AGE) if upwards else Limit(float("-inf"), value, AGE))
    if _ADULT.search(text) and (limits or not _ALL_AGES.search(text)):
        limits.append(Limit(_OF_AGE, math.inf, AGE))
    return tuple(limits)


def suits_age(question: str, text: str) -> bool | None:
    """Say whether a statement is for the age that the question states; None if either states none."""
    ages, limits = ages_of(question), age_limits_of(text)
    if not ages and limits and _ADULT.search(question) and not _ALL_AGES.search(question):
        return None if any(limit.high >= _OF_AGE for limit in limits) else False
    if not ages or not limits:
        return None
    return any(limit.low <= age <= limit.high for age in ages for limit in limits)


def _pairs(question: str, text: str, heads: str) -> list[tuple[Limit, Limit]]:
    """Return the limits of a statement with the values of the question that they can be compared with."""
    context = f"{text} {heads}".lower()
    values = asked_of(question)
    measured = {asked.of for _, asked in values if asked.of}
    return [
        (limit, asked)
        for value, asked in values
        if not (ages_of(question) and asked.unit[:4] in {"year", "week"})
        for limit in limits_of(text)
        if limit.of not in measured
        or limit.of == asked.of  # a value of its own: no other one is compared with it
        if (limit.unit and limit.unit == asked.unit)
        or (
            limit.unit
            and not asked.unit
            and not _GIVEN.match(limit.unit)
            and _named(question, value, context)
        )
        or (not limit.unit and (not asked.unit or asked.unit in context))
    ]


def _in_other_units(question: str, text: str) -> bool:
    """Say whether the question states a concentration in another unit than the limit of a text for the same measure.

    "Glucose is 300 mg/dL" cannot be held against "glucose below 4 mmol/L".
    """
    return any(
        limit.of
        and limit.of == asked.of
        and limit.unit != asked.unit
        and {limit.unit, asked.unit} <= _CONCENTRATIONS
        for _, asked in asked_of(question)
        for limit in limits_of(text)
    )


def _same_measure(pairs: Sequence[tuple[Limit, Limit]]) -> list[tuple[Limit, Limit]]:
    """Return the pairs that share their unit, or the word before them ("eGFR"): a title has other numbers as well."""
    return [
        (limit, asked)
        for limit, asked in pairs
        if (limit.unit and limit.unit == asked.unit) or (limit.of and limit.of == asked.of)
    ]


def within_heads(question: str, heads: Sequence[str]) -> bool | None:
    """Say whether the question's value is within the limits of the heads of a statement ("Potassium 5.5 to 5.9").

    None where no head sets a limit that the question has a value of. Of several values one within a limit is enough,
    but no head may be missed by all.
    """
    return _by_part(question, tuple(heads), _within)


def _within(question: str, heads: tuple[str, ...]) -> bool | None:
    if any(_in_other_units(question, head) for head in heads):
        return False
    compared = [pairs for head in heads if (pairs := _same_measure(_pairs(question, head, " ".join(heads))))]
    if any(not any(limit.meets(asked) for limit, asked in pairs) for pairs in compared):
        return False
    return True if any(limit.holds(asked) for pairs in compared for limit, asked in pairs) else None


def overlaps(question: str, text: str, heads: str = "") -> bool:
    """Say whether a value or a part of a range of the question is within a limit of the statement."""
    return any(limit.meets(asked) for limit, asked in _pairs(question, text, heads))


def meets(question: str, text: str, heads: str = "") -> bool | None:
    """Say whether a value of the question meets a limit of the statement; None if that is open.

    It is open where there is nothing to compare, and where only a part of an asked range ("above 4") is within the
    limit. A limit and a value are compared if their units are the same, or the limit has none of its own and the text
    or its heads name the unit.
    """
    return _by_part(question, (text, heads), lambda asked, texts: _meets(asked, texts[0], texts[1]))


def _meets(question: str, text: str, heads: str) -> bool | None:
    aged = suits_age(question, text)
    if aged is False or _in_other_units(question, text):
        return False
    pairs = _pairs(question, text, heads)
    if not pairs:
        return aged
    if _one_missed(pairs):
        return False
    if any(limit.holds(asked) for limit, asked in pairs):
        return True
    return None if any(limit.meets(asked) for limit, asked in pairs) else False


def _one_missed(pairs: Sequence[tuple[Limit, Limit]]) -> bool:
    """Say whether of several asked values one is outside all limits of its own measure ("80 kg and Hb 88")."""
    met: dict[tuple[Limit, str], bool] = {}
    for limit, asked in pairs:
        named = bool(limit.of) and limit.of == asked.of
        if named or (limit.unit and limit.unit == asked.unit and limit.unit not in _CONCENTRATIONS):
            met[asked, asked.of] = met.get((asked, asked.of), False) or limit.meets(asked)
    return len(met) > 1 and not all(met.values())


def _is_pressure(match: re.Match[str]) -> bool:
    return _HIGHEST >= int(match[1]) > int(match[2]) >= _LOWEST


def has_pressure(text: str) -> bool:
    """Say whether a text states a blood pressure as two numbers."""
    return any(_is_pressure(match) for match in _PAIR.finditer(text))


def _part(text: str, which: int) -> str:
    """Return a text with the systolic or the diastolic number in the place of each pair."""
    return _PAIR.sub(lambda match: match[which + 1] if _is_pressure(match) else match[0], text)


def _by_part(
    question: str, texts: tuple[str, ...], compare: Callable[[str, tuple[str, ...]], bool | None]
) -> bool | None:
    """Compare the numbers apart: above a limit is a pressure with either of them, below or between with both."""
    if not any(map(has_pressure, texts)):
        return compare(question, texts)
    if not has_pressure(question):
        which = _DIASTOLIC if _LOWER_ASKED.search(question) else _SYSTOLIC
        return compare(question, tuple(_part(text, which) for text in texts))
    verdicts = [
        compare(_part(question, which), tuple(_part(text, which) for text in texts))
        for which in (_SYSTOLIC, _DIASTOLIC)
    ]
    limits = [limit for text in texts if has_pressure(text) for limit in limits_of(_part(text, _SYSTOLIC))]
    decisive = any(limit.high == math.inf for limit in limits)
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive
