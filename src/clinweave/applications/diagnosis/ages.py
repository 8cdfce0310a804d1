"""Ages as people write them ("16 years", "3y 6m", "P3Y6M"), read as ISO 8601 durations and as years."""

import re

from clinweave.core.errors import UserError

OLDEST = 125  # years
_DAYS = {"Y": 365.25, "M": 30.4375, "W": 7.0, "D": 1.0}
_ISO = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?", re.IGNORECASE)
_PART = re.compile(
    r"(\d+(?:[.,]\d+)?)[\s-]*(years?|yrs?|y/?o|y|months?|mths?|mos?|m|weeks?|wks?|w|days?|d)(?![a-z])[\s-]*",
    re.IGNORECASE,
)
_FILLER = re.compile(r"\b(?:of age|aged|old|and)\b|[,.;]", re.IGNORECASE)


def read_age(text: str) -> str:
    """Return an age as an ISO 8601 duration ("P16Y"), or "" for an empty text.

    Raises `UserError` for what is no age, has no unit, or is longer than a life.
    """
    plain = text.strip()
    if not plain:
        return ""
    duration = _iso(plain) or _words(plain)
    if not duration:
        hint = "; a number needs its unit" if plain.replace(".", "").isdigit() else ""
        raise UserError(f"--age {text!r} is no age{hint}; write it as 16y, 3y6m, '5 months' or P3Y6M")
    if years(duration) > OLDEST:
        raise UserError(f"--age {text!r} is more than {OLDEST} years; check the number and its unit")
    return duration


def years(duration: str) -> float:
    """Return the years of an ISO 8601 duration, or NaN where it states none."""
    match = _ISO.fullmatch(duration.strip())
    if not match:
        return float("nan")
    days = sum(int(count or 0) * _DAYS[unit] for count, unit in zip(match.groups(), "YMWD", strict=True))
    return days / _DAYS["Y"]


def _iso(text: str) -> str:
    match = _ISO.fullmatch(text)
    return text.upper() if match and any(match.groups()) else ""


def _words(text: str) -> str:
    rest = _FILLER.sub(" ", text.replace("½", ".5")) if not re.search(r"\d[.,]\d", text) else text
    parts = _PART.findall(rest)
    if not parts or _FILLER.sub(" ", _PART.sub("", rest)).strip():
        return ""
    amounts: dict[str, float] = {}
    for number, unit in parts:
        letter = unit[0].upper()
        if letter in amounts:
            return ""
        amounts[letter] = float(number.replace(",", "."))
    return _duration(amounts)


def _duration(amounts: dict[str, float]) -> str:
    """Return a duration of whole units; a part of a year becomes months, of a month or week days."""
    whole = dict.fromkeys("YMWD", 0)
    for letter, amount in amounts.items():
        whole[letter] += int(amount)
        if rest := amount - int(amount):
            smaller = "M" if letter == "Y" else "D"
            whole[smaller] += round(rest * _DAYS[letter] / _DAYS[smaller])
    return "P" + ("".join(f"{count}{unit}" for unit, count in whole.items() if count) or "0D")
