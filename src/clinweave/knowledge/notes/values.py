"""Values in text: a number with its unit, the note's own reference range, a flag, or words ("elevated", "normal")."""

import re
from math import inf
from typing import NamedTuple

from clinweave.knowledge.notes.lab_tests import HIGH, LOW, POSITIVE, LabTest, canonical_unit
from clinweave.knowledge.notes.patterns import COLUMN, FLAG, RANGE, VALUE, WORDS_AFTER, WORDS_BEFORE
from clinweave.knowledge.notes.person import Person

NORMAL, NEGATIVE, UNKNOWN = "normal", "negative", ""
_KINDS = (("up", HIGH), ("down", LOW), ("normal", NORMAL), ("neg", NEGATIVE), ("pos", POSITIVE))
_SUPERSCRIPTS = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
_AFTER, _BEFORE = 110, 80  # characters around a name in which its value or words stand
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
# Words after a number that are no unit: "Hb 9.1 in a woman".
_NO_UNIT = frozenset(
    {
        *(
            "in",
            "on",
            "at",
            "and",
            "or",
            "but",
            "with",
            "without",
            "of",
            "to",
            "the",
            "a",
            "an",
            "he",
            "she",
            "his",
            "her",
        ),
        *(
            "it",
            "is",
            "was",
            "were",
            "then",
            "for",
            "from",
            "by",
            "as",
            "after",
            "before",
            "during",
            "while",
            "when",
        ),
        *(
            "which",
            "this",
            "that",
            "has",
            "had",
            "who",
            "no",
            "not",
            "per",
            "so",
            "despite",
            "since",
            "via",
            "until",
        ),
        *("consistent", "suggesting", "both"),
        *(
            "bp",
            "gcs",
            "spo2",
            "sats",
            "sat",
            "pain",
            "temp",
            "hr",
            "rr",
            "wt",
            "ht",
            "bm",
            "regular",
            "irregular",
            "alert",
            "t",
            "p",
        ),
    }
)
_BELOW, _ABOVE = "<\u2264", ">\u2265"


class Reading(NamedTuple):
    """What a text says of a test: `HIGH`, `LOW`, `POSITIVE`, `NORMAL`, `NEGATIVE` or `UNKNOWN`, and how."""

    result: str
    how: str
    end: int
    denied: bool = False  # "not elevated"
    graded: str = ""  # the HPO identifier of the degree that a value has
    own: bool = True  # by the note itself, not by the table's range
    words: str = ""  # "before" or "after" the name, where words say it and no number


class _Number(NamedTuple):
    value: float
    comparison: str  # "<", ">" or ""
    unit: str  # canonical
    spelt: str  # as the text has it, with its unit
    end: int  # of the match, in the window


def read_value(text: str, end: int, test: LabTest, person: Person, stop: int) -> Reading | None:
    """Return what stands after a test's name that ends at `end`; None where no value stands before `stop`."""
    window = text[end : min(stop, end + _AFTER)]
    match = VALUE.match(window)
    if match is None:
        return None
    unit = "" if match["unit"].lower() in _NO_UNIT else match["unit"]
    number = _Number(
        _number(match["num"]),
        (match["cmp"] or "").strip()[:1],
        _unit(match["exp"], unit),
        " ".join(f"{match['num']}{_power(match['exp'])} {unit}".split()),
        match.end() if unit else max(match.end("num"), match.end("exp")),
    )
    own = _own_range(window, number, test)
    if own is not None:
        low, high, after = own
        how = f"{match['num']}, its range {_shown(low, high)}"
        return Reading(_compared(number.value, number.comparison, low, high), how, end + after)
    flag = FLAG.match(window, number.end)
    if flag is not None and (number.unit in test.factors or not number.unit):
        result = HIGH if flag["flag"][0] in "H\u2191" else LOW
        return Reading(result, f"{match['num']} flagged {flag['flag']}", end + flag.end())
    return _by_table(number, test, person, end + number.end)


def _by_table(number: _Number, test: LabTest, person: Person, end: int) -> Reading | None:
    """Return the reading of a value by the table's range for the person; `UNKNOWN` where it has none."""
    if number.unit in test.factors and number.unit:
        return _in_unit(number, test.factors[number.unit], test, person, end)
    if number.unit or not test.factors:
        return None
    if test.bare:
        return _in_unit(number, 1.0, test, person, end)
    return _without_unit(number, test, person, end)


def _in_unit(number: _Number, factor: float, test: LabTest, person: Person, end: int) -> Reading:
    value = number.value * factor
    within = test.reference(person)
    if within is None or not _plausible(value, test):
        return Reading(UNKNOWN, number.spelt, end, own=False)
    low, high, lowest, highest = within
    result = _compared(value, number.comparison, low, high)
    if (result == LOW and value >= lowest) or (result == HIGH and value <= highest):
        result = UNKNOWN  # borderline: neither normal nor a finding
    graded = next((finding for limit, finding in test.grades if value < limit), "") if result == LOW else ""
    how = f"{number.spelt}, usual range {_shown(low / factor, high / factor)}"
    return Reading(result, how, end, graded=graded, own=False)


def _without_unit(number: _Number, test: LabTest, person: Person, end: int) -> Reading:
    """Return the reading of a value without a unit: that on which all units agree in which it is plausible."""
    unknown = Reading(UNKNOWN, f"{number.spelt}, without a unit", end, own=False)
    if any(least <= number.value <= most for least, most in test.other_units):
        return unknown
    factors = {
        factor: unit for unit, factor in test.factors.items() if _plausible(number.value * factor, test)
    }
    readings = [_in_unit(number, factor, test, person, end) for factor in factors]
    if not readings or len({reading.result for reading in readings}) > 1:
        return unknown
    spelt = test.unit if 1.0 in factors else _spelt(next(iter(factors.values())))
    return readings[0]._replace(how=f"{readings[0].how}; no unit, taken as {spelt}")


def _plausible(value: float, test: LabTest) -> bool:
    return not value or test.plausible[0] <= value <= test.plausible[1]


def _own_range(window: str, number: _Number, test: LabTest) -> tuple[float, float, int] | None:
    """Return the note's own range after a value (low, high, end offset), or None."""
    match = RANGE.match(window, number.end)
    if match is None:
        return None
    head = bool(match["head"].strip())
    if not (match["open"] or head or COLUMN.search(window, max(0, number.end - 3), match.end())):
        return None
    if not (number.unit or head or test.bare or test.factors):
        return None
    if match["lo"]:
        low, high = _number(match["lo"]), _number(match["hi"])
        return (low, high, match.end()) if low < high else None
    bound = _number(match["end"])
    if match["side"][0] in _BELOW:
        return -inf, bound, match.end()
    return (bound, inf, match.end()) if head else None  # "(>90%)" after a value describes that value


def read_words(text: str, start: int, end: int, bounds: tuple[int, int]) -> Reading | None:
    """Return what words before or after a test at `[start, end)` say of it, within `bounds`."""
    first, stop = bounds
    before = WORDS_BEFORE.search(text[max(first, start - _BEFORE) : start])
    if before is not None:
        how = f'described as "{_quoted(before)}"'
        return Reading(_result(before), how, end, bool(before["not"]), words="before")
    after = WORDS_AFTER.match(text[end : min(stop, end + _AFTER)])
    if after is not None:
        how = f'described as "{_quoted(after)}"'
        return Reading(_result(after), how, end + after.end(), bool(after["not"]), words="after")
    return None


def _quoted(match: re.Match[str]) -> str:
    """Return the words that decide, with their denial."""
    words = next(match[group] for group, _ in _KINDS if match[group])
    return " ".join(f"{match['not'] or ''} {words}".split())


def _result(found: re.Match[str]) -> str:
    return next(result for group, result in _KINDS if found[group])


def _number(text: str) -> float:
    """Return a number; "9,279" is a thousand and more, "0,8" a decimal."""
    plain = text.replace("\u00b7", ".").replace("\u202f", "")
    return float(plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain.replace(",", "."))


def _power(exponent: str | None) -> str:
    return "" if exponent is None else f" x 10^{exponent.translate(_SUPERSCRIPTS)}"


def _unit(exponent: str | None, unit: str) -> str:
    plain = canonical_unit(unit)
    if exponent is None:
        return plain
    power = exponent.translate(_SUPERSCRIPTS)
    return canonical_unit(f"10^{power}{plain}" if plain.startswith("/") else f"10^{power}/{plain}")


def _compared(value: float, comparison: str, low: float, high: float) -> str:
    """Return whether a value is low, normal or high; "<5" and ">200" only where that decides it."""
    if comparison and comparison in _BELOW:
        return LOW if value <= low else NORMAL if low <= 0 and value <= high else UNKNOWN
    if comparison and comparison in _ABOVE:
        return HIGH if value >= high else UNKNOWN
    return LOW if value < low else HIGH if value > high else NORMAL


def _spelt(unit: str) -> str:
    """Return a canonical unit as laboratories write it, with a capital for the litre."""
    return re.sub(r"/(\w?)l\b", r"/\1L", unit)


def _shown(low: float, high: float) -> str:
    if low == -inf:
        return f"up to {_rounded(high)}"
    return f"from {_rounded(low)}" if high == inf else f"{_rounded(low)} to {_rounded(high)}"


def _rounded(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
